"""Room for connections: each is an open file, of which a process may have so many."""

from __future__ import annotations

import contextlib
from typing import Final

RESERVED: Final = 64
"""Files that a server needs besides its connections."""


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
    return min(most, max(allowed - RESERVED, 1))
