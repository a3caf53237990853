"""Credentials planted everywhere turn up nowhere: not in journal, archive, feed, summary, log or report."""

import base64
import json
import time
from urllib.parse import quote

import pytest
from asgi import Caller
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

KEY_CHARACTERS = st.sampled_from("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~+/=")
secrets = st.text(KEY_CHARACTERS, min_size=12, max_size=40).map(lambda rest: f"Zq9{rest}")
PLACES = (
    "x-api-key",
    "api-key",
    "cookie",
    "proxy-authorization",
    "x-auth-token",
    "x-goog-api-key",
    "authorization",
)


def everything(app):
    """All that the server tells of a session, as one text."""
    operator = app.operator
    found = [operator.sessions()]
    for session in app.sessions:
        name = session.name
        found += [operator.session(name, final=True), operator.exchanges(name), operator.har(name)]
        found += [operator.exchange(name, exchange.number) for exchange in session.journal]
    found.append(operator.report())
    return json.dumps(found, ensure_ascii=False)


@pytest.fixture(scope="module")
def caller():
    return Caller()


@pytest.mark.once
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    key=secrets,
    other=secrets,
    place=st.sampled_from(PLACES),
    stream=st.booleans(),
    broken=st.booleans(),
    in_query=st.booleans(),
)
def test_no_secret_is_told(caller, key, other, place, stream, broken, in_query):  # noqa: PLR0913, PLR0917
    app = caller.app
    for session in app.sessions:
        app.sessions.close(session)
    key = f"mg-{key}"
    basic = base64.b64encode(f"user:{other}".encode()).decode()
    headers = {
        "authorization": f"Bearer {key}",
        place: f"Basic {basic}"
        if place.endswith("authorization")
        else f"session={other}"
        if place == "cookie"
        else other,
        "x-note": f"see {key}",
        "user-agent": f"agent/{other}",
    }
    text = f"My key is {key}, and {other} too; {quote(key, safe='')}"
    body = {
        "messages": [{"role": "user", "content": text, "name": other[:60]}],
        "stream": stream,
        "metadata": {key: other},
        key: [other, {other: key}],
        **({"temperature": other, "model": key} if broken else {}),
    }
    path = f"/v1/chat/completions{'/' + key if broken else ''}" + (
        f"?api_key={quote(other)}&q={quote(key)}" if in_query else ""
    )
    caller.call(path=path, body=body, headers=headers)
    caller.call(path="/v1/chat/completions", body=body, headers=headers)
    told = everything(app)
    assert app.sessions.budget.size > 0
    forms = [key, other, key[3:], quote(other, safe=""), basic]
    for form in forms:
        assert form not in told, form


SECRET = "Zq9-the-secret-of-this-test"
JSON = {"content-type": "application/json"}


def told_of(caller, *, path="/v1/chat/completions", body=None, key="", **headers):
    """All that is told after one request with a key of its own."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    body = body or {"messages": [{"role": "user", "content": "Hello"}]}
    answer = caller.call(path=path, body=body, headers=sent, key=key)
    return answer, everything(caller.app)


@pytest.mark.parametrize("accepted", [{"api_keys": (SECRET,)}, {"accept_any_key": True}])
def test_a_key_that_names_a_session_is_not_told(accepted):
    answer, told = told_of(Caller(**accepted), x_mockgrid_session=SECRET)
    assert answer.status == 200
    assert '"x-mockgrid-session": "[redacted]"' in told
    assert SECRET not in told


def test_a_name_that_is_no_key_is_told():
    assert (
        '"x-mockgrid-session": "a-name-of-mine"' in told_of(Caller(), x_mockgrid_session="a-name-of-mine")[1]
    )


@pytest.mark.parametrize("name", ["x-note", "referer", "user-agent", "x-forwarded-for"])
@pytest.mark.parametrize(
    "value", ["{}", "see {}.", "https://example.org/{}?q=1", "https://example.org/?q={}"]
)
def test_an_accepted_key_is_told_in_no_header(name, value):
    for key, accepted in ((SECRET, {"api_keys": (SECRET,)}), (f"mg-{SECRET}", {})):
        _, told = told_of(Caller(**accepted), key=key, **{name: value.format(key)})
        assert SECRET not in told
        other = f"mg-{SECRET}-of-another"
        assert SECRET not in told_of(Caller(), **{name: value.format(other)})[1]


USUAL = ("sig", "jwt", "session", "pwd", "code", "bearer", "api_key", "access_token", "X-Amz-Signature")


@pytest.mark.parametrize("name", USUAL)
def test_usual_names_in_a_query_are_redacted_and_in_a_referer_too(name):
    _, told = told_of(Caller(), path=f"/v1/chat/completions?{name}={SECRET}&q=1")
    assert SECRET not in told
    assert f"{name}=[redacted]&q=1" in told
    _, told = told_of(Caller(), referer=f"https://example.org/page?{name}={SECRET}&q=1")
    assert SECRET not in told
    assert f"https://example.org/page?{name}=[redacted]&q=1" in told


@pytest.mark.parametrize("field", ["api_key", "password", "apiKey", "X-Api-Key", "client_secret"])
def test_fields_of_a_body_that_are_named_for_a_secret_are_redacted(field):
    body = {
        "messages": [{"role": "user", "content": f"I am {SECRET}"}],
        "metadata": {field: SECRET},
        field: SECRET,
        "temperature": SECRET,
    }
    _, told = told_of(Caller(), body=body)
    assert SECRET not in told
    assert f'"{field}": "[redacted]"' in told


BOUNDARY = '--b\r\ncontent-disposition: form-data; name="{}"{}\r\n\r\n{}\r\n--b--\r\n'
FORMS = {
    "application/x-www-form-urlencoded": f"user=ada&password={SECRET}+and+more&q={SECRET}+and+more",
    "multipart/form-data; boundary=b": BOUNDARY.format("api_key", "", SECRET)
    + BOUNDARY.format("password", "\r\ncontent-type: text/plain", SECRET + "-2"),
}


@pytest.mark.parametrize("kind", FORMS)
def test_fields_of_forms_that_are_named_for_a_secret_are_redacted(kind):
    caller = Caller()
    headers = {"content-type": kind}
    assert caller.call(body=FORMS[kind].encode(), headers=headers).status == 415
    told = everything(caller.app)
    assert SECRET not in told
    assert "password" in told


@pytest.mark.once
def test_redacting_takes_no_longer_for_who_means_ill():
    def cost(begin, piece, size):
        caller, body = Caller(), begin + piece * (size // len(piece))
        caller.call(body=body, headers={"content-type": "application/x-www-form-urlencoded"})
        return min(seconds(everything, caller.app) for _ in range(2))

    for begin, piece in ((b"", b"password=x&"), (b'; name="password"', b"\r\nx"), (b"", "mg-t…".encode())):
        # Four times as long: sixteen times as much, where each place looks at all others.
        assert cost(begin, piece, 400_000) < 8 * max(cost(begin, piece, 100_000), 0.02)


def seconds(function, *arguments):
    began = time.thread_time()
    function(*arguments)
    return time.thread_time() - began


def test_what_a_schema_says_of_a_password_is_told():
    parameters = {"type": "object", "properties": {"password": {"type": "string"}}}
    tool = {"type": "function", "function": {"name": "enter", "parameters": parameters}}
    body = {"messages": [{"role": "user", "content": "Hello"}], "tools": [tool]}
    assert '"password": {"type": "string"}' in told_of(Caller(), body=body)[1]


@pytest.mark.parametrize("before", range(180, 270, 3))
def test_no_part_of_a_key_is_left_where_a_message_is_cut(before):
    caller = Caller()
    key = "mg-" + "Zq9abcdefghijklmnopqrstuvwxyz0123456789" * 2
    text = "x" * before + key
    body = {"messages": [{"role": "user", "content": "Hello"}], "temperature": text}
    answer, told = told_of(caller, body=body, key=key)
    assert answer.status == 400
    answer, more = told_of(caller, path=f"/v1/{text}", key=key)
    assert answer.status == 404
    assert "mg-Zq9" not in told + more
    assert "…" in told + more


def test_no_verdict_tells_a_secret():
    caller = Caller()
    caller.call("PUT", "/__mockgrid__/sessions/mg-test", {"steps": [{"error": 400}]}, JSON)
    body = {"messages": [{"role": "user", "content": "Hello"}]}
    for _ in range(2):
        caller.call(path=f"/v1/chat/completions?api_key={SECRET}", body=body)
    told = everything(caller.app)
    assert "retried_non_retryable" in told
    assert SECRET not in told


def test_no_key_in_a_path_is_logged(capfd, tmp_path):
    document = tmp_path / "pets.json"
    reply = {"200": {"description": "It"}}
    pet = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    paths = {"/pets/{id}": {"get": {"parameters": [pet], "responses": reply, "security": [{"key": []}]}}}
    schemes = {"key": {"type": "http", "scheme": "bearer"}}
    info = {"title": "Pets", "version": "1"}
    described = {"openapi": "3.0.3", "info": info, "components": {"securitySchemes": schemes}, "paths": paths}
    document.write_text(json.dumps(described))
    caller = Caller(SECRET, document=str(document), log="text")
    assert caller.call("GET", f"/pets/{SECRET}").status == 200
    assert caller.call("GET", f"/{SECRET}").status == 404
    caller.app.close()
    log = capfd.readouterr().err
    assert SECRET not in log
    assert "GET /pets/[redacted] 200" in log
