"""A request that an operation takes, proposed to who is about to write one."""

from __future__ import annotations

from copy import copy, deepcopy
from typing import TYPE_CHECKING, Any, Final

from mockgrid.reply.rendering import render
from mockgrid.reply.reply import json_text
from mockgrid.schema.hints import SchemaHints
from mockgrid.schema.sample import sample

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockgrid.contract.contract import Contract, MediaType, Parameter

__all__ = ["proposed_body", "proposed_value"]

# How often it is tried whether a part of a body can be left out, and how many bytes are judged for that.
_MOST_TRIED: Final = 200
_MOST_BYTES: Final = 1_000_000


def proposed_body(media: MediaType, contract: Contract) -> bytes:
    """Return a body of a media type: an example of the contract's, else the plainest that can be made.

    It has no more than it must have, and obeys its schema, but where making a value that does takes too long.
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
    # Examples in it are the document's own.
    plain = deepcopy(sample(media.source["schema"], contract.document.data))
    if not schema.accepts(plain):
        values = contract.request_values.at(schema.at)
        if values.is_large:
            return plain
        plain = values.value("", text="Hello", exemplary=True).value
    if not schema.accepts(plain):
        return plain
    if isinstance(plain, dict):
        least = {name: value for name, value in plain.items() if name in outline.required}
        plain = least if schema.accepts(least) else plain
    _pare(plain, lambda: schema.accepts(plain), min(_MOST_TRIED, _MOST_BYTES // len(json_text(plain))))
    return plain


def _pare(part: Any, accepted: Callable[[], bool], left: int) -> int:
    """Leave out of a part of a value what need not be there; returns how many more tries there may be."""
    keys = list(part) if isinstance(part, dict) else range(len(part))[::-1] if isinstance(part, list) else ()
    for key in keys:
        if left == 0:
            break
        left -= 1
        whole = copy(part)
        del part[key]
        if accepted():
            continue
        part.clear()  # so that it comes back in its place
        part.update(whole) if isinstance(part, dict) else part.extend(whole)
        left = _pare(part[key], accepted, left)
    return left
