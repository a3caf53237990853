"""A load generator that costs little: its requests are ready at the start, its replies counted by framing."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMBERS = count(1)


MARK = b"@@@@@@@@@"
"""Where a body has this, each request has another number of as many digits."""


@dataclass(frozen=True)
class Target:
    """What is asked, and of whom."""

    host: str
    port: int
    path: str
    body: bytes
    key: str = "mg-bench"

    @property
    def request(self) -> bytes:
        """The bytes of one request."""
        return (
            f"POST {self.path} HTTP/1.1\r\nhost: {self.host}:{self.port}\r\n"
            f"authorization: Bearer {self.key}\r\ncontent-type: application/json\r\n"
            f"accept: application/json\r\ncontent-length: {len(self.body)}\r\n\r\n"
        ).encode() + self.body


class _Connection(asyncio.Protocol):
    """Sends the next request once the reply to the last one is whole, as its framing tells."""

    def __init__(self, request: bytes, numbers: Iterator[int]) -> None:
        self.head, self.mark, self.tail = request.partition(MARK)
        self.numbers = numbers
        self.waiting = 0  # bytes of a body whose length is known
        self.kept = b""  # a head that is not whole; of a chunked body, the last bytes that came
        self.chunked = False
        self.replies = 0
        self.stopped = False

    @property
    def request(self) -> bytes:
        """The bytes of the next request."""
        return self.head + b"%09d" % next(self.numbers) + self.tail if self.mark else self.head

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        if not (self.waiting or self.chunked):
            data = self.kept + data
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self.kept = data
                return
            end += 4
            self.kept = b""
            self._begin(data[:end].lower())
            if self.chunked:
                data = data[end - 2 :]  # with the end of the line before the first chunk
            else:
                self.waiting -= len(data) - end
        elif self.waiting:
            self.waiting -= len(data)
        if self.chunked:
            self.kept = (self.kept + data)[-7:]
            self.chunked = not self.kept.endswith(b"\r\n0\r\n\r\n")
        if not (self.waiting or self.chunked):
            self.kept = b""
            self.replies += 1
            if not self.stopped:
                self.transport.write(self.request)

    def _begin(self, head: bytes) -> None:
        _, known, length = head.partition(b"content-length:")
        self.waiting = int(length.partition(b"\r\n")[0]) if known else 0
        self.chunked = not known


async def reply_of(target: Target) -> tuple[list[bytes], bytes]:
    """Return the pieces in which one whole reply was written, and its body without their framing.

    Raises:
        RuntimeError: the reply is none with status 200.
    """
    reader, writer = await asyncio.open_connection(target.host, target.port, limit=2**26)
    writer.write(target.request)
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(head.decode("latin-1"))
    _, known, length = head.lower().partition(b"content-length:")
    pieces: list[bytes] = []
    if known:
        pieces.append(await reader.readexactly(int(length.partition(b"\r\n")[0])))
    else:
        while size := int(await reader.readline(), 16):
            pieces.append(await reader.readexactly(size))
            await reader.readline()
    writer.close()
    return pieces, b"".join(pieces)


async def load(target: Target, seconds: float, connections: int) -> float:
    """Return the replies per second that a target gives on so many connections."""
    loop = asyncio.get_running_loop()
    opened = [
        (
            await loop.create_connection(
                lambda: _Connection(target.request, _NUMBERS), target.host, target.port
            )
        )[1]
        for _ in range(connections)
    ]
    started = time.perf_counter()
    before = sum(connection.replies for connection in opened)
    await asyncio.sleep(seconds)
    replies = sum(connection.replies for connection in opened) - before
    elapsed = time.perf_counter() - started
    for connection in opened:
        connection.stopped = True
    await asyncio.sleep(0.05)
    for connection in opened:
        connection.transport.close()
    return replies / elapsed


async def send_many(target: Target, count: int, connections: int) -> None:
    """Send at least ``count`` requests."""
    done = 0.0
    while done < count:
        done += await load(target, 1.0, connections)
