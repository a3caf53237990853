"""Undoing the content encodings of a request body, within a limit that no body can pass."""

from __future__ import annotations

import zlib

from mockgrid.errors import MockgridError

__all__ = ["BodyTooLargeError", "MalformedBodyError", "UnsupportedEncodingError", "decode_content"]

_GZIP = 31
_ZLIB = 15
_RAW = -15
_WINDOW = 64 * 1024
_MOST_MEMBERS = 1000
_MOST_ENCODINGS = 4


class MalformedBodyError(MockgridError):
    """A body that is not what its headers say it is; the message says what was found and where."""


class BodyTooLargeError(MockgridError):
    """A body beyond the limit, as it was sent or once it was decoded."""


class UnsupportedEncodingError(MockgridError):
    """A content encoding that cannot be undone."""


def decode_content(body: bytes, encoding: str, limit: int) -> bytes:
    """Return a body as it was before its content encodings were applied.

    Args:
        body: the bytes as they came.
        encoding: the value of ``Content-Encoding``: ``gzip``, ``x-gzip``, ``deflate`` (with zlib's frame
            or without)
            and ``identity``, at most four, in the order in which they were applied; may be empty.
        limit: the most bytes that are returned. Memory stays within a small multiple of it, whatever was
            sent.

    Raises:
        BodyTooLargeError: the body, or what it decodes to, is larger than ``limit``.
        MalformedBodyError: truncated or corrupt data, or bytes after its end.
        UnsupportedEncodingError: an encoding that is not among these, or more than four.
    """
    names = [name for part in encoding.split(",") if (name := part.strip().lower())]
    for name in names:
        if name not in ("gzip", "x-gzip", "deflate", "identity"):
            raise UnsupportedEncodingError(
                f"The content encoding {name[:40]!r} is not supported; gzip, deflate and identity are."
            )
    if len(names) > _MOST_ENCODINGS:
        raise UnsupportedEncodingError(
            f"The body has {len(names)} content encodings; at most {_MOST_ENCODINGS} are undone."
        )
    if len(body) > limit:
        raise _too_large(limit)
    # What encodes to a little more than itself may stand between two encodings.
    between = limit + limit // 64 + 1024
    encoded = [name for name in names if name != "identity"]
    for left, name in reversed(list(enumerate(encoded))):
        most = limit if left == 0 else between
        body = _inflated(body, _ZLIB if name == "deflate" else _GZIP, name, most, limit)
    return body


def _inflated(body: bytes, bits: int, name: str, most: int, limit: int) -> bytes:
    if bits == _ZLIB and not _has_zlib_frame(body):
        bits = _RAW
    decoder = zlib.decompressobj(bits)
    out = bytearray()
    members = 1
    try:
        for start in range(0, len(body), _WINDOW):
            window = body[start : start + _WINDOW]
            while window:
                if decoder.eof:
                    # RFC 1952 lets gzip members follow one another; nothing else may follow.
                    if bits != _GZIP or members == _MOST_MEMBERS:
                        raise MalformedBodyError(
                            f"The request body has bytes after the end of its {name} data."
                        )
                    decoder = zlib.decompressobj(bits)
                    members += 1
                out += decoder.decompress(window, most + 1 - len(out))
                if len(out) > most:
                    raise _too_large(limit)
                window = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
    except zlib.error as error:
        reason = str(error).rpartition(": ")[2]
        if members > 1:
            reason = f"bytes after its end are no further member ({reason})"
        raise MalformedBodyError(f"The request body is not valid {name}: {reason}.") from None
    if not decoder.eof:
        raise MalformedBodyError(f"The request body ends in the middle of its {name} data.")
    return bytes(out)


def _has_zlib_frame(body: bytes) -> bool:
    """Tell by the checksum in its first two bytes whether deflated data has zlib's frame."""
    return len(body) > 1 and body[0] & 0x0F == zlib.DEFLATED and int.from_bytes(body[:2], "big") % 31 == 0


def _too_large(limit: int) -> BodyTooLargeError:
    return BodyTooLargeError(f"The request body is larger than {limit} bytes.")
