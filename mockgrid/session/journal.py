"""The exchanges of a session, and the budget that all sessions of a server share for theirs."""

from __future__ import annotations

from collections import deque
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from mockgrid.session.exchange import NO_STEP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockgrid.scenario.scenario import Cursors
    from mockgrid.session.exchange import KeptExchange

MIB = 1024 * 1024

# Bytes of a piece's object, besides those that it holds; and of how late it was.
_PIECE = 120
_LATE = 32
# So many exchanges that sessions have forgotten may wait in line until it is tidied.
_FORGOTTEN = 1000
_QUARTER = 4


class Mark(NamedTuple):
    """How many exchanges had come, of all sessions that ever were: without a violation, and with one."""

    plain: int = 0
    broken: int = 0


NOTHING: Final = Mark()


class JournalBudget:
    """The bytes and exchanges that the journals of one server may hold together.

    When there is no room, the oldest exchange goes; those that show a violation stay longest, as long as they
    leave a quarter of the room to others.

    Args:
        most_bytes: of all exchanges together.
        most: exchanges of all sessions together.

    Attributes:
        size: bytes that are in use.
        plain_size: bytes of exchanges without a violation.
        count: exchanges that are held.
        dropped: exchanges that had to go, of all sessions that ever were.
        dropped_violations: how many of them showed a violation.
        plain: those without a violation, in the order in which they came. A session may have forgotten some.
        broken: those with one.
        broken_came: how many of these there have been.
        watchers: called when an exchange comes in, and when it has ended.
    """

    def __init__(self, most_bytes: int = 16 * MIB, most: int = 100_000) -> None:
        self.most_bytes = most_bytes
        self.most = most
        self.plain: deque[KeptExchange] = deque()
        self.broken: deque[KeptExchange] = deque()
        self.watchers: list[Callable[[Journal, KeptExchange], None]] = []
        self._forgotten = 0
        self._given_back = self.broken_came = 0
        self.size = self.plain_size = 0
        self.count = 0
        self.dropped = 0
        self.dropped_violations = 0

    def __len__(self) -> int:
        return self.count

    def watch(self, watcher: Callable[[Journal, KeptExchange], None]) -> Callable[[], None]:
        """Have a function called when an exchange comes in and when it has ended; returns what ends that."""
        self.watchers.append(watcher)
        return partial(self.watchers.remove, watcher)

    def mark(self) -> Mark:
        """Return how many exchanges have come."""
        came = self.count + self.dropped + self._given_back
        return Mark(came - self.broken_came, self.broken_came)

    def newest(self, most: int, session: str | None = None, since: Mark = NOTHING) -> list[KeptExchange]:
        """Return the newest exchanges that are held, in the order in which they came.

        Args:
            most: so many at most.
            session: the name of the only session that counts; None for all.
            since: those that had come then are left out.
        """
        chosen: list[KeptExchange] = []
        for line, now, then in zip((self.plain, self.broken), self.mark(), since, strict=True):
            kept = filter(partial(_is_kept, session), islice(reversed(line), now - then))
            chosen += islice(kept, most)
        chosen.sort(key=lambda exchange: exchange.arrived)
        return chosen[-most:]

    def tell(self, journal: Journal, exchange: KeptExchange) -> None:
        """Call those who watch."""
        for watcher in tuple(self.watchers):
            watcher(journal, exchange)

    def grow(self, exchange: KeptExchange, size: int) -> None:
        """Count more bytes for an exchange, if it is still held."""
        if exchange.journal is not None:
            exchange.size += size
            self._use(exchange, size)
            self.make_room()

    def forget(self, exchange: KeptExchange) -> None:
        """Give back the room of an exchange that its session no longer wants."""
        if exchange.journal is not None:
            self._release(exchange)
            self._given_back += 1
            self._forgotten += 1
            if self._forgotten > _FORGOTTEN + self.count:
                self._tidy()

    def make_room(self) -> None:
        """Drop what there is no room for."""
        if self.size > self.most_bytes:
            # A little more than is needed, so that not every request has to.
            self._drop_to(self.most_bytes - self.most_bytes // 64)
        elif self.count > self.most:
            self._drop_to(self.most_bytes)

    def _drop_to(self, size: int) -> None:
        # The newest stays, however large: a test that has its answer finds its exchange.
        while (self.size > size or self.count > self.most) and self.count > 1:
            # Of those without violations the newest may be the one that is being added.
            crowded = self.plain_size * _QUARTER > self.most_bytes or self.count > self.most
            oldest = self.plain if (len(self.plain) > 1 and crowded) or not self.broken else self.broken
            exchange = oldest.popleft()
            journal = exchange.journal
            if journal is None:
                self._forgotten -= 1
                continue
            self._release(exchange)
            self.dropped += 1
            self.dropped_violations += bool(exchange.answer.violations)
            journal.drop(exchange)

    def _release(self, exchange: KeptExchange) -> None:
        exchange.journal = None
        self._use(exchange, -exchange.size)
        self.count -= 1

    def _use(self, exchange: KeptExchange, size: int) -> None:
        self.size += size
        if not exchange.answer.violations:
            self.plain_size += size

    def _tidy(self) -> None:
        self.plain = deque(exchange for exchange in self.plain if exchange.journal is not None)
        self.broken = deque(exchange for exchange in self.broken if exchange.journal is not None)
        self._forgotten = 0


def _is_kept(session: str | None, exchange: KeptExchange) -> bool:
    journal = exchange.journal
    return journal is not None and session in (None, journal.session)


class Journal:
    """The exchanges of one session, in order.

    Args:
        session: its name.
        budget: shared by all journals of a server.

    Attributes:
        count: how many there have been.
        dropped: how many of them had to go.
        dropped_violations: how many of those showed a violation.
        under_way: how many of those that are held have not been settled.
        lost: the number of the last one that had to go and had met the steps of a scenario; 0 for none.
    """

    __slots__ = (
        "_budget",
        "_exchanges",
        "count",
        "dropped",
        "dropped_violations",
        "lost",
        "session",
        "under_way",
    )

    def __init__(self, session: str, budget: JournalBudget) -> None:
        self.session = session
        self._budget = budget
        self._exchanges: dict[int, KeptExchange] = {}
        self.count = 0
        self.dropped = 0
        self.dropped_violations = 0
        self.under_way = 0
        self.lost = 0

    def add(self, exchange: KeptExchange) -> None:
        """Keep an exchange whose number is ``count + 1``."""
        self.count += 1
        self.under_way += 1
        self._exchanges[exchange.number] = exchange
        exchange.journal = self
        budget = self._budget
        if exchange.answer.violations:
            budget.broken.append(exchange)
            budget.broken_came += 1
        else:
            budget.plain.append(exchange)
            budget.plain_size += exchange.size
        budget.count += 1
        budget.size += exchange.size
        if budget.size > budget.most_bytes or budget.count > budget.most:
            budget.make_room()
        if budget.watchers:
            budget.tell(self, exchange)

    def settle(self, exchange: KeptExchange) -> None:
        """Count the pieces of a reply that has ended; to be called once."""
        exchange.settled = True
        if exchange.journal is self:
            self.under_way -= 1
        if exchange.chunks:
            kept = sum(len(piece) + _PIECE for _, piece in exchange.chunks) + _LATE * len(exchange.late)
            self._budget.grow(exchange, kept)
        if self._budget.watchers:
            self._budget.tell(self, exchange)

    def drop(self, exchange: KeptExchange) -> None:
        """Take an exchange out, and count it as dropped."""
        if self._exchanges.pop(exchange.number, None) is not None:
            self.dropped += 1
            self.under_way -= not exchange.settled
            self.dropped_violations += bool(exchange.answer.violations)
            if exchange.met is not None:
                self.lost = max(self.lost, exchange.number)

    def clear(self) -> None:
        """Begin anew."""
        exchanges, self._exchanges = self._exchanges, {}
        for exchange in exchanges.values():
            self._budget.forget(exchange)
        self.count = self.dropped = self.dropped_violations = self.under_way = self.lost = 0

    def cursors(self, met: KeptExchange) -> Cursors | None:
        """Return how far the steps had come that an exchange met; None where that is known no more."""
        meeting = met.met
        played = meeting.cursors() if meeting is not None else None
        if meeting is None or played is None or self.lost > met.number:
            return None
        since = (exchange.met for exchange in self if exchange.number >= met.number)
        taken = (each.step for each in since if each is not None and each.cursors() is played)
        return played.before(meeting.state, (step for step in taken if step != NO_STEP))

    def __iter__(self) -> Iterator[KeptExchange]:
        return iter(tuple(self._exchanges.values()))

    def __len__(self) -> int:
        return len(self._exchanges)

    def get(self, number: int) -> KeptExchange | None:
        """Return the exchange of a number; None where there is none, or no more."""
        return self._exchanges.get(number)
