"""What a provider answers beside what it answered when that was recorded, where the contract allows both."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Final

from mockgrid.document.pointer import dotted, split
from mockgrid.drift.reading import STREAM
from mockgrid.drift.side import anywhere
from mockgrid.reply.behaviours import habits_of
from mockgrid.schema.branches import with_article
from mockgrid.schema.outline import ANY, Spot
from mockgrid.schema.values import as_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mockgrid.drift.question import Drift, Question
    from mockgrid.drift.side import Side

__all__ = ["RecordingComparison"]

_ERROR: Final = 400
_MOST: Final = 20
# Fields whose values programs tell cases apart by, where no contract lists them; in errors, codes as well.
_TELLING: Final = re.compile(r"object|role|type|kind|\w+_reason")
_TELLING_ERROR: Final = re.compile(rf"{_TELLING.pattern}|code")
_WORD: Final = re.compile(r"[A-Za-z][\w.:/-]*")
_MOST_LISTED: Final = 8
_ANEW: Final = "Record it anew with `mockgrid record`, and see what clients make of it."


class RecordingComparison:
    """Compares them.

    Args:
        question: the request that was recorded.
        fake: the reply that was.
        side: what the provider answers now, with the same status.
    """

    def __init__(self, question: Question, fake: Side, side: Side) -> None:
        self._question = question
        self._fake = fake
        self._side = side
        habits = habits_of(question.operation.behaviour)
        lapses = side.lapses(habits, question.body)
        # What of these the contract, or the request, forbids is a finding by itself.
        self._broken = {where for _, where in side.violations} | {anywhere(where) for _, where in lapses}
        values = fake.content.values, side.content.values
        self._said = habits.said(*values) if habits is not None else ()
        self._steady = habits.steady if habits is not None else ()
        self._chunked = habits is not None and fake.content.media == STREAM
        self._telling = _TELLING_ERROR if side.reply.status >= _ERROR else _TELLING

    def drifts(self) -> Iterator[Drift]:
        """Yield where what was recorded is no more, and what neither the recording nor the contract has."""
        drifts: dict[tuple[str, str], Drift] = {}
        for kind, places in self._side.shapes.items():
            usual = self._fake.shapes.get(kind)
            for drift in self._new_kind(kind, places) if usual is None else self._compared(usual, places):
                drifts.setdefault((drift.code, drift.pointer), drift)
        yield from self._varied() if self._chunked else ()
        yield from islice(drifts.values(), _MOST)

    def _compared(self, usual: Mapping[str, Spot], places: Mapping[str, Spot]) -> Iterator[Drift]:
        for where, place in usual.items():
            other = places.get(where)
            # What was null because nothing was said may not be gone for that.
            emptied = other is None and not place.kinds and where in self._said
            if where in self._broken or (self._is_said(where) and not emptied):
                continue
            if other is None or self._is_rarer(where, usual, places):
                yield from self._gone(where, usual, places)
            if other is not None:
                yield from self._types(where, place, other)
                yield from self._values(where, place, other)
        # An object that was empty says nothing of what may be in it.
        filled = {where.rpartition("/")[0] for where in usual if where}
        for where in sorted(places.keys() - usual.keys()):
            if where.rpartition("/")[0] in filled:
                yield from self._new(where, usual, places)

    def _varied(self) -> Iterator[Drift]:
        """Tell of a field that was the same in all chunks, and is not."""
        for name in self._steady:
            usual, values = (
                [
                    as_text(value[name])
                    for value in side.content.values
                    if isinstance(value, dict) and value.get(name)
                ]
                for side in (self._fake, self._side)
            )
            if len(usual) > 1 and len({*usual}) == 1 < len({*values}):
                other = next(value for value in values if value != values[0])
                message = f"{name} is not the same in all chunks, as it was when it was recorded"
                yield self._drift("MG420", message, f"/{name}", values[0], other)

    def _is_said(self, where: str) -> bool:
        """Tell whether a place is there or not by what a reply says."""
        return any(where == said or where.startswith(f"{said}/") for said in self._said)

    def _is_rarer(self, where: str, usual: Mapping[str, Spot], places: Mapping[str, Spot]) -> bool:
        """Tell whether each chunk had a field, and now some lack it."""
        several = self._chunked and where.count("/") == 1 and usual[""].types["object"] > 1
        return several and _is_in_all(where, usual) and not _is_in_all(where, places)

    def _gone(self, where: str, usual: Mapping[str, Spot], places: Mapping[str, Spot]) -> Iterator[Drift]:
        """Tell that a field is gone, where the object that had it is still there."""
        parent, _, name = where.rpartition("/")
        there = places.get(parent)
        if name == ANY or there is None or not there.types["object"] or _is_of_another(parent, usual, places):
            return
        # What only some items of a list had is not missed in fewer; chunks are of different kinds by nature.
        as_many = there.types["object"] >= usual[parent].types["object"]
        if as_many or self._chunked or _is_in_all(where, usual):
            some = "in some chunks " if where in places else ""
            field = dotted(split(where))
            message = f"the provider's reply {some}has no {field} any more, as it had when it was recorded"
            yield self._drift("MG406", message, where, field, "nothing")

    def _types(self, where: str, place: Spot, other: Spot) -> Iterator[Drift]:
        """Tell that a field has another type; a place that was null said nothing of it."""
        new = other.kinds - place.kinds if place.kinds else set()
        if not other.kinds and not place.types["null"]:
            new = {"null"}
        if new:
            before, after = (" or ".join(map(with_article, sorted(kinds))) for kinds in (place.kinds, new))
            name = dotted(split(where)) or "the body"
            message = f"{name} is {after} in the provider's reply, and was {before} when it was recorded"
            yield self._drift("MG407" if where else "MG411", message, where, before, after)

    def _values(self, where: str, place: Spot, other: Spot) -> Iterator[Drift]:
        """Tell of a value of those that programs tell cases apart by, where no contract lists them."""
        name = where.rpartition("/")[2]
        words = len(place.texts) <= _MOST_LISTED and all(map(_WORD.fullmatch, place.texts | other.texts))
        if not self._telling.fullmatch(name) or place.is_listed or not place.texts or not words:
            return
        for value in sorted(other.texts - place.texts)[:1]:
            before = " or ".join(sorted(place.texts))
            message = (
                f'{dotted(split(where))} is "{value}" in the provider\'s reply, '
                f"and was {before} when it was recorded"
            )
            yield self._drift("MG408", message, where, before, value)

    def _new(self, where: str, usual: Mapping[str, Spot], places: Mapping[str, Spot]) -> Iterator[Drift]:
        """Tell of a field that neither the contract nor the recording has, where nothing else tells of it."""
        parent, _, name = where.rpartition("/")
        known = places[where].is_known or where in self._side.undeclared or self._is_said(where)
        same = usual[parent].kinds == places[parent].kinds
        if name != ANY and same and not known and not _is_of_another(parent, places, usual):
            field = dotted(split(where))
            message = f"the provider's reply has {field}, which neither the contract nor the recording has"
            both = {"expected": "no such field", "got": field}
            yield self._question.drift("MG409", message, severity="warning", pointer=where, **both)

    def _new_kind(self, kind: str, places: Mapping[str, Spot]) -> Iterator[Drift]:
        """Tell of events of a type that neither the contract nor the recording has."""
        place = places.get("/type")
        if place is not None and kind in place.texts and not place.is_listed and self._fake.shapes:
            before = " or ".join(sorted(filter(None, self._fake.shapes)))
            message = (
                f'events of the provider\'s stream are of the type "{kind}", as none was when it was recorded'
            )
            yield self._drift("MG408", message, "/type", before, kind)

    def _drift(self, code: str, message: str, where: str, expected: str, got: str) -> Drift:
        return self._question.renewal(code, message, where, expected, got, hint=_ANEW)


def _is_in_all(where: str, places: Mapping[str, Spot]) -> bool:
    """Tell whether all objects that may have a field have it."""
    return places[where].types.total() == places[where.rpartition("/")[0]].types["object"]


def _is_of_another(parent: str, usual: Mapping[str, Spot], places: Mapping[str, Spot]) -> bool:
    """Tell whether items that say by their ``type`` what they are are not all of those that there were."""
    kinds, others = (side.get(f"{parent}/type", Spot()).texts for side in (usual, places))
    return parent.endswith(f"/{ANY}") and bool(others) and not kinds <= others
