"""A load generator that costs little: fixed requests on a few connections, replies counted by their size."""

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
    """Sends the next request once the reply to the last one is whole; all replies have one size."""

    def __init__(self, request: bytes, size: int, numbers: Iterator[int]) -> None:
        self.head, self.mark, self.tail = request.partition(MARK)
        self.numbers = numbers
        self.size = size
        self.waiting = size
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
        self.waiting -= len(data)
        if self.waiting <= 0:
            self.replies += 1
            self.waiting = self.size
            if not self.stopped:
                self.transport.write(self.request)


async def reply_size(target: Target) -> tuple[int, bytes]:
    """Return the size of one whole reply in bytes, and the reply."""
    reader, writer = await asyncio.open_connection(target.host, target.port)
    writer.write(target.request)
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(head.decode("latin-1"))
    lowered = head.lower()
    if b"content-length:" in lowered:
        length = int(lowered.partition(b"content-length:")[2].partition(b"\r\n")[0])
        body = await reader.readexactly(length)
    else:
        body = await reader.readuntil(b"\r\n0\r\n\r\n")
    writer.close()
    return len(head) + len(body), head + body


async def load(target: Target, seconds: float, connections: int) -> float:
    """Return the replies per second that a target gives on so many connections."""
    size, _ = await reply_size(target)
    loop = asyncio.get_running_loop()
    opened = [
        (
            await loop.create_connection(
                lambda: _Connection(target.request, size, _NUMBERS), target.host, target.port
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
