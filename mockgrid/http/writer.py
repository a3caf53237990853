"""Where a reply leaves: whole, piece by piece, or broken as a script asks.

One writer is over a connection of MockGrid's own server and does all of it; the other is over ASGI, under any
other server or in process, and does what ASGI has words for: of the rest it says what was done instead.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final

from mockgrid.contract.phrases import phrase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from starlette.types import Receive, Send

    from mockgrid.http.incoming import Incoming

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
# Replies that have no body, whatever they declare.
_BODYLESS: Final = (204, 304)


def head_bytes(status: int, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return the status line and the header lines, without the blank line at their end."""
    parts = [_STATUS_LINES[status]]
    for name, value in headers:
        parts += (name, b": ", value, b"\r\n")
    return b"".join(parts)


class CutError(ConnectionResetError):
    """Ends a reply where a connection would have been cut, under servers that offer no way to cut it.

    Those servers close the connection at any exception; a client in this process sees it as it would a reset.
    """


class Writer(ABC):
    """Where one reply leaves.

    Attributes:
        degraded: what could not be done as asked, and what was done instead; empty where all was.
        lost: whether the client is known to have left.
        stopping: whether the server is told to stop.
    """

    degraded: str
    lost: bool
    stopping: bool

    @abstractmethod
    def whole(self, status: int, headers: Headers, body: bytes) -> bool:
        """Send a whole reply if that takes no waiting; return whether it did.

        Args:
            status: of three digits.
            headers: lower-case, without line breaks, and without those that frame the body.
            body: all of it.
        """

    @abstractmethod
    async def start(self, status: int, headers: Headers, length: int | None = None) -> None:
        """Send the head; without a length, the body ends where ``end`` says."""

    @abstractmethod
    async def start_slowly(
        self, status: int, headers: Headers, length: int | None, seconds: float, pause: Pause
    ) -> None:
        """Send the head byte by byte, within so many seconds."""

    @abstractmethod
    def write_now(self, data: bytes) -> bool:
        """Send a piece of the body if that takes no waiting; return whether it did."""

    @abstractmethod
    async def write(self, data: bytes) -> None:
        """Send a piece of the body, and wait while the client reads too slowly."""

    @abstractmethod
    async def end(self) -> None:
        """End the body; the connection closes where that was not as the head has it."""

    @abstractmethod
    async def raw(self, data: bytes) -> None:
        """Send bytes that are no HTTP."""

    @abstractmethod
    async def cut(self, what: str) -> None:
        """Close the connection where it stands: what was written still leaves.

        Args:
            what: happens by that, as a sentence without its full stop.

        Raises:
            CutError: it cannot be closed otherwise.
        """

    @abstractmethod
    async def reset(self) -> None:
        """Reset the connection once all before has left.

        Raises:
            CutError: it cannot be reset.
        """

    @abstractmethod
    def abort(self) -> None:
        """Close at once, whatever has not been sent."""

    @abstractmethod
    def watch(self, wake: Callable[[], None]) -> None:
        """Have a function called whenever ``lost`` or ``stopping`` becomes true."""

    @abstractmethod
    def unwatch(self) -> None:
        """Call it no more."""


class ConnectionWriter(Writer):
    """Over a connection of MockGrid's own server.

    Args:
        incoming: the request that is answered.

    Attributes:
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

    def __init__(self, incoming: Incoming) -> None:
        self._connection = incoming.connection
        self._bodyless = incoming.head.method == "HEAD"
        self._chunks = incoming.version == "1.1"
        self.keep_alive = incoming.keep_alive

    @property
    def lost(self) -> bool:  # type: ignore[override]  # the connection knows
        """Whether the client is known to have left."""
        return self._connection.lost

    @property
    def stopping(self) -> bool:  # type: ignore[override]  # the connection knows
        """Whether the server is told to stop."""
        return self._connection.stopping

    @property
    def dead(self) -> bool:
        """Whether what is written goes nowhere."""
        return self.complete or self._connection.lost

    def whole(self, status: int, headers: Headers, body: bytes) -> bool:
        """See ``Writer``."""
        connection = self._connection
        if connection.write_paused or self.started or connection.lost:
            return False
        parts = [_STATUS_LINES[status]]
        for name, value in headers:
            parts += (name, b": ", value, b"\r\n")
        parts.append(b"content-length: %d\r\n" % len(body))
        if not self.keep_alive or connection.stopping:
            self.keep_alive = False
            parts.append(b"connection: close\r\n")
        parts.append(b"\r\n")
        if not self._bodyless:
            parts.append(body)
        connection.serving.write_soon(connection.transport, b"".join(parts))
        self.started = self.complete = True
        connection.reply_ended(self)
        return True

    def _head(self, status: int, headers: Headers, length: int | None) -> bytes:
        self._length = length
        self.started = True
        framing: list[tuple[bytes, bytes]] = []
        if length is not None:
            framing.append((b"content-length", b"%d" % length))
        elif status in _BODYLESS:
            self._bodyless = True
        elif self._chunks:
            self._chunked = True
            framing.append((b"transfer-encoding", b"chunked"))
        elif not self._bodyless:
            self.keep_alive = False  # a body without a length ends where its connection does
        if self._connection.stopping:
            self.keep_alive = False
        if not self.keep_alive:
            framing.append((b"connection", b"close"))
        return head_bytes(status, (*headers, *framing)) + b"\r\n"

    async def start(self, status: int, headers: Headers, length: int | None = None) -> None:
        """See ``Writer``."""
        if not self.dead:
            await self._send(self._head(status, headers, length))

    async def start_slowly(
        self, status: int, headers: Headers, length: int | None, seconds: float, pause: Pause
    ) -> None:
        """See ``Writer``."""
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

    def write_now(self, data: bytes) -> bool:
        """See ``Writer``."""
        connection = self._connection
        if connection.write_paused or self.complete or connection.lost:
            return False
        self._put(self._framed(data))
        return True

    async def write(self, data: bytes) -> None:
        """See ``Writer``."""
        if data:
            await self._send(self._framed(data))

    async def _send(self, data: bytes) -> None:
        connection = self._connection
        if connection.write_paused:
            await connection.drained()
        if data and not self.dead:
            self._put(data)

    def _put(self, data: bytes) -> None:
        connection = self._connection
        connection.serving.write_soon(connection.transport, data)
        self._together += len(data)
        if self._together > _TOGETHER:  # only what is written can tell that the client reads too slowly
            self._together = 0
            connection.serving.flush()

    async def end(self) -> None:
        """See ``Writer``."""
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
            self._connection.reply_ended(self)

    async def raw(self, data: bytes) -> None:
        """See ``Writer``."""
        self.started = True
        self.keep_alive = False
        await self._send(data)

    async def cut(self, what: str) -> None:  # noqa: ARG002 - here it can be done
        """See ``Writer``."""
        self.keep_alive = False
        self.finish()

    async def reset(self) -> None:
        """See ``Writer``."""
        transport = self._connection.transport
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
        """See ``Writer``."""
        self.complete = True
        self._connection.transport.abort()

    def watch(self, wake: Callable[[], None]) -> None:
        """See ``Writer``."""
        self.wake = wake

    def unwatch(self) -> None:
        """See ``Writer``."""
        self.wake = None


class AsgiWriter(Writer):
    """Over ASGI's messages.

    Args:
        receive: ASGI's, by which the client's leaving is noticed.
        send: ASGI's.
    """

    stopping = False

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._length: int | None = None
        self._written = 0
        self._watcher: asyncio.Task[None] | None = None
        self.degraded = ""
        self.lost = False

    def whole(self, status: int, headers: Headers, body: bytes) -> bool:  # noqa: ARG002 - sending is waiting here
        """See ``Writer``."""
        return False

    async def start(self, status: int, headers: Headers, length: int | None = None) -> None:
        """See ``Writer``."""
        self._length = length
        if length is not None:
            headers = [*headers, (b"content-length", b"%d" % length)]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def start_slowly(
        self, status: int, headers: Headers, length: int | None, seconds: float, pause: Pause
    ) -> None:
        """See ``Writer``."""
        self.degraded = "the head came late and at once; only MockGrid's own server sends it byte by byte"
        if await pause(seconds):
            await self.start(status, headers, length)

    def write_now(self, data: bytes) -> bool:  # noqa: ARG002 - sending is waiting here
        """See ``Writer``."""
        return False

    async def write(self, data: bytes) -> None:
        """See ``Writer``."""
        fitting = data if self._length is None else data[: max(self._length - self._written, 0)]
        self._written += len(data)
        await self._send({"type": "http.response.body", "body": fitting, "more_body": True})

    async def end(self) -> None:
        """See ``Writer``."""
        if self._length is not None and self._written > self._length:
            self.degraded = "the body stopped at its declared length; only MockGrid's own server sends more"
        elif self._length is not None and self._written < self._length:
            await self.cut("the body is shorter than its declared length")
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def raw(self, data: bytes) -> None:  # noqa: ARG002 - ASGI has no word for it
        """See ``Writer``."""
        await self.cut("bytes arrive that are no HTTP")

    async def cut(self, what: str) -> None:
        """See ``Writer``."""
        self.degraded = f"{what}: said by an exception; only MockGrid's own server does it"
        raise CutError(f"A fault of MockGrid's: {what}.")

    async def reset(self) -> None:
        """See ``Writer``."""
        await self.cut("the connection is reset")

    def abort(self) -> None:
        """See ``Writer``."""
        raise CutError("A reply of MockGrid's took too long, and is cut.")

    def watch(self, wake: Callable[[], None]) -> None:
        """See ``Writer``."""
        self._watcher = asyncio.get_running_loop().create_task(self._watch(wake))

    async def _watch(self, wake: Callable[[], None]) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.lost = True
        wake()

    def unwatch(self) -> None:
        """See ``Writer``."""
        if self._watcher is not None:
            self._watcher.cancel()
            self._watcher = None


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
