"""Credentials planted everywhere turn up nowhere: not in journal, archive, feed, summary, log or report."""

import base64
import json
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
    operator = app.control.operator
    found = [operator.sessions()]
    for session in app.sessions:
        name = session.name
        found += [operator.session(name, final=True), operator.exchanges(name), operator.har(name)]
        found += [operator.told(session.journal, exchange) for exchange in session.journal]
    found.append(operator.report())
    return json.dumps(found, ensure_ascii=False)


@pytest.fixture(scope="module")
def caller():
    return Caller()


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
    assert app.sessions.room.size > 0
    forms = [key, other, key[3:], quote(other, safe=""), basic]
    for form in forms:
        assert form not in told, form
