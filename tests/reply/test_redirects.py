"""Where redirects lead."""

import json

import pytest
from asgi import CHAT, Caller


@pytest.fixture
def located(tmp_path):
    """Where a request is sent, by the host and the text that it has."""

    def location(to, host="127.0.0.1:8080", text="Hi"):
        (tmp_path / "mine.yaml").write_text(f"steps: [{{reply: {{redirect: {to}}}}}]", "utf-8")
        caller = Caller(scenarios=(str(tmp_path),), scenario="mine")
        answer = caller.call(body={"messages": [{"role": "user", "content": text}]}, headers={"host": host})
        assert (answer.status, answer.body) == (307, b"")
        return answer.header("location")

    return location


@pytest.mark.parametrize(
    ("host", "other"),
    [
        ("127.0.0.1:8080", "localhost:8080"),
        ("localhost:8080", "127.0.0.1:8080"),
        ("localhost", "127.0.0.1"),
        ("mockgrid:80", "localhost:80"),
        ("[::1]:8080", "localhost:8080"),
        ("[::1]", "localhost"),
        ("", "localhost"),
    ],
)
def test_another_host_is_this_one_under_its_other_name(located, host, other):
    assert located("other", host).startswith(f"http://{other}/r{CHAT}?token=")
    assert located("same", host).startswith(f"/r{CHAT}?token=")


def test_a_path_stands_in_a_location_as_it_may(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "mine.yaml").write_text(
        "steps: [{reply: {redirect: {to: same, page: true}}}]", "utf-8"
    )
    operation = {
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
        "responses": {"307": {"description": "There"}},
    }
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Things", "version": "1"},
        "paths": {"/things/{id}": {"get": operation}},
    }
    (tmp_path / "things.json").write_text(json.dumps(document))
    caller = Caller(
        document=str(tmp_path / "things.json"), scenarios=(str(tmp_path / "own"),), scenario="mine"
    )
    answer = caller.call("GET", "/things/a\r\nX: <'b'>#c")
    path = "/r/things/a%0D%0AX:%20%3C'b'%3E%23c?token="
    assert answer.header("location").startswith(path)
    assert f"<a href='{path.replace(chr(39), '&#x27;')}".encode() in answer.body
    assert caller.call("GET", answer.header("location")).status == 307


@pytest.mark.parametrize("to", ["/r/v1/elsewhere?token=1", "https://supplier.example/v1"])
def test_any_place_may_be_given(located, to):
    assert located(f'"{to}"') == to


@pytest.mark.parametrize("to", ["same", "other"])
def test_a_token_belongs_to_a_request(located, to):
    assert located(to) == located(to)
    assert located(to) != located(to, text="Hello")
