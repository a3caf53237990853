"""Where a script's bytes leave: through ASGI, through ASGI with the connection at hand, or past HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.types import Send

    from mockgrid.http.protocol.line import Line
    from mockgrid.reply.script import Head, Script

    Headers = Sequence[tuple[bytes, bytes]]
    Pause = Callable[[float], Awaitable[bool]]
    """Waits so many seconds; False once the client has left."""


class CutError(ConnectionResetError):
    """Ends a reply where a connection would have been cut, under servers that offer no way to cut it.

    Those servers close the connection at any exception; a client in this process sees it as it would a reset.
    """


def outlet(script: Script, line: Line | None, send: Send) -> Outlet:
    """Return the way out that a script takes."""
    if line is None:
        return Outlet(send)
    return BareOutlet(line, send) if script.bare else LineOutlet(line, send)


class Outlet:
    """Through ASGI alone, in process or under a server that is not MockGrid's.

    Attributes:
        degraded: what ASGI could not say, and what was done instead; empty where all was done as asked.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._declared: int | None = None
        self._written = 0
        self.degraded = ""

    @property
    def lost(self) -> bool:
        """Whether the client is known to have left."""
        return False

    async def start(self, head: Head, status: int, headers: Headers, pause: Pause) -> None:
        """Send the head."""
        self._declared = head.length
        if head.length is not None:
            headers = [*headers, (b"content-length", b"%d" % head.length)]
        if head.seconds > 0:
            self.degraded = "the head came late and at once; only MockGrid's own server sends it byte by byte"
            if not await pause(head.seconds):
                return
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def write(self, data: bytes) -> None:
        """Send a piece of the body."""
        if self._declared is not None:
            data = data[: max(self._declared - self._written, 0)]
        self._written += len(data)
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    def write_now(self, _: bytes) -> bool:
        """Send a piece of the body if that takes no waiting; return whether it did."""
        return False

    async def finish(self, size: int) -> None:
        """End the body, of which ``size`` bytes were given, as it should end."""
        if self._declared is not None and size > self._declared:
            self.degraded = "the body stopped at its declared length; only MockGrid's own server sends more"
        elif self._declared is not None and size < self._declared:
            await self.cut("the body is shorter than its declared length")
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def raw(self, _: bytes) -> None:
        """Send bytes that are no HTTP."""
        await self.cut("bytes arrive that are no HTTP")

    async def cut(self, what: str) -> None:
        """Close the connection where it stands.

        Raises:
            CutError: always, here.
        """
        self.degraded = f"{what}: said by an exception; only MockGrid's own server does it"
        raise CutError(f"A fault of MockGrid's: {what}.")

    async def reset(self) -> None:
        """Reset the connection."""
        await self.cut("the connection is reset")


class LineOutlet(Outlet):
    """Through ASGI, whose server frames the body, with the connection at hand to cut it."""

    def __init__(self, line: Line, send: Send) -> None:
        super().__init__(send)
        self._line = line

    @property
    def lost(self) -> bool:
        """Whether the client is known to have left."""
        return self._line.lost

    def write_now(self, data: bytes) -> bool:
        """Send a piece of the body if that takes no waiting; return whether it did."""
        return self._line.chunk(data)

    async def raw(self, data: bytes) -> None:
        """Send bytes that are no HTTP."""
        await self._line.write(data)

    async def cut(self, _: str) -> None:
        """Close the connection where it stands."""
        self._line.close()

    async def reset(self) -> None:
        """Reset the connection."""
        await self._line.reset()


class BareOutlet(LineOutlet):
    """Past HTTP: the head and the framing are made here, and the connection closes at the end."""

    async def start(self, head: Head, status: int, headers: Headers, pause: Pause) -> None:
        """Send the head, a byte at a time where it takes time."""
        self._declared = head.length
        data = self._line.head(status, headers, head.length)
        if head.seconds <= 0:
            await self._line.write(data)
            return
        for place in range(len(data)):
            await self._line.write(data[place : place + 1])
            if not await pause(head.seconds / len(data)):
                return

    async def write(self, data: bytes) -> None:
        """Send a piece of the body."""
        await self._line.write(self._line.framed(data, self._declared))

    def write_now(self, _: bytes) -> bool:
        """Leave it to ``write``: speed is not what a bare connection is for."""
        return False

    async def finish(self, _: int) -> None:
        """End the body, however long it was."""
        if self._declared is None:
            await self._line.write(self._line.framed(b"", None))
        self._line.close()
