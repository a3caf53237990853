"""ASGI, from both its sides.

An application is called by it for a request of MockGrid's own connection; and under any other server, or in
process, replies leave by it. Of what a script may ask, such a reply does what ASGI has words for, and says of
the rest what was done instead.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from starlette.types import ASGIApp, Receive, Send

    from mockgrid.http.incoming import Incoming
    from mockgrid.http.writer import ConnectionWriter, Headers, Pause

# Headers that say where a body ends, and whether the connection goes on: the writer has them.
_FRAMING: Final = (b"content-length", b"transfer-encoding", b"connection")


async def call_asgi(app: ASGIApp, incoming: Incoming, writer: ConnectionWriter) -> None:
    """Have an application answer a request."""
    await app(_scope(incoming), incoming.receive, _Send(writer))


def _scope(incoming: Incoming) -> dict[str, Any]:
    head = incoming.head
    address = incoming.connection.transport.get_extra_info
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": incoming.version,
        "server": _address(address("sockname")),
        "client": _address(address("peername")),
        "scheme": "http",
        "method": head.method,
        "root_path": "",
        "path": head.path,
        "raw_path": head.raw_path,
        "query_string": head.query,
        "headers": incoming.pairs or list(head.headers.items()),
        "state": {},
    }


def _address(address: Any) -> tuple[str, int] | None:
    """Return host and port; None for a Unix socket, whose addresses are paths."""
    return (str(address[0]), int(address[1])) if isinstance(address, tuple) else None


class _Send:
    """ASGI's ``send``: a head and pieces of a body become the writer's."""

    def __init__(self, writer: ConnectionWriter) -> None:
        self._writer = writer
        self._begun = False

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        writer = self._writer
        expected = "http.response.body" if self._begun else "http.response.start"
        if message["type"] != expected:
            raise RuntimeError(f"The ASGI application sent {message['type']!r}, where {expected!r} comes.")
        if not self._begun:
            self._begun = True
            await self._begin(message)
        elif not writer.dead:
            await writer.write(message.get("body", b""))
            if not message.get("more_body", False):
                await writer.end()

    async def _begin(self, start: MutableMapping[str, Any]) -> None:
        length = None
        headers: list[tuple[bytes, bytes]] = []
        for name, value in start.get("headers", ()):
            lowered = bytes(name).lower()
            if lowered == b"content-length":
                length = int(value)
            elif lowered == b"connection" and value.lower() == b"close":
                self._writer.keep_alive = False
            if lowered not in _FRAMING:
                headers.append((bytes(name), bytes(value)))
        await self._writer.start(start["status"], headers, length)


class CutError(ConnectionResetError):
    """Ends a reply where a connection would have been cut, under servers that offer no way to cut it.

    Those servers close the connection at any exception; a client in this process sees it as it would a reset.
    """


class AsgiWriter:
    """Over ASGI's messages.

    Args:
        receive: ASGI's, by which the client's leaving is noticed.
        send: ASGI's.

    Attributes:
        degraded: what could not be done as asked, and what was done instead; empty where all was.
        lost: whether the client is known to have left.
        stopping: whether the server is told to stop, which ASGI does not tell.
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
        """It never does: sending is waiting here."""
        return False

    async def start(self, status: int, headers: Headers, length: int | None = None) -> None:
        """Send the head; without a length, the body ends where ``end`` says."""
        self._length = length
        if length is not None:
            headers = [*headers, (b"content-length", b"%d" % length)]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def start_slowly(
        self, status: int, headers: Headers, length: int | None, seconds: float, pause: Pause
    ) -> None:
        """Send the head after so many seconds."""
        self.degraded = "the head came late and at once; only MockGrid's own server sends it byte by byte"
        if await pause(seconds):
            await self.start(status, headers, length)

    def at(self, due: float, then: Callable[[], None]) -> asyncio.TimerHandle:
        """Have something done at a deadline, by the clock of the event loop."""
        return asyncio.get_running_loop().call_at(due, then)

    def write_now(self, *pieces: bytes) -> bool:  # noqa: ARG002 - sending is waiting here
        """It never does: sending is waiting here."""
        return False

    async def write(self, data: bytes) -> None:
        """Send a piece of the body, as far as its declared length goes."""
        fitting = data if self._length is None else data[: max(self._length - self._written, 0)]
        self._written += len(data)
        await self._send({"type": "http.response.body", "body": fitting, "more_body": True})

    async def end(self) -> None:
        """End the body.

        Raises:
            CutError: it is shorter than declared.
        """
        if self._length is not None and self._written > self._length:
            self.degraded = "the body stopped at its declared length; only MockGrid's own server sends more"
        elif self._length is not None and self._written < self._length:
            await self.cut("the body is shorter than its declared length")
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def raw(self, data: bytes) -> None:  # noqa: ARG002 - ASGI has no word for it
        """Cut the reply, which is what a client makes of it.

        Raises:
            CutError: always.
        """
        await self.cut("bytes arrive that are no HTTP")

    async def cut(self, what: str) -> None:
        """Have the server close the connection.

        Args:
            what: happens by that, as a sentence without its full stop.

        Raises:
            CutError: always.
        """
        self.degraded = f"{what}: said by an exception; only MockGrid's own server does it"
        raise CutError(f"A fault of MockGrid's: {what}.")

    async def reset(self) -> None:
        """Cut the reply.

        Raises:
            CutError: always.
        """
        await self.cut("the connection is reset")

    def abort(self) -> None:
        """Cut the reply.

        Raises:
            CutError: always.
        """
        raise CutError("A reply of MockGrid's took too long, and is cut.")

    def watch(self, wake: Callable[[], None]) -> None:
        """Have a function called when the client leaves."""
        self._watcher = asyncio.get_running_loop().create_task(self._watch(wake))

    async def _watch(self, wake: Callable[[], None]) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.lost = True
        wake()

    def unwatch(self) -> None:
        """Call it no more."""
        if self._watcher is not None:
            self._watcher.cancel()
            self._watcher = None


if TYPE_CHECKING:
    Writer = ConnectionWriter | AsgiWriter
    """Where a reply leaves."""
