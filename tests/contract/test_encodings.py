import contextlib
import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockgrid.contract.encodings import (
    BodyTooLargeError,
    MalformedBodyError,
    UnsupportedEncodingError,
    decode_content,
)

LIMIT = 1_000_000


def raw_deflate(data):
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


ENCODERS = {
    "identity": lambda data: data,
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "x-gzip": lambda data: gzip.compress(data, mtime=0),
    "deflate": zlib.compress,
}


@given(st.binary(max_size=4000), st.lists(st.sampled_from(sorted(ENCODERS)), max_size=4))
def test_what_was_encoded_reads_back(data, names):
    body = data
    for name in names:
        body = ENCODERS[name](body)
    assert decode_content(body, ", ".join(names), LIMIT) == data


@pytest.mark.parametrize("encoding", ["", "identity", " Identity ,", "IDENTITY, identity"])
def test_nothing_to_undo(encoding):
    assert decode_content(b"x", encoding, 1) == b"x"


@given(st.binary(max_size=2000))
def test_deflate_without_frame(data):
    assert decode_content(raw_deflate(data), "deflate", LIMIT) == data


def test_gzip_of_several_members():
    assert decode_content(gzip.compress(b"one, ") + gzip.compress(b"two"), "GZIP", LIMIT) == b"one, two"


@pytest.mark.parametrize("encoding", ["br", "zstd", "foo", "gzip, br", "gzip;q=1", "compress"])
def test_an_encoding_that_is_not_known(encoding):
    with pytest.raises(UnsupportedEncodingError, match="is not supported; gzip, deflate and identity are"):
        decode_content(b"", encoding, LIMIT)


def test_too_many_encodings():
    with pytest.raises(UnsupportedEncodingError, match="5 content encodings"):
        decode_content(b"", ",".join(["gzip"] * 5), LIMIT)


@pytest.mark.parametrize("name", ["gzip", "deflate"])
def test_every_truncation_is_found(name):
    whole = ENCODERS[name](b"some text, some text, and some more")
    for length in range(len(whole)):
        with pytest.raises(MalformedBodyError):
            decode_content(whole[:length], name, LIMIT)


@pytest.mark.parametrize("name", ["gzip", "deflate"])
@pytest.mark.parametrize("tail", [b"x", b"\0", b"\x1f\x8b", b"\x1f\x8bgarbage..."])
def test_bytes_after_the_end_are_found(name, tail):
    with pytest.raises(MalformedBodyError):
        decode_content(ENCODERS[name](b"text") + tail, name, LIMIT)


@pytest.mark.parametrize("body", [b"", b"{}", b"\x1f\x8b", b"\x78\x9c", b"\xff" * 100])
@pytest.mark.parametrize("name", ["gzip", "deflate"])
def test_what_was_never_encoded_is_found(name, body):
    with pytest.raises(MalformedBodyError):
        decode_content(body, name, LIMIT)


@given(st.binary(max_size=300), st.lists(st.sampled_from(sorted(ENCODERS)), min_size=1, max_size=3))
def test_garbage_is_malformed_or_decodes(body, names):
    with contextlib.suppress(MalformedBodyError):
        assert isinstance(decode_content(body, ",".join(names), LIMIT), bytes)


@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_the_limit_is_exact(name):
    body = ENCODERS[name](bytes(1000))
    assert decode_content(body, name, 1000) == bytes(1000)
    with pytest.raises(BodyTooLargeError, match="larger than 999 bytes"):
        decode_content(body, name, 999)


def bomb(layers):
    body = bytes(50_000_000)
    for _ in range(layers):
        body = gzip.compress(body, 9, mtime=0)
    return body


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_a_bomb_is_refused_within_bounded_memory(layers):
    body = bomb(layers)
    tracemalloc.start()
    try:
        with pytest.raises(BodyTooLargeError):
            decode_content(body, ",".join(["gzip"] * layers), LIMIT)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * LIMIT


def test_a_body_of_ever_more_members_is_refused():
    with pytest.raises(MalformedBodyError):
        decode_content(gzip.compress(b"") * 20_000, "gzip", LIMIT)
