"""Hypothesis as the chooser of the schema room's generator, so that made values shrink."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hypothesis.strategies import SearchStrategy

Item = TypeVar("Item")

_FEW = [st.integers(0, most) for most in range(256)]
_BOOLEANS = st.booleans()


class DrawnChooser:
    """Chooses what Hypothesis draws; what comes first, or is nearest to zero, is the simplest.

    Args:
        draw: of a composite strategy.
    """

    def __init__(self, draw: Callable[[SearchStrategy[Any]], Any]) -> None:
        self._draw = draw

    def integer(self, low: int, high: int) -> int:
        """Return a number from ``low`` to ``high``, both included."""
        return low + self.index(high - low + 1)

    def choice(self, items: Sequence[Item]) -> Item:
        """Return one of the items, of which there is at least one."""
        return items[self.index(len(items))]

    def boolean(self) -> bool:
        """Return either truth value."""
        return bool(self._draw(_BOOLEANS))

    def index(self, size: int) -> int:
        """Return a number below ``size``."""
        if size < 2:  # noqa: PLR2004 - nothing to choose
            return 0
        strategy = _FEW[size - 1] if size <= len(_FEW) else st.integers(0, size - 1)
        return int(self._draw(strategy))
