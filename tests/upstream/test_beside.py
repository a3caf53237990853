"""Steps answer where one matches; sessions, limits, keys, pages and whole documents go on as they were."""

import asyncio
import json
import socket
import threading
import time

import pytest
from upstream.conftest import BODY, COMPLETION, journal, told
from upstream.hostile_provider import HostileProvider, reply
from upstream.raw_client import ask, request

from mockgrid import MockGrid

JSON = "content-type: application/json"


def said(text, key="mg-x"):
    body = json.dumps({"model": "gpt-of-theirs", "messages": [{"role": "user", "content": text}]}).encode()
    return request(body, JSON, f"authorization: Bearer {key}")


@pytest.fixture
def provider():
    with HostileProvider(reply(COMPLETION, "x-request-id: theirs", "x-other: 1")) as provider:
        yield provider


def answer(through):
    return json.loads(through.body)["choices"][0]["message"]["content"], through.header("x-mockgrid-step")


def test_a_step_answers_what_it_matches_and_the_provider_all_else(before, provider):
    grid = before(provider)
    step = {"name": "ours", "when": {"last_user": {"contains": "weather"}}, "reply": {"say": "Cold."}}
    grid.play({"steps": [step, {"name": "twice", "when": {"turn": 9}, "reply": {"say": "Never."}}]})
    assert answer(ask(grid.base_url, said("the weather?", grid.api_key))) == ("Cold.", ["ours"])
    through = ask(grid.base_url, said("the time?", grid.api_key))
    assert answer(through) == ("Hi", ["(forwarded)"])
    assert through.header("x-request-id") == ["theirs"]
    assert [each.step for each in grid.exchanges] == ["ours", "(forwarded)"]
    assert len(provider.requests) == 1
    why = told(grid, grid.api_key, "/exchanges/2/steps")
    assert why["message"] == "No step matches, so it was forwarded to the provider."
    assert answer(ask(grid.base_url, said("the weather?", "mg-other")))[0] == "Hi"


def test_what_is_forwarded_is_told_with_the_steps_that_it_met_whatever_comes_meanwhile(before, provider):
    grid, go = before(provider), threading.Event()

    async def held(_provider, _writer):
        await asyncio.to_thread(go.wait, 10)

    provider.script = (held, *provider.script)
    step = {"when": {"last_user": {"contains": "weather"}}, "reply": {"say": "Cold."}, "go_to": "later"}
    grid.play({"steps": [step]})
    host, port = grid.base_url.split("/")[2].split(":")
    with socket.create_connection((host, int(port))) as first:
        first.sendall(said("the time?", grid.api_key))
        while not provider.requests:
            time.sleep(0.01)
        ask(grid.base_url, said("the weather?", grid.api_key))
        go.set()
        first.recv(9999)
    assert len(journal(grid, grid.api_key)) == 2
    why = [told(grid, grid.api_key, f"/exchanges/{number}/steps") for number in (1, 2)]
    assert [each["message"] for each in why] == [
        "step 1 answered.",
        "No step matches, so it was forwarded to the provider.",
    ]
    assert [each["state"] for each in why] == ["start", "start"]


def test_a_strict_scenario_and_one_that_is_used_up_ask_nobody(before, provider):
    grid = before(provider)
    grid.play({"steps": [{"reply": {"say": "Once."}, "then": "fail"}]})
    statuses = [ask(grid.base_url, said("Hello", grid.api_key)).status for _ in range(2)]
    grid.play({"strict": True, "steps": [{"when": {"turn": 2}, "reply": {"say": "No."}}]})
    statuses.append(ask(grid.base_url, said("Hello", grid.api_key)).status)
    grid.play({"models": ["text-*"], "steps": [{"when": {"turn": 2}, "reply": {"say": "No."}}]})
    statuses.append(ask(grid.base_url, said("Hello", grid.api_key)).status)
    assert statuses == [200, 424, 424, 404]
    assert provider.requests == []


def test_limits_count_what_is_forwarded(before, provider):
    grid = before(provider)
    grid.play(
        {"limits": [{"requests": 2, "per": "1m"}], "steps": [{"when": {"turn": 9}, "reply": {"say": "x"}}]}
    )
    assert [ask(grid.base_url, said("Hello", grid.api_key)).status for _ in range(3)] == [200, 200, 429]
    assert len(provider.requests) == 2


def test_any_key_is_good_none_is_too_and_one_that_names_a_scenario_plays_it(before, provider):
    grid = before(provider)
    assert ask(grid.base_url, said("Hello", "sk-real")).status == 200
    assert ask(grid.base_url, request(BODY, JSON)).status == 200
    assert ask(grid.base_url, said("Hello", "mg.out-of-credit.x")).status == 402
    assert ask(grid.base_url, said("Hello", "mg.no-such.x")).status == 401
    assert len(provider.requests) == 2


def test_pages_of_other_origins_may_read_what_is_forwarded(before, provider):
    grid = before(provider, cors=True)
    asking = "origin: http://page.test", "access-control-request-method: POST"
    preflight = request(b"", *asking, method="OPTIONS")
    assert ask(grid.base_url, preflight).status == 204
    through = ask(grid.base_url, request(BODY, JSON, "origin: http://page.test"))
    assert through.header("access-control-allow-origin") == ["http://page.test"]
    assert "x-other" in through.header("access-control-expose-headers")[0]
    provider.script = (reply(COMPLETION, "access-control-allow-origin: https://only.test"),)
    through = ask(grid.base_url, request(BODY, JSON, "origin: http://page.test"))
    assert through.header("access-control-allow-origin") == ["https://only.test"]
    plain = ask(before(provider).base_url, request(method="OPTIONS"))
    assert plain.status == 200, "without --cors it is the provider's to answer"


def test_the_same_request_counts_as_one_more_attempt(before, provider):
    grid = before(provider)
    for _ in range(2):
        ask(grid.base_url, said("Hello"))
        ask(grid.base_url, said("Hello").replace(b"/v1/chat", b"/chat"))
    assert [each["attempt"] for each in journal(grid, "mg-x")] == [1, 1, 2, 2]


def test_of_any_document_what_is_below_its_base_path_goes_on(before, provider, tmp_path):
    document = tmp_path / "pets.yaml"
    document.write_text(
        "openapi: 3.1.0\ninfo: {title: Pets, version: '1'}\nservers: [{url: https://pets.test/api/v3}]\npaths:\n"
        "  /pets/{id}:\n    get:\n      operationId: getPet\n"
        "      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]\n"
        "      responses:\n        '200':\n          description: A pet.\n          headers:\n"
        "            X-Rate: {required: true, schema: {type: integer}}\n"
        "          content: {application/json: {schema: {type: object, required: [name]}}}\n",
        "utf-8",
    )
    provider.script = (reply(b'{"id": 1}'),)
    grid = before(provider, document=document)
    for pet in "7x":
        ask(grid.base_url, request(b"", "x-mockgrid-session: me", method="GET", target=f"/api/v3/pets/{pet}"))
    assert [head[0] for head in provider.heads] == ["GET /v1/pets/7 HTTP/1.1", "GET /v1/pets/x HTTP/1.1"]
    first, second = journal(grid, "me")
    assert [each["code"] for each in first["provider_violations"]] == ["MG245", "MG111"]
    assert [each["code"] for each in second["violations"]] == ["MG122"]


def test_settings_of_a_provider_are_those_of_the_fixture_too(provider):
    with MockGrid(upstream=provider.url) as grid:
        grid.play([{"say": "Ours"}])
        assert answer(ask(grid.base_url, said("Hello", grid.api_key)))[0] == "Ours"
