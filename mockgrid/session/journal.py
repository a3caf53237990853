"""The exchanges of a session, and the room that all sessions of a server share for theirs."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockgrid.session.exchange import Exchange

MIB = 1024 * 1024

# Bytes of a piece's object, besides those that it holds.
_PIECE = 120


class Room:
    """The bytes and exchanges that the journals of one server may hold together.

    When there is no room, the oldest exchange goes; those that show a violation stay longest.

    Args:
        most_bytes: of all exchanges together.
        most: exchanges of all sessions together.

    Attributes:
        size: bytes that are in use.
        dropped: exchanges that had to go, of all sessions that ever were.
        dropped_violations: how many of them showed a violation.
    """

    def __init__(self, most_bytes: int = 16 * MIB, most: int = 100_000) -> None:
        self._most_bytes = most_bytes
        self._most = most
        # In the order in which they came; the journal of each, so that it can be taken out there.
        self._plain: OrderedDict[Exchange, Journal] = OrderedDict()
        self._broken: OrderedDict[Exchange, Journal] = OrderedDict()
        self._watchers: list[Callable[[Journal, Exchange], None]] = []
        self.size = 0
        self.dropped = 0
        self.dropped_violations = 0

    def __len__(self) -> int:
        return len(self._plain) + len(self._broken)

    def watch(self, watcher: Callable[[Journal, Exchange], None]) -> Callable[[], None]:
        """Have a function called when an exchange comes in and when it has ended; returns what ends that."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def tell(self, journal: Journal, exchange: Exchange) -> None:
        """Call those who watch."""
        for watcher in tuple(self._watchers):
            watcher(journal, exchange)

    def add(self, exchange: Exchange, journal: Journal) -> None:
        """Take an exchange in."""
        if exchange.violations:
            self._broken[exchange] = journal
        else:
            self._plain[exchange] = journal
        self.size += exchange.size
        if self.size > self._most_bytes or len(self._plain) + len(self._broken) > self._most:
            self._make_room()
        if self._watchers:
            self.tell(journal, exchange)

    def grow(self, exchange: Exchange, size: int) -> None:
        """Count more bytes for an exchange, if it is still held."""
        if exchange in self._plain or exchange in self._broken:
            exchange.size += size
            self.size += size
            if self.size > self._most_bytes:
                self._make_room()

    def forget(self, exchange: Exchange) -> None:
        """Give back the room of an exchange that its session no longer wants."""
        for held in (self._plain, self._broken):
            if held.pop(exchange, None) is not None:
                self.size -= exchange.size

    def _make_room(self) -> None:
        # The newest stays, however large: a test that has its answer finds its exchange.
        while (self.size > self._most_bytes or len(self) > self._most) and len(self) > 1:
            # Of those without violations the newest may be the one that is being added.
            if len(self._plain) > 1 or not self._broken:
                exchange, journal = self._plain.popitem(last=False)
            else:
                exchange, journal = self._broken.popitem(last=False)
                self.dropped_violations += 1
            self.size -= exchange.size
            self.dropped += 1
            journal.drop(exchange)


class Journal:
    """The exchanges of one session, in order.

    Args:
        session: its name.
        room: shared by all journals of a server.

    Attributes:
        count: how many there have been.
        dropped: how many of them had to go.
        dropped_violations: how many of those showed a violation.
    """

    __slots__ = ("_exchanges", "_room", "count", "dropped", "dropped_violations", "session")

    def __init__(self, session: str, room: Room) -> None:
        self.session = session
        self._room = room
        self._exchanges: dict[int, Exchange] = {}
        self.count = 0
        self.dropped = 0
        self.dropped_violations = 0

    def add(self, exchange: Exchange) -> None:
        """Keep an exchange whose number is ``count + 1``."""
        self.count += 1
        self._exchanges[exchange.number] = exchange
        self._room.add(exchange, self)

    def settle(self, exchange: Exchange) -> None:
        """Count the pieces of a reply that has ended."""
        if exchange.chunks:
            kept = sum(len(piece) + _PIECE for _, piece in exchange.chunks)
            self._room.grow(exchange, kept)
        self._room.tell(self, exchange)

    def drop(self, exchange: Exchange) -> None:
        """Take an exchange out, and count it as dropped."""
        if self._exchanges.pop(exchange.number, None) is not None:
            self.dropped += 1
            self.dropped_violations += bool(exchange.violations)

    def clear(self) -> None:
        """Begin anew."""
        for exchange in self._exchanges.values():
            self._room.forget(exchange)
        self._exchanges = {}
        self.count = self.dropped = self.dropped_violations = 0

    def __iter__(self) -> Iterator[Exchange]:
        return iter(tuple(self._exchanges.values()))

    def __len__(self) -> int:
        return len(self._exchanges)

    def get(self, number: int) -> Exchange | None:
        """Return the exchange of a number; None where there is none, or no more."""
        return self._exchanges.get(number)
