"""What happens on a server as it happens, as server-sent events."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from mockgrid.document.json_body import json_bytes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mockgrid.session.exchange import KeptExchange
    from mockgrid.session.journal import Journal
    from mockgrid.session.session import Sessions
    from mockgrid.session.telling import Teller

KEEP_ALIVE: Final = 15.0
"""Seconds without an exchange after which a feed sends a comment."""

PENDING: Final = 1000
"""Exchanges that wait for a slow reader of a feed; more are dropped, and counted in the next event."""

RECENT: Final = 1000
"""Exchanges of the past with which a feed of rows begins."""

# Rows are told so many at a time, and so many seconds apart: a server under load has better things to do.
_MOST_ROWS: Final = 150
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

    async def whole(self, name: str | None) -> AsyncIterator[bytes]:
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

    async def rows(self, name: str | None) -> AsyncIterator[bytes]:
        """Yield lists of rows: of the newest exchanges, then of each when it comes in and when it has ended.

        One that does both within a moment is told once; of more in a moment than anybody reads, some are not
        told, and counted.

        Args:
            name: of the only session that is watched; None for all.
        """
        # Those that come in while nobody reads wait here, each once, whatever becomes of it meanwhile.
        waiting: dict[KeptExchange, str] = {}
        begun: set[KeptExchange] = set()
        dropped = 0
        some = asyncio.Event()

        def note(journal: Journal, exchange: KeptExchange) -> None:
            nonlocal dropped
            if exchange in waiting or (name is not None and journal.session != name):
                return
            # Who was told of the beginning is told of the end.
            if len(waiting) >= _MOST_ROWS and exchange not in begun:
                dropped += not exchange.under_way
                return
            waiting[exchange] = journal.session
            some.set()

        stop = self._sessions.budget.watch(note)
        try:
            past = self._sessions.budget.newest(RECENT, name)
            begun.update(exchange for exchange, _ in past if exchange.under_way)
            yield _event(b"rows", self._rows(past))
            last = 0.0
            while True:
                try:
                    async with asyncio.timeout(KEEP_ALIVE):
                        await some.wait()
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                await asyncio.sleep(max(last + _APART - monotonic(), 0.0))
                last = monotonic()
                some.clear()
                changed = list(waiting.items())
                waiting.clear()
                if dropped:
                    missed, dropped = dropped, 0
                    yield _event(b"dropped", missed)
                for exchange, _ in changed:
                    (begun.add if exchange.under_way else begun.discard)(exchange)
                yield _event(b"rows", self._rows(changed))
        finally:
            stop()

    def _rows(self, exchanges: list[tuple[KeptExchange, str]]) -> list[dict[str, Any]]:
        now, find = monotonic(), self._sessions.find
        return [
            self._teller.row(exchange, session, now).as_json()
            for exchange, name in exchanges
            if (session := find(name)) is not None
        ]


def _event(name: bytes, value: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name, json_bytes(value))
