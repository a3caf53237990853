"""A feed of exchanges as server-sent events, for people and tools that watch."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from mockgrid.session.exchange import Exchange
    from mockgrid.session.journal import Journal, Room

KEEP_ALIVE: Final = 15.0
"""Seconds without an exchange after which a comment is sent."""

PENDING: Final = 1000
"""Exchanges that wait for a slow reader; more are dropped, and counted in the next event."""


async def feed(
    room: Room, told: Callable[[Journal, Exchange], dict[str, Any] | None], session: str | None = None
) -> AsyncIterator[bytes]:
    """Yield each exchange when it has ended, as one event.

    Args:
        room: of the journals that are watched.
        told: an exchange as JSON; None for one that is not to be told.
        session: the only session that is watched; None for all.
    """
    waiting: asyncio.Queue[tuple[Journal, Exchange]] = asyncio.Queue(PENDING)
    dropped = 0

    def note(journal: Journal, exchange: Exchange) -> None:
        nonlocal dropped
        if exchange.under_way or (session is not None and journal.session != session):
            return
        if waiting.full():
            dropped += 1
        else:
            waiting.put_nowait((journal, exchange))

    stop = room.watch(note)
    try:
        yield b": exchanges, each when it has ended\n\n"
        while True:
            try:
                async with asyncio.timeout(KEEP_ALIVE):
                    journal, exchange = await waiting.get()
            except TimeoutError:
                yield b": still here\n\n"
                continue
            if dropped:
                missed, dropped = dropped, 0
                yield b"event: dropped\ndata: %d\n\n" % missed
            value = told(journal, exchange)
            if value is not None:
                yield b"event: exchange\ndata: " + orjson.dumps(value) + b"\n\n"
    finally:
        stop()
