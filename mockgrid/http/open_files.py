"""Room for connections: each is an open file, of which a process may have so many."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

RESERVED: Final = 64
"""Files that a server needs besides its connections: its own, and room to tell those that do not fit."""

_OPEN: Final = ("/proc/self/fd", "/dev/fd")


def connections_that_fit(most: int) -> int:
    """Let this process open as many files as its connections need, as far as the system allows that.

    Args:
        most: connections that are wanted.

    Returns:
        How many there may be, so that one more can be refused in words.
    """
    try:
        import resource  # noqa: PLC0415 (not on Windows, where nothing bounds them)
    except ImportError:
        return most
    allowed, highest = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most + RESERVED
    if allowed == resource.RLIM_INFINITY or allowed >= wanted:
        return most
    if highest == resource.RLIM_INFINITY or highest > allowed:
        raised = wanted if highest == resource.RLIM_INFINITY else min(wanted, highest)
        with contextlib.suppress(OSError, ValueError):  # macOS has a bound of its own
            resource.setrlimit(resource.RLIMIT_NOFILE, (raised, highest))
            allowed = raised
    reserved = min(RESERVED, (allowed + _open_files()) // 2)
    return min(most, max(allowed - reserved, 1))


def _open_files() -> int:
    """Return how many files this process has open; 0 where that cannot be told."""
    for folder in _OPEN:
        with contextlib.suppress(OSError):
            return len(list(Path(folder).iterdir()))
    return 0
