"""Where a reply leaves: whole, piece by piece, or broken as a script asks.

One writer is over a connection of MockGrid's own server and does all of it; the other is over ASGI, under any
other server or in process, and does what ASGI has words for: of the rest it says what was done instead.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.types import Receive, Send

    Headers = Sequence[tuple[bytes, bytes]]
    Pause = Callable[[float], Awaitable[bool]]
    """Waits so many seconds; False once the client has left."""


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
