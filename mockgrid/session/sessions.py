"""All sessions of a server, bounded in number and in what they remember."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import TYPE_CHECKING

from mockgrid.session.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockgrid.session.play import Play

# Requests that all sessions together remember; beyond them, the session idle longest goes.
_REMEMBERED = 200_000


class Sessions:
    """Opens a session on its first use; beyond ``most`` the one idle longest goes first.

    Args:
        most: how many sessions are kept.
        start: starts the scenario of a name, the empty one being the server's default.
        closed: told the name of each session that had to go.
    """

    def __init__(
        self,
        most: int = 10_000,
        start: Callable[[str], Play | None] = lambda _: None,
        closed: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._most = most
        self._start = start
        self._closed = closed
        self._open: OrderedDict[tuple[str, str], Session] = OrderedDict()
        self._remembered = 0

    def get(self, name: str, scenario: str = "") -> Session:
        """Return the session of a name (and scenario), opening it where it is new.

        Args:
            name: as ``session_name`` makes it of a key.
            scenario: the scenario that is asked for; empty for the server's default.
        """
        found = self._open.get((name, scenario))
        if found is None:
            found = Session(name, self._start(scenario), self._grown)
            self._open[name, scenario] = found
            if len(self._open) > self._most:
                self._close_oldest()
        else:
            self._open.move_to_end((name, scenario))
        return found

    def __len__(self) -> int:
        return len(self._open)

    def _grown(self) -> None:
        """Make room: a session, which has been used just now, remembers one request more."""
        self._remembered += 1
        if self._remembered > _REMEMBERED and len(self._open) > 1:
            self._close_oldest()

    def _close_oldest(self) -> None:
        _, oldest = self._open.popitem(last=False)
        self._remembered -= oldest.remembered
        self._closed(oldest.name)


def session_name(key: str) -> str:
    """Return a name for a key that tells nothing of it, yet is the same each time: ``s-1f3a9c0b7d52``.

    Keys are secrets: neither the log nor memory keeps them.
    """
    return (
        "s-" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:12] if key else "s-anonymous"
    )
