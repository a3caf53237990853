"""A request that an operation takes, proposed to who is about to write one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mockgrid.reply.rendering import render
from mockgrid.schema.hints import SchemaHints
from mockgrid.schema.sample import sample
from mockgrid.schema.values import DocumentValues

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockgrid.contract.contract import Contract, MediaType, Parameter

__all__ = ["proposed_body", "proposed_value"]

# How often it is tried whether a part of a body can be left out.
_MOST_TRIED: Final = 200


def proposed_body(media: MediaType, contract: Contract) -> bytes:
    """Return a body of a media type: an example of the contract's, else the least that can be made.

    It obeys the schema wherever any value does that can be made.
    """
    outline = SchemaHints(media.source.get("schema", {}), contract.document.data)
    return render(media.name.partition(";")[0].strip(), _value(media, contract, outline), outline)


def proposed_value(parameter: Parameter, contract: Contract) -> Any:
    """Return a value for a parameter: its example or default where it has one, else the plainest."""
    source = parameter.source
    named = source.get("examples")
    examples = [source.get("example"), *(named.values() if isinstance(named, dict) else ())]
    for example in examples:
        value = example.get("value") if isinstance(example, dict) and "value" in example else example
        if value is not None:
            return value
    return sample(source.get("schema", {}), contract.document.data)


def _value(media: MediaType, contract: Contract, outline: SchemaHints) -> Any:
    several = outline.own("examples")
    own = [outline.own("example"), *(several if isinstance(several, list) else ())]
    schema = media.schema
    for example in (*media.examples.values(), *(example for example in own if example is not None)):
        if schema is None or not media.is_json or schema.accepts(example):
            return example
    if schema is None:
        return "" if not media.is_json else {}
    values = DocumentValues(schema.schemas, contract.document.data)
    made = values.at(schema.at).value("", text="Hello", exemplary=True).value
    return _pared(made, schema.accepts) if schema.accepts(made) else made


def _pared(value: Any, accepts: Callable[[Any], bool]) -> Any:
    """Leave out of a value what it need not have, the last first."""
    for tried, (holder, name) in enumerate([*_parts(value)][::-1]):
        if tried == _MOST_TRIED:
            break
        if isinstance(holder, dict):
            kept = dict(holder)
            del holder[name]
            if not accepts(value):
                holder.clear()  # so that it comes back in its place
                holder.update(kept)
        else:
            kept_item = holder.pop(name)
            if not accepts(value):
                holder.insert(name, kept_item)
    return value


def _parts(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield all that a value holds, at any depth, each with what holds it; what holds before what is held."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _parts(value[key])
