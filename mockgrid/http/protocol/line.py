"""The connection itself, for what HTTP does not do: resets, cuts, and bytes that are no HTTP.

ASGI cannot say any of it, so the server's protocol offers an extension of the scope for it; under another
server, or in process, a fault becomes the nearest thing that ASGI can say.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

EXTENSION = "mockgrid.line"
"""``scope["extensions"][EXTENSION]`` is a ``Line``. Whoever takes it takes it out: it refers to the scope."""

_KNOWN = frozenset(HTTPStatus)
# Winsock's structure has shorts where others have integers.
_LINGER_NOT = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
_LOOK = 0.001
"""Seconds between looks at what has not left yet, before a reset."""
_FLUSH = 1.0
"""Seconds that it gets to leave: a reset throws away what the client does not read."""


class Line:
    """The connection of one request.

    Args:
        protocol: a guarded protocol of uvicorn's.
        cycle: uvicorn's state of the request and its response.
    """

    __slots__ = ("_cycle", "_protocol")

    def __init__(self, protocol: Any, cycle: Any) -> None:
        self._protocol = protocol
        self._cycle = cycle

    @property
    def lost(self) -> bool:
        """Whether the client has left."""
        return bool(self._cycle.disconnected)

    def watch(self, on_stop: Callable[[], None] | None) -> None:
        """Have a function called when the server is told to stop; None for none."""
        self._cycle.waiting_for_100_continue = False  # waiting for the client's leave would answer it
        self._protocol.on_stop = on_stop

    def head(self, status: int, headers: Iterable[tuple[bytes, bytes]], length: int | None) -> bytes:
        """Return the bytes of a head whose connection closes after the body.

        Args:
            status: of three digits.
            headers: lower-case, without line breaks, without framing.
            length: the ``content-length``; None for a body in chunks.
        """
        phrase = HTTPStatus(status).phrase if status in _KNOWN else ""
        lines = [b"HTTP/1.1 %d %s" % (status, phrase.encode())]
        lines += [b"%s: %s" % pair for pair in headers if pair[0] != b"content-length"]
        if length is not None:
            lines.append(b"content-length: %d" % length)
        elif self._cycle.scope["http_version"] == "1.1":
            lines.append(b"transfer-encoding: chunked")
        return b"\r\n".join([*lines, b"connection: close\r\n\r\n"])

    def framed(self, data: bytes, length: int | None) -> bytes:
        """Return a piece of the body, framed as the head says."""
        if self._cycle.scope["method"] == "HEAD":
            return b""
        if length is not None or self._cycle.scope["http_version"] != "1.1":
            return data
        return b"%x\r\n%b\r\n" % (len(data), data)

    def chunk(self, data: bytes) -> bool:
        """Write a chunk of a body that ASGI began; False where ASGI must do it, or wait to do it."""
        cycle = self._cycle
        if cycle.flow.write_paused or cycle.disconnected or cycle.response_complete:
            return False
        # Only uvicorn's httptools protocol knows whether the body goes in chunks; h11 frames for itself.
        if not getattr(cycle, "chunked_encoding", None) or cycle.scope["method"] == "HEAD":
            return False
        cycle.transport.write(b"%x\r\n%b\r\n" % (len(data), data))
        return True

    async def write(self, data: bytes) -> None:
        """Write bytes as they are, and wait while the client reads too slowly.

        The response is uvicorn's no more.
        """
        cycle = self._cycle
        cycle.response_started = True
        if cycle.flow.write_paused and not cycle.disconnected:
            await cycle.flow.drain()
        if not cycle.disconnected:
            cycle.transport.write(data)

    def close(self) -> None:
        """Send what was written, and close; the response counts as complete."""
        self._complete()
        self._cycle.transport.close()

    def abort(self) -> None:
        """Close at once, whatever has not been sent; the response counts as complete."""
        self._complete()
        self._cycle.transport.abort()

    async def reset(self) -> None:
        """Send what was written, and reset; the response counts as complete."""
        transport: asyncio.Transport = self._cycle.transport
        deadline = asyncio.get_running_loop().time() + _FLUSH
        await asyncio.sleep(_LOOK)  # uvloop writes between two turns of its loop
        while _unsent(transport) and not self.lost:
            if asyncio.get_running_loop().time() >= deadline:
                break
            await asyncio.sleep(_LOOK)
        self._complete()
        connection = transport.get_extra_info("socket")
        if connection is not None and not transport.is_closing():
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        transport.abort()

    def _complete(self) -> None:
        cycle = self._cycle
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()


def _unsent(transport: asyncio.Transport) -> int:
    """Return how many bytes have not reached the client, as far as this system tells."""
    waiting = transport.get_write_buffer_size()
    connection = transport.get_extra_info("socket")
    if sys.platform == "linux" and not waiting and connection is not None and not transport.is_closing():
        import fcntl  # noqa: PLC0415 - not on every platform
        import termios  # noqa: PLC0415 - not on every platform

        counted = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, struct.pack("i", 0))
        waiting = struct.unpack("i", counted)[0]
    return waiting
