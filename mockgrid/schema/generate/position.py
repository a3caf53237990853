"""A position in the value being made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mockgrid.schema.generate.choices import Choices


@dataclass(slots=True)
class Position:
    """Where a value will stand, and how to go about it.

    Attributes:
        choices: makes the choices that are left open.
        name: of the nearest member above, to name strings after.
        depth: how many values it is nested in.
        lean: make the smallest value that will do.
        turn: which of several distinct values is wanted; nothing when any will do.
        base: where counting turns starts.
        span: how many distinct values are wanted in all.
        text: a text that may stand here.
    """

    choices: Choices
    name: str = ""
    depth: int = 0
    lean: bool = False
    turn: int | None = None
    base: int = 0
    span: int = 1
    text: str = ""

    def draw(self, size: int) -> int:
        """An index below ``size``: chosen, or the turn's own."""
        if self.turn is None:
            return self.choices.integer(0, size - 1)
        return (self.base + self.turn) % size

    def below(self, name: str, *, lean: bool = False) -> Position:
        """The position of a member."""
        return replace(self, name=name, depth=self.depth + 1, lean=self.lean or lean)

    def item(self, turn: int | None, base: int, span: int) -> Position:
        """The position of an item, which may have to differ from its neighbours."""
        return replace(self, depth=self.depth + 1, turn=turn, base=base, span=span)
