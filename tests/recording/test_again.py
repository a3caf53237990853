"""Recorded, written, and served again: the same replies, each to its own request."""

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from recording.again import ask, essence, findings, player, replayed, scribe

from mockgrid.http.asgi import CutError
from mockgrid.strategies import errors, replies, scenario_text, streams, wild

pytestmark = pytest.mark.once
ALL = {"database": None, "deadline": None, "suppress_health_check": list(HealthCheck)}
TOOLS = [{"type": "function", "function": {"name": name}} for name in ("f", "g")]
KINDS = (
    {},
    {"stream": True},
    {"stream": True, "stream_options": {"include_usage": True}, "tools": TOOLS},
    {"n": 2},
    {"logprobs": True, "stream": True},
    {"logprobs": True, "top_logprobs": 2},
    {"response_format": {"type": "json_object"}, "temperature": 0.5},
)


@seed(7)
@settings(max_examples=120, **ALL)
@given(
    st.one_of(replies(), streams(), errors(), wild()),
    st.sampled_from(KINDS),
)
def test_what_was_recorded_comes_again(reply, kind):
    body = {"model": "text-prime", "messages": [{"role": "user", "content": "Hi"}], **kind}
    try:
        first = ask(player(scenario_text([reply])), body)
    except CutError:  # some wild replies break off
        return
    written = scribe().scenario([first])
    assert (written.steps, written.exchanges, written.left_out) == (1, 1, ()), written
    assert findings(written.text) == [], written.text
    (again,) = replayed([first], written.text)
    assert essence(again) == essence(first), written.text
