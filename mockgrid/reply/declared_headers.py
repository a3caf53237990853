"""The headers that a response declares: what they say by their examples, or a value that is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from mockgrid.contract.contract import is_json
from mockgrid.contract.http_terms import NEVER
from mockgrid.document.pointer import join, resolve
from mockgrid.reply.rendering import header_line
from mockgrid.reply.values import NONE, Nothing, Values, own_examples

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockgrid.contract.contract import Contract, Response
    from mockgrid.reply.values import Found
    from mockgrid.schema.hints import SchemaHints

__all__ = ["DeclaredHeaders"]


class DeclaredHeaders:
    """Makes the headers of one contract's responses.

    Args:
        contract: which declares them.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._values = Values(contract)

    def of(self, response: Response, seed: str) -> list[tuple[bytes, bytes]]:
        """Return the headers that a response must have, and those that have an example."""
        headers: list[tuple[bytes, bytes]] = []
        declared = response.source.get("headers")
        for name, entry in declared.items() if isinstance(declared, dict) else ():
            header = response.headers[name.lower()]
            if name.lower() in NEVER:
                continue
            at = self._followed(entry, f"{response.at}/headers{join([name])}")
            content = header.get("content") or {}
            media = next(iter(content), "")
            described = {**header, **content[media]} if content.get(media) else header
            at += join(["content", media]) if media else ""
            wanted = bool(header.get("required"))
            value = self._value(described, at, f"{seed}/{name.lower()}", made=wanted)
            if isinstance(value, Nothing):
                continue
            as_json = is_json(media.partition(";")[0].strip().lower())
            line = header_line(name, value, explode=bool(header.get("explode")), as_json=as_json)
            if line is not None:
                headers.append(line)
        return headers

    def _value(self, described: Mapping[str, Any], at: str, seed: str, *, made: bool) -> Any | Nothing:
        """Return the example that obeys its schema; else a made value, where one is wanted."""
        schema, outline = f"{at}/schema", self._values.outline(described.get("schema", {}))
        value = _example(described, outline)
        if "schema" not in described:
            return "" if made and isinstance(value, Nothing) else value
        judge = self._contract.values.at(schema)
        # What is a number may be written as a text: a header is one.
        readings = [value, outline.typed(value)] if isinstance(value, str) else [value]
        if not isinstance(value, Nothing) and any(judge.accepts(each, loosely=True) for each in readings):
            return value
        return self._values.make(schema, seed, exemplary=True).value if made else NONE

    def _followed(self, entry: Any, at: str) -> str:
        """Return the place of what an entry refers to; references lead somewhere, as compiling has seen."""
        while isinstance(entry, dict) and isinstance(entry.get("$ref"), str):
            at = unquote(entry["$ref"])[1:]
            entry = resolve(self._contract.document.data, at)
        return at


def _example(header: Mapping[str, Any], outline: SchemaHints) -> Found:
    """Return the example of a header or its schema; ``NONE`` where there is none."""
    if "example" in header:
        return header["example"]
    named = header.get("examples")
    for example in named.values() if isinstance(named, dict) else ():
        if isinstance(example, dict) and "value" in example:
            return example["value"]
    return next(iter(own_examples(outline)), NONE)
