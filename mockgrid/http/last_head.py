"""The head that came last on a connection.

Clients send the same head again and again, with another body behind it. What the parser made of its bytes
once it would make of them every time, so they are compared instead of being parsed anew. The length of the
body is left out of what is compared, and read each time. That spares a fifth of what a request costs, a good
part of it in the journal, which keeps the heads: it keeps one in the place of many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mockgrid.http.head import Head

LONGEST: Final = 4096
"""Bytes of a head that is remembered."""

_END: Final = b"\r\n\r\n"
_LENGTHS: Final = (b"\r\nContent-Length: ", b"\r\ncontent-length: ")
"""As clients spell it, at the beginning of a line."""

_DIGITS: Final = 20
# What decides how a body is framed, or what else is done than to answer.
_UNUSUAL: Final = frozenset((b"expect", b"transfer-encoding", b"upgrade"))


class LastHead:
    """What came last, and may come again.

    Args:
        max_headers: bytes that a head may have.
    """

    __slots__ = ("_after", "_before", "_head", "_longest")

    def __init__(self, max_headers: int = 2 * LONGEST) -> None:
        self._head: Head | None = None
        self._before = self._after = b""
        # With the most digits that a length can have, it has still been measured.
        self._longest = min(LONGEST, max_headers - _DIGITS)

    def find(self, data: bytes) -> tuple[Head, bytes] | None:
        """Return head and body of data that is one whole request with this head."""
        head, before, after = self._head, self._before, self._after
        if head is None or not data.startswith(before):
            return None
        at = len(before)
        if not after:
            return (head, b"") if len(data) == at else None
        until = data.find(b"\r", at)
        if not data.startswith(after, until):
            return None
        length = data[at:until]
        end = until + len(after)
        if length != b"%d" % (len(data) - end):
            return None
        if head.headers[b"content-length"] != length:
            head = head.with_header(b"content-length", length)
        return head, data[end:]

    def learn(self, data: bytes, head: Head) -> None:
        """Remember what the parser has made of data, in which it found one whole request and no more."""
        end = data.find(_END) + 4
        headers = head.headers
        length = headers.get(b"content-length")
        at = max(data.find(name, 0, end) for name in _LENGTHS)
        if (
            end > self._longest
            or head.method == "HEAD"
            or (length or b"0") != b"%d" % (len(data) - end)
            or (length is None) is not (at < 0)  # spelt otherwise
            or not _UNUSUAL.isdisjoint(headers)
        ):
            return
        self._head, self._before, self._after = head, data[:end], b""
        if length is not None:
            at += len(_LENGTHS[0])
            self._before, self._after = data[:at], data[data.find(b"\r", at) : end]
