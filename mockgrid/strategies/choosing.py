"""Hypothesis as the chooser of the schema room's generator, so that made values shrink."""

from __future__ import annotations

from copy import deepcopy
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hypothesis.strategies import SearchStrategy

Item = TypeVar("Item")
Drawing: TypeAlias = "Callable[[DrawnChooser], Item]"
"""Makes something of what a chooser chooses."""

_MOST: Final = 1 << 16
"""How many there are at most of which one is drawn by a strategy that is kept."""
_PLACES: Final = 256


class DrawnChooser:
    """Chooses what Hypothesis draws; what comes first, or is nearest to zero, is the simplest.

    Each draw of an example is from a strategy of its own: where two are from the same, Hypothesis makes
    several examples more in which both are alike, and which say nothing new.

    Args:
        draw: of a composite strategy.
    """

    def __init__(self, draw: Callable[[SearchStrategy[Any]], Any]) -> None:
        self._draw = draw
        self._place = 0

    def integer(self, low: int, high: int) -> int:
        """Return a number from ``low`` to ``high``, both included."""
        return low + self.index(high - low + 1)

    def choice(self, items: Sequence[Item]) -> Item:
        """Return one of the items, of which there is at least one."""
        return items[self.index(len(items))]

    def boolean(self) -> bool:
        """Return either truth value."""
        return bool(self.index(2))

    def index(self, size: int) -> int:
        """Return a number below ``size``."""
        if size < 2:  # noqa: PLR2004 - nothing to choose
            return 0
        if size > _MOST:
            return int(self.value(st.integers(0, size - 1)))
        self._place = (self._place + 1) % _PLACES
        first = self._place * _MOST
        return int(self.value(_numbers(first, size))) - first

    def value(self, strategy: SearchStrategy[Any]) -> Any:
        """Return what a strategy draws."""
        return self._draw(strategy)


@lru_cache(maxsize=4096)
def _numbers(first: int, size: int) -> SearchStrategy[int]:
    return st.sampled_from(range(first, first + size))


def strategy_of(drawing: Drawing[Item]) -> SearchStrategy[Item]:
    """Return the strategy that draws so."""
    return st.composite(lambda draw: drawing(DrawnChooser(draw)))()


def either(drawings: Sequence[Drawing[Item]]) -> Drawing[Item]:
    """Return what draws by one of them, the simplest first.

    What stands there twice, so that it comes more often, is drawn to its end twice, too.
    """
    return lambda chooser: chooser.choice(drawings)(chooser)


def copies(items: Iterable[Item]) -> list[Drawing[Item]]:
    """Return what draws each of them."""
    return [partial(_copy, item) for item in items]


def _copy(item: Item, _chooser: DrawnChooser) -> Item:
    return deepcopy(item)
