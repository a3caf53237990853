"""Ids of calls that a script gives, and pieces of several texts in a row."""

import pytest
from asgi import Caller

TOOLS = [{"type": "function", "function": {"name": name}} for name in ("f", "g")]


@pytest.fixture
def play(tmp_path):
    def write(reply):
        (tmp_path / "mine.yaml").write_text(f"steps: [{{reply: {{{reply}}}}}]", "utf-8")
        return Caller(scenarios=(str(tmp_path),), scenario="mine")

    return write


def called(caller, **asked):
    choices = caller.chat(tools=TOOLS, **asked).json()["choices"]
    return [[call["id"] for call in choice["message"]["tool_calls"]] for choice in choices]


def test_calls_have_the_ids_that_are_given(play):
    (ids,) = called(play("call: [{f: {}}, {g: {}}], call_ids: [call_1, '${model}']"), model="text-max")
    assert ids == ["call_1", "text-max"]


def test_beyond_those_given_ids_are_drawn(play):
    ((first, second),) = called(play("call: [{f: {}}, {g: {}}], call_ids: [call_1]"))
    assert first == "call_1"
    assert len(second) == len("call_") + 24


def test_ids_go_on_through_the_choices(play):
    reply = "choices: [{call: {f: {}}}, {call: {g: {}}}], call_ids: [a, b]"
    assert called(play(reply), n=2) == [["a"], ["b"]]


def test_a_made_call_has_its_id(play):
    assert called(play("call: 1, call_ids: [mine]")) == [["mine"]]


def test_an_id_stands_once_in_a_stream(play):
    reply = "call: {f: {x: 1}}, call_ids: [mine], stream: {chunks: {chars: 2}}"
    chunks = play(reply).chat(stream=True, tools=TOOLS).chunks()
    deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
    assert [call.get("id") for delta in deltas for call in delta.get("tool_calls", ())] == [
        "mine",
        *[None] * 4,
    ]


def test_pieces_of_several_texts_follow_one_another(play):
    reply = (
        "think: So it is, say: It is., call: [{f: {x: 1}}, {g: '{ }'}], "
        """stream: {chunks: ["So it", " is", It, " is.", '{"x"', ':1}', '{ ', '}']}"""
    )
    chunks = play(reply).chat(stream=True, tools=TOOLS).chunks()
    deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
    assert [delta["reasoning_content"] for delta in deltas if delta.get("reasoning_content")] == [
        "So it",
        " is",
    ]
    assert [delta["content"] for delta in deltas if delta.get("content")] == ["It", " is."]
    calls = [call for delta in deltas for call in delta.get("tool_calls", ())]
    assert [call["function"]["arguments"] for call in calls if call["function"]["arguments"]] == [
        '{"x"',
        ":1}",
        "{ ",
        "}",
    ]
