"""The bodies of two replies to the same request, and the events of two streams."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from mockgrid.document.pointer import dotted, split
from mockgrid.drift.order import kinds_of, misplaced
from mockgrid.drift.reading import STREAM
from mockgrid.drift.recorded import RecordingComparison
from mockgrid.reply.behaviours import habits_of
from mockgrid.schema.branches import with_article
from mockgrid.schema.members import required_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.contract.operation import MediaType
    from mockgrid.drift.question import Drift, Question
    from mockgrid.drift.reading import Content
    from mockgrid.drift.side import Side

__all__ = ["BodyComparison"]

_ERROR: Final = 400
_NAMES: Final = 8
# Who streams one event in another shape streams all of them so.
_MOST_PARTS: Final = 100
_MOST_ALIKE: Final = 20
_MOST_ORDERED: Final = 10_000


class BodyComparison:
    """Compares them.

    Args:
        question: the request.
        fake: what the fake answers.
        side: what the provider answers, with a status that the contract declares.
        own_shape: whether the fake's errors have the contract's own shape.
    """

    def __init__(self, question: Question, fake: Side, side: Side, *, own_shape: bool) -> None:
        self._question = question
        self._fake = fake
        self._side = side
        self._alike = side.reply.status == fake.reply.status
        # Whatever an error is about, it has the shape that errors have.
        self._comparable = self._alike or min(side.reply.status, fake.reply.status) >= _ERROR
        self._same_breach_is_meant = side.reply.status >= _ERROR and not own_shape
        self._habits = habits_of(question.operation.behaviour)
        self._errors, usual = (
            [part.place for part in each.content.parts if self._reports_error(part.value)]
            for each in (side, fake)
        )
        # A stream that breaks off by an error is compared with one that did so when it was recorded.
        self._is_recorded = question.recorded and self._alike and bool(self._errors) == bool(usual)

    def drifts(self) -> Iterator[Drift]:
        """Yield where they differ, or the provider's breaks the contract."""
        content, media = self._side.content, self._side.media
        if content.media == STREAM:
            yield from self._stream()
        elif self._is_to_be_json(media):
            lack = _lack(content)
            if lack and self._question.operation.method != "HEAD":
                same = self._alike and lack == _lack(self._fake.content)
                message = f"the provider's reply {lack}"
                yield self._question.breach("MG412", message, known=same, expected="JSON")
            if lack:
                return
        envelope = list(self._envelope())
        yield from envelope
        # In a stream, a foreign event among others says nothing of these.
        if not ((envelope and content.media != STREAM) or self._breaks_envelope(self._side, 1)):
            yield from self._violations()
            yield from self._undeclared()
            if self._alike and not self._errors:
                yield from self._beyond_schema()
        if self._is_recorded and not any(drift.severity != "note" for drift in envelope):
            yield from RecordingComparison(self._question, self._fake, self._side).drifts()

    def _beyond_schema(self) -> Iterator[Drift]:
        """Yield what is out of order, or differs from the scenario that was written."""
        yield from self._lapses()
        if self._question.scripted and not self._question.recorded:
            yield from self._outlines()
        if self._question.scripted and self._habits is None and self._side.content.media == STREAM:
            yield from self._kinds()

    def _is_to_be_json(self, media: MediaType | None) -> bool:
        """Tell whether the body must be JSON: by its schema, or as it was when it was recorded."""
        if media is not None and media.is_json and self._side.schema is not None:
            return True
        usual, reply = self._fake.content, self._side.reply
        same = usual.media == self._side.content.media or not reply.body
        return self._question.recorded and self._alike and same and bool(usual.values)

    def _reports_error(self, value: Any) -> bool:
        """Tell whether an event of a stream reports an error."""
        streamed = self._side.content.media == STREAM
        return streamed and self._habits is not None and self._habits.is_error(value)

    def _envelope(self) -> Iterator[Drift]:
        """Tell that the outermost shape is neither the contract's nor the fake's."""
        ours, theirs = (side.content.values[:1] for side in (self._fake, self._side))
        message = "the provider's reply has another outermost shape than"
        both: dict[str, Any] = {"expected": _fields(ours), "got": _fields(theirs)}
        other = _fields(ours) != _fields(theirs) and _disjoint(ours, theirs)
        if self._breaks_envelope(self._side):
            schema = self._side.schema
            wanted = ", ".join(sorted(required_of(schema.schema))) if schema is not None else ""
            both["expected"] = f"an object with {wanted}" if wanted else "what its schema describes"
            both["contract"] = schema.at if schema is not None else ""
            if self._same_breach_is_meant and not self._comparable:
                return
            if not self._comparable or other or not self._breaks_envelope(self._fake):
                yield self._question.drift("MG411", f"{message} the contract declares", **both)
            elif not self._same_breach_is_meant:
                message = f"{message} the contract declares, and so has {self._question.fake}"
                yield self._question.drift("MG411", message, severity="warning", party="contract", **both)
        elif self._comparable and other and (self._side.reply.status >= _ERROR or self._is_known_whole()):
            message = f"{message} {self._question.fake}'s"
            yield self._question.drift("MG411", message, party=self._question.other, **both)

    def _is_known_whole(self) -> bool:
        """Tell whether it is known what one body was like: of a stream, any event may be the first."""
        return self._question.recorded and self._alike and self._side.content.media != STREAM

    def _breaks_envelope(self, side: Side, most: int = _MOST_PARTS) -> bool:
        """Tell whether one of the first parts has not even the outermost shape of its schema."""
        return any(
            side.is_foreign(part) and not self._reports_error(part.value)
            for part in side.content.parts[:most]
        )

    def _violations(self) -> Iterator[Drift]:
        for (code, where), (place, violation) in self._side.violations.items():
            same = self._alike and (code, where) in self._fake.violations
            if place in self._errors or (same and self._same_breach_is_meant):
                continue
            inside = f"{place} of " if place else ""
            message = f"{inside}the provider's reply breaks the contract: {violation.sentence.rstrip('.')}"
            yield self._question.breach(
                code,
                message,
                known=same,
                pointer=violation.pointer,
                expected=violation.expected,
                got=violation.got,
                contract=violation.contract,
            )

    def _undeclared(self) -> Iterator[Drift]:
        """Tell of fields that neither the contract nor the fake knows."""
        known = self._fake.undeclared if self._alike else {}
        for where, (place, pointer) in islice(self._side.undeclared.items(), _MOST_ALIKE):
            if where not in known and place not in self._errors:
                name = dotted(split(pointer))
                inside = f"{place} of " if place else ""
                message = f"{inside}the provider's reply has {name}, which the contract does not know"
                both = {"expected": "no such field", "got": name}
                yield self._question.drift("MG409", message, severity="warning", pointer=pointer, **both)

    def _stream(self) -> Iterator[Drift]:
        content, fake = self._side.content, self._fake.content
        question, schema = self._question, self._side.schema
        for part in content.parts:
            is_text = schema is None or any(map(schema.accepts, part.readings))
            if not part.is_json and not (is_text and self._habits is None):
                yield question.drift(
                    "MG422", f"{part.place} of the provider's stream is not JSON", expected="JSON"
                )
                break
        if self._errors:
            message = f"{self._errors[0]} of the provider's stream reports an error"
            yield question.drift(
                "MG423", message, party="contract" if self._is_recorded else "provider", got="an error"
            )
        if content.after:
            message = f"{content.after} of the provider's stream comes behind the one that ends it"
            yield question.drift("MG420", message, expected="nothing more", got=content.after)
        unfinished = self._alike and fake.finished and not content.finished
        if content.cut or (unfinished and fake.media == STREAM):
            lack = "its last event has no end" if content.cut else "the event that ends it does not come"
            yield question.drift("MG421", f"the provider's stream is not whole: {lack}", got=lack)
        names = sorted({*content.names} - {*fake.names}) if self._alike else []
        for name in names[:_MOST_ALIKE]:
            message = f"events of the provider's stream are called {name}, and none of {question.fake}'s is"
            yield question.drift("MG424", message, party=question.other, got=name)

    def _kinds(self) -> Iterator[Drift]:
        """Tell where events of a stream come in another order than the scenario's, by their kinds alone."""
        ours, theirs = (kinds_of(side.content.parts[:_MOST_ORDERED]) for side in (self._fake, self._side))
        for earlier, later in islice(misplaced(ours, theirs), _MOST_ALIKE):
            message = (
                f"in the provider's stream, {later} comes before {earlier}, behind which the scenario has it"
            )
            both: dict[str, Any] = {"expected": f"{earlier}, {later}", "got": f"{later}, {earlier}"}
            yield self._question.drift("MG420", message, party="scenario", **both)
        end = ours[-1] if ours else ""
        if end and end not in theirs and ours.count(end) == 1:
            message = (
                f"the provider's stream is not whole: {end} does not come, with which the scenario's ends"
            )
            yield self._question.drift("MG421", message, party="scenario", expected=end)

    def _lapses(self) -> Iterator[Drift]:
        """Tell of what is out of order, and of what was asked for and is not there."""
        question, habits = self._question, self._habits
        known = self._fake.lapses(habits, question.body)
        for key, lapse in self._side.lapses(habits, question.body).items():
            yield question.breach(
                lapse.code,
                f"in the provider's reply, {lapse.message}",
                known=key in known,
                pointer=lapse.pointer,
                expected=lapse.expected,
                got=lapse.got,
            )
        if habits is not None and question.scripted and self._side.reply.status < _ERROR:
            words = [
                " and ".join(sorted(habits.kinds(side.content.values))) or "say"
                for side in (self._fake, self._side)
            ]
            if words[0] != words[1]:
                message = (
                    f"the scenario's reply is one to `{words[0]}`, and the provider's one to `{words[1]}`"
                )
                both = {"expected": words[0], "got": words[1]}
                yield question.drift("MG431", message, severity="warning", party="scenario", **both)

    def _outlines(self) -> Iterator[Drift]:
        """Tell where the contract allows what the scenario has and what the provider has, and they differ."""
        ours, theirs = self._fake.outline, self._side.outline
        broken = {where for _, where in self._side.violations}
        for where, place in ours.items():
            name = dotted(split(where))
            if where in theirs:
                usual, other = place.kinds, theirs[where].kinds
                if usual and other and usual.isdisjoint(other) and where not in broken:
                    before, after = (
                        " or ".join(map(with_article, sorted(kinds))) for kinds in (usual, other)
                    )
                    message = f"{name} is {after} in the provider's reply, and {before} in the scenario's"
                    yield self._question.renewal("MG407", message, where, before, after)
            elif (
                where in {*self._fake.undeclared, *self._question.meant}
                and where.rpartition("/")[0] in theirs
            ):
                message = f"the provider's reply has no {name} any more, as the scenario's has"
                yield self._question.renewal("MG406", message, where, name, "nothing")


def _lack(content: Content) -> str:
    """Return what keeps a body from being JSON; empty where it is."""
    return "has no body" if not content.parts else "" if content.parts[0].is_json else "is not JSON"


def _fields(values: list[Any]) -> str:
    """Return what a body is outermost: an object with some fields, or something else."""
    value = values[0] if values else None
    if not isinstance(value, dict):
        return "no object"
    return f"an object with {', '.join(sorted(value)[:_NAMES]) or 'no fields'}"


def _disjoint(ours: list[Any], theirs: list[Any]) -> bool:
    both = [*ours, *theirs]
    return (
        len(both) > 1
        and all(value and isinstance(value, dict) for value in both)
        and both[0].keys().isdisjoint(both[1])
    )
