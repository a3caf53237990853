"""A thousand keys at once, and two hundred requests for one reply."""

import asyncio
import json
from contextlib import ExitStack

import pytest
from deploy.crowd import CONNECTIONS, connected, request, text_of
from deploy.fleet import PROXIES, call, chat, replica, session_path

from mockgrid import cli

KEYS = 1000
STEPS = 10
NUMBERS = range(1, STEPS + 1)
RACERS = 200


def scenario(name, failing):
    """Every request has to meet the one reply that is its own; there is no other. One may be a 503."""
    steps = [
        {
            "when": {"last_user": {"contains": kind}},
            "then": "fail",
            "replies": [
                {"error": 503} if number == failing else {"say": f"{kind} {number}"} for number in NUMBERS
            ],
        }
        for kind in ("whole", "streamed")
    ]
    return {"scenario": name, "strict": True, "steps": steps}


# What the clients send beside: bodies of several kinds, for what is covered is in the report.
FIELDS = ({}, {"temperature": 1}, {"top_p": 0.5}, {"seed": 4}, {"user": "someone"})


def key_of(number):
    """A key, and which of its replies is an error."""
    return (f"mg.counted.{number}", None) if number % 10 else (f"mg.failing.{number}", 7)


def requests_of(number):
    """The requests of a key in their order, each with what it has to be answered."""
    key, failing = key_of(number)
    # Half of the clients say their session by its header, and share a key.
    headers = {"Authorization": f"Bearer {key}"}
    if number % 2:
        headers = {"Authorization": "Bearer mg-shared", "X-MockGrid-Session": key}
    for step in NUMBERS:
        for kind in ("whole", "streamed"):
            body = chat(f"A {kind} reply", **FIELDS[step % len(FIELDS)], stream=kind == "streamed")
            yield request(body, headers), 503 if step == failing else f"{kind} {step}"


async def crowd(port):
    """Sends all requests of all keys, and returns what was answered otherwise than it had to be."""
    wrong = []

    async def client(first):
        connection = await connected(port)
        # By turns: each request of a connection belongs to another key than the one before.
        for turn in zip(*(requests_of(number) for number in range(first, KEYS, CONNECTIONS)), strict=True):
            for sent, expected in turn:
                answer = text_of(await connection.ask(sent))
                if answer != expected:
                    wrong.append((sent, expected, answer))
        connection.transport.close()

    await asyncio.gather(*map(client, range(CONNECTIONS)))
    return wrong


@pytest.fixture(scope="module")
def scenarios(tmp_path_factory):
    """Arguments for servers that know the scenario, and whose journal has room for all."""
    folder = tmp_path_factory.mktemp("scenarios")
    for name, failing in (("counted", None), ("failing", 7)):
        (folder / f"{name}.json").write_text(json.dumps(scenario(name, failing)))
    return ("--scenarios", str(folder), "--journal-bytes", "256MiB")


@pytest.fixture(scope="module")
def alone(scenarios, tmp_path_factory):
    """The report of one server that has answered all."""
    with replica(tmp_path_factory.mktemp("alone"), *scenarios) as port:
        assert asyncio.run(crowd(port)) == []
        return call(port, "GET", "/__mockgrid__/report")[1]


def test_a_thousand_keys(kind, scenarios, alone, tmp_path, capfd):
    with ExitStack() as stack:
        ports = [stack.enter_context(replica(tmp_path, *scenarios)) for _ in range(3)]
        proxy = stack.enter_context(PROXIES[kind](tmp_path, ports))
        assert asyncio.run(crowd(proxy)) == []
        # Each session is whole, and in one place; the proxy finds it there.
        places = [call(port, "GET", "/__mockgrid__/sessions")[1]["sessions"] for port in ports]
        counts = [session["exchanges"] for sessions in places for session in sessions]
        assert counts == [2 * STEPS] * KEYS
        for number in range(0, KEYS, 37):
            assert call(proxy, "GET", session_path(key_of(number)[0]))[1]["exchanges"]["count"] == 2 * STEPS
        # Nobody has far more than a third.
        assert max(map(len, places)) < 0.45 * KEYS
        urls = [word for port in ports for word in ("--url", f"http://127.0.0.1:{port}")]
        assert cli.main(["report", *urls, "--format", "json"]) == 0
        assert json.loads(capfd.readouterr().out) == alone
        assert cli.main(["metrics", *urls]) == 0
        metrics = capfd.readouterr().out
        assert f"\nmockgrid_sessions {KEYS}.0\n" in metrics
        counted = [line for line in metrics.splitlines() if line.startswith("mockgrid_requests_total{")]
        assert sum(float(line.rpartition(" ")[2]) for line in counted) == 2 * STEPS * KEYS


def test_two_hundred_requests_for_one_reply(port):
    async def race(key):
        runners = await asyncio.gather(*(connected(port) for _ in range(RACERS)))
        sent = request(chat(), {"Authorization": f"Bearer {key}"})
        answers = [
            text_of(answer) for answer in await asyncio.gather(*(runner.ask(sent) for runner in runners))
        ]
        for runner in runners:
            runner.transport.close()
        return answers

    for number in range(5):
        key = f"mg-race-{number}"
        steps = [{"error": 503}, {"say": "Hello"}]
        assert call(port, "PUT", session_path(key), {"steps": steps})[0] == 200
        assert sorted(map(str, asyncio.run(race(key)))) == ["503", *["Hello"] * (RACERS - 1)]
        assert call(port, "GET", session_path(key))[1]["exchanges"]["count"] == RACERS
