"""The control interface, as far as a server without tests needs it."""

from __future__ import annotations

import asyncio
import json

import pytest
from asgi import Caller

from mockgrid import __version__


def control(  # noqa: PLR0913 - what a scope can hold
    path, *, client="127.0.0.1", token=None, method="GET", host=None, extensions=None, **settings
):
    app = Caller(**settings).app
    headers = [] if token is None else [(b"authorization", f"Bearer {token}".encode())]
    headers += [] if host is None else [(b"host", host.encode())]
    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": headers,
        "client": (client, 1),
        "server": ("127.0.0.1", 8080),
        "scheme": "http",
        "extensions": {} if extensions is None else extensions,
    }
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    assert any(name == b"x-request-id" for name, _ in sent[0]["headers"])
    return sent[0]["status"], json.loads(b"".join(message.get("body", b"") for message in sent[1:]))


def test_health_is_open_to_all():
    assert control("/__mockgrid__/health", client="10.0.0.7") == (200, {"status": "ready"})


@pytest.mark.parametrize("path", ["/__mockgrid__", "/__mockgrid__/"])
def test_its_own_address_says_where_things_are(path):
    status, body = control(path)
    assert (status, body["name"], body["version"]) == (200, "MockGrid control interface", __version__)
    assert {"openapi.json", "health", "sessions", "scenarios", "report"} <= body["links"].keys()
    assert "explain" not in body["links"]
    for link in body["links"].values():
        if not link.endswith(("/events", "/metrics")):  # one never ends, the other is no JSON
            assert control(link)[0] == 200
    assert control(path, client="10.0.0.7")[0] == 403


def test_loopback_callers_need_no_token():
    status, body = control("/__mockgrid__/version", control_token="secret")
    assert status == 200
    assert len(body["contract"]["sha256"]) == 64


@pytest.mark.parametrize("client", ["10.0.0.7", "192.168.1.1", "::ffff:10.0.0.7", "example"])
def test_others_are_refused_until_a_token_is_set(client):
    status, body = control("/__mockgrid__/version", client=client)
    assert status == 403
    assert "--control-token" in body["errors"]["detail"]


@pytest.mark.parametrize(("token", "status"), [(None, 403), ("", 403), ("wrong", 403), ("secret", 200)])
def test_others_need_the_token(token, status):
    assert (
        control("/__mockgrid__/version", client="10.0.0.7", control_token="secret", token=token)[0] == status
    )


OWN = "localhost:8080 127.0.0.1:8080 [::1]:8080 10.0.0.7 mockgrid:8080 a.localhost :8080"
PUBLIC = "evil.example:8080 evil.example evil.example. 127.0.0.1.evil.example"
HOSTS = [("", 200), *((host, 200) for host in OWN.split()), *((host, 403) for host in PUBLIC.split())]


@pytest.mark.parametrize(("host", "status"), HOSTS)
def test_a_page_cannot_rename_this_machine(host, status):
    assert control("/__mockgrid__/version", host=host)[0] == status
    assert control("/__mockgrid__/version", host=host, control_token="secret", token="secret")[0] == 200


def test_what_a_foreign_server_offers_is_left_to_it():
    offered = {"http.response.push": {}}
    assert control("/__mockgrid__/health", extensions=offered)[0] == 200
    assert offered == {"http.response.push": {}}


def test_unknown_paths_and_methods_are_json():
    assert control("/__mockgrid__/nope")[0] == 404
    status, body = control("/__mockgrid__/version", method="DELETE")
    assert status == 405
    assert "GET" in body["errors"]["detail"]


def stream_schema(body):
    content = body["paths"]["/chat/completions"]["post"]["responses"]["200"]["content"]
    return content["text/event-stream"]["schema"]


def test_the_served_contract_names_this_server_first():
    _, body = control("/openapi.json", base_path="/api")
    assert body["servers"][0]["url"] == "/api"
    assert body["servers"][1]["url"] == "https://api.thegrid.ai/v1"


def test_the_served_contract_describes_streams_in_three_forms():
    plain = stream_schema(control("/openapi.json")[1])
    assert plain["required"] == ["data"]
    assert "contentSchema" not in json.dumps(plain)
    checkable = stream_schema(control("/openapi.json?sse=checkable")[1])
    assert checkable["properties"]["data"]["anyOf"][1]["contentSchema"] == {
        "$ref": "#/components/schemas/ChatCompletionChunk"
    }
    assert stream_schema(control("/openapi.json?sse=chunks")[1]) == {
        "$ref": "#/components/schemas/ChatCompletionChunk"
    }
    assert control("/openapi.json?sse=nope")[0] == 400


def test_a_defect_before_the_body_is_logged_with_its_place(monkeypatch, capfd):
    def broken_credentials(*_):
        raise RuntimeError("a defect")

    caller = Caller()
    monkeypatch.setattr(caller.app.credentials, "session", broken_credentials)
    assert caller.chat().status == 500
    told = capfd.readouterr().err
    assert "in broken_credentials" in told
    assert told.endswith("RuntimeError: a defect\n")
