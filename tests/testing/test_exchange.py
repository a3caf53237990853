"""The text of a stream."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockgrid.testing.exchange import text_of_stream


def event(content, newline="\n", index=0):
    data = json.dumps({"choices": [{"index": index, "delta": {"content": content}}]})
    return f": comment{newline}data: {data}{newline}{newline}"


@given(st.lists(st.text(), max_size=5), st.sampled_from(["\n", "\r\n", "\r"]))
def test_the_deltas_make_the_text_however_lines_end(pieces, newline):
    sent = "".join(event(piece, newline) for piece in pieces) + f"data: [DONE]{newline}{newline}"
    assert text_of_stream(sent) == "".join(pieces)


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("", ""),
        ("\ufeff" + event("a"), "a"),
        (event("a") + event("b", index=1) + event("c"), "ac"),
        (event("a") + "data: {\n\n" + event("b"), "ab"),
        ('data: {"error": {"message": "no"}}\n\n' + 'data: {"choices": []}\n\n', ""),
        ('data: [1]\n\ndata: 1\n\ndata: {"choices": [{"delta": {"content": 1}}]}\n\n', ""),
        (event("a").replace("data: ", "data:"), "a"),
    ],
)
def test_what_cannot_be_read_says_nothing(sent, text):
    assert text_of_stream(sent) == text
