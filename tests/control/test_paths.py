"""Sessions whose names have slashes, as the ids of pytest's tests have."""

import asyncio
from urllib.parse import quote

import pytest
from asgi import CHAT, Caller
from control.in_process import KINDS, client_of

from mockgrid import create_app

NODE = "tests/test_agent.py::TestIt::test_it[a/b]"
HELLO = {"messages": [{"role": "user", "content": "Hello"}]}


@pytest.fixture(params=KINDS)
def client(request):
    with client_of(create_app(), request.param) as client:
        yield client


@pytest.fixture
def asked(client):
    headers = {"authorization": "Bearer mg-a", "x-mockgrid-session": NODE}
    assert client.post(CHAT, json=HELLO, headers=headers).status_code == 200
    return client


@pytest.mark.parametrize("name", [quote(NODE, safe=""), quote(NODE, safe="/"), quote(NODE, safe="/:[]")])
def test_every_call_reaches_a_session_whose_name_has_slashes(asked, name):
    place = f"/__mockgrid__/sessions/{name}"
    assert asked.get(place).json()["exchanges"]["count"] == 1
    assert asked.get(f"{place}/exchanges").json()["count"] == 1
    assert asked.get(f"{place}/exchanges/1").json()["number"] == 1
    assert asked.get(f"{place}/clock").json()["virtual"] is False
    assert asked.put(f"{place}/steps", json={"steps": [{"say": "Hi"}]}).status_code == 200
    assert asked.post(f"{place}/reset").json()["exchanges"]["count"] == 0
    assert asked.delete(place).status_code == 204
    assert asked.get(place).status_code == 404


def test_what_follows_a_name_is_no_part_of_it_unless_its_slash_is_quoted(client):
    assert client.put("/__mockgrid__/sessions/a%2Freset").status_code == 200
    assert client.get("/__mockgrid__/sessions/a%2Freset").status_code == 200
    assert client.get("/__mockgrid__/sessions/a/reset").status_code == 405
    assert client.get("/__mockgrid__/sessions/a").status_code == 404


def test_a_quoted_percent_sign_stays_one():
    caller = Caller()  # Starlette's test client unquotes twice
    assert caller.call("PUT", "/__mockgrid__/sessions/a%252Fb").status == 200
    assert caller.call("GET", "/__mockgrid__/sessions/a%252Fb").status == 200
    assert caller.call("GET", "/__mockgrid__/sessions/a%2Fb").status == 404


@pytest.mark.parametrize("path", ["sessions//reset", "sessions/a//reset/exchanges", "nope", "sessions/a/b/"])
def test_no_path_and_no_session_are_not_found(client, path):
    assert client.get(f"/__mockgrid__/{path}").status_code == 404


def test_without_a_raw_path_the_decoded_one_counts():
    async def call():
        sent = []

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": "PUT", "path": "/__mockgrid__/sessions/a b/c", "query_string": b""}
        await Caller().app({**scope, "headers": [], "client": None}, receive, send)
        return sent[0]["status"]

    assert asyncio.run(call()) == 200
