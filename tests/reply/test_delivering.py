"""How the replies of scenarios reach the client: which waits, and what a whole reply waits for."""

import json

import pytest

from mockgrid.app.build import load_contract
from mockgrid.reply.behaviour import Kit
from mockgrid.reply.behaviours import readings
from mockgrid.reply.chat.behaviour import ChatBehaviour
from mockgrid.reply.errors import Errors
from mockgrid.reply.generic import GenericReplies
from mockgrid.reply.playing import ScenarioReplies
from mockgrid.reply.request import Request
from mockgrid.reply.script import Begin, Reset, Wait, Write
from mockgrid.reply.scripted import ScriptedReplies
from mockgrid.reply.tokens import best_tokenizer
from mockgrid.scenario.loading import build
from mockgrid.session.clock import Clock
from mockgrid.session.play import Play
from mockgrid.settings import Settings

CONTRACT = load_contract(Settings())
KIT = Kit(contract=CONTRACT, tokenizer=best_tokenizer(), models=CONTRACT.policy.models)
BEHAVIOURS = {"chat-completions": ChatBehaviour(KIT)}
REPLIES = ScenarioReplies(
    ScriptedReplies(Errors(CONTRACT), GenericReplies(CONTRACT), BEHAVIOURS),
    "text-standard",
    readings(CONTRACT.operations),
    {},
)
PACE = {"first_token": "1s", "per_token": "100ms", "jitter": "50%"}
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]


def played(reply, scenario=None, *, clock=None, operation="createChatCompletion", **body):
    """One reply of a scenario, to one request."""
    play = Play(build({"pace": PACE, "steps": [{"reply": reply}], **(scenario or {})}), clock or Clock())
    value = {"messages": [{"role": "user", "content": "What is the weather in Oslo?"}], **body}
    request = Request(CONTRACT.operation(operation), "/v1/x", b"", {}, {}, value, json.dumps(value).encode())
    return REPLIES.reply(request, play, 1, "0" * 32, "1" * 128)


def waited(reply):
    if reply.script is None:
        return 0.0
    return sum(step.seconds for step in reply.script.instructions if type(step) is Wait)


FORMS = [
    {"auto": True},
    {"say": "It is 3 °C in Oslo."},
    {"say": "It is ${attempt} °C in Oslo.", "think": "Oslo, then."},
    {"json": {"city": "Oslo", "celsius": 3}},
    {"say": "One moment.", "call": [{"f": {"city": "Oslo"}}, {"f": {"city": "Bergen"}}]},
    {"refuse": "I cannot help with that."},
    {"say": "It is 3 °C in Oslo.", "usage": {"completion_tokens": 10_000}},
    {"say": "It is 3 °C in Oslo.", "usage": "off", "status": 200},
]


@pytest.mark.parametrize("body", [{}, {"n": 3}, {"tools": TOOLS, "user": "1" * 20}, {"max_tokens": 2}])
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_whole_reply_comes_when_its_stream_would_have_ended(form, body):
    streamed = waited(played(form, stream=True, stream_options={"include_usage": True}, **body))
    assert streamed > 1
    assert waited(played(form, **body)) == pytest.approx(streamed)


def test_the_longer_the_text_the_later():
    pace = {"first_token": "1s", "per_token": "100ms"}
    steps = list(played({"say": "Hi"}, {"pace": pace}).script.instructions)
    assert steps == [Wait(pytest.approx(1.1)), Begin(len(steps[2].data)), Write(steps[2].data)]
    assert waited(played({"say": "Hi " * 100}, {"pace": pace})) > 5


def test_the_default_reply_has_its_pace_too():
    nothing = {"steps": []}
    streamed = waited(played({}, nothing, stream=True))
    assert waited(played({}, nothing)) == pytest.approx(streamed)
    assert streamed > 1


@pytest.mark.parametrize(
    "form",
    [{"error": 503}, {"redirect": "same"}, {"body": "x", "contract": "off"}],
    ids=str,
)
def test_what_is_no_completion_comes_at_once(form):
    assert waited(played(form)) == 0


def test_so_does_the_answer_of_another_operation():
    assert waited(played({"body": {}, "contract": "off"}, operation="listModels")) == 0


def test_the_pace_of_a_reply_is_for_its_stream():
    form = {"say": "Hi", "stream": {"pace": {"first_token": "9s"}}}
    assert waited(played(form, {"pace": {"first_token": "1s"}})) == 1
    assert waited(played(form, {"pace": {"first_token": "1s"}}, stream=True)) == 9


def test_the_delay_comes_first_and_a_fault_last():
    form = {"say": "Hi", "delay": "5s", "fault": "reset"}
    script = played(form, {"pace": {"first_token": "1s"}}).script
    *waits, end = script.instructions
    assert waits == [Wait(5), Wait(1)]
    assert type(end) is Reset


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("clock", [Clock(virtual=True), Clock()])
def test_a_virtual_clock_counts_it(clock, stream):
    assert played({"say": "Hi"}, clock=clock, stream=stream).script.virtual is clock.virtual


def test_the_seed_of_a_scenario_changes_what_is_drawn():
    found = [waited(played({"say": "Hi"}, {"seed": seed})) for seed in (1, 1, 2)]
    assert found[0] == found[1] != found[2]
    whole = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    body = {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": whole}}, "n": 9}
    bodies = [played({"auto": True}, {"seed": seed}, **body).body for seed in (1, 1, 2)]
    assert bodies[0] == bodies[1] != bodies[2]


def test_the_wire_has_the_shape_that_is_written():
    form = {"say": "Hi", "stream": {"newline": "crlf", "split": 7}}
    writes = [step.data for step in played(form, stream=True).script.instructions if type(step) is Write]
    assert max(map(len, writes)) == 7
    assert b"".join(writes).endswith(b"data: [DONE]\r\n\r\n")


def test_what_asks_for_nothing_has_no_script():
    plain = {"pace": {"first_token": "0s"}}
    assert waited(played({"say": "Hi"}, plain)) == 0
    steps = build([{"say": "Hi"}])
    request = Request(
        CONTRACT.operation("createChatCompletion"), "/v1/x", b"", {}, {}, {"messages": []}, b"{}"
    )
    assert REPLIES.reply(request, Play(steps, Clock()), 1, "0" * 32, "1" * 128).script is None
