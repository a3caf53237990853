"""How many connections each worker has."""

from __future__ import annotations

import mmap


class Census:
    """Numbers in memory that the processes share; each writes its own, and all read all.

    Made before the processes part.

    Args:
        workers: how many there are.
    """

    def __init__(self, workers: int) -> None:
        self._counts = memoryview(mmap.mmap(-1, 8 * workers)).cast("Q")

    def tell(self, worker: int, count: int) -> None:
        """Say how many connections a worker has."""
        self._counts[worker] = count

    def total(self) -> int:
        """Return how many they are together."""
        return sum(self._counts)
