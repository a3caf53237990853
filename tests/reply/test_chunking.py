import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockgrid.reply.chat.chunks import Options, render_events
from mockgrid.reply.chat.completion import Choice, Completion, FinishedCall
from mockgrid.reply.tokens import Chunking, ShortWords

TOKENS = ShortWords()
chunkings = st.one_of(
    st.sampled_from([Chunking(), Chunking("word")]),
    st.builds(lambda n: Chunking("characters", n), st.integers(1, 9)),
    st.builds(
        lambda pieces: Chunking("list", pieces=tuple(pieces)), st.lists(st.text(max_size=3), max_size=4)
    ),
)


@given(st.text(), chunkings)
def test_pieces_join_to_the_text(text, chunking):
    assert "".join(chunking.split(text, TOKENS)) == text


@pytest.mark.parametrize(
    ("chunking", "pieces"),
    [
        (Chunking(), ["It", " is 3", " °C", " in", " Oslo."]),
        (Chunking("word"), ["It", " is", " 3", " °C", " in", " Oslo."]),
        (Chunking("characters", 6), ["It is ", "3 °C i", "n Oslo", "."]),
        (Chunking("list", pieces=("It is 3", " °C in Oslo.")), ["It is 3", " °C in Oslo."]),
        (Chunking("list", pieces=("another", " text")), ["It", " is 3", " °C", " in", " Oslo."]),
    ],
)
def test_units(chunking, pieces):
    assert list(chunking.split("It is 3 °C in Oslo.", TOKENS)) == pieces


def test_code_points_stay_whole():
    family = "👩‍👩‍👧"
    pieces = list(Chunking("characters", 1).split(family, TOKENS))
    assert pieces == ["👩", "\u200d", "👩", "\u200d", "👧"]
    assert b"".join(piece.encode() for piece in pieces).decode() == family


def test_a_piece_has_a_character():
    with pytest.raises(ValueError, match="at least one"):
        Chunking("characters", 0)


def stream(choice, chunking, top=None):
    completion = Completion("id", 1, "m", "default", "fp", (choice,), {}, top, "00")
    events = list(render_events(completion, TOKENS, Options(), chunking))
    return [json.loads(event.removeprefix(b"data: ")) for event in events[:-1]]


def deltas(chunks):
    return [chunk["choices"][0]["delta"] for chunk in chunks]


def test_streams_are_cut_so():
    choice = Choice("Hello there, world", reasoning="First think")
    told = [
        delta.get("content") or delta.get("reasoning_content")
        for delta in deltas(stream(choice, Chunking("word")))
    ]
    assert told == [None, "First", " think", "Hello", " there,", " world", None]


def test_arguments_are_cut_so():
    choice = Choice(None, "tool_calls", (FinishedCall("c", "f", '{"a": "b c"}'),))
    fragments = [
        d["tool_calls"][0]["function"]["arguments"]
        for d in deltas(stream(choice, Chunking("characters", 5)))[1:-1]
    ]
    assert fragments == ['{"a":', ' "b c', '"}']


@pytest.mark.parametrize(
    "chunking", [Chunking(), Chunking("word"), Chunking("characters", 3), Chunking("characters", 99)]
)
def test_logprobs_go_with_the_piece_in_which_their_token_ends(chunking):
    text = "Hello there, 👋🏽 world of streams"
    chunks = stream(Choice(text), chunking, top=2)
    written = told = ""
    for chunk in chunks[1:-1]:
        choice = chunk["choices"][0]
        written += choice["delta"]["content"]
        told += "".join(entry["token"] for entry in choice["logprobs"]["content"])
        assert written.startswith(told)
    assert written == told == text
