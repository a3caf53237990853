"""An isolated world: what one client has done, and what has been done to it."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockgrid.session.play import Play

# So many different requests are remembered for counting attempts; the one not seen longest goes first.
_REMEMBERED = 4096


class Session:
    """What the server remembers of one API key, or of one named session.

    Args:
        name: how it appears in logs; tells nothing of the key.
        play: the scenario that plays; None for default replies alone.
        grown: called when one more request is remembered.
    """

    __slots__ = ("_attempts", "_grown", "name", "play")

    def __init__(self, name: str, play: Play | None = None, grown: Callable[[], None] = lambda: None) -> None:
        self.name = name
        self.play = play
        self._grown = grown
        self._attempts: OrderedDict[bytes, int] = OrderedDict()

    @property
    def remembered(self) -> int:
        """How many different requests are remembered."""
        return len(self._attempts)

    def attempt(self, request: bytes) -> int:
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
