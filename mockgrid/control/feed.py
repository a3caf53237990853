"""What happens on a server as it happens, as server-sent events."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, cast
from weakref import WeakSet

from mockgrid.control.latest import Latest
from mockgrid.document.json_body import json_bytes

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator
    from types import AsyncGeneratorType

    from mockgrid.session.exchange import KeptExchange
    from mockgrid.session.journal import Journal
    from mockgrid.session.session import Sessions
    from mockgrid.session.telling import Teller

KEEP_ALIVE: Final = 15.0
"""Seconds without an exchange after which a feed sends a comment."""

PENDING: Final = 1000
"""Exchanges that wait for a slow reader of a feed; more are dropped, and counted in the next event."""

RECENT: Final = 10_000
"""Exchanges of the past with which a feed of rows begins."""

MOST_READERS: Final = 32
"""Feeds that are read at once; each costs the server something for every exchange, or for rows of them."""

# Rows are told so many seconds apart: a server under load has better things to do.
_APART: Final = 0.1


class Feed:
    """Tells those who watch of exchanges.

    Args:
        sessions: whose exchanges.
        teller: says what is told of one.
    """

    def __init__(self, sessions: Sessions, teller: Teller) -> None:
        self._sessions = sessions
        self._teller = teller
        # Those that are read or are about to be; the others have no frame, or are nowhere.
        self._read: WeakSet[AsyncGeneratorType[bytes, None]] = WeakSet()

    @property
    def full(self) -> bool:
        """Whether as many read as may."""
        return sum(reading.ag_frame is not None for reading in self._read) >= MOST_READERS

    def read(self, name: str | None, *, rows: bool) -> AsyncIterator[bytes]:
        """Return a feed; see ``Operator.feed``."""
        reading: Any = self._rows(name) if rows else self._whole(name)
        self._read.add(reading)
        return cast("AsyncIterator[bytes]", reading)

    async def _whole(self, name: str | None) -> AsyncGenerator[bytes, None]:
        """Yield each exchange when it has ended.

        Args:
            name: of the only session that is watched; None for all.
        """
        waiting: asyncio.Queue[tuple[Journal, KeptExchange]] = asyncio.Queue(PENDING)
        dropped = 0

        def note(journal: Journal, exchange: KeptExchange) -> None:
            nonlocal dropped
            if exchange.under_way or (name is not None and journal.session != name):
                return
            if waiting.full():
                dropped += 1
            else:
                waiting.put_nowait((journal, exchange))

        stop = self._sessions.budget.watch(note)
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
                    yield _event(b"dropped", missed)
                session = self._sessions.find(journal.session)
                if session is not None:  # it may have been closed meanwhile
                    yield _event(b"exchange", self._teller.record(exchange, session).as_json())
        finally:
            stop()

    async def _rows(self, name: str | None) -> AsyncGenerator[bytes, None]:
        """Yield lists of rows: of the newest exchanges, then of each when it comes in and when it has ended.

        One that does both within a moment is told once; of more in a moment than anybody reads, the newest
        are told and the others counted.

        Args:
            name: of the only session that is watched; None for all.
        """
        latest = Latest(self._sessions, self._teller, name)
        try:
            for rows in latest.past(RECENT):
                yield _event(b"rows", rows)
                await asyncio.sleep(0)  # the server has others to answer
            last, spoke = 0.0, monotonic()
            while True:
                is_new = await latest.changed(KEEP_ALIVE)
                if is_new:
                    await asyncio.sleep(max(last + _APART - monotonic(), 0.0))
                    last = monotonic()
                    latest.look()
                events = [_event(event.encode(), value) for event, value in latest.take().items()]
                if not events and (not is_new or last - spoke >= KEEP_ALIVE):  # other sessions may be busy
                    events = [b": still here\n\n"]
                for event in events:
                    yield event
                    spoke = monotonic()
        finally:
            latest.close()


def _event(name: bytes, value: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name, json_bytes(value))
