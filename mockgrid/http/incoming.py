"""A request as it arrives on a connection: its head first, then its body."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mockgrid.http.head import Head
    from mockgrid.http.writer import ConnectionWriter, Link

AHEAD: Final = 65_536
"""Bytes of a body that nobody has asked for, after which no more of it is read."""

_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class Incoming:
    """One request.

    Args:
        connection: on which it arrives.
        head: its head.
        pairs: its headers in order; empty where those of the head, which come once each, are in order too.
        keep_alive: whether its client wants to use the connection again.
        version: of HTTP: 1.0 or 1.1.

    Attributes:
        writer: of its reply, while that is under way.
    """

    writer: ConnectionWriter | None = None
    _whole = False
    _answered = False
    _left = False
    _taken = False
    _continued = False
    _ahead = 0
    _changed: asyncio.Event | None = None

    def __init__(
        self,
        connection: Link,
        head: Head,
        pairs: list[tuple[bytes, bytes]],
        keep_alive: bool,  # noqa: FBT001 - made for every request
        version: str,
    ) -> None:
        self.connection = connection
        self.head = head
        self.pairs = pairs
        self.keep_alive = keep_alive
        self.version = version
        self._pieces: list[bytes] = []

    # What the connection calls.

    def feed(self, piece: bytes) -> None:
        """Take a piece of the body."""
        if self._answered:
            return
        self._pieces.append(piece)
        self._ahead += len(piece)
        if self._ahead > AHEAD:
            self.connection.pause_reading()
        if self._changed is not None:
            self._changed.set()

    def arrived(self, last: bytes = b"") -> None:
        """All of it has arrived, with a last piece of the body."""
        if last:
            self._pieces.append(last)
        self._whole = True
        if self._changed is not None:
            self._changed.set()

    def leave(self) -> None:
        """The client has left, or the rest of the body cannot be read."""
        self._left = True
        self.wake()

    def done(self) -> None:
        """It has been answered: the rest of its body is of no use."""
        self._answered = True
        self._pieces = []
        self.wake()
        self.writer = None

    def wake(self) -> None:
        """Something has changed for those who wait."""
        if self._changed is not None:
            self._changed.set()
        if self.writer is not None and self.writer.wake is not None:
            self.writer.wake()

    # What answers it calls.

    def body(self) -> bytes | None:
        """Take the body if all of it has arrived, else None."""
        if not self._whole or self._taken or self._left:
            return None
        self._all_taken()
        pieces, self._pieces = self._pieces, []
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def receive(self) -> dict[str, Any]:
        """Wait for the next piece of the body, or for the end (ASGI's ``receive``)."""
        while not (self._left or self._answered or self._pieces or (self._whole and not self._taken)):
            if not self._continued and not self._whole and self._expects_continue():
                self.connection.put(_CONTINUE)
            self._continued = True
            self._ahead = 0
            self.connection.resume_reading()
            self._changed = self._changed or asyncio.Event()
            self._changed.clear()
            await self._changed.wait()
        if self._left or self._answered:
            return {"type": "http.disconnect"}
        if self._whole:
            self._all_taken()
        body = b"".join(self._pieces)
        self._pieces.clear()
        return {"type": "http.request", "body": body, "more_body": not self._whole}

    def _all_taken(self) -> None:
        self._taken = True
        if self._ahead > AHEAD:  # only who reads learns that the client has left
            self.connection.resume_reading()

    def _expects_continue(self) -> bool:
        begun = (
            self.writer is not None and self.writer.started
        )  # in the midst of a reply it is no status line
        expected = self.head.headers.get(b"expect", b"").lower()
        return self.version == "1.1" and expected == b"100-continue" and not begun
