"""Taking a whole request, and sending a whole reply in one write.

ASGI hands over a body by awaiting messages, and sends a reply's head and body in two, each of which uvicorn
writes by itself. Most requests arrive whole and most replies are whole, so this server's protocol offers an
extension of the ASGI scope for them; under another server, or in process, ASGI's messages do.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable
    from typing import TypeAlias

EXTENSION = "mockgrid.whole"
"""``scope["extensions"][EXTENSION](status, headers, body) -> bool``: whether the reply was taken."""

Whole: TypeAlias = "WholeReply | Direct"
"""A request that has arrived whole, and the way back for its reply."""

_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_STATUS_LINES = {
    status: f"HTTP/1.1 {status} {_PHRASES.get(status, '')}\r\n".encode() for status in range(100, 600)
}


def _head(status: int, headers: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
    """Return the parts of a head, without the blank line at its end."""
    parts = [_STATUS_LINES[status]]
    for name, value in headers:
        parts += (name, b": ", value, b"\r\n")
    return parts


class Writes:
    """Replies that leave together, at the next turn of the event loop.

    Requests arrive many at a time, from many connections. A write for each as soon as it is answered wakes
    its client each time, which costs more than the answer; together they wake it once.
    """

    def __init__(self) -> None:
        self._pending: list[tuple[asyncio.Transport, bytes]] = []

    def put(self, transport: asyncio.Transport, data: bytes, loop: asyncio.AbstractEventLoop) -> None:
        """Write soon."""
        if not self._pending:
            loop.call_soon(self.flush)
        self._pending.append((transport, data))

    def flush(self) -> None:
        """Write now."""
        pending, self._pending = self._pending, []
        for transport, data in pending:
            if not transport.is_closing():
                transport.write(data)


class WholeReply:
    """The extension for one request.

    Args:
        cycle: uvicorn's state of the request and its response.
        writes: of the server.
        loop: it runs on.
    """

    __slots__ = ("_cycle", "_loop", "_writes")

    def __init__(self, cycle: Any, writes: Writes, loop: asyncio.AbstractEventLoop) -> None:
        self._cycle = cycle
        self._writes = writes
        self._loop = loop

    def body(self) -> bytes:
        """Take the body of a request that has arrived whole."""
        cycle = self._cycle
        body = bytes(cycle.body)  # uvicorn collects it in a bytearray
        cycle.body = bytearray()
        cycle.message_event.clear()
        return body

    def __call__(self, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> bool:
        """Write the reply; False where the connection takes nothing now, or no more.

        Headers are lower-case, and hold no line breaks.
        """
        cycle = self._cycle
        if cycle.flow.write_paused or cycle.response_started or cycle.disconnected:
            return False
        lines = _head(status, headers)
        if not cycle.keep_alive:
            lines.append(b"connection: close\r\n")
        lines.append(b"\r\n")
        if cycle.scope["method"] != "HEAD":
            lines.append(body)
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        cycle.message_event.set()
        if cycle.keep_alive:
            self._writes.put(cycle.transport, b"".join(lines), self._loop)
        else:
            self._writes.flush()  # what came before it on this connection
            cycle.transport.write(b"".join(lines))
            cycle.transport.close()
        cycle.on_response()
        # They refer to the scope: what is left is no cycle, and freed at once.
        cycle.scope["extensions"].clear()
        return True


class Direct:
    """The same for requests that need no state of uvicorn's: one for each connection.

    Args:
        transport: of the connection.
        flow: uvicorn's, of the connection.
        writes: of the server.
        loop: it runs on.

    Attributes:
        received: the body of the request that is being answered.
    """

    __slots__ = ("_flow", "_loop", "_transport", "_writes", "received")

    def __init__(
        self, transport: asyncio.Transport, flow: Any, writes: Writes, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._transport = transport
        self._flow = flow
        self._writes = writes
        self._loop = loop
        self.received = b""

    def body(self) -> bytes:
        """Take the body of the request."""
        return self.received

    def __call__(self, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> bool:
        """Write the reply; False where the connection takes nothing now, or no more."""
        transport = self._transport
        if self._flow.write_paused or transport.is_closing():
            return False
        lines = _head(status, headers)
        lines += (b"\r\n", body)
        self._writes.put(transport, b"".join(lines), self._loop)
        return True
