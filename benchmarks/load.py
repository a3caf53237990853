"""A load generator that costs little: its requests are ready at the start, its replies counted by framing.

For a reply it makes two calls of the system, and a third for all connections that are ready together.
"""

from __future__ import annotations

import asyncio
import select
import socket
import time
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MARK", "Load", "Target", "load", "paced", "reply_of", "send_many"]

MARK = b"@@@@@@@@@"
"""Where a request has this, each has another number of as many digits."""

_NUMBERS = count(1)
_PIECE = 1 << 18
_STALLED = 30.0


@dataclass(frozen=True)
class Target:
    """What is asked, and of whom."""

    host: str
    port: int
    path: str
    body: bytes
    key: str = "mg-bench"
    header: str = ""
    numbers: int = 10**9
    """How many there are before they begin anew."""

    @property
    def request(self) -> bytes:
        """The bytes of one request."""
        return (
            f"POST {self.path} HTTP/1.1\r\nhost: {self.host}:{self.port}\r\n"
            f"authorization: Bearer {self.key}\r\ncontent-type: application/json\r\n"
            f"accept: application/json\r\n{self.header}content-length: {len(self.body)}\r\n\r\n"
        ).encode() + self.body


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


@dataclass(frozen=True)
class Load:
    """What came back.

    Attributes:
        replies: how many.
        rate: the same, a second.
        busy: which part of the time the generator itself was at work; near 1, it measures itself.
    """

    replies: int
    rate: float
    busy: float


def load(target: Target, seconds: float, connections: int) -> Load:
    """Ask on so many connections, on each again as soon as the reply is whole.

    Raises:
        RuntimeError: the server answers no more.
    """
    with _opened(target, connections) as (poll, opened):
        started, worked = time.perf_counter(), time.process_time()
        replies, until = 0, started + seconds
        for connection in opened.values():
            connection.ask()
        while (now := time.perf_counter()) < until:
            ready = poll.poll(_STALLED)
            if not ready:
                raise RuntimeError(f"no reply within {_STALLED} s")
            for number, _ in ready:
                connection = opened[number]
                if connection.read():
                    replies += 1
                    connection.ask()
        return Load(replies, replies / (now - started), (time.process_time() - worked) / (now - started))


def paced(target: Target, seconds: float, connections: int, rate: float) -> Load:
    """Ask so many times a second, or as often as the server and the connections allow.

    Raises:
        RuntimeError: the server answers no more.
    """
    with _opened(target, connections) as (poll, opened):
        started, worked = time.perf_counter(), time.process_time()
        free, asked, replies = list(opened.values()), 0, 0
        while (now := time.perf_counter()) < started + seconds:
            due = min(int((now - started) * rate) - asked, len(free))
            for connection in free[:due]:
                connection.ask()
            del free[:due]
            asked += due
            for number, _ in poll.poll(0.002 if free else _STALLED):
                if opened[number].read():
                    replies += 1
                    free.append(opened[number])
        return Load(replies, replies / (now - started), (time.process_time() - worked) / (now - started))


@contextmanager
def _opened(target: Target, connections: int) -> Iterator[tuple[select.epoll, dict[int, _Connection]]]:
    """Open connections, by the number of their socket, and what waits for them."""
    poll = select.epoll()
    opened: dict[int, _Connection] = {}
    try:
        for _ in range(connections):
            connection = _Connection(target)
            opened[connection.socket.fileno()] = connection
            poll.register(connection.socket, select.EPOLLIN)
        yield poll, opened
    finally:
        poll.close()
        for connection in opened.values():
            connection.socket.close()


def send_many(target: Target, count: int, connections: int) -> None:
    """Send at least ``count`` requests."""
    done = 0.0
    while done < count:
        done += load(target, 1.0, connections).rate


class _Connection:
    """One connection, on which one request is under way."""

    __slots__ = ("chunked", "head", "kept", "mark", "numbers", "socket", "tail", "waiting")

    def __init__(self, target: Target) -> None:
        self.head, self.mark, self.tail = target.request.partition(MARK)
        self.numbers = target.numbers
        self.socket = socket.create_connection((target.host, target.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.waiting = 0  # bytes of a body whose length is known
        self.kept = b""  # a head that is not whole; of a chunked body, the last bytes that came
        self.chunked = False

    def ask(self) -> None:
        """Send the next request."""
        if self.mark:
            number = next(_NUMBERS) % self.numbers
            self.socket.sendall(b"%b%09d%b" % (self.head, number, self.tail))
        else:
            self.socket.sendall(self.head)

    def read(self) -> bool:
        """Take what has come; returns whether the reply is whole.

        Raises:
            RuntimeError: the server has closed the connection.
        """
        data = self.socket.recv(_PIECE)
        if not data:
            raise RuntimeError("the connection was closed")
        if self.chunked:
            self.kept = (self.kept + data)[-7:]
            self.chunked = not self.kept.endswith(b"\r\n0\r\n\r\n")
        elif self.waiting:
            self.waiting -= len(data)
        elif not self._begin(self.kept + data):
            return False
        if self.waiting or self.chunked:
            return False
        self.kept = b""
        return True

    def _begin(self, data: bytes) -> bool:
        """Read a head; returns whether it is whole."""
        end = data.find(b"\r\n\r\n") + 4
        if end < len(b"\r\n\r\n"):
            self.kept = data
            return False
        _, known, length = data[:end].lower().partition(b"content-length:")
        if known:
            self.waiting = int(length.partition(b"\r\n")[0]) - len(data) + end
        else:
            self.kept = data[end - 2 :][-7:]  # with the end of the line before the first chunk
            self.chunked = not data.endswith(b"\r\n0\r\n\r\n")
        return True
