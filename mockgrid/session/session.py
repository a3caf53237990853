"""Sessions: isolated worlds, each with what one client has done, bounded in number, in age and in memory."""

from __future__ import annotations

import hashlib
from collections import OrderedDict, deque
from time import monotonic
from typing import TYPE_CHECKING

from mockgrid.session.clock import Clock
from mockgrid.session.journal import Journal, JournalBudget
from mockgrid.session.redaction import basic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockgrid.session.exchange import KeptExchange, Meeting
    from mockgrid.session.play import Play
    from mockgrid.session.records import UnusedStep

# So many different requests are remembered for counting attempts; the one not seen longest goes first.
_REMEMBERED = 4096
# Requests that all sessions together remember; beyond them, the session idle longest goes.
_REMEMBERED_BY_ALL = 200_000
HOUR = 3600.0
# What has been played is kept, so that it can be told why a step of it answered.
_EARLIER = 8
ANONYMOUS = "s-anonymous"
"""The session of those who bring no key."""


class Session:
    """What the server remembers of one API key, or of one named session.

    Args:
        name: how it appears in logs; tells nothing of the key.
        clock: what its limits and its balance run on.
        play: the scenario that plays; None for default replies alone.
        budget: what its journal shares with those of other sessions.
        grown: called when one more request is remembered.

    Attributes:
        opened: seconds of the monotonic clock; the times of its exchanges are counted from here.
        used: when it was asked for last.
        label: what people know it by, such as the name of a test; empty for none.
        key: what may be shown of the key that opened it; empty where it was something else.
        left_unused: what was left of strict scenarios when another took their place.
        earlier: the last of what was played before.
    """

    __slots__ = (
        "_attempts",
        "_grown",
        "clock",
        "earlier",
        "journal",
        "key",
        "label",
        "left_unused",
        "name",
        "opened",
        "play",
        "used",
    )

    def __init__(
        self,
        name: str,
        play: Play | None = None,
        *,
        clock: Clock | None = None,
        budget: JournalBudget | None = None,
        grown: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = name
        self.label = self.key = ""
        self.play = play
        self.clock = Clock() if clock is None else clock
        self.journal = Journal(name, JournalBudget() if budget is None else budget)
        self.opened = self.used = monotonic()
        self.left_unused: list[UnusedStep] = []
        self.earlier: tuple[Play, ...] = ()
        self._grown = grown
        self._attempts: OrderedDict[str, int] = OrderedDict()

    @property
    def title(self) -> str:
        """What people know it by: its label, else its key as it may be shown, apart from others."""
        return self.label or (f"{self.key} {self.name[2:8]}{self.name[14:]}" if self.key else "")

    @property
    def remembered(self) -> int:
        """How many different requests are remembered."""
        return len(self._attempts)

    def attempt(self, request: str) -> int:
        """Count one more attempt of a request, known by its digest, and return how many that makes."""
        attempts = self._attempts
        count = attempts.get(request, 0) + 1
        attempts[request] = count
        if count > 1:
            attempts.move_to_end(request)
        elif len(attempts) > _REMEMBERED:
            attempts.popitem(last=False)
        else:
            self._grown()
        return count

    @property
    def meeting(self) -> Meeting | None:
        """How the request at hand met the steps of what plays; to be set aside while others are answered."""
        return self.play.met if self.play is not None else None

    @meeting.setter
    def meeting(self, met: Meeting | None) -> None:
        if self.play is not None:
            self.play.met = met

    def keep(self, exchange: KeptExchange) -> None:
        """Add an exchange to the journal, with how it met the steps of what plays."""
        play = self.play
        if play is not None:
            exchange.met, play.met = play.met, None
        self.journal.add(exchange)

    def change(self, play: Play) -> None:
        """Play something else from now on; what was done until now stays in the journal."""
        if self.play is not None:
            self.left_unused += self.play.unused()
            self.earlier = (*self.earlier, self.play)[-_EARLIER:]
        self.play = play

    def forget(self) -> int:
        """Forget requests and exchanges, and return how many requests were remembered."""
        self.left_unused = []
        self.earlier = ()
        remembered = len(self._attempts)
        self._attempts.clear()
        self.journal.clear()
        self.opened = monotonic()
        return remembered


class Sessions:
    """Opens a session on its first use; beyond ``most`` the one idle longest goes first.

    Args:
        most: how many sessions are kept.
        idle: seconds after which one that nobody uses goes, once another is opened.
        start: starts the scenario of a name on a session's clock, the empty name being the server's default.
        closed: told of each session that had to go.
        ending: told of each session that is about to be forgotten, whoever wanted it.
        budget: what all journals share.
        virtual: whether the sessions' clocks stand still until they are moved.

    Attributes:
        leaving: called with each session that is about to forget its exchanges; may open none.
    """

    def __init__(  # noqa: PLR0913 - each is one bound or one hook, by name
        self,
        most: int = 10_000,
        *,
        idle: float = HOUR,
        start: Callable[[str, Clock], Play | None] = lambda _name, _clock: None,
        closed: Callable[[Session], None] = lambda _: None,
        ending: Callable[[Session], None] = lambda _: None,
        budget: JournalBudget | None = None,
        virtual: bool = False,
    ) -> None:
        self._most = most
        self._idle = idle
        self._start = start
        self._closed = closed
        self.leaving = [ending]
        self._virtual = virtual
        self._open: OrderedDict[str, Session] = OrderedDict()
        # That are to be open as soon as anybody looks: name, scenario, label, and since when.
        self._announced: deque[tuple[str, str, str, float]] = deque()
        self._remembered = 0
        self.budget = JournalBudget() if budget is None else budget

    def announce(self, name: str, scenario: str, label: str) -> None:
        """Have a session open, and labelled, before anybody next looks; may be called from any thread.

        So who opens one for each of many tests neither waits for the server nor wakes it.
        """
        self._announced.append((name, scenario, label, monotonic()))

    def get(self, name: str, scenario: str = "", key: str = "") -> Session:
        """Return the session of a name, opening it where it is new.

        Args:
            name: as ``session_name`` makes it of a key.
            scenario: what plays in a new one; empty for the server's default.
            key: what may be shown of its key.
        """
        if self._announced:
            self._open_announced()
        session = self._open.get(name)
        if session is None:
            session = self._opened(name, scenario)
            session.key = key
            return session
        self._open.move_to_end(name)
        session.used = monotonic()
        return session

    def find(self, name: str) -> Session | None:
        """Return the open session of a name, without using it; None where there is none."""
        if self._announced:
            self._open_announced()
        return self._open.get(name)

    def count(self, name: str) -> int | None:
        """Return how many exchanges a session has had, None where there is none; from any thread."""
        session = self._open.get(name)
        return None if session is None else session.journal.count

    def of(self, exchange: KeptExchange) -> Session | None:
        """Return the session that holds an exchange, None where it is no longer held; opens none."""
        return None if exchange.journal is None else self._open.get(exchange.journal.session)

    def restart(self, session: Session, start: Callable[[Clock], Play | None] | None = None) -> None:
        """Begin a session anew.

        Args:
            session: which.
            start: starts what is to play on the session's new clock; None for the scenario that it has.
        """
        self._forget(session)
        session.clock = Clock(virtual=self._virtual)
        if start is not None:
            session.play = start(session.clock)
        elif session.play is not None:
            session.play = session.play.anew(session.clock)

    def close(self, session: Session) -> None:
        """Close a session; its name may be opened anew."""
        if session.name in self._open:
            self._forget(session)
            del self._open[session.name]

    def _forget(self, session: Session) -> None:
        for watcher in tuple(self.leaving):
            watcher(session)
        self._remembered -= session.forget()

    def __len__(self) -> int:
        self._open_announced()
        return len(self._open)

    @property
    def remembered(self) -> dict[str, int]:
        """How many different requests the sessions have counted attempts of."""
        return {"attempts": self._remembered}

    def __iter__(self) -> Iterator[Session]:
        """Those that are open, the one idle longest first."""
        self._open_announced()
        return iter(tuple(self._open.values()))

    def _open_announced(self) -> None:
        while self._announced:
            name, scenario, label, since = self._announced.popleft()
            session = self._open.get(name)
            if session is None:
                session = self._opened(name, scenario)
                session.opened = since
            session.label = label

    def _opened(self, name: str, scenario: str) -> Session:
        clock = Clock(virtual=self._virtual)
        opened = Session(
            name, self._start(scenario, clock), clock=clock, budget=self.budget, grown=self._grown
        )
        self._open[name] = opened
        if len(self._open) > self._most:
            self._close_oldest()
        oldest = next(iter(self._open.values()))
        while opened.used - oldest.used > self._idle:
            self._close_oldest()
            oldest = next(iter(self._open.values()))
        return opened

    def _grown(self) -> None:
        """Make room: a session, which has been used just now, remembers one request more."""
        self._remembered += 1
        if self._remembered > _REMEMBERED_BY_ALL and len(self._open) > 1:
            self._close_oldest()

    def _close_oldest(self) -> None:
        oldest = next(iter(self._open.values()))
        self._closed(oldest)
        self.close(oldest)


def named_session(name: str) -> str:
    """Return how a session that a header names is called: ``s-`` and a digest, as for keys."""
    return session_name(f"session:{name}")


def session_name(key: str) -> str:
    """Return a name for a key that tells nothing of it, yet is the same each time: ``s-1f3a9c0b7d52``.

    Keys are secrets: neither the log nor memory keeps them. That of Basic credentials is ``user:password``,
    also as they are sent.
    """
    key = next(basic(key), key)
    return "s-" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:12] if key else ANONYMOUS
