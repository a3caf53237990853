"""Sending a reply: the one place where bytes leave."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from time import monotonic
from typing import TYPE_CHECKING, Any

from mockgrid.http.play import Playing
from mockgrid.http.protocol import line
from mockgrid.http.protocol.whole import EXTENSION
from mockgrid.reply.script import Played

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import Receive, Scope, Send

    from mockgrid.http.protocol.line import Line
    from mockgrid.http.protocol.whole import Whole
    from mockgrid.reply.reply import Headers, Reply
    from mockgrid.session.exchange import Exchange

_NONE: dict[str, Any] = {}
_STEPS = 1024
# Events without pace leave together: a write for each would cost more than making it.
_TOGETHER = 16 * 1024


@lru_cache(_STEPS)
def _told(step: str) -> tuple[bytes, bytes]:
    """Return the header that names a step."""
    return b"x-mockgrid-step", step.encode("ascii", "backslashreplace")


def _as_decided(reply: Reply, headers: Headers) -> list[tuple[bytes, bytes]]:
    """Return the headers without those that sending added though the reply decides them."""
    added = headers[len(reply.headers) :]
    return [*reply.headers, *(header for header in added if header[0] not in reply.decided)]


def send_at_once(reply: Reply, request_id: bytes, direct: Whole) -> bool:
    """Send a reply that is whole in one write; return whether that was done."""
    if reply.script is not None or reply.events is not None:
        return False
    body = reply.body
    headers = [*reply.headers, (b"x-request-id", request_id)]
    if reply.step:
        headers.append(_told(reply.step))
    if reply.decided:
        headers = _as_decided(reply, headers)
    headers.append((b"content-length", b"%d" % len(body)))
    return direct(reply.status, headers, body)


async def send_reply(  # noqa: PLR0913, PLR0917 - what leaves, what is noted of it, and ASGI's three
    reply: Reply, request_id: bytes, exchange: Exchange, scope: Scope, receive: Receive, send: Send
) -> None:
    """Send a reply whole, event by event, or by its script, and note in its exchange how it left.

    Raises:
        CutError: the script cuts the connection, and the server offers no way to do it.
    """
    # Taken out of the scope, which they refer to: what is left is no cycle, and freed at once.
    extensions = scope.get("extensions", _NONE)
    extensions.pop(EXTENSION, None)
    connection = extensions.pop(line.EXTENSION, None)
    headers = [*reply.headers, (b"x-request-id", request_id)]
    if reply.step:
        headers.append(_told(reply.step))
    if reply.decided:
        headers = _as_decided(reply, headers)
    exchange.replied = monotonic()
    try:
        if reply.script is not None:
            reply.played = Played(exchange.sent)
            await Playing(reply.script, reply.played, connection, receive, send).play(reply.status, headers)
        elif reply.events is not None:
            await send({"type": "http.response.start", "status": reply.status, "headers": headers})
            await _send_events(reply.events, exchange, send)
        else:
            body = reply.body
            headers.append((b"content-length", b"%d" % len(body)))
            await send({"type": "http.response.start", "status": reply.status, "headers": headers})
            await send({"type": "http.response.body", "body": body})
    except BaseException:
        exchange.whole = False
        raise
    finally:
        _note_end(exchange, reply, connection)


def _note_end(exchange: Exchange, reply: Reply, connection: Line | None) -> None:
    exchange.ended = monotonic()
    reply.script = reply.events = None  # the journal keeps the reply, and needs neither
    played = reply.played
    if played is not None:
        exchange.ended_by = played.ended_by
        exchange.virtual_seconds = played.virtual_seconds
        exchange.degraded = played.degraded
        exchange.whole = exchange.whole and played.whole
    elif connection is not None and connection.lost:
        exchange.ended_by = "client"
        exchange.whole = False


async def _send_events(events: Iterable[bytes], exchange: Exchange, send: Send) -> None:
    waiting: list[bytes] = []
    size = 0
    for event in events:
        waiting.append(event)
        size += len(event)
        if size >= _TOGETHER:
            piece = b"".join(waiting)
            exchange.sent(monotonic(), piece)
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            waiting, size = [], 0
            await asyncio.sleep(0)  # a long stream is no reason for others to wait
    piece = b"".join(waiting)
    exchange.sent(monotonic(), piece)
    await send({"type": "http.response.body", "body": piece})
