"""Values for the schemas of one contract: its own examples wherever they fit, else what obeys the schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mockgrid.document.nearest import did_you_mean
from mockgrid.document.pointer import resolve
from mockgrid.reply.negotiation import STREAMS
from mockgrid.reply.preferences import NotDeclaredError
from mockgrid.reply.rendering import is_event
from mockgrid.schema.hints import SchemaHints

if TYPE_CHECKING:
    from mockgrid.contract.contract import Contract, MediaType, Operation, Response
    from mockgrid.schema.generate import Made, PublishedSchema
    from mockgrid.schema.generate.chooser import Chooser


class Nothing:
    """Stands for the absence of a value where null is a value."""


NONE: Final = Nothing()

Found: TypeAlias = "Any | Nothing"


class Values:
    """Makes values for the schemas of one contract.

    Args:
        contract: whose schemas are asked for.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._hides = "writeOnly" in contract.one_way

    def outline(self, schema: Any) -> SchemaHints:
        """Return the outline of a schema as it was written, with the examples that validators do not see."""
        return SchemaHints(schema, self._contract.document.data)

    def is_large(self, media: MediaType) -> bool:
        """Tell whether it takes much to make and to judge a value for a media type, however small."""
        return media.schema is not None and self._contract.values.at(media.schema.at).is_large

    def accepts(self, media: MediaType, value: Any, *, loosely: bool = False) -> bool:
        """Tell whether a value obeys the schema of a media type.

        Args:
            media: it; without a schema it takes everything.
            value: the value.
            loosely: whether several branches of a ``oneOf`` may hold, as in many documents they do.
        """
        if media.schema is None:
            return True
        return self._contract.values.at(media.schema.at).accepts(value, loosely=loosely)

    def example(self, media: MediaType, *, loosely: bool = False) -> Found:
        """Return the first example of a media type, or its schema, that obeys the schema; else ``NONE``.

        An example that breaks its own schema is passed over: a reply must not break the contract. The text of
        another media type than JSON is never checked.
        """
        outline = self.outline(media.source.get("schema", {}))
        default = outline.own("default")
        for example in [
            *media.examples.values(),
            *own_examples(outline),
            *([] if default is None else [default]),
        ]:
            value = self._read(media, example)
            if (isinstance(value, str) and not media.is_json) or self._fits(media, value, loosely=loosely):
                return value
        return NONE

    def _fits(self, media: MediaType, value: Any, *, loosely: bool) -> bool:
        """Tell whether an example obeys its schema; that of a stream may be a list of what obeys it."""
        key = "itemSchema" if "itemSchema" in media.source else "schema"
        if media.name not in STREAMS or not isinstance(value, list) or key not in media.source:
            return self.accepts(media, value, loosely=loosely)
        judge = self._contract.values.at(f"{media.at}/{key}")
        # The text of an event, such as [DONE], is none of the values that the schema speaks of.
        return judge.accepts(value, loosely=loosely) or all(
            judge.accepts(item, loosely=loosely)
            or (
                is_event(item)
                and (isinstance(item["data"], str) or judge.accepts(item["data"], loosely=loosely))
            )
            for item in value
        )

    def named_example(self, operation: Operation, response: Response, media: MediaType, name: str) -> Any:
        """Return the example that a client asked for by name, as it stands in the contract.

        Raises:
            NotDeclaredError: the media type has none; the message names the nearest, or where there is one.
        """
        if name in media.examples:
            return self._read(media, media.examples[name])
        known = sorted({key for media_type in response.media.values() for key in media_type.examples if key})
        message = f"{operation.id} has no example {name[:80]!r} for {response.status}."
        elsewhere = [
            other.status
            for other in operation.responses.values()
            if any(name in media_type.examples for media_type in other.media.values())
        ]
        if elsewhere:
            raise NotDeclaredError(f"{message} It belongs to {elsewhere[0]}: ask for that code, too.")
        names = f" Known are {', '.join(known[:12])}." if known else " It has none for that."
        raise NotDeclaredError(message + (did_you_mean(name, known) or names))

    def _read(self, media: MediaType, example: Any) -> Any:
        """Return an example's value; JSON that was written as a text, as many documents do, is read."""
        if not isinstance(example, str) or not media.is_json or self.accepts(media, example, loosely=True):
            return example
        try:
            value = json.loads(example)
        except (ValueError, RecursionError):
            return example
        return value if self.accepts(media, value, loosely=True) else example

    def make(self, at: str, seed: str, *, exemplary: bool) -> Made:
        """Return a value that obeys a schema as far as that can be, the same for the same seed.

        Args:
            at: pointer to one of the contract's schemas.
            seed: what chooses among the values that the schema allows.
            exemplary: whether parts whose schemas give a valid example are that example.

        Raises:
            KeyError: there is no schema.
        """
        published = self._contract.values.at(at)
        return self._sendable(at, published, published.value(seed, exemplary=exemplary))

    def edge(self, at: str, chooser: Chooser) -> Any:
        """Return a value at the edges of a schema, by what somebody chooses; as ``make``."""
        published = self._contract.values.at(at)
        return self._sendable(at, published, published.edge(chooser)).value

    def _sendable(self, at: str, published: PublishedSchema, made: Made) -> Made:
        """Return what was made, without what only requests may have."""
        if self._hides:
            bare = without_write_only(made.value, self.outline(resolve(self._contract.document.data, at)))
            if made.fault is not None or published.accepts(bare, loosely=not made.exclusive):
                return made._replace(value=bare)
        return made


def without_write_only(value: Any, outline: SchemaHints) -> Any:
    """Return a value without the properties that only requests may have."""
    if isinstance(value, dict):
        return {
            name: without_write_only(item, part)
            for name, item in value.items()
            if (part := outline.property(name)).anywhere("writeOnly") is not True
        }
    if isinstance(value, list):
        return [without_write_only(item, outline.item(index)) for index, item in enumerate(value)]
    return value


def own_examples(outline: SchemaHints) -> list[Any]:
    """Return the examples that a schema gives itself, ``example`` first."""
    several = outline.own("examples")
    examples = [outline.own("example"), *(several if isinstance(several, list) else ())]
    return [example for example in examples if example is not None]
