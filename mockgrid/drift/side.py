"""One of two replies to the same request, as far as the contract describes it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from mockgrid.contract.coverage import declared_media
from mockgrid.document.pointer import join, split
from mockgrid.drift.order import kinds_of
from mockgrid.drift.reading import STREAM, Content
from mockgrid.reply.behaviours import transcript_of
from mockgrid.schema.members import required_of
from mockgrid.schema.outline import ANY, outline
from mockgrid.schema.warnings import field_warnings

if TYPE_CHECKING:
    from mockgrid.contract.contract import Contract
    from mockgrid.contract.operation import MediaType, Operation, Response
    from mockgrid.drift.reading import ContentPart
    from mockgrid.recording.exchange import RecordedReply
    from mockgrid.reply.behaviour import Habits, Lapse
    from mockgrid.schema.outline import Spot
    from mockgrid.schema.validator import SchemaValidator
    from mockgrid.schema.violation import Violation

__all__ = ["Side", "anywhere"]

# What a reply breaks, as drift: by the codes of violations.
_BROKEN: Final = {"MG110": "MG407", "MG111": "MG406", "MG112": "MG408", "MG118": "MG409"}
_WRONG_TYPE: Final = "MG110"
_OTHERWISE: Final = "MG410"
_UNKNOWN: Final = "MG140"
_ERROR: Final = 400
# Beyond these, a stream says the same again.
_MOST_PARTS: Final = 2_000
_MOST_EXPLAINED: Final = 100


class Side:
    """One of the two replies to a request, as far as the contract describes it."""

    def __init__(self, contract: Contract, operation: Operation, reply: RecordedReply) -> None:
        self.reply = reply
        transcript = transcript_of(operation.behaviour)
        self.content = Content.of(reply, transcript.done if transcript is not None else b"")
        self.response: Response | None = operation.response(reply.status)
        name = declared_media(self.content.media, self.response.media) if self.response is not None else None
        self.media: MediaType | None = self.response.media[name] if self.response and name else None
        self.is_declared = name is not None
        self._contract = contract

    @cached_property
    def schema(self) -> SchemaValidator | None:
        """What the body, or the data of each event, obeys."""
        media, streamed = self.media, self.content.media == STREAM
        if media is None or not (media.is_json or streamed):
            return None
        return self._contract.event_validator(media) if streamed else media.schema

    def is_foreign(self, part: ContentPart) -> bool:
        """Tell whether a value has not even the outermost shape of its schema, such as one of its fields."""
        schema, value = self.schema, part.value
        if schema is None or not part.is_json or any(map(schema.accepts, part.readings)):
            return False
        required = required_of(schema.schema)
        if required and isinstance(value, dict):
            return required.isdisjoint(value)
        return any(not each.pointer and each.code == _WRONG_TYPE for each in schema.explain(value))

    @cached_property
    def violations(self) -> dict[tuple[str, str], tuple[str, Violation]]:
        """What breaks the schema, and where it does first, by code and place, whichever item of a list."""
        broken: dict[tuple[str, str], tuple[str, Violation]] = {}
        explained = 0
        for part in self.content.parts[:_MOST_PARTS] if self.schema is not None else ():
            if not part.is_json or self.schema is None or any(map(self.schema.accepts, part.readings)):
                continue
            if self.is_foreign(part):
                continue
            explained += 1
            for violation in self.schema.explain(part.value) if explained <= _MOST_EXPLAINED else ():
                key = _BROKEN.get(violation.code, _OTHERWISE), anywhere(violation.pointer)
                broken.setdefault(key, (part.place, violation))
        return broken

    @cached_property
    def undeclared(self) -> dict[str, tuple[str, str]]:
        """The fields that the schema does not know: their first places, by the same for all items."""
        fields: dict[str, tuple[str, str]] = {}
        for part in self.content.parts[:_MOST_PARTS] if self.schema is not None else ():
            for remark in field_warnings(self.schema, part.value) if self.schema and part.is_json else ():
                if remark.code == _UNKNOWN:
                    fields.setdefault(anywhere(remark.pointer), (part.place, remark.pointer))
        return fields

    @cached_property
    def outline(self) -> dict[str, Spot]:
        """What stands at all places, as far as the contract names them."""
        return outline(self.schema and self.schema.schema, self.content.values[:_MOST_PARTS])

    @cached_property
    def shapes(self) -> dict[str, dict[str, Spot]]:
        """What stands at all places, whoever names them: by the kinds of events, of a whole body by none."""
        values: dict[str, list[Any]] = {}
        parts = [part for part in self.content.parts[:_MOST_PARTS] if part.is_json]
        for part, kind in zip(parts, kinds_of(parts), strict=True):
            values.setdefault(kind if part.event else "", []).append(part.value)
        schema = self.schema and self.schema.schema
        return {kind: outline(schema, several, unnamed=True) for kind, several in values.items()}

    def lapses(self, habits: Habits | None, body: Any) -> dict[tuple[str, str], Lapse]:
        """Return what is out of order, or was not heeded, by code and sentence."""
        streamed = self.content.media == STREAM
        nothing = not self.content.values and (not streamed or bool(self.content.parts))
        if habits is None or self.reply.status >= _ERROR or nothing:
            return {}
        known: dict[tuple[str, str], Lapse] = {}
        for lapse in habits.lapses(body, self.content.values, streamed=streamed):
            known.setdefault((lapse.code, lapse.pointer), lapse)
        return known


def anywhere(pointer: str) -> str:
    """Return a pointer that is the same for all items of a list."""
    return join(tuple(ANY if part.isdecimal() else part for part in split(pointer)))
