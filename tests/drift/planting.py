"""A provider in a process of its own: it answers as the fake does, but for one change, or breaks on the wire.

The first part of its path says which: ``/no id/v1/chat/completions``, ``/@slow/v1/models``.
"""

from __future__ import annotations

import asyncio
import gzip
import sys
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import unquote

from drift.asked import questions
from drift.provider import PLANTED
from drift.recordings import SINCE

from mockgrid.recording.exchange import RecordedReply

if TYPE_CHECKING:
    from drift.provider import Planted

    from mockgrid.drift.question import Question

OK = RecordedReply(200, ((b"content-type", b"application/json"), (b"x-request-id", b"r")), ((0.0, b"{}"),))


# What was told once that it comes too soon.
LIMITED: set[tuple[str, str, bytes]] = set()


def gzipped(reply: RecordedReply) -> RecordedReply:
    """Return a reply with its body in gzip, as servers send it to whom they take for a browser."""
    headers = (*reply.headers, (b"content-encoding", b"gzip"))
    return RecordedReply(reply.status, headers, ((0.0, gzip.compress(reply.body)),))


def main() -> None:
    questions()  # by a loop of their own
    asyncio.run(_serve())


async def _serve() -> None:
    server = await asyncio.start_server(_connected, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    async with server:
        await server.serve_forever()


async def _connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            method, target, _ = lines[0].split(" ")
            headers = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
            }
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            _, mode, path = target.split("/", 2)
            mode = unquote(mode)
            if mode == "@once" and (method, path, body) not in LIMITED:
                LIMITED.add((method, path, body))
                writer.write(AT_ONCE["@limited"])
            elif mode in ("@once", "@gzip"):
                reply = _planted(None, (method, f"/{path}", body), headers)
                await _send(writer, gzipped(reply) if mode == "@gzip" else reply)
            elif mode.startswith("@"):
                await _break(mode, f"/{path}", headers, writer)
                break
            else:
                await _send(
                    writer, _planted((PLANTED | SINCE).get(mode), (method, f"/{path}", body), headers)
                )
    writer.close()


def _planted(planted: Planted | None, sent: tuple[str, str, bytes], headers: dict[str, str]) -> RecordedReply:
    unknown = "no-such-key" in headers.get("authorization", "")
    question = next(each for each in questions().values() if _is_for(each, sent, unknown=unknown))
    changed = planted is not None and planted.title == question.title
    return planted.change(question.expected) if planted is not None and changed else question.expected


def _is_for(question: Question, sent: tuple[str, str, bytes], *, unknown: bool) -> bool:
    request = question.request
    return sent == (request.method, request.target, request.body) and unknown == (
        question.credential == "unknown"
    )


async def _send(writer: asyncio.StreamWriter, reply: RecordedReply) -> None:
    lines = [b"HTTP/1.1 %d Whatever" % reply.status]
    lines += [name + b": " + value for name, value in reply.headers if name != b"content-length"]
    lines.append(b"content-length: %d" % len(reply.body))
    writer.write(b"\r\n".join(lines) + b"\r\n\r\n" + reply.body)
    await writer.drain()


HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
NOTHING = b"x-request-id: r\r\ncontent-length: 0\r\n\r\n"
AT_ONCE = {
    "@closed": b"",
    "@garbage": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "@cut": HEAD + b'content-length: 100\r\n\r\n{"id"',
    "@untaken": b"HTTP/1.1 401 No\r\n" + NOTHING,
    "@mangled": HEAD + b"content-encoding: gzip\r\ncontent-length: 5\r\n\r\nhello",
    "@down": b"HTTP/1.1 503 No\r\n" + NOTHING,
    "@limited": b"HTTP/1.1 429 No\r\nretry-after: 0\r\n" + NOTHING,
    "@elsewhere": b"HTTP/1.1 307 No\r\nlocation: http://192.0.2.1/\r\n" + NOTHING,
}


async def _break(mode: str, path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
    if mode in AT_ONCE:
        writer.write(AT_ONCE[mode])
    elif mode == "@moved":
        writer.write(b"HTTP/1.1 308 No\r\nlocation: /plain" + path.encode() + b"\r\n" + NOTHING)
    elif mode == "@echo":
        key = headers.get("authorization", "").encode()
        await _send(writer, RecordedReply(200, OK.headers, ((0.0, b'{"id": ["' + key + b'"]}'),)))
    else:
        writer.write(HEAD + b"transfer-encoding: chunked\r\n\r\n")
        piece, wait = (b" ", 0.05) if mode == "@slow" else (b" " * 0x10000, 0.0)
        for _ in range(600):
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
            await asyncio.sleep(wait)
    await writer.drain()


if __name__ == "__main__":
    sys.exit(main())
