"""Texts that clients are not ready for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st

from mockgrid.scenario.template import literal
from mockgrid.schema.generate.edges import TEXTS
from mockgrid.strategies.choosing import copies, either

if TYPE_CHECKING:
    from mockgrid.strategies.choosing import DrawnChooser


class LongText(str):
    """A text that is shown as what it is made of."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{_WORDS!r} * {len(self) // len(_WORDS)}"


_WORDS: Final = "All work and no play. "
LONG: Final = LongText(_WORDS * 4655)
"""About 100 kB."""


_any: Final = st.text(max_size=20)


def any_text(chooser: DrawnChooser) -> str:
    """Draw a text that is in no list."""
    return str(literal(chooser.value(_any)))


text: Final = either([*copies(map(str, map(literal, TEXTS))), *[any_text] * len(TEXTS)])
"""Draws any text but a long one, the simplest first."""
