"""Where a generator's choices come from, and the position in a value that they are for."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Chooser", "SeededChooser", "ValuePosition", "edge_chooser"]

Item = TypeVar("Item")


class Chooser(Protocol):
    """Makes every choice that a generator leaves open; a property-based tester can be one as well."""

    def integer(self, low: int, high: int) -> int:
        """Return a number from ``low`` to ``high``, both included."""

    def choice(self, items: Sequence[Item]) -> Item:
        """Return one of the items, of which there is at least one."""

    def boolean(self) -> bool:
        """Return either truth value."""


class SeededChooser:
    """Chooser that are the same for the same seed, on every platform and Python version.

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


class LeastChooser:
    """Chooses what comes first: the least that there is."""

    def integer(self, low: int, high: int) -> int:  # noqa: ARG002 - it is never more
        """Return the lowest number."""
        return low

    def choice(self, items: Sequence[Item]) -> Item:
        """Return the first of the items."""
        return items[0]

    def boolean(self) -> bool:
        """Return no."""
        return False


def edge_chooser(number: int, seed: str) -> Chooser:
    """Return what chooses among the edges of a schema: the least of all for 0, else as the number draws."""
    return SeededChooser(f"edges:{number}:{seed}") if number else LeastChooser()


@dataclass(eq=False, repr=False)
class ValuePosition:
    """Where a value will stand, and how to go about it.

    Attributes:
        chooser: makes the choices that are left open.
        name: of the nearest member above, to name strings after.
        depth: how many values it is nested in.
        lean: make the smallest value that will do.
        turn: which of several distinct values is wanted; nothing when any will do.
        base: where counting turns starts.
        span: how many distinct values are wanted in all.
        text: a text that may stand here.
        further: whether it is an item of an array behind the first.
        closing: whether what comes back to itself is to end here.
    """

    chooser: Chooser
    name: str = ""
    depth: int = 0
    lean: bool = False
    turn: int | None = None
    base: int = 0
    span: int = 1
    text: str = ""
    further: bool = False
    closing: bool = False

    def draw(self, size: int) -> int:
        """An index below ``size``: chosen, or the turn's own."""
        if self.turn is None:
            return self.chooser.integer(0, size - 1)
        return (self.base + self.turn) % size

    def below(self, name: str, *, lean: bool = False) -> ValuePosition:
        """The position of a member."""
        lean = self.lean or lean
        turn, base, span = self.turn, self.base, self.span
        return ValuePosition(
            self.chooser, name, self.depth + 1, lean, turn, base, span, self.text, closing=self.closing
        )

    def item(self, turn: int | None, base: int, span: int, *, further: bool = False) -> ValuePosition:
        """The position of an item, which may have to differ from its neighbours."""
        depth = self.depth + 1
        return ValuePosition(
            self.chooser, self.name, depth, self.lean, turn, base, span, self.text, further, self.closing
        )
