"""What is said of a session's key that no client can use."""

import base64
from urllib.parse import quote

import pytest
from asgi import Caller

HELLO = {"messages": [{"role": "user", "content": "Hello"}]}
HEADER = "X-MockGrid-Session"


def finding_of(answer):
    (finding,) = answer.json()["findings"]
    assert (finding["code"], finding["severity"]) == ("MG104", "warning")
    return finding


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("sk-mykey", "The API key is not known."),
        ("mg.nope.x", "The API key names the scenario 'nope', which is not known."),
        ("mg.stream-cut", "The API key does not have the form mg.<scenario>.<anything>."),
        ("mg-stream-cut.x", "A key that begins with mg- plays no scenario, and this one names stream-cut."),
    ],
)
@pytest.mark.parametrize("call", ["", "/steps"])
def test_a_key_that_a_client_is_refused_with_is_told_of(key, reason, call):
    caller = Caller(key)
    place = f"/__mockgrid__/sessions/{key}{call}"
    headers = {"content-type": "application/json"}
    answer = caller.call("PUT", place, {"steps": [{"say": "Hi"}]}, headers)
    assert answer.status == 200
    finding = finding_of(answer)
    assert finding["message"].startswith(f"A client that sends '{key}' as its key is refused: {reason}")
    assert caller.call(body=HELLO).status == 401
    if key == "sk-mykey":
        assert finding["hint"] == f"Its requests reach this session by the header {HEADER}."
        named = caller.call(body=HELLO, headers={HEADER: key}, key="mg-other")
        assert named.json()["choices"][0]["message"]["content"] == "Hi"


@pytest.mark.parametrize(
    ("key", "settings"),
    [
        ("mg-a", {}),
        ("mg.stream-cut.a", {}),
        ("sk-mykey", {"api_keys": ("sk-mykey",)}),
        ("sk-mykey", {"accept_any_key": True}),
        ("s-0123456789ab", {}),
    ],
)
def test_of_others_nothing_is_said(key, settings):
    caller = Caller(key, **settings)
    answer = caller.call("PUT", f"/__mockgrid__/sessions/{key}", {}, {"content-type": "application/json"})
    assert answer.json()["findings"] == []


BASIC = """\
openapi: 3.1.0
info: {title: Items, version: '1'}
security: [{who: []}]
components: {securitySchemes: {who: {type: http, scheme: basic}}}
paths: {/items: {get: {responses: {'200': {description: Items, content: {text/plain: {}}}}}}}
"""


@pytest.mark.parametrize("user", ["admin:secretpw", "\u00fcser:p:w", ":pw", "user:"])
def test_user_and_password_are_the_key_of_basic_credentials_however_they_are_given(tmp_path, user):
    file = tmp_path / "items.yaml"
    file.write_text(BASIC, "utf-8")
    word = base64.b64encode(user.encode()).decode()
    places = [f"/__mockgrid__/sessions/{quote(key, safe='')}" for key in (user, word)]
    caller = Caller(document=str(file))
    steps = {"steps": [{"when": {"operation": {"exists": True}}, "reply": {"body": "Hi"}}]}
    played = caller.call("PUT", places[0], steps, {"content-type": "application/json"})
    assert played.json()["findings"] == []
    sent = {"authorization": f"Basic {word}"}
    assert caller.call("GET", "/items", headers=sent).body == b"Hi"
    assert caller.call("GET", "/items", headers=sent | {HEADER: word}).body == b"Hi"
    assert [caller.call("GET", place).json()["exchanges"]["count"] for place in places] == [2, 2]
    everything = caller.call("GET", "/__mockgrid__/sessions").json()["sessions"]
    assert len(everything) == 1
    assert "secretpw" not in str(everything)
