"""An isolated world: what one client has done, and what has been done to it."""

from __future__ import annotations

from collections import OrderedDict

# So many different requests are remembered for counting attempts; the one not seen longest goes first.
_REMEMBERED = 4096


class Session:
    """What the server remembers of one API key, or of one named session.

    Attributes:
        key: what it was opened by; a secret, never shown.
        name: how it appears in logs; tells nothing of the key.
        scenario: the name of the scenario that plays; empty for the server's default.
    """

    __slots__ = ("_attempts", "key", "name", "scenario")

    def __init__(self, key: str, name: str, scenario: str = "") -> None:
        self.key = key
        self.name = name
        self.scenario = scenario
        self._attempts: OrderedDict[bytes, int] = OrderedDict()

    def attempt(self, request: bytes) -> int:
        """Count one more attempt of a request, known by its digest, and return how many that makes."""
        attempts = self._attempts
        count = attempts.get(request, 0) + 1
        attempts[request] = count
        if count > 1:
            attempts.move_to_end(request)
        elif len(attempts) > _REMEMBERED:
            attempts.popitem(last=False)
        return count
