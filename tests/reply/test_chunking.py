import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockgrid.reply.chat.chunks import Options, render_events
from mockgrid.reply.chat.completion import Choice, Completion, FinishedCall
from mockgrid.reply.tokens import ShortWords, pieces_of

TOKENS = ShortWords()
ways = st.one_of(
    st.sampled_from(["token", "word"]),
    st.integers(1, 9),
    st.lists(st.text(max_size=3), max_size=4).map(tuple),
)


@given(st.text(), ways)
def test_pieces_join_to_the_text(text, chunks):
    assert "".join(pieces_of(text, TOKENS, chunks)) == text


@pytest.mark.parametrize(
    ("chunks", "pieces"),
    [
        ("token", ["It", " is 3", " °C", " in", " Oslo."]),
        ("word", ["It", " is", " 3", " °C", " in", " Oslo."]),
        (6, ["It is ", "3 °C i", "n Oslo", "."]),
        (("It is 3", " °C in Oslo."), ["It is 3", " °C in Oslo."]),
        (("another", " text"), ["It", " is 3", " °C", " in", " Oslo."]),
    ],
)
def test_units(chunks, pieces):
    assert list(pieces_of("It is 3 °C in Oslo.", TOKENS, chunks)) == pieces


def test_code_points_stay_whole():
    family = "👩‍👩‍👧"
    pieces = list(pieces_of(family, TOKENS, 1))
    assert pieces == ["👩", "\u200d", "👩", "\u200d", "👧"]
    assert b"".join(piece.encode() for piece in pieces).decode() == family


def stream(choice, chunks, top=None):
    completion = Completion("id", 1, "m", "default", "fp", (choice,), {}, top, "00")
    events = list(render_events(completion, TOKENS, Options(), chunks))
    return [json.loads(event.removeprefix(b"data: ")) for event in events[:-1]]


def deltas(chunks):
    return [chunk["choices"][0]["delta"] for chunk in chunks]


def test_streams_are_cut_so():
    choice = Choice("Hello there, world", reasoning="First think")
    told = [
        delta.get("content") or delta.get("reasoning_content") for delta in deltas(stream(choice, "word"))
    ]
    assert told == [None, "First", " think", "Hello", " there,", " world", None]


def test_arguments_are_cut_so():
    choice = Choice(None, "tool_calls", (FinishedCall("c", "f", '{"a": "b c"}'),))
    fragments = [d["tool_calls"][0]["function"]["arguments"] for d in deltas(stream(choice, 5))[1:-1]]
    assert fragments == ['{"a":', ' "b c', '"}']


@pytest.mark.parametrize("chunks", ["token", "word", 3, 99])
def test_logprobs_go_with_the_piece_in_which_their_token_ends(chunks):
    text = "Hello there, 👋🏽 world of streams"
    chunks = stream(Choice(text), chunks, top=2)
    written = told = ""
    for chunk in chunks[1:-1]:
        choice = chunk["choices"][0]
        written += choice["delta"]["content"]
        told += "".join(entry["token"] for entry in choice["logprobs"]["content"])
        assert written.startswith(told)
    assert written == told == text
