"""Where a reply leaves over MockGrid's own connection: whole, piece by piece, or broken as asked."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
from typing import TYPE_CHECKING, Final, Protocol

from mockgrid.contract.http_terms import phrase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    Headers = Sequence[tuple[bytes, bytes]]
    Pause = Callable[[float], Awaitable[bool]]
    """Waits so many seconds; False once the client has left."""

_STATUS_LINES: Final = {
    status: f"HTTP/1.1 {status} {phrase(status)}\r\n".encode() for status in range(100, 600)
}
# Winsock's structure has shorts where others have integers.
_LINGER_NOT: Final = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
_LOOK: Final = 0.001
"""Seconds between looks at what has not left yet, before a reset."""
_FLUSH: Final = 1.0
"""Seconds that it gets to leave: a reset throws away what the client does not read."""
# Bytes that leave as one.
_TOGETHER: Final = 65_536
# Replies that have no body; 204 declares none, and 304 only what another reply would have.
_BODYLESS: Final = (204, 304)


def head_bytes(status: int, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return the status line and the header lines, without the blank line at their end."""
    parts = [_STATUS_LINES[status]]
    for name, value in headers:
        parts += (name, b": ", value, b"\r\n")
    return b"".join(parts)


def last_words(status: int, headers: Headers, body: bytes) -> bytes:
    """A whole HTTP/1.1 response that ends its connection."""
    framing = {b"content-length", b"connection"}
    kept = [pair for pair in headers if pair[0].lower() not in framing]
    kept += [(b"content-length", b"%d" % len(body)), (b"connection", b"close")]
    return head_bytes(status, kept) + b"\r\n" + body


class Timer(Protocol):
    """Something that is to be done at a deadline."""

    def cancel(self) -> None:
        """Do it no more."""


class Link(Protocol):
    """What a request and its reply need of their connection.

    Attributes:
        transport: asyncio's.
        lost: whether it is closed.
        stopping: whether the server is told to stop.
        write_paused: whether the client reads too slowly.
        put: writes at the next turn of the event loop.
    """

    transport: asyncio.Transport
    lost: bool
    stopping: bool
    write_paused: bool
    put: Callable[[bytes], None]

    def at(self, due: float, then: Callable[[], None], /) -> Timer:
        """Have something done at a deadline, by the clock of the event loop."""

    def flush(self) -> None:
        """Write what was put."""

    async def drained(self) -> None:
        """Wait until the client has caught up, or has left."""

    def pause_reading(self) -> None:
        """Read no more."""

    def resume_reading(self) -> None:
        """Read on."""

    def reply_ended(self, writer: ConnectionWriter) -> None:
        """Nothing more is written."""


class ConnectionWriter:
    """Over a connection of MockGrid's own server.

    Args:
        link: the connection.
        keep_alive: whether its client wants to use it again.
        bodyless: whether the request was a HEAD.
        chunks: whether the client knows chunks, as HTTP/1.0 does not.

    Attributes:
        degraded: what could not be done as asked: here, nothing.
        started: whether a part of the reply has been written.
        complete: whether all has been written, or nothing more will be.
        keep_alive: whether the connection goes on after the reply.
        wake: called when the client leaves, or the server stops.
    """

    degraded = ""
    started = False
    complete = False
    wake: Callable[[], None] | None = None
    _chunked = False
    _length: int | None = None
    _written = 0
    _together = 0

    def __init__(self, link: Link, keep_alive: bool, bodyless: bool, chunks: bool) -> None:  # noqa: FBT001 - made for every request
        self._link = link
        self.keep_alive = keep_alive
        self._bodyless = bodyless
        self._chunks = chunks

    @property
    def at(self) -> Callable[[float, Callable[[], None]], Timer]:
        """What has something done at a deadline, by the clock of the event loop."""
        return self._link.at

    @property
    def lost(self) -> bool:
        """Whether the client is known to have left."""
        return self._link.lost

    @property
    def stopping(self) -> bool:
        """Whether the server is told to stop."""
        return self._link.stopping

    @property
    def dead(self) -> bool:
        """Whether what is written goes nowhere."""
        return self.complete or self._link.lost

    def whole(self, status: int, headers: Headers, body: bytes) -> bool:
        """Send a whole reply if that takes no waiting; return whether it did.

        Args:
            status: of three digits.
            headers: lower-case, without line breaks, and without those that frame the body.
            body: all of it.
        """
        link = self._link
        if link.write_paused or self.started or link.lost:
            return False
        parts = [_STATUS_LINES[status]]
        for name, value in headers:
            parts += (name, b": ", value, b"\r\n")
        if status in _BODYLESS:
            body = b""
        else:
            parts.append(b"content-length: %d\r\n" % len(body))
        if not self.keep_alive or link.stopping:
            self.keep_alive = False
            parts.append(b"connection: close\r\n")
        parts.append(b"\r\n")
        if not self._bodyless:
            parts.append(body)
        link.put(b"".join(parts))
        self.started = self.complete = True
        link.reply_ended(self)
        return True

    def _head(self, status: int, headers: Headers, length: int | None) -> bytes:
        self._length = length
        self.started = True
        framing: list[tuple[bytes, bytes]] = []
        if status in _BODYLESS:
            self._bodyless = True
        elif length is not None:
            framing.append((b"content-length", b"%d" % length))
        elif self._chunks:
            self._chunked = True
            framing.append((b"transfer-encoding", b"chunked"))
        elif not self._bodyless:
            self.keep_alive = False  # a body without a length ends where its connection does
        if self._link.stopping:
            self.keep_alive = False
        if not self.keep_alive:
            framing.append((b"connection", b"close"))
        return head_bytes(status, (*headers, *framing)) + b"\r\n"

    async def start(self, status: int, headers: Headers, length: int | None = None) -> None:
        """Send the head; without a length, the body ends where ``end`` says."""
        if not self.dead:
            await self._send(self._head(status, headers, length))

    async def start_slowly(
        self, status: int, headers: Headers, length: int | None, seconds: float, pause: Pause
    ) -> None:
        """Send the head byte by byte, within so many seconds."""
        data = self._head(status, headers, length)
        for place in range(len(data)):
            await self._send(data[place : place + 1])
            if not await pause(seconds / len(data)):
                return

    def _framed(self, data: bytes) -> bytes:
        if self._bodyless:
            return b""
        self._written += len(data)
        return b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data

    def write_now(self, *pieces: bytes) -> bool:
        """Send pieces of the body if that takes no waiting; return whether it did."""
        link = self._link
        if link.write_paused or self.complete or link.lost:
            return False
        self._put(b"".join(map(self._framed, pieces)))
        return True

    async def write(self, data: bytes) -> None:
        """Send a piece of the body, and wait while the client reads too slowly."""
        if data:
            await self._send(self._framed(data))

    async def _send(self, data: bytes) -> None:
        link = self._link
        if link.write_paused:
            await link.drained()
        if data and not self.dead:
            self._put(data)

    def _put(self, data: bytes) -> None:
        link = self._link
        link.put(data)
        self._together += len(data)
        if self._together > _TOGETHER:  # only what is written can tell that the client reads too slowly
            self._together = 0
            link.flush()

    async def end(self) -> None:
        """End the body; the connection closes where that was not as the head has it."""
        if self._bodyless:
            pass
        elif self._chunked:
            await self._send(b"0\r\n\r\n")
        elif self._length is not None and self._written != self._length:
            self.keep_alive = False
        self.finish()

    def finish(self) -> None:
        """Nothing more is written: the connection goes on, or closes."""
        if not self.complete:
            self.complete = True
            self._link.reply_ended(self)

    async def raw(self, data: bytes) -> None:
        """Send bytes that are no HTTP."""
        self.started = True
        self.keep_alive = False
        await self._send(data)

    async def cut(self, what: str) -> None:  # noqa: ARG002 - here it can be done
        """Close the connection where it stands: what was written still leaves.

        Args:
            what: happens by that, as a sentence without its full stop.
        """
        self.keep_alive = False
        self.finish()

    async def reset(self) -> None:
        """Reset the connection once all before has left."""
        transport = self._link.transport
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _FLUSH
        await asyncio.sleep(_LOOK)  # uvloop writes between two turns of its loop
        while not self.lost and _unsent(transport) and loop.time() < deadline:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(_LOOK)
        peer = transport.get_extra_info("socket")
        if peer is not None and not transport.is_closing():
            with contextlib.suppress(OSError):  # a Unix socket knows no reset
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        self.abort()

    def abort(self) -> None:
        """Close at once, whatever has not been sent."""
        self.complete = True
        self._link.transport.abort()

    def watch(self, wake: Callable[[], None]) -> None:
        """Have a function called whenever ``lost`` or ``stopping`` becomes true."""
        self.wake = wake

    def unwatch(self) -> None:
        """Call it no more."""
        self.wake = None


def _unsent(transport: asyncio.Transport) -> int:
    """Return how many bytes have not reached the client, as far as this system tells."""
    waiting = transport.get_write_buffer_size()
    peer = transport.get_extra_info("socket")
    if sys.platform == "linux" and not waiting and peer is not None and not transport.is_closing():
        import fcntl  # noqa: PLC0415 - not on every platform
        import termios  # noqa: PLC0415 - not on every platform

        counted = fcntl.ioctl(peer.fileno(), termios.TIOCOUTQ, struct.pack("i", 0))
        waiting = struct.unpack("i", counted)[0]
    return waiting
