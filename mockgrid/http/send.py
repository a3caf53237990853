"""Sending a reply: whole, event by event, or by its script."""

from __future__ import annotations

import asyncio
from itertools import islice, repeat
from time import monotonic
from typing import TYPE_CHECKING

from mockgrid.http.play import Playing
from mockgrid.http.relay import relay
from mockgrid.reply.reply import ForwardedReply
from mockgrid.reply.script import StreamStats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mockgrid.http.asgi import Writer
    from mockgrid.reply.reply import Reply
    from mockgrid.session.exchange import KeptExchange

# Events without a script leave together: a write for each would cost more than making it.
_TOGETHER = 64 * 1024
# So many are taken before their size is looked at.
_LOOKED_AT = 16


def _headers(reply: Reply, request_id: bytes) -> list[tuple[bytes, bytes]]:
    """Return a reply's headers, and those that sending adds unless the reply decides them."""
    headers = [*reply.headers, (b"x-request-id", request_id)]
    if reply.step:
        headers.append((b"x-mockgrid-step", reply.step.encode("ascii", "backslashreplace")))
    if reply.decided:
        added = headers[len(reply.headers) :]
        return [*reply.headers, *(header for header in added if header[0] not in reply.decided)]
    return headers


def send_at_once(reply: Reply, request_id: bytes, exchange: KeptExchange, writer: Writer) -> bool:
    """Send a reply that is whole, if it can leave without waiting; return whether it did."""
    if reply.script is not None or reply.events is not None:
        return False
    now = monotonic()  # a client may know of it before this goes on, and is judged by its time
    if not writer.whole(reply.status, _headers(reply, request_id), reply.body):
        return False
    exchange.replied = exchange.ended = now
    return True


async def send_reply(
    reply: Reply, request_id: bytes, exchange: KeptExchange, writer: Writer, begun: Callable[[], None]
) -> None:
    """Send a reply, and note in its exchange how it left, and what of it.

    Args:
        reply: what is sent.
        request_id: its id.
        exchange: it is a part of.
        writer: by which it leaves.
        begun: called when its head is about to leave.

    Raises:
        CutError: the script cuts the connection, and the server offers no way to do it.
    """
    headers = _headers(reply, request_id)
    exchange.replied = monotonic()
    try:
        if reply.script is not None:
            reply.played = StreamStats(exchange.sent)
            await Playing(reply.script, reply.played, writer, begun).play(reply.status, headers)
        elif not writer.lost:
            begun()
            if isinstance(reply, ForwardedReply) and reply.coming is not None:
                await relay(reply, reply.coming, headers, exchange, writer)
            elif reply.events is not None:
                await writer.start(reply.status, headers)
                await _send_events(reply.events, exchange, writer)
            else:
                await writer.start(reply.status, headers, len(reply.body))
                await _send_body(reply.body, exchange, writer)
    except BaseException:
        exchange.whole = False
        raise
    finally:
        _note_end(exchange, reply, writer)


def _note_end(exchange: KeptExchange, reply: Reply, writer: Writer) -> None:
    exchange.ended = monotonic()
    reply.script = reply.events = None  # the journal keeps the reply, and needs neither
    played = reply.played
    if played is not None:
        exchange.ended_by = played.ended_by
        exchange.virtual_seconds = played.virtual_seconds
        exchange.degraded = played.degraded
        if played.late:
            exchange.late = [*repeat(0.0, played.prompt), *played.late]
        exchange.whole = exchange.whole and played.whole
    elif writer.lost and not (isinstance(reply, ForwardedReply) and reply.coming and reply.coming.ended):
        exchange.ended_by = "client"
        exchange.whole = False


async def _send_body(body: bytes, exchange: KeptExchange, writer: Writer) -> None:
    left = 0
    try:
        for start in range(0, len(body), _TOGETHER):
            piece = body[start : start + _TOGETHER]
            await writer.write(piece)
            if writer.lost:  # the piece has not left
                return
            left += len(piece)
        await writer.end()
    finally:
        if 0 < left < len(body):
            exchange.sent(monotonic(), body[:left])


async def _send_events(events: Iterable[bytes], exchange: KeptExchange, writer: Writer) -> None:
    waiting: list[bytes] = []
    size = 0
    coming = iter(events)
    while together := b"".join(islice(coming, _LOOKED_AT)):
        waiting.append(together)
        size += len(together)
        if size >= _TOGETHER:
            if not await _send_piece(b"".join(waiting), exchange, writer):
                return
            waiting, size = [], 0
            await asyncio.sleep(0)  # a long stream is no reason for others to wait
    if await _send_piece(b"".join(waiting), exchange, writer):
        await writer.end()


async def _send_piece(piece: bytes, exchange: KeptExchange, writer: Writer) -> bool:
    """Send a piece of a stream, and note it; return whether it has left."""
    now = monotonic()
    await writer.write(piece)
    if not writer.lost:
        exchange.sent(now, piece)
    return not writer.lost
