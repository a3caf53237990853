"""Which requests scenarios are verified by."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from drift.asked import contract, drifts, questions
from drift.provider import PLANTED, header
from drift.provider import body as body_with

from mockgrid.document.yaml import load
from mockgrid.drift.fake import Fake
from mockgrid.drift.steps import ScenarioQuestions
from mockgrid.recording.exchange import RecordedExchange, RecordedReply
from mockgrid.recording.requests import recorded_requests
from mockgrid.recording.scribe import Scribe
from mockgrid.scenario.loading import load_text

pytestmark = pytest.mark.once

WEATHER = {"type": "function", "function": {"name": "get_weather"}}


def asked(text):
    makes = ScenarioQuestions(contract(), Fake(contract()))
    return list(makes.of(load_text(text, name="s.yaml"))), makes.left_out


def body(when, reply="{say: Hi}"):
    (question,), left_out = asked(f"steps: [{{when: {when}, reply: {reply}}}]")
    assert left_out == []
    return question.body


@pytest.mark.parametrize(
    ("when", "path", "value"),
    [
        ("{model: text-prime}", ["model"], "text-prime"),
        ("{model: {glob: '*-max'}}", ["model"], "-max"),
        ("{last_user: {contains: [cold, warm]}}", ["messages", 0, "content"], "cold warm"),
        ("{last_user: {contains: cold, not: {contains: warm}}}", ["messages", 0, "content"], "cold"),
        ("{last_user: {matches: '^Hi, [A-Z]{3}$'}}", ["messages", 0, "content"], "Hi, AAA"),
        ("{system: Be brief}", ["messages", 0], {"role": "system", "content": "Be brief"}),
        ("{turn: {above: 1}}", ["messages", 1, "role"], "assistant"),
        ("{tool_result: get_weather}", ["messages", 2, "role"], "tool"),
        ("{any_message: {contains: earlier}}", ["messages", 0, "content"], "earlier"),
        ("{stream: true}", ["stream"], True),
        ("{response_format: json_object}", ["response_format"], {"type": "json_object"}),
        (
            "{response_format: {json_schema: {name: city}}}",
            ["response_format", "json_schema", "name"],
            "city",
        ),
        ("{body: {temperature: {above: 1, below: 2}}}", ["temperature"], 1.25),
        ("{body: {metadata: {a: b}}}", ["metadata"], {"a": "b"}),
        ("{body: {user: {schema: {type: string, pattern: '^u[0-9]$'}}}}", ["user"], "u0"),
        ("{any: [{model: text-max}, {model: text-prime}]}", ["model"], "text-max"),
        ("{all: [{model: text-max}, {not: {model: text-prime}}]}", ["model"], "text-max"),
    ],
)
def test_a_request_has_what_its_step_asks_for(when, path, value):
    part = body(when)
    for key in path:
        part = part[key]
    assert (part == value) or (
        isinstance(value, str) and len(part) == len(value) and isinstance(part, str)
    ), part


def test_a_call_is_asked_for_by_its_tool():
    made = body("{tools: get_weather}", "{call: {get_weather: {city: Oslo, days: 2}}}")
    (tool,) = made["tools"]
    assert tool["function"]["parameters"]["properties"] == {
        "city": {"type": "string"},
        "days": {"type": "integer"},
    }
    assert made["tool_choice"]["function"] == {"name": "get_weather"}


def test_a_step_asks_for_as_many_choices_as_its_reply_has():
    assert body("{}", "{choices: [{say: a}, {say: b}]}")["n"] == 2


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("{error: 429}", "no request brings about 429 by itself"),
        ("{error: 401}", "no request brings about 401 by itself"),
        ("{error: {status: 502, by: gateway}}", "a gateway's page is nobody's reply to a request"),
        ("{redirect: same}", "a redirect is the provider's own affair"),
        ("{refuse: No.}", "whether a model refuses is its own affair"),
        ("{body: {}, status: 500, contract: off}", "no request brings about 500 by itself"),
    ],
)
def test_what_no_request_brings_about_is_left_out(reply, reason):
    assert asked(f"steps: [{{reply: {reply}}}]") == ([], [("s.yaml:1:9", f"step 1: {reason}")])


def test_the_first_reply_that_can_be_asked_for_counts():
    (question,), left_out = asked("steps: [{replies: [{error: 503}, {error: 429}, {say: Hi}]}]")
    assert (question.expected.status, left_out) == (200, [])


def test_other_operations_are_asked_by_their_paths():
    (question,), _ = asked(
        "steps: [{when: {operation: retrieveModel, path: /v1/models/x}, reply: {error: 404}}]"
    )
    assert (question.request.method, question.request.target) == ("GET", "/v1/models/x")


@pytest.fixture(scope="module")
def recorded():
    """The questions of a scenario that was recorded from the fake, with those that it was recorded by."""
    known = {
        (question.request.method, question.request.target, question.request.body): question
        for question in questions().values()
        if question.credential == "key"
    }
    exchanges = [RecordedExchange(each.request, each.expected) for each in known.values()]
    made, left_out = asked(Scribe(contract()).scenario(exchanges).text)
    assert left_out == []
    pairs = [
        (known[each.request.method, each.request.target, each.request.body], each)
        for each in made
        if (each.request.method, each.request.target, each.request.body) in known
    ]
    return {original.title: (original, question) for original, question in pairs}


def test_a_recorded_scenario_is_verified_by_the_requests_that_it_was_recorded_from(recorded):
    assert len(recorded) == 11
    assert [
        drift for original, question in recorded.values() for drift in drifts(question, original.expected)
    ] == []


@pytest.mark.parametrize("status", [422, 400, 200])
def test_a_request_that_the_contract_refuses_is_asked_once_and_answered_as_it_was(status):
    refused = body_with(lambda value: value.update(temperature=3))
    original = questions()["createChatCompletion, whole"]
    data = refused(RecordedReply(0, (), ((0.0, original.request.body),))).body
    request = replace(original.request, body=data)
    answer = original.expected if status == 200 else error_reply(status)
    text = Scribe(contract()).scenario([RecordedExchange(request, answer)]).text
    makes = ScenarioQuestions(contract(), Fake(contract()))
    (question,) = makes.of(load_text(text, name="s.yaml"))
    assert json.loads(question.request.body) == json.loads(data)
    assert (asyncio.run(makes.refused()), makes.left_out) == ([], [])
    assert {drift.severity for drift in drifts(question, answer)} <= {"note"}


def error_reply(status):
    text = b'{"errors": [{"path": "temperature", "message": "must be at most 2"}]}'
    return RecordedReply(status, ((b"content-type", b"application/json"),), ((0.0, text),))


def test_each_change_is_found_by_a_recorded_scenario_too(recorded):
    lost = []
    for name, planted in PLANTED.items():
        if planted.title in recorded:
            original, question = recorded[planted.title]
            codes = {drift.code for drift in drifts(question, planted.change(original.expected))}
            lost += [] if planted.code in codes else [(name, codes)]
    assert lost == []


def test_usage_that_a_scenario_has_in_so_many_words_is_missed():
    (question,), _ = asked("steps: [{reply: {say: Hi, usage: {prompt_tokens: 3}}}]")
    (planted,) = drifts(question, body_without_usage(question.expected))
    assert (planted.code, planted.party, planted.pointer) == ("MG406", "scenario", "/usage")
    (other,), _ = asked("steps: [{reply: {say: Hi}}]")
    assert drifts(other, body_without_usage(other.expected)) == []


def body_without_usage(reply):
    return body_with(lambda value: value.pop("usage") and None)(reply)


def test_a_recorded_request_is_asked_again_whatever_came_of_it():
    limited = """
steps: [{reply: {error: 429}}]
x-recorded: [{method: POST, target: /v1/chat/completions, body: {messages: [{role: user, content: Hi}]}}]
"""
    (question,), left_out = asked(limited)
    assert (question.expected.status, left_out) == (429, [])
    assert {drift.severity for drift in drifts(question, question.expected)} == {"note"}
    (note,) = drifts(question, questions()["createChatCompletion, whole"].expected)
    assert (note.severity, note.code) == ("note", "MG446")


@pytest.mark.parametrize("body", [b"", b'{"id": "\\ud800"}'])
def test_a_body_that_was_no_json_when_it_was_recorded_is_no_drift(body):
    original = questions()["createChatCompletion, whole"]
    odd = replace(original.expected, chunks=((0.0, body),))
    (question,), _ = asked(Scribe(contract()).scenario([RecordedExchange(original.request, odd)]).text)
    assert {drift.severity for drift in drifts(question, odd)} == {"note"}


def test_of_several_replies_to_a_recorded_request_the_closest_counts():
    text = """
steps: [{replies: [{error: 429}, {say: Hi}, {call: {look: {}}}]}]
x-recorded: [{method: POST, target: /v1/chat/completions, body: {messages: [{role: user, content: Hi}]}}]
"""
    (question,), _ = asked(text)
    assert [each.expected.status for each in (question, *question.others)] == [200, 200, 429]
    for each in (question, *question.others):
        assert {drift.severity for drift in drifts(question, each.expected)} == {"note"}
    *_, lost = drifts(question, body_without_usage(question.others[0].expected))
    assert (lost.severity, lost.code, lost.pointer) == ("warning", "MG406", "/usage")


def test_what_a_provider_broke_when_it_was_recorded_is_no_drift():
    original = questions()["createChatCompletion, whole"]
    broken = PLANTED["no total of tokens"].change(header("x-request-id", None)(original.expected))
    made, _ = asked(Scribe(contract()).scenario([RecordedExchange(original.request, broken)]).text)
    (question,) = made
    assert {(drift.severity, drift.party) for drift in drifts(question, broken)} == {("note", "contract")}
    (mended,) = drifts(question, replace(broken, status=201))
    assert (mended.severity, mended.code) == ("error", "MG401")


@pytest.mark.parametrize(
    ("item", "methods"),
    [
        ("{target: /v1/models, method: GET, base64: abc}", []),
        ("{target: /v1/models, method: GET, base64: 5}", []),
        ("{target: [], method: GET}", []),
        ("5", []),
        ("{target: /v1/chat/completions, method: POST, body: {seed: 99999999999999999999999999}}", ["POST"]),
    ],
)
def test_recorded_requests_that_were_spoilt_by_hand_are_none(item, methods):
    data = load(f"x-recorded: [{item}]".encode(), name="s.yaml").data
    assert [request.method for request in recorded_requests(data)] == methods
