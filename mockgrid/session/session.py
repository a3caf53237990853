"""An isolated world: what one client has done, and what has been done to it."""

from __future__ import annotations

from collections import OrderedDict
from time import monotonic
from typing import TYPE_CHECKING

from mockgrid.session.clock import RealClock
from mockgrid.session.journal import Journal, Room

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockgrid.scenario.scenario import Scenario
    from mockgrid.scenario.step import Step
    from mockgrid.session.clock import Clock
    from mockgrid.session.play import Play

# So many different requests are remembered for counting attempts; the one not seen longest goes first.
_REMEMBERED = 4096


class Session:
    """What the server remembers of one API key, or of one named session.

    Args:
        name: how it appears in logs; tells nothing of the key.
        clock: what its limits and its balance run on.
        play: the scenario that plays; None for default replies alone.
        room: what its journal shares with those of other sessions.
        grown: called when one more request is remembered.

    Attributes:
        opened: seconds of the monotonic clock; the times of its exchanges are counted from here.
        used: when it was asked for last.
        left_unused: steps of strict scenarios that another took the place of before they gave a reply.
    """

    __slots__ = ("_attempts", "_grown", "clock", "journal", "left_unused", "name", "opened", "play", "used")

    def __init__(
        self,
        name: str,
        play: Play | None = None,
        *,
        clock: Clock | None = None,
        room: Room | None = None,
        grown: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = name
        self.play = play
        self.clock = RealClock() if clock is None else clock
        self.journal = Journal(name, Room() if room is None else room)
        self.opened = self.used = monotonic()
        self.left_unused: list[tuple[Scenario, Step]] = []
        self._grown = grown
        self._attempts: OrderedDict[str, int] = OrderedDict()

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

    def change(self, play: Play) -> None:
        """Play something else from now on; what was done until now stays in the journal."""
        before = self.play
        if before is not None and before.scenario.strict:
            scenario = before.scenario
            self.left_unused += [(scenario, step) for step in before.cursors.unused(scenario)]
        self.play = play

    def forget(self) -> int:
        """Forget requests and exchanges, and return how many requests were remembered."""
        self.left_unused = []
        remembered = len(self._attempts)
        self._attempts.clear()
        self.journal.clear()
        self.opened = monotonic()
        return remembered
