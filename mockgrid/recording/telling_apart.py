"""The least that tells recorded requests apart, in predicates that will still hold tomorrow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from mockgrid.recording.predicates import PASSING, TIERS, TellingPredicate, basis

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockgrid.recording.reading import ReadRequest

__all__ = ["Known", "tell_apart"]


class Known(NamedTuple):
    """What requests are known by.

    Attributes:
        when: predicates that hold for them.
        places: of these requests; they are one, but where nothing tells some of them from each other.
        beyond: how many others the predicates hold for, which are known by something else: where one has had
            nothing left that lasts. These have to be asked for first.
    """

    when: dict[str, Any]
    places: list[int]
    beyond: int

    @property
    def passes(self) -> bool:
        """Whether it holds to a date, a time or a drawn id: nothing else tells these requests from others."""
        return PASSING.search(json.dumps(self.when)) is not None


def tell_apart(requests: Sequence[ReadRequest]) -> Iterator[Known]:
    """Yield what requests to one operation are known by.

    Args:
        requests: no two are the same.
    """
    numbers = {id(request): place for place, request in enumerate(requests)}
    joined: set[int] = set()
    for place, request in enumerate(requests):
        if place in joined:
            continue
        chosen, left = _chosen(request, [other for other in requests if other is not request])
        alike, beyond = [place], 0
        for other in left:
            number = numbers[id(other)]
            # Those that have a step already are answered by that: it stands before.
            if number in joined:
                continue
            if _chosen(other, [request])[1]:
                alike.append(number)
            else:
                beyond += 1
        joined.update(alike)
        yield Known(_together(chosen), sorted(alike), beyond)


def _chosen(
    request: ReadRequest, others: Sequence[ReadRequest]
) -> tuple[list[TellingPredicate], list[ReadRequest]]:
    """Return predicates that hold for a request, and those of the others for which they all do."""
    usual = list(basis(request))
    near = [other for other in others if all(predicate.holds(other.view) for predicate in usual)]
    left, chosen = near, list[TellingPredicate]()
    for tier in TIERS:
        while left:
            best, most = None, 0
            tried: list[dict[str, Any]] = []
            for predicate in tier(request, left):
                if predicate.when in tried:
                    continue
                tried.append(predicate.when)
                ruled_out = sum(not predicate.holds(other.view) for other in left)
                if ruled_out > most:
                    best, most = predicate, ruled_out
                if most == len(left):
                    break
            if best is None:
                break
            chosen.append(best)
            left = [other for other in left if best.holds(other.view)]
    chosen = _needed(chosen, near, len(left))
    if any(predicate.when.keys() == usual[-1].when.keys() for predicate in chosen if usual):
        # One for the same text that rules out more: it may do without the first.
        fewer, inside = [*usual[:-1], *chosen], set(map(id, near))
        outside = (other for other in others if id(other) not in inside)
        if not any(all(each.holds(other.view) for each in fewer) for other in outside):
            return fewer, left
    return [*usual, *chosen], left


def _needed(chosen: list[TellingPredicate], near: Sequence[ReadRequest], left: int) -> list[TellingPredicate]:
    """Return predicates without those that later ones have made needless: as many requests are left."""
    for predicate in chosen[:-1]:
        fewer = [other for other in chosen if other is not predicate]
        if sum(all(each.holds(other.view) for each in fewer) for other in near) == left:
            chosen = fewer
    return chosen


def _together(chosen: list[TellingPredicate]) -> dict[str, Any]:
    """Return predicates as one ``when``."""
    when: dict[str, Any] = {}
    further: list[dict[str, Any]] = []
    for predicate in chosen:
        ((name, value),) = predicate.when.items()
        if name not in when:
            when[name] = value
        elif name != "any_message" and _contained(value) and _contained(when[name]):
            when[name] = {"contains": [*_contained(when[name]), *_contained(value)]}
        else:
            further.append(predicate.when)
    return {**when, "all": further} if further else when


def _contained(value: Any) -> list[str]:
    """Return the pieces that a predicate for a text asks for; empty for any other."""
    pieces = value["contains"] if isinstance(value, dict) and value.keys() == {"contains"} else []
    return [pieces] if isinstance(pieces, str) else pieces
