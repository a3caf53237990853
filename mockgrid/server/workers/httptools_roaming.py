"""Connections that roam, read by httptools.

The parser does not say where in the bytes it stands, and a connection can only leave between two requests. So
it is given bytes up to where a head or a body may end, and nothing of a request before the reply to the one
before it has been written.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import httptools

from mockgrid.server.protocol.guard import HALF_CLOSED
from mockgrid.server.protocol.httptools_guard import HttptoolsGuard
from mockgrid.server.protocol.target import origin_form
from mockgrid.server.workers.roaming import Roaming

if TYPE_CHECKING:
    from collections.abc import Iterable

_BLANK_LINE: Final = re.compile(rb"\n\r?\n")
_CONTENT_LENGTH: Final = re.compile(rb"\ncontent-length:[ \t]*([0-9]{1,12})[ \t]*\r", re.IGNORECASE)
_CHUNKED: Final = re.compile(rb"\ntransfer-encoding", re.IGNORECASE)
_SLASH: Final = 47
# Of a blank line, what may have come with the bytes before.
_MOST_BEFORE: Final = 2

_on_headers_complete = HttptoolsGuard.on_headers_complete
_on_message_complete = HttptoolsGuard.on_message_complete


class ElsewhereError(Exception):
    """The head is whole, and its request belongs to another worker."""


class RoamingHttptools(Roaming, HttptoolsGuard):  # type: ignore[misc]  # the mixin's view of uvicorn is looser
    """Feeds the parser piece by piece."""

    _head = b""
    """What has come of the head that is being read, with a body that has come whole."""

    _left: int | None = None
    """Bytes of the body that have not come; None where its chunks say when it ends."""

    _before = b""
    """The last bytes that were fed, where a blank line may have begun with them."""

    _waiting = b""
    """What has come after a request that is being answered."""

    _no_more = False
    """The client sends no more than what is waiting."""

    def data_received(self, data: bytes) -> None:
        """Take bytes as far as they belong here."""
        if self._leaving:
            self._luggage += data
        elif self._refused:
            pass
        elif self._waiting or (not self._in_body and self._replying()):
            self._waiting += data
            self.flow.pause_reading()
        elif self._head or not self._answered_again(data):
            self._feed(data)

    def _always_here(self) -> bool:
        return self._settled

    def _feed(self, data: bytes) -> None:
        at, size = 0, len(data)
        while at < size:
            end = self._end(data, at)
            piece = data[at:end]
            if not self._in_body:
                self._head = self._head + piece if self._head else piece
            elif self._left is not None:
                self._left -= len(piece)
            self._received(piece)
            at = end
            if self._bound is not None:
                self._leave(self._head + data[at:])
                return
            if self._refused:
                return
            if at < size and not self._in_body and self._replying():
                self._waiting = data[at:]
                self.flow.pause_reading()
                return

    def _end(self, data: bytes, start: int) -> int:
        """Return up to where the parser may be fed: no further than to the end of a request."""
        if self._in_body and self._left:
            return min(start + self._left, len(data))
        before, self._before = self._before, b""
        found = _BLANK_LINE.search(before + data[:_MOST_BEFORE]) if before else None
        if found is not None:
            return found.end() - len(before)
        found = _BLANK_LINE.search(data, start)
        if found is not None:
            end = found.end()
            if not self._in_body and not self._head:
                end += _body_that_has_come(data, start, end)
            return end
        self._before = (before + data[max(start, len(data) - _MOST_BEFORE) :])[-_MOST_BEFORE:]
        return len(data)

    def _parser_stopped(self, data: bytes, error: Exception) -> None:
        if self._bound is None:
            super()._parser_stopped(data, error)

    def on_headers_complete(self) -> None:
        """Find out where the request belongs; where that is here, go on."""
        if self.url[0] != _SLASH:
            self.url = origin_form(self.url)
        url = httptools.parse_url(self.url)
        path = url.path.decode("ascii")
        if "%" in path:
            path = unquote(path)
        if not self._belongs_here(self.parser.get_method(), path, url.path, url.query or b"", self.headers):
            self._stuck = 0
            raise ElsewhereError
        self._left = _length(self.headers)
        _on_headers_complete(self)

    def on_message_complete(self) -> None:
        """The request has arrived; what follows is the next."""
        self._head = self._before = b""
        _on_message_complete(self)

    def on_response_complete(self) -> None:
        """Go on with what has come meanwhile."""
        super().on_response_complete()
        if self._waiting and not self.transport.is_closing():
            waiting, self._waiting = self._waiting, b""
            self._feed(waiting)
            if self._no_more and not self._waiting and not super().eof_received():
                self.transport.close()

    def eof_received(self) -> bool:  # type: ignore[override]  # as in the guard
        """The client sends no more; what is waiting is answered, if that can be done soon."""
        if not self._waiting or self._leaving:
            kept: bool = super().eof_received()
            return kept
        self._no_more = True
        self.loop.call_later(HALF_CLOSED, self.transport.close)
        return True


def _body_that_has_come(data: bytes, start: int, end: int) -> int:
    """Return the bytes of a whole body behind a head that ends there; 0 where not all of it has come."""
    length = _CONTENT_LENGTH.search(data, start, end)
    if length is None or _CHUNKED.search(data, start, end) is not None:
        return 0
    size = int(length[1])
    return size if end + size <= len(data) else 0


def _length(headers: Iterable[tuple[bytes, bytes]]) -> int | None:
    """Return the bytes of a body; None where it comes in chunks."""
    length: Any = 0
    for name, value in headers:
        if name == b"content-length":
            length = int(value)
        elif name == b"transfer-encoding":
            return None
    return int(length)
