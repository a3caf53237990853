"""Statuses: what is retried, when, and how often; where a naive client fails and a careful one copes."""

import time
from contextlib import contextmanager

import openai
import pytest
from scenarios.grid import HELLO

ASKED = {"model": "text-prime", "messages": HELLO}
SAID = "You said: Hello there"
TOOLS = [{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}]


@contextmanager
def lasting(least):
    started = time.perf_counter()
    yield
    assert least <= time.perf_counter() - started < 30


def ask(client, **more):
    return client.create(**ASKED, **more).choices[0].message.content


def hammer(client, times):
    """A client that asks again at once, whatever it is told."""
    return [client.post("/chat/completions", json=ASKED) for _ in range(times)]


def test_balance_replenishing(grid):
    with grid.openai("balance-replenishing", max_retries=0) as client:
        with pytest.raises(openai.InternalServerError) as raised:
            ask(client)
        assert raised.value.type == "billing_error"
    with grid.openai("balance-replenishing") as client, lasting(0.2):
        assert ask(client) == SAID
    assert grid.statuses == [503, 503, 200]


def test_out_of_credit(grid):
    with grid.openai("out-of-credit") as client, pytest.raises(openai.APIStatusError) as raised:
        ask(client)
    assert type(raised.value) is openai.APIStatusError
    assert grid.statuses == [402]
    with grid.httpx("out-of-credit") as client:
        hammer(client, 4)
    assert grid.statuses == [402] * 4


def test_rate_limited(grid):
    # Where the machine stalls for a second, there is room for one more: then again.
    for _ in range(5):
        with grid.httpx("rate-limited") as client:
            last = hammer(client, 6)[-1]
        if grid.statuses.count(200) == 3:
            break
    assert grid.statuses == [200] * 3 + [429] * 3
    assert last.headers["retry-after"] == "1"
    assert 0 < int(last.headers["retry-after-ms"]) <= 1000
    for _ in range(5):
        with grid.openai("rate-limited") as client:
            started = time.perf_counter()
            assert [ask(client) for _ in range(4)] == [SAID] * 4
        if 429 in grid.statuses:
            break
    assert 0.8 <= time.perf_counter() - started < 30
    assert grid.statuses == [200, 200, 200, 429, 200]


def test_unauthorized(grid):
    with grid.openai("unauthorized") as client, pytest.raises(openai.AuthenticationError) as raised:
        ask(client)
    assert raised.value.response.headers["www-authenticate"] == "Bearer"
    assert grid.statuses == [401]
    with grid.httpx("unauthorized") as client:
        hammer(client, 4)
    assert grid.statuses == [401] * 4


def test_unknown_model(grid):
    with grid.openai("unknown-model") as client, pytest.raises(openai.NotFoundError) as raised:
        ask(client)
    assert raised.value.body == {"errors": {"detail": "Model not found: text-prime"}}
    assert grid.statuses == [404]
    with grid.httpx("unknown-model") as client:
        hammer(client, 4)
    assert grid.statuses == [404] * 4


def test_flaky_supplier(grid):
    with grid.openai("flaky-supplier", max_retries=0) as client:
        ask(client, tools=TOOLS)
        with pytest.raises(openai.InternalServerError):
            ask(client, tools=TOOLS)
    with grid.openai("flaky-supplier") as client:
        assert [ask(client, tools=TOOLS) for _ in range(3)] == [SAID] * 3
        # This one the official client does not ask again; the careful caller does.
        with pytest.raises(openai.BadRequestError):
            ask(client, response_format={"type": "json_object"})
        assert ask(client, tools=TOOLS) == SAID
    assert grid.statuses == [200, 500, 200, 200, 400, 200]
    with grid.openai("flaky-supplier") as client:
        assert [ask(client) for _ in range(6)] == [SAID] * 6
    assert grid.statuses == [200] * 6


def test_routed(grid):
    with grid.httpx("routed") as client:
        assert client.post("/chat/completions", json=ASKED).content == b""
        assert b"<html>" in client.post("/chat/completions", json=ASKED).content
    assert grid.statuses == [307, 307]
    with grid.httpx("routed", follow_redirects=True) as client:
        assert client.post("/chat/completions", json=ASKED).url.path == "/r/v1/chat/completions"
        lost = client.post("/chat/completions", json=ASKED)
        assert (lost.url.host, lost.status_code) == ("localhost", 401)
    assert grid.statuses == [307, 200, 307, 401]
    with grid.openai("routed") as client:
        assert ask(client) == SAID
        # By turns another host, to which the official client sends no key.
        with pytest.raises(openai.AuthenticationError):
            ask(client)
    assert grid.statuses == [307, 200, 307, 401]


def test_routed_and_followed_with_the_key(grid):
    with grid.httpx("routed") as client:
        for _ in range(2):
            sent_on = client.post("/chat/completions", json=ASKED)
            found = client.post(sent_on.url.join(sent_on.headers["location"]), json=ASKED)
            assert found.json()["choices"][0]["message"]["content"] == SAID
    assert grid.statuses == [307, 200, 307, 200]


def test_overloaded(grid):
    with (
        grid.openai("overloaded") as client,
        lasting(0.4),
        pytest.raises(openai.InternalServerError) as raised,
    ):
        ask(client)
    assert (raised.value.type, raised.value.code) == ("server_error", "overloaded")
    assert grid.statuses == [503] * 3
    with grid.httpx("overloaded") as client:
        hammer(client, 20)
    assert grid.statuses == [503] * 20
