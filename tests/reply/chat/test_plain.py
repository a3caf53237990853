"""The short way of plain replies says what the long way says."""

from __future__ import annotations

import pytest
from asgi import Caller

from mockgrid.reply.chat.replies import is_plain

TEXTS = [
    "Hello there",
    "100 % of @id@ {braces} 700000001",
    "Gr\u00fc\u00dfe \U0001f30d",
    "",
    "chatcmpl-" + "0" * 29,
]


LONG = {"stop": ["never said"]}
"""What takes the long way, and asks for nothing."""

TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "maximum": 2**64}}}
UNSHAPED = [
    {},
    {"n": 1, "stream": False, "logprobs": False, "service_tier": "auto"},
    dict.fromkeys(("n", "stop", "stream", "tool_choice", "response_format", "max_tokens")),
    {"tools": [TOOL, TOOL]},
    {"tools": [TOOL], "tool_choice": "none", "parallel_tool_calls": True},
    {"tools": [TOOL], "tool_choice": "auto", "response_format": {"type": "text"}, "modalities": ["text"]},
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("options", UNSHAPED)
def test_the_first_reply_and_those_after_it_are_those_of_the_long_way(text, options):
    assert is_plain(options)
    assert not is_plain(options | LONG)
    short, long = Caller(), Caller()
    for _ in range(3):
        plain, whole = short.chat(text, **options).json(), long.chat(text, **options | LONG).json()
        assert list(plain) == list(whole)
        assert {**plain, "id": ""} == {**whole, "id": ""}


def test_attempts_differ_in_their_id_alone():
    caller = Caller()
    bodies = [caller.chat().json() for _ in range(4)]
    assert len({body.pop("id") for body in bodies}) == 4
    assert all(body == bodies[0] for body in bodies)


def test_a_stream_after_json_is_a_stream():
    caller = Caller()
    assert caller.chat().status == 200
    assert caller.chat(stream=True).chunks()
    assert caller.chat().json()["object"] == "chat.completion"


@pytest.mark.parametrize(
    "message",
    [
        {"role": "user", "content": [{"type": "text", "text": "Hello there"}]},
        {"role": "assistant"},
        {"role": "assistant", "content": None},
        {
            "role": "assistant",
            "content": "So",
            "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        },
    ],
)
def test_messages_that_are_more_or_less_than_text_are_counted_alike(message):
    """A text of as many characters, where it is text that is counted."""
    said = {"content": "", **message}
    calls = "".join(
        call["function"]["name"] + call["function"]["arguments"] for call in said.get("tool_calls") or ()
    )
    content = "Hello there" if isinstance(said["content"], list) else said["content"] or ""
    texts = [{"role": "assistant", "content": content + calls}, {"role": "user", "content": "Go on"}]
    usages = [
        Caller().call(body={"messages": messages}).json()["usage"]
        for messages in (texts, [message, {"role": "user", "content": "Go on"}])
    ]
    assert usages[0] == usages[1]


def test_no_usage_but_that_of_the_long_way():
    messages = [{"role": "user", "content": f"{number}: how are you?"} for number in range(50)]
    short, long = (Caller().call(body={"messages": messages, **more}).json() for more in ({}, LONG))
    assert short["usage"] == long["usage"]


@pytest.mark.parametrize(
    "shaping",
    [
        {"n": 2},
        {"stream": True},
        {"logprobs": True},
        {"stop": "a"},
        {"max_tokens": 1},
        {"service_tier": "flex"},
        {"tools": [TOOL], "tool_choice": "required"},
        {"response_format": {"type": "json_object"}},
    ],
)
def test_what_shapes_a_reply_is_not_plain(shaping):
    assert not is_plain(shaping)
