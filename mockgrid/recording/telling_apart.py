"""The least that tells recorded requests apart, in predicates that will still hold tomorrow."""

from __future__ import annotations

import json
from bisect import bisect_right
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mockgrid.document.document import Document
from mockgrid.recording.predicates import PASSING, TIERS, Others, basis
from mockgrid.scenario.diagnostics import Diagnostics, Node
from mockgrid.scenario.when import read_when

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mockgrid.recording.predicates import When
    from mockgrid.recording.reading import ReadRequest

__all__ = ["Known", "tell_apart"]


_ANY: Final = "any_message"
_TEXTS: Final = ("last_user", "system", _ANY)


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
        self.requests = requests
        self.all = (1 << len(requests)) - 1
        self._known: dict[str, int] = {}
        self._searched: dict[str, _Searched] = {}

    def chosen(self, place: int, others: int) -> tuple[list[When], int]:
        """Return predicates that hold for a request, and those of the others for which they all do."""
        request = self.requests[place]
        usual = list(basis(request))
        left = self._held(usual, others)
        chosen: list[When] = []
        for tier in TIERS:
            while left:
                best, most = dict[str, Any](), 0
                listed = (self.requests[each] for each in _places(left))
                for when in tier(request, Others(listed, partial(self._lack, left))):
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
            holding = 0
            for place in _places(self._possible(when)):
                if all(part.holds(self.requests[place].view, "") for part in read):
                    holding |= 1 << place
            self._known[name] = holding
        return self._known[name]

    def _possible(self, when: When) -> int:
        """Return those for which a predicate may hold: of one for a text, those that have it."""
        ((name, wanted),) = when.items()
        if name not in _TEXTS or not isinstance(wanted, (str, dict)):
            return self.all
        searched = self.texts(name)
        if isinstance(wanted, str):
            return searched.owners.get(wanted, 0)
        pieces = wanted.get("contains")
        return searched.having(pieces if isinstance(pieces, str) else pieces[0]) if pieces else self.all

    def _lack(self, requests: int, name: str, piece: str, text: str) -> bool:
        """Tell whether a piece is in none of the texts of some requests, but where that is this one."""
        searched = self.texts(name)
        return not searched.having(piece) & requests & ~searched.owners.get(text, 0)

    def texts(self, name: str) -> _Searched:
        """Return the texts of a name, to be searched."""
        if name not in self._searched:
            views = (each.view for each in self.requests)
            texts = [view.texts if name == _ANY else (getattr(view, name) or "",) for view in views]
            self._searched[name] = _Searched(texts)
        return self._searched[name]


class _Searched:
    """The texts of many requests, which are searched as one: one by one, it took minutes for some thousands.

    Attributes:
        owners: which requests have a text, as bits.
    """

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        self.owners: dict[str, int] = {}
        for place, several in enumerate(texts):
            for text in several:
                self.owners[text] = self.owners.get(text, 0) | 1 << place
        self._distinct = list(self.owners)
        self._ends = list(accumulate(len(text) + 1 for text in self._distinct))
        self._joined = "\0".join((*self._distinct, ""))

    def having(self, piece: str) -> int:
        """Return the requests one of whose texts has a piece in it, as bits."""
        holding, start = 0, self._joined.find(piece)
        while start >= 0:
            number = bisect_right(self._ends, start)
            text, start = self._distinct[number], self._ends[number]
            # A piece that has the separator in it may go on in the next.
            holding |= self.owners[text] if piece in text else 0
            start = self._joined.find(piece, start)
        return holding


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
        elif name != _ANY and _contained(value) and _contained(when[name]):
            when[name] = {"contains": [*_contained(when[name]), *_contained(value)]}
        else:
            further.append(predicate)
    return {**when, "all": further} if further else when


def _contained(value: Any) -> list[str]:
    """Return the pieces that a predicate for a text asks for; empty for any other."""
    pieces = value["contains"] if isinstance(value, dict) and value.keys() == {"contains"} else []
    return [pieces] if isinstance(pieces, str) else pieces
