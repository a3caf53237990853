"""Where a generator's choices come from."""

from __future__ import annotations

import hashlib
import random
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Choices", "SeededChoices"]

Item = TypeVar("Item")


class Choices(Protocol):
    """Makes every choice that a generator leaves open; a property-based tester can be one as well."""

    def integer(self, low: int, high: int) -> int:
        """Return a number from ``low`` to ``high``, both included."""

    def choice(self, items: Sequence[Item]) -> Item:
        """Return one of the items, of which there is at least one."""

    def boolean(self) -> bool:
        """Return either truth value."""


class SeededChoices:
    """Choices that are the same for the same seed, on every platform and Python version.

    Args:
        seed: any text.
    """

    def __init__(self, seed: str) -> None:
        digest = hashlib.sha256(seed.encode("utf-8", "surrogatepass")).digest()
        # Only randrange is used, which is stable between Python versions.
        self._random = random.Random(int.from_bytes(digest, "big"))  # noqa: S311 (repeatable, not secret)

    def integer(self, low: int, high: int) -> int:
        """Return a number from ``low`` to ``high``, both included."""
        return low + self._random.randrange(high - low + 1)

    def choice(self, items: Sequence[Item]) -> Item:
        """Return one of the items, of which there is at least one."""
        return items[self._random.randrange(len(items))]

    def boolean(self) -> bool:
        """Return either truth value."""
        return self._random.randrange(2) == 0
