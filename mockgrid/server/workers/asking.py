"""Asking another worker: an ordinary request, over a connection that is handed to it like a client's."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mockgrid.errors import MockgridError
from mockgrid.server.workers.parcel import Parcel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mockgrid.server.workers.crew import Crew

PATIENCE: Final = 1.5
"""Seconds for an answer."""

_AGAIN: Final = 0.002
_LARGEST_EVENT: Final = 64 * 1024 * 1024


class WorkerError(MockgridError):
    """A worker does not answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What another worker has replied."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


def request(method: str, target: bytes, headers: list[tuple[bytes, bytes]], body: bytes = b"") -> bytes:
    """Return the bytes of a request whose reply ends where its connection does."""
    lines = [b"%s %s HTTP/1.0" % (method.encode(), target)]
    lines += [b"%s: %s" % pair for pair in headers]
    if body:
        lines.append(b"content-length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


async def ask(crew: Crew, worker: int, asked: bytes, patience: float = PATIENCE) -> Answer:
    """Return a worker's answer.

    Raises:
        WorkerError: none has come in time, or not all of it.
    """
    try:
        async with asyncio.timeout(patience):
            reader, writer = await _connect(crew, worker, asked)
            try:
                status, headers = await _head(reader)
                body = await reader.read()
            finally:
                writer.close()
    except (OSError, ValueError, asyncio.IncompleteReadError) as error:  # a timeout is an OSError
        raise _silent(worker) from error
    length = dict(headers).get(b"content-length")
    if length is not None and int(length) != len(body):
        raise _silent(worker)
    return Answer(status, headers, body)


async def events(crew: Crew, worker: int, asked: bytes) -> AsyncIterator[bytes]:
    """Yield the events of a worker's feed, comments left out, until it ends.

    Raises:
        WorkerError: the worker does not answer.
    """
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await _connect(crew, worker, asked)
    except OSError as error:
        raise _silent(worker) from error
    try:
        await _head(reader)
        while True:
            event = await reader.readuntil(b"\n\n")
            if not event.startswith(b":"):
                yield event
    except (OSError, ValueError, asyncio.IncompleteReadError) as error:
        raise _silent(worker) from error
    finally:
        writer.close()


async def _connect(
    crew: Crew, worker: int, asked: bytes
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    ours, theirs = socket.socketpair()
    try:
        with theirs:
            # There is nothing to wait for: any worker may have filled the box, and any may empty its own.
            while not crew.put(worker, Parcel(asked, internal=True), theirs.fileno()):  # noqa: ASYNC110
                await asyncio.sleep(_AGAIN)
        ours.setblocking(False)
        return await asyncio.open_unix_connection(sock=ours, limit=_LARGEST_EVENT)
    except BaseException:
        ours.close()
        raise


async def _head(reader: asyncio.StreamReader) -> tuple[int, list[tuple[bytes, bytes]]]:
    first, *lines = (await reader.readuntil(b"\r\n\r\n"))[:-4].split(b"\r\n")
    pairs = (line.partition(b": ") for line in lines)
    return int(first.split()[1]), [(name, value) for name, _, value in pairs]


def _silent(worker: int) -> WorkerError:
    return WorkerError(f"Worker {worker + 1} does not answer; if it has died, another is taking its place.")
