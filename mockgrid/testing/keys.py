"""API keys: each names a session that no other test uses."""

from __future__ import annotations

import hashlib
from collections import Counter


class Keys:
    """Gives keys that are the same each time, and never the same twice.

    Args:
        run: tells runs apart that share a server, and so do the workers of one run; empty where the server is
            theirs alone, so that a test has the same key each time. No reply depends on the key.
    """

    def __init__(self, run: str = "") -> None:
        self._run = run
        self._given: Counter[str] = Counter()

    def key(self, name: str) -> str:
        """Return the next key for a name, such as a test's: ``mg-1f3a9c0b7d52-1``."""
        self._given[name] += 1
        digest = hashlib.sha256(f"{self._run}\0{name}".encode("utf-8", "surrogatepass")).hexdigest()
        return f"mg-{digest[:12]}-{self._given[name]}"
