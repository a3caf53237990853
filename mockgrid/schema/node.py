"""A schema as it is walked: what speaks about a value, about its properties and its items.

Every walk over schemas goes by these nodes: coverage, warnings, positions and the choice of branches.
"""

from __future__ import annotations

from contextlib import suppress
from math import inf
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from mockgrid.document.pointer import join, resolve, split
from mockgrid.errors import DocumentError
from mockgrid.schema.branches import Branch
from mockgrid.schema.engine import compile_fast
from mockgrid.schema.patterns import Patterns
from mockgrid.schema.reached import MOST_WHOLE, Room, WhatIsReached, parts_within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mockgrid.schema.translate import Draft

__all__ = [
    "REFERRED",
    "SchemaNode",
    "SharedSchemas",
    "can_have_value_at",
    "item_of",
    "nodes_within",
    "prefix_of",
    "speaking",
]

REFERRED: Final = "x-referred"
_MOST_KEPT: Final = 6_000  # schemas that are compiled for good, of which each takes some 6 kB
# Schemas that refer to themselves are followed as far as a path leads; this ends what leads nowhere.
_DEEPEST: Final = 64
# What most schemas have, so that they share it.
_NO_NAMES: Final[Mapping[str, str]] = MappingProxyType({})


class SharedSchemas:
    """What the translated schemas of one document share.

    Attributes:
        draft: what their keywords mean.
        data: what references point into, by the first part of their pointers; it grows.
        patterns: their regular expressions.
        other_way: the keyword of properties that are for the other direction only.
        outlines: what was worked out of schemas, by their identities, to read texts by; see `hints.py`.
    """

    def __init__(self, draft: Draft) -> None:
        self.draft: Draft = draft
        self.data: dict[str, Any] = {"components": {"schemas": {}}, REFERRED: {}}
        self.patterns = Patterns()
        self.other_way = "readOnly"
        self.outlines: dict[tuple[int, ...], Any] = {}
        self.room = Room()
        self._referred: dict[str, Any] = {}
        self._acceptors: dict[
            str | None, Callable[[Any], bool]
        ] = {}  # by the reference that is all of a schema
        self._weight = 0  # how many schemas were compiled for good

    @property
    def compiled(self) -> int:
        """How many schemas are compiled."""
        return self._weight + self.room.weight

    @property
    def named(self) -> list[Any]:
        """The schemas that references point to."""
        return [*self.data["components"]["schemas"].values(), *self.data[REFERRED].values()]

    def referred(self, reference: str) -> Any:
        """Return what a reference points to; None for one that leads to a metaschema."""
        if reference not in self._referred:
            self._referred[reference] = resolve(self.data, reference) if reference.startswith("#") else None
        return self._referred[reference]

    def standalone(self, schema: Any) -> dict[str, Any]:
        """Return a translated schema with all that its references point to, and those of that."""
        return self.with_referred(schema, self.led_to(schema))

    def led_to(self, schema: Any, most: float = inf) -> dict[str, Any]:
        """Return what the references of a schema point to, and those of that, or the first of them."""
        referred: dict[str, Any] = {}
        waiting = list(_references(schema))
        while waiting and len(referred) <= most:
            reference = waiting.pop()
            if reference not in referred:
                referred[reference] = self.referred(reference)
                waiting.extend(_references(referred[reference]))
        return referred

    def with_referred(self, schema: Any, referred: dict[str, Any]) -> dict[str, Any]:
        """Return a schema with what references point to where they point."""
        whole: dict[str, Any] = {"allOf": [schema]}
        for reference, node in referred.items():
            *around, name = split(reference)
            holder = whole
            for part in around:
                holder = holder.setdefault(part, {})
            holder[name] = node
        return whole

    def acceptor(self, schema: Any) -> Callable[[Any], bool]:
        """Return what tells whether a value obeys a translated schema.

        Raises:
            DocumentError: it cannot be compiled.
        """
        reference = schema["$ref"] if isinstance(schema, dict) and schema.keys() == {"$ref"} else None
        if reference in self._acceptors:
            return self._acceptors[reference]
        referred = self.led_to(schema, MOST_WHOLE)
        parts = sum(1 for node in (schema, *referred.values()) for _ in parts_within(node))
        if not referred or (len(referred) <= MOST_WHOLE and parts + self._weight <= _MOST_KEPT):
            self._weight += parts
            accepts = compile_fast(self.with_referred(schema, referred), self.draft)
        else:
            accepts = WhatIsReached(schema, self).accepts
        if reference is not None:
            self._acceptors[reference] = accepts
        return accepts


class SchemaNode(dict[str, Any]):
    """One translated schema: its keywords to a validator, and its place and neighbours to a walk.

    Args:
        keywords: of the schema, those below as nodes.
        shared: what its references point into.
        at: JSON pointer to the schema in the document.
        source: the schema as it was published.
        names: how keywords are called there that have another name here; ``""`` for one that was added.

    Attributes:
        discriminator: a property, and the values that it has in each branch of ``anyOf``; None without one.
    """

    __slots__ = ("_accepts", "_branch", "_branches", "at", "discriminator", "names", "shared", "source")
    # Each is a place in a document, whatever others say.
    __hash__ = object.__hash__  # type: ignore[assignment]
    __eq__ = object.__eq__

    def __init__(
        self,
        keywords: dict[str, Any],
        shared: SharedSchemas,
        at: str,
        source: dict[str, Any],
        names: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(keywords)
        self.shared = shared
        self.at = at
        self.source = source
        self.names: Mapping[str, str] = names or _NO_NAMES
        self.discriminator: tuple[str, list[list[str]]] | None = None
        self._accepts: Callable[[Any], bool] | None = None
        self._branch: Branch | None = None
        self._branches: list[tuple[Branch, Any]] | None = None

    def origin(self, keyword: str = "") -> str:
        """Return the pointer to the schema, or to one of its keywords, as it was published."""
        name = self.names.get(keyword, keyword)
        return self.at + join((name,)) if name else self.at

    @property
    def examples(self) -> list[tuple[str, Any]]:
        """The examples that the schema gives, each with the pointer to it."""
        several = self.source.get("examples")
        examples = [(f"{self.at}/example", self.source.get("example"))]
        if isinstance(several, list):
            examples += [(f"{self.at}/examples/{index}", example) for index, example in enumerate(several)]
        return [(at, example) for at, example in examples if example is not None]

    @property
    def is_exclusive(self) -> bool:
        """Whether one alone of its branches may hold, as it was published."""
        return self.names.get("anyOf") == "oneOf"

    @property
    def lacks_items(self) -> bool:
        """Whether it is an array of which the document does not say what it holds."""
        return self.source.get("type") == "array" and "items" not in self.source

    @property
    def target(self) -> Any:
        """What the schema refers to; None where it refers to nothing."""
        reference = self.get("$ref")
        return self.shared.referred(reference) if isinstance(reference, str) else None

    def chain(self) -> Iterator[SchemaNode]:
        """Yield the schema, what it refers to, what that refers to, and so on; each reference once."""
        followed: set[str] = set()
        node: Any = self
        while isinstance(node, SchemaNode):
            yield node
            reference = node.get("$ref", "")
            if reference in followed:
                return
            followed.add(reference)
            node = node.target

    @property
    def in_place(self) -> list[SchemaNode]:
        """The schemas that a value of this one may be held to as well, not counting what it holds."""
        parts = [self.target]
        for keyword, value in self.items():
            if keyword in ("allOf", "anyOf"):
                parts += value
            elif keyword in ("not", "if", "then", "else"):
                parts.append(value)
            elif keyword in ("dependentSchemas", "dependencies"):
                parts += value.values()
        return [part for part in parts if isinstance(part, SchemaNode)]

    @property
    def branch(self) -> Branch:
        """What can be told about the schema at a glance."""
        if self._branch is None:
            self._branch = Branch.of(self)
        return self._branch

    @property
    def branches(self) -> list[tuple[Branch, Any]]:
        """The alternatives of ``anyOf``; a discriminator's values count as constants."""
        if self._branches is None:
            self._branches = [(Branch.of(part), part) for part in self.get("anyOf", ())]
            if self.discriminator is not None:
                name, values = self.discriminator
                for (branch, _), known in zip(self._branches, values, strict=True):
                    if known:
                        branch.constants.setdefault(name, list(known))
        return self._branches

    def accepts(self, value: Any) -> bool:
        """Tell whether a value obeys the schema; what is not JSON obeys none."""
        if self._accepts is None:
            self._accepts = self.shared.acceptor(self)
        try:
            return self._accepts(value)
        except (TypeError, ValueError):
            return False

    def may_accept(self, value: Any) -> bool:
        """Tell whether a value may obey the schema: in doubt, where that cannot be compiled, it may."""
        with suppress(DocumentError):
            return self.accepts(value)
        return True

    def speaking(self, choose: Callable[[SchemaNode], Iterable[Any]] | None = None) -> Iterator[SchemaNode]:
        """Yield the schemas that speak about every value of this one, and about those of chosen branches.

        Each reference is followed once, so that a circle ends.

        Args:
            choose: the branches of a schema that a value is of.
        """
        nodes: Any = speaking(self, self.shared.referred, choose)  # all are nodes
        return nodes  # type: ignore[no-any-return]

    def member(self, name: str) -> Iterator[Any]:
        """Yield the schemas that this one has for a property, by its name, by a pattern or for all others."""
        known = False
        if name in self.get("properties", ()):
            known = True
            yield self["properties"][name]
        for pattern, schema in self.get("patternProperties", {}).items():
            if self.shared.patterns.found(pattern, name):
                known = True
                yield schema
        if not known and "additionalProperties" in self:
            yield self["additionalProperties"]


def can_have_value_at(schema: Any, path: Sequence[str], value: Any, depth: int = 0) -> bool:
    """Tell whether a value that obeys a translated schema may have ``value`` at ``path``; in doubt it may.

    What the rest of the value is like is not known. Wherever a schema leaves more than one way, one that
    admits the value is enough; conditions (``if``, ``not``, ``dependentSchemas``) may always be met.
    """
    if isinstance(schema, bool):
        return schema
    if not path or depth > _DEEPEST:
        return bool(path) or schema.may_accept(value)
    for part in schema.speaking():
        branches = [branch for _, branch in part.branches]
        if branches and not any(can_have_value_at(branch, path, value, depth + 1) for branch in branches):
            return False
        named = part.get("type", ("object", "array"))
        inside = [list(part.member(path[0]))] if "object" in named else []
        if "array" in named and path[0].isdecimal():
            item = item_of(part, int(path[0]))
            inside.append([] if item is None else [item])
        below = (
            all(can_have_value_at(schema, path[1:], value, depth + 1) for schema in schemas)
            for schemas in inside
        )
        if not any(below):
            return False
    return True


def speaking(
    schema: Any,
    follow: Callable[[str], Any],
    choose: Callable[[Any], Iterable[Any]] | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield the schemas that speak about the values of one, translated or not; each reference once.

    Args:
        schema: where to begin.
        follow: returns what a reference leads to, None for nothing.
        choose: the branches of a schema that a value is of.
    """
    followed: set[str] = set()
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, dict):
            continue
        yield node
        parts: list[Any] = []
        reference = node.get("$ref")
        if isinstance(reference, str) and reference not in followed:
            followed.add(reference)
            parts.append(follow(reference))
        parts += node.get("allOf", ())
        if choose is not None:
            parts += choose(node)
        waiting.extend(reversed(parts))


def prefix_of(schema: dict[str, Any]) -> list[Any]:
    """Return the schemas that are each for one place of an array; draft-04 has them under ``items``."""
    items = schema.get("items")
    listed = schema.get("prefixItems") or (items if isinstance(items, list) else [])
    return listed if isinstance(listed, list) else []


def item_of(schema: dict[str, Any], index: int) -> Any:
    """Return the schema of an item of an array; None where it may be anything."""
    listed = prefix_of(schema)
    if index < len(listed):
        return listed[index]
    items = schema.get("items")
    return schema.get("additionalItems") if isinstance(items, list) else items


def _references(schema: Any) -> Iterator[str]:
    """Yield the references anywhere in a translated schema, but for those to metaschemas."""
    for node in nodes_within([schema]):
        reference = node.get("$ref")
        if isinstance(reference, str) and reference.startswith("#"):
            yield reference


def nodes_within(schemas: Iterable[Any]) -> Iterator[SchemaNode]:
    """Yield translated schemas and all that is written in them."""
    waiting = list(schemas)
    while waiting:
        node = waiting.pop()
        if not isinstance(node, SchemaNode):
            continue  # also what only looks like a schema, in an example or where a text should stand
        yield node
        for value in node.values():
            if isinstance(value, SchemaNode):
                waiting.append(value)
            elif isinstance(value, (list, dict)):
                waiting.extend(value.values() if isinstance(value, dict) else value)
