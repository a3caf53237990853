"""A place in the value being made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random


@dataclass(slots=True)
class Spot:
    """Where a value will stand, and how to go about it.

    Attributes:
        rng: the run's random numbers; only ``randrange`` is used, which is stable between Python versions.
        name: of the nearest member above, to name strings after.
        depth: how many values it is nested in.
        lean: make the smallest value that will do.
        turn: which of several distinct values is wanted; nothing when any will do.
        base: where counting turns starts.
        span: how many distinct values are wanted in all.
        text: a text that may stand here.
    """

    rng: random.Random
    name: str = ""
    depth: int = 0
    lean: bool = False
    turn: int | None = None
    base: int = 0
    span: int = 1
    text: str = ""

    def draw(self, size: int) -> int:
        """An index below ``size``: random, or the turn's own."""
        if self.turn is None:
            return self.rng.randrange(size)
        return (self.base + self.turn) % size

    def below(self, name: str, *, lean: bool = False) -> Spot:
        """The spot of a member."""
        return Spot(
            self.rng, name, self.depth + 1, self.lean or lean, self.turn, self.base, self.span, self.text
        )

    def item(self, turn: int | None, base: int, span: int) -> Spot:
        """The spot of an item, which may have to differ from its neighbours."""
        return Spot(self.rng, self.name, self.depth + 1, self.lean, turn, base, span, self.text)
