"""Which streams are broken, and what proves that a client took one for whole."""

import json

import pytest
from verdicts.by_hand import END, PARTS, SSE, event, exchange, goes_on, names, piece, stream

from mockgrid.reply.chat.transcript import ChatTranscript
from mockgrid.session.verdicts.streams import Stream

CUT, SKIPPED = "truncated_stream_accepted", "malformed_chunk_ignored"
HALF = b'data: {"choices": [{"ind\n\n'
CUT_CHARACTER = b'data: {"choices": [{"index": 0, "delta": {"content": "3 \xe2\x82C"}}]}\n\n'
GARBAGE = bytes(range(0x80, 0xC0)) + b"\n\n"
STREAMS = [
    ("cut", [*PARTS], {"whole": False}, "The fjord is calm,", CUT),
    ("trimmed", [*PARTS, piece(" ")], {"whole": False}, "\nThe fjord is calm, ", CUT),
    ("in parts", [*PARTS], {"whole": False}, [{"type": "text", "text": "The fjord is calm,"}], CUT),
    ("half an event", [*PARTS, piece(" and")[:-1]], {"whole": False}, "The fjord is calm,", CUT),
    ("no finish", [*PARTS, event(b"[DONE]")], {}, "The fjord is calm,", CUT),
    ("an error", [*PARTS, event({"error": {"message": "x"}})], {}, "The fjord is calm,", CUT),
    ("an error, and more", [*PARTS, event({"error": "x"}), piece(" x"), *END], {}, "The fjord is calm,", CUT),
    ("before the bad chunk", [*PARTS, HALF, piece(" and"), *END], {}, "The fjord is calm,", CUT),
    ("another choice", [*PARTS, piece("Two", index=1), piece(None, finish="stop")], {}, "Two", CUT),
    ("other words", [*PARTS], {"whole": False}, "The fjord", None),
    ("no text", [piece("")], {"whole": False}, "", None),
    ("finished, then cut", [*PARTS, END[0]], {"whole": False}, "The fjord is calm,", None),
    ("no [DONE]", [*PARTS, END[0]], {}, "The fjord is calm,", None),
    ("whole", [*PARTS, *END], {}, "The fjord is calm,", None),
    ("left by the client", [*PARTS], {"whole": False, "ended_by": "client"}, "The fjord is calm,", None),
    ("the server's end", [*PARTS], {"whole": False, "ended_by": "shutdown"}, "The fjord is calm,", None),
    ("not kept whole", [*PARTS, b"x" * 2_000_000, b"x"], {"whole": False}, "The fjord is calm,", None),
    ("half JSON", [*PARTS, HALF, piece(" and"), *END], {}, "The fjord is calm, and", SKIPPED),
    ("half a character", [*PARTS, CUT_CHARACTER, *END], {}, "The fjord is calm,3 \ufffdC", SKIPPED),
    ("without it", [*PARTS, CUT_CHARACTER, *END], {}, "The fjord is calm,3 C", SKIPPED),
    ("without its chunk", [*PARTS, CUT_CHARACTER, *END], {}, "The fjord is calm,", SKIPPED),
    ("garbage", [*PARTS, GARBAGE, *END], {}, "The fjord is calm,", SKIPPED),
    ("CRLF", [b"".join([*PARTS, HALF, *END]).replace(b"\n", b"\r\n")], {}, "The fjord is calm,", SKIPPED),
    ("split", [bytes([byte]) for byte in b"".join([*PARTS, HALF, *END])], {}, "The fjord is calm,", SKIPPED),
    ("a comment", [*PARTS, b": \xff\n\n"[:1] + b" ping\n\n", *END], {}, "The fjord is calm,", None),
    ("asked again", [*PARTS, HALF, piece(" and"), *END], {}, "All of it.", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("pieces", "more", "text", "found"), [case[1:] for case in STREAMS], ids=[case[0] for case in STREAMS]
)
def test_streams(pieces, more, text, found):
    expected = [(found, (1, 2))] if found else []
    assert names(stream(0, *pieces, **more), goes_on(1, text)) == expected
    assert names(stream(0, *pieces, **more), final=True) == []


def test_the_same_text_from_a_whole_reply_proves_nothing():
    cut = stream(0, *PARTS, whole=False)
    gave = json.dumps({"choices": [{"message": {"content": "The fjord is calm,"}}]}).encode()
    for good in (stream(1, *PARTS, *END), exchange(1, gave=gave), exchange(1, pieces=[gave])):
        assert names(cut, good, goes_on(2, "The fjord is calm,")) == []
    for bad in (stream(1, *PARTS, whole=False), exchange(1, 500, gave=gave), stream(1, *PARTS, HALF, *END)):
        assert names(cut, bad, goes_on(2, "The fjord is calm,"))[-1][1] in {(1, 3), (2, 3)}


def test_what_the_client_said_before_is_not_from_the_stream():
    before = goes_on(0, "The fjord is calm,")
    asked = exchange(1, reply=SSE, pieces=PARTS, whole=False, body=before.body)
    assert names(asked, goes_on(2, "The fjord is calm,")) == []


def test_a_stream_is_judged_once():
    cut = stream(0, *PARTS, whole=False)
    assert names(cut, *(goes_on(at, "The fjord is calm,") for at in (1, 2, 3))) == [(CUT, (1, 2))]


def test_streams_of_any_shape_are_read():
    odd = [
        b"[]",
        b"1",
        b"null",
        b'{"choices": 1}',
        b'{"choices": [1, {"index": "x"}, {"delta": null}]}',
        b"[" * 99999,
    ]
    read = Stream(
        b"\xef\xbb\xbf" + b"".join(event(data) for data in odd) + b"id: 1\nretry\n\n", ChatTranscript()
    )
    assert (read.unreadable, read.error, read.unfinished) == (1, False, True)
    assert Stream(b"", ChatTranscript()).cut() == set()
