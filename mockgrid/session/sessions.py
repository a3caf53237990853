"""All sessions of a server, bounded in number."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

from mockgrid.session.session import Session


class Sessions:
    """Opens a session on its first use; beyond ``most`` the one idle longest goes first.

    Args:
        most: how many sessions are kept.
    """

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._open: OrderedDict[tuple[str, str], Session] = OrderedDict()

    def get(self, key: str, scenario: str = "") -> Session:
        """Return the session of a key (and scenario), opening it where it is new."""
        found = self._open.get((key, scenario))
        if found is None:
            found = Session(key, redacted(key), scenario)
            self._open[key, scenario] = found
            if len(self._open) > self._most:
                self._open.popitem(last=False)
        else:
            self._open.move_to_end((key, scenario))
        return found

    def __len__(self) -> int:
        return len(self._open)


def redacted(key: str) -> str:
    """Return a name for a key that tells nothing of it, yet is the same each time: ``s-1f3a9c0b``."""
    return (
        "s-" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:8] if key else "s-anonymous"
    )
