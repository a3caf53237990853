"""The part of JSON Schema that OpenAI's strict mode takes, for functions and for structured output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    Place = tuple[str | int, ...]

_REFUSED: Final = (
    *("allOf", "oneOf", "not", "if", "then", "else"),
    *("dependentRequired", "dependentSchemas", "dependencies", "patternProperties"),
)
_LISTED: Final = ("properties", "$defs", "definitions")


def outside_strict_subset(schema: Any) -> Iterator[tuple[Place, str, str]]:
    """Yield where a client's schema is outside of it: the place, what is wrong, and what was expected.

    >>> list(outside_strict_subset({"type": "object", "properties": {}}))
    [((), 'needs additionalProperties: false, since strict is true', 'additionalProperties: false')]
    """
    if not isinstance(schema, dict):
        return
    if schema.get("type") != "object" or "anyOf" in schema:
        yield (), "must be of type object at its root, since strict is true", "type: object"
    waiting: list[tuple[Place, dict[str, Any]]] = [((), schema)]
    while waiting:
        at, node = waiting.pop(0)
        for keyword in _REFUSED:
            if keyword in node:
                yield (*at, keyword), "is not taken where strict is true", "anyOf, or a plainer schema"
        properties = node.get("properties")
        if isinstance(properties, dict) or node.get("type") == "object":
            if node.get("additionalProperties") is not False:
                expected = "additionalProperties: false"
                yield at, f"needs {expected}, since strict is true", expected
            required = node.get("required")
            listed = required if isinstance(required, list) else ()
            missing = [name for name in properties or () if name not in listed]
            if missing:
                message = f"must list every property in required, since strict is true; {missing[0]} is not"
                yield at, message, "every property in required"
        waiting += _inside(at, node)


def _inside(at: Place, node: dict[str, Any]) -> Iterator[tuple[Place, dict[str, Any]]]:
    for keyword in _LISTED:
        named = node.get(keyword)
        for name, item in named.items() if isinstance(named, dict) else ():
            if isinstance(item, dict):
                yield (*at, keyword, name), item
    if isinstance(node.get("items"), dict):
        yield (*at, "items"), node["items"]
    branches = node.get("anyOf")
    for index, item in enumerate(branches) if isinstance(branches, list) else ():
        if isinstance(item, dict):
            yield (*at, "anyOf", index), item
