"""Values for the schemas of one contract: its own examples wherever they fit, else what obeys the schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mockgrid.document.nearest import did_you_mean
from mockgrid.errors import SynthesisError
from mockgrid.reply.preferences import PreferError
from mockgrid.schema.hints import SchemaHints
from mockgrid.schema.values import compile_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockgrid.contract.contract import Contract, MediaType, Operation, Response
    from mockgrid.schema.generate import CompiledSchema
    from mockgrid.schema.validator import SchemaValidator


class Values:
    """Makes values; each schema is compiled when it is first needed, and kept.

    Args:
        contract: whose schemas are asked for.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        # By the pointer to a schema: bounded by the document.
        self._validators: dict[str, SchemaValidator] = {}
        self._schemas: dict[str, CompiledSchema] = {}

    def outline(self, schema: Any) -> SchemaHints:
        """Return the outline of a schema as it was written, with the examples that validators do not see."""
        return SchemaHints(schema, self._contract.document.data)

    def validator(self, at: str) -> SchemaValidator:
        """Return the validator of the schema under a pointer.

        Raises:
            KeyError: there is no schema.
        """
        if at not in self._validators:
            self._validators[at] = self._contract.validator(at)
        return self._validators[at]

    def value(self, validator: SchemaValidator, schema: Any, seed: str, *, exemplary: bool) -> Any:
        """Return a value that a validator accepts, the same for the same seed.

        Args:
            validator: of one of the contract's schemas.
            schema: the same schema as it was written.
            seed: what chooses among the values that the schema allows.
            exemplary: whether parts whose schemas give an example are that example, where the whole stays
                valid.

        Raises:
            SynthesisError: nothing satisfies the schema; ``where`` is a pointer into the document.
        """
        try:
            value = self._compiled(validator).value(seed)
        except SynthesisError as error:
            raise type(error)(error.message, where=validator.place(error.where)) from None
        outline = self.outline(schema)
        bare = without_write_only(value, outline)
        candidates = [bare, value]
        if exemplary:
            candidates.insert(0, with_examples(bare, outline))
        for candidate in candidates:
            if validator.accepts(candidate):
                return candidate
        raise SynthesisError("what was synthesised for the schema does not obey it", where=validator.at)

    def _compiled(self, validator: SchemaValidator) -> CompiledSchema:
        if validator.at not in self._schemas:
            self._schemas[validator.at] = compile_for(validator)
        return self._schemas[validator.at]


class Nothing:
    """Stands for the absence of a value where null is a value."""


NONE: Final = Nothing()

Found: TypeAlias = "Any | Nothing"


def named_example(operation: Operation, response: Response, media: MediaType, name: str) -> Any:
    """Return the example that a client asked for by name, as it stands in the contract.

    Raises:
        PreferError: the media type has no such example; the message names the nearest, or where there is one.
    """
    if name in media.examples:
        return _read(media, media.examples[name])
    known = sorted({key for media_type in response.media.values() for key in media_type.examples if key})
    message = f"{operation.id} has no example {name[:80]!r} for {response.status}."
    elsewhere = [
        other.status
        for other in operation.responses.values()
        if any(name in media_type.examples for media_type in other.media.values())
    ]
    if elsewhere:
        raise PreferError(f"{message} It belongs to {elsewhere[0]}: ask for that code, too.")
    names = f" Known are {', '.join(known[:12])}." if known else " It has none for that."
    raise PreferError(message + (did_you_mean(name, known) or names))


def example_of(media: MediaType, outline: SchemaHints) -> Found:
    """Return the first example of a media type, or its schema, that obeys the schema; else ``NONE``.

    An example that breaks its own schema is passed over: a reply must not break the contract. The text of
    another media type than JSON is never checked.
    """
    default = outline.own("default")
    for example in [
        *media.examples.values(),
        *_own_examples(outline),
        *([] if default is None else [default]),
    ]:
        value = _read(media, example)
        if (
            media.schema is None
            or media.schema.accepts(value)
            or (isinstance(value, str) and not media.is_json)
        ):
            return value
    return NONE


def with_examples(value: Any, outline: SchemaHints) -> Any:
    """Return a value in which each part whose schema gives an example is that example."""
    if isinstance(value, dict):
        return {name: _exemplary(item, outline.property(name)) for name, item in value.items()}
    if isinstance(value, list):
        # Only the first item: items that are all the same would hide mistakes, and break uniqueItems.
        first = [_exemplary(item, outline.item(0)) for item in value[:1]]
        return first + [with_examples(item, outline.item(index)) for index, item in enumerate(value[1:], 1)]
    return value


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


def header_example(header: Mapping[str, Any], outline: SchemaHints) -> Found:
    """Return the example of a header or its schema; ``NONE`` where there is none."""
    if "example" in header:
        return header["example"]
    named = header.get("examples")
    for example in named.values() if isinstance(named, dict) else ():
        if isinstance(example, dict) and "value" in example:
            return example["value"]
    return next(iter(_own_examples(outline)), NONE)


def _exemplary(value: Any, outline: SchemaHints) -> Any:
    return next(iter(_own_examples(outline)), with_examples(value, outline))


def _own_examples(outline: SchemaHints) -> list[Any]:
    several = outline.own("examples")
    examples = [outline.own("example"), *(several if isinstance(several, list) else ())]
    return [example for example in examples if example is not None]


def _read(media: MediaType, example: Any) -> Any:
    """Return an example's value; JSON that was written as a text, as many documents do, is read."""
    if (
        not isinstance(example, str)
        or not media.is_json
        or media.schema is None
        or media.schema.accepts(example)
    ):
        return example
    try:
        value = json.loads(example)
    except (ValueError, RecursionError):
        return example
    return value if media.schema.accepts(value) else example
