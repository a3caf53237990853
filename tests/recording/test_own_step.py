"""Each recorded request finds its own step, however alike the requests are."""

import json

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from recording.again import ask, essence, findings, player, replayed, scribe

pytestmark = pytest.mark.once
ALL = {"database": None, "deadline": None, "suppress_health_check": list(HealthCheck)}
TEXTS = st.sampled_from(
    ("Hi", "Hi!", "What is the weather in Oslo?", "Translate.\n\n" + "A long story. " * 20, "${model}", "*")
) | st.text(min_size=1, max_size=6)
TOOLS = st.lists(st.sampled_from(("get_weather", "get_time", "book")), unique=True, max_size=3)
SCHEMA = {"type": "json_schema", "json_schema": {"name": "city", "schema": {"type": "object"}}}


@st.composite
def conversations(draw):
    messages = [{"role": "user", "content": draw(TEXTS)}]
    if draw(st.booleans()):
        messages.insert(0, {"role": "system", "content": draw(TEXTS)})
    for turn in range(draw(st.integers(0, 2))):
        if draw(st.booleans()):
            messages.append({"role": "assistant", "content": draw(TEXTS)})
            messages.append({"role": "user", "content": draw(TEXTS)})
            continue
        name = draw(st.sampled_from(("get_weather", "get_time")))
        call = {"id": f"call_{turn}", "type": "function", "function": {"name": name, "arguments": "{}"}}
        messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": f"call_{turn}", "content": draw(TEXTS)})
    return messages


@st.composite
def requests(draw):
    body = {"messages": draw(conversations()), "model": draw(st.sampled_from(("text-prime", "text-max")))}
    if tools := draw(TOOLS):
        body["tools"] = [{"type": "function", "function": {"name": name}} for name in tools]
    optional = {
        "stream": st.booleans(),
        "response_format": st.sampled_from(({"type": "text"}, {"type": "json_object"}, SCHEMA)),
        "temperature": st.sampled_from((0, 0.5, 1)),
        "stop": st.sampled_from((["a"], ["b"], ["a", "b"])),
        "logit_bias": st.sampled_from(({"1": 2}, {"1": 3}, {"2": 1})),
        "user": TEXTS,
        "seed": st.sampled_from((None, 1, 2)),
    }
    for name, values in optional.items():
        if draw(st.integers(0, 4)) == 0:
            body[name] = draw(values)
    return body


# Says what it was asked, whole, so that no two replies to different requests are the same.
ECHO = "steps: [{reply: {say: '${body:/messages} ${body:/seed} ${body:/user} ${body:/stop} ${attempt}'}}]"


@seed(11)
@settings(max_examples=40, **ALL)
@given(st.lists(requests(), min_size=1, max_size=8))
def test_each_request_finds_its_own_step(bodies):
    caller = player(ECHO)
    first = [ask(caller, json.dumps(body).encode()) for body in bodies]
    written = scribe().scenario(first)
    assert written.exchanges == len(bodies)
    assert findings(written.text) == [], written.text
    again = replayed(first, written.text)
    assert [essence(exchange) for exchange in again] == [essence(exchange) for exchange in first], (
        written.text
    )


def test_steps_do_not_hold_to_what_passes():
    caller = player(ECHO)
    asked = [
        {"messages": [{"role": "user", "content": f"Today is 2026-03-{day}. Plan {what} for me."}]}
        for day, what in ((14, "lunch"), (14, "dinner"))
    ]
    first = [ask(caller, json.dumps(body).encode()) for body in asked]
    written = scribe().scenario(first)
    assert "2026" not in written.text.partition("x-recorded")[0].replace("say:", "").partition("reply")[0]
    tomorrow = [
        ask(player(written.text), json.dumps(body).replace("2026-03-14", "2027-01-02").encode())
        for body in asked
    ]
    assert [essence(exchange) for exchange in tomorrow] == [essence(exchange) for exchange in first]


@pytest.mark.parametrize("count", [1, 3])
def test_the_least_tells_requests_apart(count):
    turns = [{"role": "user", "content": "Go"}]
    bodies = []
    for turn in range(count):
        bodies.append({"model": "text-max", "temperature": 1, "messages": list(turns)})
        turns += [{"role": "assistant", "content": f"Step {turn}"}]
    caller = player(ECHO)
    text = scribe().scenario([ask(caller, json.dumps(body).encode()) for body in bodies]).text
    whens = [line.partition("when: ")[2] for line in text.splitlines() if "when:" in line]
    if count == 1:
        assert whens == ["{last_user: Go}"]
    else:
        assert whens == [f"{{last_user: Go, turn: {turn}}}" for turn in range(1, count + 1)]


def test_repeats_become_replies():
    caller = player("steps: [{replies: [{error: 503}, {error: 503}, {say: Yes}]}]")
    body = {"messages": [{"role": "user", "content": "Hi"}]}
    first = [ask(caller, json.dumps(body).encode()) for _ in range(4)]
    written = scribe().scenario(first)
    assert (written.steps, written.exchanges) == (1, 4)
    assert written.text.count("error: 503") == 2
    assert [essence(each) for each in replayed(first, written.text)] == [essence(each) for each in first]
