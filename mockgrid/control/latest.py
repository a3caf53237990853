"""What one who watches the exchanges of a server has not been told yet."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from mockgrid.session.journal import Mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mockgrid.session.exchange import KeptExchange
    from mockgrid.session.journal import Journal
    from mockgrid.session.session import Session, Sessions
    from mockgrid.session.telling import Teller

MOST_ROWS: Final = 250
"""Rows that are told at a time."""

OF_MORE: Final = 50
"""Rows that are told at a time where there are more than ``MOST_ROWS``: the server has other things to do."""

_MOST_GONE: Final = 1000


class Latest:
    """Looks up what has come in, and what has ended, since it was last told.

    So an exchange costs the server nothing for being watched, but for the first that comes after a look. A
    session that forgets its exchanges is looked at before.

    Args:
        sessions: whose exchanges.
        teller: says what is told of one.
        name: of the only session that is watched; None for all.
    """

    def __init__(self, sessions: Sessions, teller: Teller, name: str | None) -> None:
        self._sessions = sessions
        self._teller = teller
        self._name = name
        self._mark = Mark()
        self._rows: list[dict[str, Any]] = []
        self._dropped = 0
        self._gone: dict[str, float] = {}
        # Who was told of the beginning is told of the end.
        self._under_way: dict[KeptExchange, Session] = {}
        self._some = asyncio.Event()
        sessions.leaving.append(self._left)

    def close(self) -> None:
        """Look no more."""
        self._sessions.leaving.remove(self._left)

    async def changed(self, seconds: float) -> bool:
        """Wait until there is something to look at, at most so long; tells whether there is."""
        stop = self._sessions.budget.watch(self._note)
        try:
            if self._mark == self._sessions.budget.mark() and not self._waits():
                self._some.clear()
                async with asyncio.timeout(seconds):
                    await self._some.wait()
        except TimeoutError:
            return False
        finally:
            stop()
        return True

    def past(self, most: int) -> Iterator[list[dict[str, Any]]]:
        """Yield the rows of so many of the newest exchanges, the oldest first, in one list at least."""
        exchanges = self._sessions.budget.newest(most, self._name)
        self._mark = self._sessions.budget.mark()
        for start in range(0, max(len(exchanges), 1), MOST_ROWS):
            yield list(self._rows_of(exchanges[start : start + MOST_ROWS]))

    def look(self, most: int = MOST_ROWS, of_more: int = OF_MORE) -> None:
        """Make the rows of what is new; what is dropped is counted.

        Args:
            most: rows that may wait to be told.
            of_more: how many of the newest are told where there would be more.
        """
        budget, name, now = self._sessions.budget, self._name, monotonic()
        ended = [(exchange, self._under_way.pop(exchange)) for exchange in self._ended()]
        self._rows += [self._teller.row(*each, now).as_json() for each in ended]
        mark = budget.mark()
        came = sum(mark) - sum(self._mark)
        room = max(most - len(self._rows), 0)
        fresh = budget.newest(room if name is None else came, name, self._mark)
        if name is not None:
            came = len(fresh)
        kept = fresh[len(fresh) - min(room if came <= room else min(room, of_more), len(fresh)) :]
        self._dropped += came - len(kept)
        self._mark = mark
        self._rows += self._rows_of(kept)

    def take(self) -> dict[str, Any]:
        """Return what waits to be told, by its name, and forget it.

        ``dropped`` is how many exchanges are not told, ``rows`` are those that are, and ``gone`` says of
        sessions that have forgotten their exchanges when that was, by the clock of ``arrived``.
        """
        waiting = {"dropped": self._dropped, "rows": self._rows, "gone": self._gone}
        self._rows, self._dropped, self._gone = [], 0, {}
        return {name: value for name, value in waiting.items() if value}

    def _waits(self) -> bool:
        return bool(self._rows or self._gone or self._ended())

    def _ended(self) -> list[KeptExchange]:
        return [exchange for exchange in self._under_way if not exchange.under_way]

    def _rows_of(self, exchanges: Iterable[KeptExchange]) -> Iterator[dict[str, Any]]:
        now = monotonic()
        for exchange in exchanges:
            session = self._sessions.of(exchange)
            if session is not None:
                if exchange.under_way:
                    self._under_way[exchange] = session
                yield self._teller.row(exchange, session, now).as_json()

    def _note(self, _journal: Journal, _exchange: KeptExchange) -> None:
        self._some.set()

    def _left(self, session: Session) -> None:
        if self._name in (None, session.name) and session.journal.count:
            self.look()
            self._gone.pop(session.name, None)
            self._gone[session.name] = round(monotonic(), 6)
            if len(self._gone) > _MOST_GONE:
                del self._gone[next(iter(self._gone))]
            self._some.set()
