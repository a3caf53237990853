"""Which operations a step is for.

Most steps do not say: where a contract has chat completions, they are for these. A step is for others where
its ``when`` speaks of ``operation``, ``method`` or ``path``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockgrid.scenario.predicate import AnyOf, Check, NotAll

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mockgrid.scenario.predicate import Predicate
    from mockgrid.scenario.view import RequestView

__all__ = ["PLACES", "checks", "names", "speaks_of_place"]

PLACES: Final = frozenset(("operation", "method", "path"))
"""The predicates that tell one operation from another."""


def speaks_of_place(when: Iterable[Predicate]) -> bool:
    """Tell whether a conjunction says for which operations it is, wherever in it."""
    return any(check.name in PLACES for check in checks(when))


def checks(when: Iterable[Predicate]) -> Iterator[Check]:
    """Return all checks of a conjunction, those in its combinators included."""
    for predicate in when:
        if isinstance(predicate, Check):
            yield predicate
        elif isinstance(predicate, AnyOf):
            for branch in predicate.branches:
                yield from checks(branch)
        elif isinstance(predicate, NotAll):
            yield from checks(predicate.inner)


def names(when: Iterable[Predicate], view: RequestView) -> bool | None:
    """Tell whether a conjunction is for the operation of a request.

    Args:
        when: the conjunction.
        view: of the request only operation, method and path are looked at.

    Returns:
        True where it says so, False where it is for others alone, None where it does not say.
    """
    told = [one for one in (_told(predicate, view) for predicate in when) if one is not None]
    return all(told) if told else None


def _told(predicate: Predicate, view: RequestView) -> bool | None:
    if isinstance(predicate, Check):
        return predicate.holds(view, "") if predicate.name in PLACES else None
    if isinstance(predicate, AnyOf):
        told = [names(branch, view) for branch in predicate.branches]
        return True if True in told else None if None in told else False
    if isinstance(predicate, NotAll):
        inner = names(predicate.inner, view)
        if inner and not all(isinstance(one, Check) and one.name in PLACES for one in predicate.inner):
            return None  # what else stands there decides
        return None if inner is None else not inner
    return None
