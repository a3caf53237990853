"""Heads that have been read before.

Clients send the same head again and again, with another body behind it. What the parser made of its bytes
once it would make of them every time, so they are looked up instead of being parsed anew. The length of the
body is left out of what is compared, and read each time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mockgrid.http.head import Head

MOST: Final = 1024
"""Heads that are known at a time; with one more, all are forgotten."""

LONGEST: Final = 4096
"""Bytes of a head that is remembered."""

_END: Final = b"\r\n\r\n"
# As clients spell it, at the beginning of a line.
_LENGTH: Final = b"\r\nContent-Length: "
_LENGTH_LOWER: Final = b"\r\ncontent-length: "
_LENGTH_SIZE: Final = len(_LENGTH)
_DIGITS: Final = 20
# What decides how a body is framed, or what else is done than to answer.
_UNUSUAL: Final = frozenset((b"expect", b"transfer-encoding", b"upgrade", b"x-offered-upgrade"))


class KnownHeads:
    """Heads of requests to one server, by their bytes.

    Args:
        max_headers: bytes that a head may have.
    """

    __slots__ = ("_heads", "_longest")

    def __init__(self, max_headers: int = 2 * LONGEST) -> None:
        self._heads: dict[bytes, Head] = {}
        # With the most digits that a length can have, it has still been measured.
        self._longest = min(LONGEST, max_headers - _DIGITS)

    def find(self, data: bytes) -> tuple[Head, bytes] | None:
        """Return head and body of data that is one whole request whose head is known."""
        heads = self._heads
        if not heads:
            return None
        end = data.find(_END) + 4
        at = data.find(_LENGTH, 0, end)
        if at < 0:
            at = data.find(_LENGTH_LOWER, 0, end)
        if at < 0:
            head = heads.get(data[:end])
            return (head, b"") if head is not None and len(data) == end else None
        at += _LENGTH_SIZE
        until = data.find(b"\r", at)
        head = heads.get(data[:at] + data[until:end])
        if head is None:
            return None
        length = data[at:until]
        if length != b"%d" % (len(data) - end):
            return None
        if head.headers[b"content-length"] != length:
            head = head.with_header(b"content-length", length)
        return head, data[end:]

    def learn(self, data: bytes, head: Head) -> None:
        """Remember what the parser has made of data, in which it found one whole request and no more."""
        end = data.find(_END) + 4
        headers = head.headers
        if (
            end > self._longest
            or head.method == "HEAD"
            or headers.get(b"content-length", b"0") != b"%d" % (len(data) - end)
            or not _UNUSUAL.isdisjoint(headers)
        ):
            return
        key = data[:end]
        at = max(data.find(_LENGTH, 0, end), data.find(_LENGTH_LOWER, 0, end))
        if at >= 0:
            at += _LENGTH_SIZE
            key = data[:at] + data[data.find(b"\r", at) : end]
        elif b"content-length" in headers:  # spelt otherwise: what is looked up would seem to have no body
            return
        if len(self._heads) >= MOST:
            self._heads.clear()
        self._heads[key] = head
