"""The least that tells recorded requests apart, in predicates that will still hold tomorrow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from mockgrid.document.document import Document
from mockgrid.recording.predicates import PASSING, TIERS, basis
from mockgrid.scenario.diagnostics import Diagnostics, Node
from mockgrid.scenario.when import read_when

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mockgrid.recording.predicates import When
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
    crowd = _Crowd(requests)
    joined = 0
    for place in range(len(requests)):
        if joined >> place & 1:
            continue
        chosen, left = crowd.chosen(place, crowd.all & ~(1 << place))
        alike, beyond = [place], 0
        # Those that have a step already are answered by that: it stands before.
        for number in _places(left & ~joined):
            if crowd.chosen(number, 1 << place)[1]:
                alike.append(number)
            else:
                beyond += 1
        for number in alike:
            joined |= 1 << number
        yield Known(_together(chosen), sorted(alike), beyond)


class _Crowd:
    """All requests that are to be told apart. Some of them are the bits of a number, by their places.

    A predicate is asked once of each request, however many have the same.
    """

    def __init__(self, requests: Sequence[ReadRequest]) -> None:
        self._requests = requests
        self.all = (1 << len(requests)) - 1
        self._known: dict[str, int] = {}

    def chosen(self, place: int, others: int) -> tuple[list[When], int]:
        """Return predicates that hold for a request, and those of the others for which they all do."""
        request = self._requests[place]
        usual = list(basis(request))
        left = self._held(usual, others)
        chosen: list[When] = []
        for tier in TIERS:
            while left:
                best, most = dict[str, Any](), 0
                for when in tier(request, [self._requests[number] for number in _places(left)]):
                    ruled_out = (left & ~self._holding(when)).bit_count()
                    if ruled_out > most:
                        best, most = when, ruled_out
                    if most == left.bit_count():
                        break
                if not best:
                    break
                chosen.append(best)
                left &= self._holding(best)
        # Later ones make some needless, and one for the same text may do without the usual.
        again = [when for when in usual[-1:] if any(when.keys() == other.keys() for other in chosen)]
        kept = [*usual, *chosen]
        for when in (*chosen[:-1], *again):
            fewer = [other for other in kept if other is not when]
            if self._held(fewer, others) == left:
                kept = fewer
        return kept, left

    def _held(self, predicates: Iterable[When], others: int) -> int:
        """Return those for which all predicates hold."""
        for when in predicates:
            others &= self._holding(when)
        return others

    def _holding(self, when: When) -> int:
        name = json.dumps(when)
        if name not in self._known:
            read = read_when(Node(when, "", Diagnostics(Document(when, name))))
            bits = "".join(
                "01"[all(part.holds(each.view, "") for part in read)] for each in reversed(self._requests)
            )
            self._known[name] = int(bits, 2)
        return self._known[name]


def _places(requests: int) -> Iterator[int]:
    return (place for place, bit in enumerate(reversed(f"{requests:b}")) if bit == "1")


def _together(chosen: list[When]) -> dict[str, Any]:
    """Return predicates as one ``when``."""
    when: dict[str, Any] = {}
    further: list[When] = []
    for predicate in chosen:
        ((name, value),) = predicate.items()
        if name not in when:
            when[name] = value
        elif name != "any_message" and _contained(value) and _contained(when[name]):
            when[name] = {"contains": [*_contained(when[name]), *_contained(value)]}
        else:
            further.append(predicate)
    return {**when, "all": further} if further else when


def _contained(value: Any) -> list[str]:
    """Return the pieces that a predicate for a text asks for; empty for any other."""
    pieces = value["contains"] if isinstance(value, dict) and value.keys() == {"contains"} else []
    return [pieces] if isinstance(pieces, str) else pieces
