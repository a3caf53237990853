"""Bodies that were recorded in pieces, without their content encoding."""

import gzip
import zlib

import pytest

from mockgrid.errors import MockgridError
from mockgrid.recording import content
from mockgrid.recording.exchange import RecordedReply

TEXT = b"data: one\n\ndata: two\n\n"


def raw(text):
    deflating = zlib.compressobj(wbits=-15)
    return deflating.compress(text) + deflating.flush()


def pieces(encoding, body, cut):
    chunks = ((0.1, body[:cut]), (0.2, body[cut:]))
    return content.content_of(RecordedReply(200, ((b"content-encoding", encoding),), chunks))


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        (b"gzip", gzip.compress(TEXT)),
        (b"deflate", zlib.compress(TEXT)),
        (b"deflate", raw(TEXT)),
        (b"gzip", gzip.compress(TEXT[:9]) + gzip.compress(TEXT[9:])),
    ],
    ids=["gzip", "zlib", "raw", "two members"],
)
def test_every_form_of_an_encoding_is_undone_wherever_it_is_cut(encoding, body):
    for cut in range(1, len(body)):
        assert b"".join(text for _, text in pieces(encoding, body, cut)) == TEXT


def test_a_stream_that_was_cut_has_what_came():
    body = gzip.compress(TEXT * 50, 0)
    assert b"".join(text for _, text in pieces(b"gzip", body[:600], 300)).startswith(TEXT)


def test_what_grows_beyond_all_measure_is_refused(monkeypatch):
    monkeypatch.setattr(content, "_MOST", 1000)
    body = gzip.compress(bytes(100_000))
    with pytest.raises(MockgridError, match="larger than 1000 bytes"):
        pieces(b"gzip", body, 20)
