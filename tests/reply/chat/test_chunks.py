"""A stream says what JSON says, part by part in the same order."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockgrid.reply.chat.chunks import Options, render_events
from mockgrid.reply.chat.completion import Audio, Choice, Completion, FinishedCall, message_of
from mockgrid.reply.tokens import ShortWords

TOKENS = ShortWords()
texts = st.text(max_size=20)
thoughts = st.none() | texts
calls = st.lists(st.builds(FinishedCall, st.sampled_from(["c1", "c2"]), st.just("f"), texts), max_size=3)
audio = st.builds(Audio, st.just("audio_1"), st.just("UklG" * 2000), texts, st.just(9), st.just(2))
choices = st.one_of(
    st.builds(
        lambda text, made, thought: Choice(text, calls=tuple(made), reasoning=thought),
        thoughts,
        calls,
        thoughts,
    ),
    st.builds(lambda text, thought: Choice(None, refusal=text, reasoning=thought), texts, thoughts),
    st.builds(lambda spoken, thought: Choice(None, audio=spoken, reasoning=thought), audio, thoughts),
)


def parts_of_json(message):
    """The parts of a message that say something, in order: a name, or a call's place."""
    for name, value in message.items():
        if name == "tool_calls":
            yield from range(len(value))
        elif name not in {"role", "annotations"} and value:
            yield name


def parts_of_stream(deltas):
    for delta in deltas:
        yield from (call["index"] for call in delta.get("tool_calls", ()))
        yield from (name for name, value in delta.items() if name not in {"role", "tool_calls"} and value)


def joined(deltas):
    """What a client has that joins deltas, as most do."""
    message = {}
    for delta in deltas:
        for name, value in delta.items():
            if name == "tool_calls":
                for call in value:
                    known = message.setdefault(name, [])
                    if call["index"] == len(known):
                        known.append(
                            {"id": call["id"], "type": call["type"], "function": {**call["function"]}}
                        )
                    else:
                        known[call["index"]]["function"]["arguments"] += call["function"]["arguments"]
            elif name == "audio":
                known = message.setdefault(name, {})
                for key, item in value.items():
                    known[key] = known[key] + item if isinstance(known.get(key), str) else item
            elif value is not None:
                message[name] = message.get(name, "") + value
    return message


def said(message):
    return {name: value for name, value in message.items() if value and name != "annotations"}


@given(
    st.lists(choices, min_size=1, max_size=3),
    st.sampled_from(["token", "word", 1]),
    st.none() | st.just(2),
    st.booleans(),
)
def test_parts_come_in_the_order_of_json(whole, chunks, top, interleave):
    completion = Completion("id", 1, "m", "default", "fp", tuple(whole), {}, top, "00")
    *events, done = render_events(completion, TOKENS, Options(), chunks, interleave=interleave)
    assert done == b"data: [DONE]\n\n"
    sent = [json.loads(event.removeprefix(b"data: "))["choices"][0] for event in events]
    for index, choice in enumerate(whole):
        deltas = [chunk["delta"] for chunk in sent if chunk["index"] == index]
        message = message_of(choice)
        assert list(dict.fromkeys(parts_of_stream(deltas))) == list(parts_of_json(message))
        # A part that has begun is over before the next begins.
        order = list(parts_of_stream(deltas))
        if interleave:  # the pieces of calls, which come in turn
            order = [part for part in order if isinstance(part, str)]
        assert order == sorted(order, key=order.index)
        assert said(joined(deltas)) == said(message)


def test_pieces_of_calls_may_come_in_turn():
    calls = (FinishedCall("a", "f", "123"), FinishedCall("b", "g", "4"))
    completion = Completion("id", 1, "m", "default", "fp", (Choice(None, calls=calls),), {}, None, "00")
    events = list(render_events(completion, TOKENS, Options(), 1, interleave=True))[1:-1]
    deltas = [json.loads(event.removeprefix(b"data: "))["choices"][0]["delta"] for event in events]
    assert list(parts_of_stream(deltas)) == [0, 1, 0, 1, 0, 0]


@pytest.mark.parametrize("choices", [1, 3])
def test_chunks_of_one_shape_are_encoded_as_each_alone_is(choices):
    # What looks like JSON's own marks, and more pieces than are encoded together.
    said = [Choice(f'"{n}",\n  "\\",' * 150 * n, reasoning='","' * n) for n in range(1, choices + 1)]
    completion = Completion("c", 1, "m", "default", "f", tuple(said), None, None, "ab" * 16)
    plain = list(render_events(completion, TOKENS, Options()))
    padded = render_events(completion, TOKENS, Options(obfuscation=True))  # each by itself
    assert plain == [re.sub(rb',"obfuscation":"[^"]*"', b"", event) for event in padded]
    assert len(plain) > 256
    for place, choice in enumerate(said):
        chunks = [json.loads(event[6:])["choices"][0] for event in plain[:-1]]
        deltas = [chunk["delta"] for chunk in chunks if chunk["index"] == place]
        assert "".join(delta.get("content") or "" for delta in deltas) == choice.content
