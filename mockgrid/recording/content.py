"""A recorded body without its content encoding."""

from __future__ import annotations

import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from mockgrid.contract.encodings import BodyTooLargeError, decode_content
from mockgrid.recording.exchange import header

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockgrid.recording.exchange import Headers, RecordedReply

__all__ = ["content_of", "decoded"]

_MOST: Final = 256 * 1024 * 1024
_EITHER: Final = 47  # zlib's frame or gzip's
_GZIP: Final = ("gzip", "x-gzip", "deflate")


def decoded(headers: Headers, body: bytes) -> bytes:
    """Return a body as it was before its Content-Encoding.

    Raises:
        MockgridError: it is not what its headers say, or in an encoding that the standard library lacks.
    """
    encoding = header(headers, b"content-encoding")
    return decode_content(body, encoding, _MOST) if encoding and body else body


def content_of(reply: RecordedReply) -> Sequence[tuple[float, bytes]]:
    """Return the pieces of a reply's body without its Content-Encoding, each with its time.

    Raises:
        MockgridError: the same.
    """
    encoding = header(reply.headers, b"content-encoding").strip().lower()
    if not encoding or encoding == "identity" or not reply.chunks:
        return reply.chunks
    if len(reply.chunks) > 1 and encoding in _GZIP:
        # Of data without a frame, or of several members, no piece can be told from the next.
        with suppress(zlib.error):
            return _inflated(reply.chunks)
    return ((reply.chunks[-1][0], decoded(reply.headers, reply.body)),)


def _inflated(chunks: Sequence[tuple[float, bytes]]) -> Sequence[tuple[float, bytes]]:
    inflating, left, pieces = zlib.decompressobj(_EITHER), _MOST, []
    for at, piece in chunks:
        text = inflating.decompress(piece, left + 1)
        left -= len(text)
        if left < 0:
            raise BodyTooLargeError(f"The body is larger than {_MOST} bytes.")
        pieces.append((at, text))
    if inflating.unused_data:
        raise zlib.error
    return pieces
