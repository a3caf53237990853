"""HTTP as the clients here speak it: requests as bytes, and what a connection brought, cut or whole."""

from __future__ import annotations

import asyncio
import json
import socket
from dataclasses import dataclass
from typing import Any

CHAT = "/v1/chat/completions"
HOST = "127.0.0.1"
PATIENCE = 60.0
"""Seconds after which a reply counts as hanging."""

_LINGER_NOT = b"\x01\0\0\0\0\0\0\0"
_SMALL_WINDOW = 16 * 1024
_PAUSE = 0.01
_ABSENT = -1


def request(text: str, key: str, *, stream: bool = False, keep: bool = False) -> bytes:
    """A request that says something in the session of a key."""
    body = {"model": "text-prime", "messages": [{"role": "user", "content": text}], "stream": stream}
    return post(json.dumps(body).encode(), key, keep=keep)


def post(body: bytes, key: str, *, keep: bool = False, path: str = CHAT) -> bytes:
    """A request with any body."""
    connection = "" if keep else "connection: close\r\n"
    return (
        f"POST {path} HTTP/1.1\r\nhost: {HOST}\r\nauthorization: Bearer {key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n{connection}\r\n"
    ).encode() + body


def get(path: str, *, key: str = "mg-hard") -> bytes:
    """A request without a body."""
    return (
        f"GET {path} HTTP/1.1\r\nhost: {HOST}\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\r\n"
    ).encode()


@dataclass(frozen=True)
class Reply:
    """What arrived of a reply.

    Attributes:
        status: 0 where not even the head is whole.
        headers: by lower-case name.
        body: as far as it came, without its framing.
        whole: the framing says that nothing is missing.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    whole: bool

    def json(self) -> Any:
        """The body's value."""
        return json.loads(self.body)

    def text(self) -> str:
        """What the model said, in a body or in the events of a stream."""
        if not self.headers.get("content-type", "").startswith("text/event-stream"):
            return str(self.json()["choices"][0]["message"]["content"])
        choices = [choice for event in self.events() for choice in event["choices"]]
        return "".join(choice["delta"].get("content") or "" for choice in choices)

    def events(self) -> list[Any]:
        """The data of each whole event of a stream, without the last mark."""
        frames = self.body.split(b"\n\n")[:-1]
        return [json.loads(frame[6:]) for frame in frames if frame.startswith(b"data: {")]

    def ended(self) -> bool:
        """Whether a client would take it for the whole reply."""
        if not self.whole:
            return False
        stream = self.headers.get("content-type", "").startswith("text/event-stream")
        return not stream or self.body.endswith(b"data: [DONE]\n\n")


NOTHING = Reply(0, {}, b"", whole=False)


def read(raw: bytes) -> Reply:
    """Read what a connection brought in answer to one request."""
    head, end, rest = raw.partition(b"\r\n\r\n")
    if not end:
        return NOTHING
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    if "content-length" in headers:
        length = int(headers["content-length"])
        body, whole = rest[:length], len(rest) >= length
    else:
        body, whole = _unchunked(rest)
    return Reply(int(first.split(" ")[1]), headers, body, whole)


def _unchunked(rest: bytes) -> tuple[bytes, bool]:
    pieces, place = [], 0
    while (end := rest.find(b"\r\n", place)) != _ABSENT:
        size = int(rest[place:end], 16)
        start, place = end + 2, end + 2 + size + 2
        if len(rest) < place:
            break
        if not size:
            return b"".join(pieces), True
        pieces.append(rest[start : place - 2])
    return b"".join(pieces), False


class Call(asyncio.Protocol):
    """One request on a connection of its own, and all that comes back.

    Args:
        raw: what is sent; more may be written to ``transport``.
        slow: read with pauses, so that the server has to wait.
    """

    def __init__(self, raw: bytes = b"", *, slow: bool = False) -> None:
        self.raw = raw
        self.slow = slow
        self.received = bytearray()
        self.sizes: list[int] = []
        self.begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        self.transport = transport
        if self.raw:
            self.transport.write(self.raw)

    def data_received(self, data: bytes) -> None:
        """Keep what came."""
        self.received += data
        if not self.begun.done():
            self.begun.set_result(None)
        if self.slow:
            self.transport.pause_reading()
            asyncio.get_running_loop().call_later(_PAUSE, self._read_on)

    def connection_lost(self, _: Exception | None) -> None:
        """Be done."""
        for waiting in (self.begun, self.over):
            if not waiting.done():
                waiting.set_result(None)

    def vanish(self) -> None:
        """Reset the connection, as a client does that dies."""
        connection = self.transport.get_extra_info("socket")
        if connection is not None and not self.transport.is_closing():
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        self.transport.abort()

    def reply(self) -> Reply:
        """What has come until now."""
        return read(bytes(self.received))

    def _read_on(self) -> None:
        if not self.transport.is_closing():
            self.transport.resume_reading()


async def call(port: int, raw: bytes = b"", *, slow: bool = False) -> Call:
    """Connect and ask.

    Raises:
        OSError: nobody listens there.
    """
    connection = socket.socket()
    connection.setblocking(False)
    try:
        if slow:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_WINDOW)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(connection, (HOST, port))
        _, made = await loop.create_connection(lambda: Call(raw, slow=slow), sock=connection)
    except BaseException:
        connection.close()
        raise
    return made


async def asked(port: int, raw: bytes, seconds: float = PATIENCE) -> Reply:
    """Ask on a connection of its own, and return what came until it closed.

    Raises:
        OSError: nobody listens there.
        TimeoutError: the connection is still open, and has been for too long.
    """
    made = await call(port, raw)
    try:
        await asyncio.wait_for(asyncio.shield(made.over), seconds)
    finally:
        made.transport.abort()
    return made.reply()
