"""Schemas that hold what is inside a value to the same schema again and again, each level more often."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from mockgrid.schema.node import SchemaNode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["doubled"]

_SPEAKING: Final = frozenset(("properties", "items", "additionalProperties"))


def doubled(start: SchemaNode, most: int) -> SchemaNode | None:
    """Return a schema to which a value inside one of ``start`` would be held more than ``most`` times.

    At each level the place that is held to a schema most often is followed. Only what every value is held to
    counts: alternatives mostly end at the first that admits the value. A schema that comes back inside itself
    doubles no further than a value that a client sends goes, and is left alone.
    """
    if _is_plain(start):
        return None
    times: Counter[SchemaNode] = Counter()
    times.update(_in_place(start))
    seen: set[SchemaNode] = set()
    while True:
        inside: dict[str, Counter[SchemaNode]] = {}
        for node, count in times.items():
            for place, part in _parts(node):
                counter = inside.setdefault(place, Counter())
                for same in _in_place(part):
                    counter[same] += count
        if not inside:
            return None
        times = max(inside.values(), key=lambda counter: max(counter.values()))
        node, count = max(times.items(), key=lambda item: item[1])
        if count > most:
            return node
        if count == 1 or node in seen:
            return None
        seen.add(node)


def _is_plain(start: SchemaNode) -> bool:
    """Tell of most schemas at a glance that nothing inside a value is held to one schema twice."""
    chain = list(start.chain())
    speaking = [node for node in chain if not _SPEAKING.isdisjoint(node)]
    if len(speaking) > 1 or any("allOf" in node or "patternProperties" in node for node in chain):
        return False
    for node in speaking:
        for part in (
            *node.get("properties", {}).values(),
            node.get("items"),
            node.get("additionalProperties"),
        ):
            if isinstance(part, SchemaNode) and ("$ref" in part or "allOf" in part):
                held = list(_in_place(part)) if any("allOf" in each for each in part.chain()) else []
                if len(held) > len(set(held)):
                    return False
    return True


def _in_place(schema: SchemaNode) -> Iterator[SchemaNode]:
    """Yield the schema and all that each of its values is held to, as often as it is."""
    waiting = [schema]
    while waiting:  # in no generator within a generator: each level of a chain would pass on all below
        node = waiting.pop()
        yield node
        parts = (node.target, *node.get("allOf", ()))
        waiting += [part for part in reversed(parts) if isinstance(part, SchemaNode)]


def _parts(node: SchemaNode) -> Iterator[tuple[str, SchemaNode]]:
    """Yield the schemas for what is inside a value, each with the place that it is for."""
    named: Iterable[str] = node.get("properties", ())
    for name in named:
        for part in node.member(name):
            if isinstance(part, SchemaNode):
                yield f"/{name}", part
    for keyword in ("items", "additionalProperties"):
        if isinstance(node.get(keyword), SchemaNode):
            yield keyword, node[keyword]
    for pattern, part in node.get("patternProperties", {}).items():
        if isinstance(part, SchemaNode):
            yield pattern, part
