"""The schemas of one document as the validators run them, and where each was written.

Only what is asked for is translated, with all that it refers to. Whatever a reference looked like (into
another file, by ``$id``, into the middle of another schema), it becomes ``#/components/schemas/X`` or
``#/x-referred/X``, and ``shared`` holds what stands there.
"""

from __future__ import annotations

import re
from itertools import count
from typing import TYPE_CHECKING, Any, Final, Literal

from mockgrid.document.pointer import join, mappings, resolve, split
from mockgrid.schema.circles import Circles
from mockgrid.schema.closed import make_room
from mockgrid.schema.discriminators import Discriminators, named_branches
from mockgrid.schema.keywords import NAMED, ONE, SEVERAL, checked_keywords
from mockgrid.schema.node import REFERRED, SchemaNode, SharedSchemas
from mockgrid.schema.references import References, Scope
from mockgrid.schema.translate import (
    Draft,
    admit_null,
    dialect_named,
    draft_of,
    keywords,
    loosen,
)
from mockgrid.schema.violation import shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from mockgrid.document.document import Document
    from mockgrid.schema.keywords import Dialect

__all__ = ["Direction", "Schemas", "free_name", "one_way"]

Direction = Literal["request", "response"]

_REFERENCES: Final = frozenset(("$ref", "$dynamicRef", "$recursiveRef"))
_COMPONENT: Final = ("components", "schemas", "NAME")
_ONE_WAY: Final = frozenset(("readOnly", "writeOnly"))
_OPEN: Final = ("/additionalProperties", "/additionalItems", "/unevaluatedProperties", "/unevaluatedItems")
_PLAIN: Final = re.compile(r"[A-Za-z0-9._-]+")


class Schemas:
    """The schemas of one document, for one direction.

    Args:
        document: an OpenAPI document.
        direction: whether they are for what clients send or for what they get: ``readOnly`` properties are
            required of responses only, ``writeOnly`` ones of requests only.
        lenient: also admit null for every optional property, and any text where several texts are listed.
        one_way: which of ``readOnly`` and ``writeOnly`` the document may have.
        on_demand: whether validators translate theirs when it is first needed.

    Attributes:
        draft: what the keywords of the translated schemas mean.
        document: what they are of.
        mistakes: what becomes of those in them.
        shared: what references point into, by the first part of their pointers; it grows.
        roots: all schemas that were asked for, by their pointers.
        on_demand: as above.
    """

    def __init__(
        self,
        document: Document,
        direction: Direction,
        *,
        lenient: bool = False,
        one_way: Collection[str] = ("readOnly", "writeOnly"),
        on_demand: bool = False,
    ) -> None:
        self.draft: Draft = draft_of(document.data)
        self.shared = SharedSchemas(self.draft)
        self.document = document
        self.mistakes = document.mistakes
        self._lenient = lenient
        self._old = self.draft == "draft4"
        self._references = References(document, old=self._old)
        # What is for the other direction only is not required in this one.
        self._other_way = self.shared.other_way = "readOnly" if direction == "request" else "writeOnly"
        self._has_other_way = self._other_way in one_way
        self._fresh: list[SchemaNode] = []
        self._default = self._default_dialect()
        self.roots: dict[str, Any] = {}
        self.on_demand = on_demand
        self._opened = False
        self._expected: list[str] = []
        self._scope: Scope = ()  # of what is translated just now
        self._names: dict[tuple[str, Scope], str] = {}  # pointers of what is referred to -> references
        self._taken: set[str | None] = set()  # names of those that are no components
        self._waiting: list[tuple[str, Scope]] = []
        self._patterns: dict[str, tuple[str | None, str]] = {}
        self._circles = Circles(document)
        self._discriminators = Discriminators(document)

    def at(self, pointer: str) -> Any:
        """Return the translated schema for the one under a pointer.

        Raises:
            KeyError: nothing stands there.
        """
        if pointer not in self.roots:
            source = resolve(self.document.data, pointer)
            self._scope = self._references.entered(pointer)
            self.roots[pointer] = self._schema(source, pointer, self._dialect_at(pointer))
            shared = []
            while self._waiting:
                shared.append(self._share(*self._waiting.pop()))
            self._finish()
            self._circles.open([*shared, self.roots[pointer]])
            self._discriminators.enforce()
        return self.roots[pointer]

    def expect(self, pointer: str) -> None:
        """Count the schema under a pointer among all, before it is asked for.

        Raises:
            KeyError: nothing stands there.
        """
        resolve(self.document.data, pointer)
        self._expected.append(pointer)

    @property
    def whole(self) -> list[Any]:
        """All translated schemas: those that references point to, and those that were asked for."""
        while self._expected:
            self.at(self._expected.pop(0))
        return [*self.shared.named, *self.roots.values()]

    @property
    def order_counts(self) -> bool:
        """Whether they might be others, had they been asked for in another order: a circle was cut, say."""
        return self._opened or self._circles.met

    def origin_along(self, root: Any, path: list[str | int]) -> str | None:
        """Return the pointer, as it was published, to where a path through a translated schema leads.

        References on the way are followed, and need not be part of the path.
        """
        node, origin = root, _origin(root)
        for part in path:
            for _ in range(64):
                if not isinstance(node, dict) or part in node or "$ref" not in node:
                    break
                node = self.shared.referred(node["$ref"])
                origin = _origin(node) or origin
            holder = node
            try:
                node = resolve(node, join((part,)))
            except KeyError:
                return origin
            own = _origin(node) or _origin(holder, str(part))
            origin = own or (origin and origin + join((part,)))
        return origin

    def _share(self, pointer: str, scope: Scope) -> Any:
        source, self._scope = resolve(self.document.data, pointer), scope
        schema = self._schema(source, pointer, self._dialect_at(pointer))
        parts = split(self._names[pointer, scope])
        data = self.shared.data
        holder = data[REFERRED] if parts[0] == REFERRED else data["components"]["schemas"]
        holder[parts[-1]] = schema
        return schema

    def _schema(self, source: Any, at: str, dialect: Dialect) -> Any:
        if isinstance(source, bool):
            return self._boolean(source, at) if self._old and not at.endswith(_OPEN) else source
        if not isinstance(source, dict):
            self.mistakes.tell(self.document.error("a schema was expected, a mapping.", at))
            return True
        if not self._old and "$schema" in source:
            dialect = dialect_named(source["$schema"], self.document, f"{at}/$schema")
        meant = checked_keywords(source, dialect, self.document, at)
        if meant is not source:
            # Whoever reads the schema as it was published is to read what is meant, too.
            source.clear()
            source.update(meant)
        node = SchemaNode({}, self.shared, at, source)
        around, self._scope = self._scope, self._references.entered(at, self._scope)
        if self._old and "$ref" in source:
            self._refer(node, "$ref", source["$ref"])
        else:
            self._translate(node, dialect)
            self._join_branches(node)
            if self._lenient:
                loosen(node)
            self._fresh.append(node)
        self._scope = around
        return self._nullable(node) if source.get("nullable") is True else node

    def _boolean(self, source: bool, at: str) -> SchemaNode:  # noqa: FBT001 - a schema
        """Return what true or false means where OpenAPI 3.0 has neither for a schema."""
        hint = "Write {} for any value." if source else "Write not: {} where nothing may be."
        self.mistakes.tell(self.document.error(f"a schema was expected, got {shown(source)}.", at, hint))
        anything = SchemaNode({}, self.shared, at, {})
        return anything if source else SchemaNode({"not": anything}, self.shared, at, {})

    def _translate(self, node: SchemaNode, dialect: Dialect) -> None:
        """Give a node its keywords, and remember how those were called that have another name now."""
        for key, written, value in keywords(node.source, dialect):
            at = f"{node.at}/{written}"
            if key in _REFERENCES:
                self._refer(node, key, value)
                continue
            if key == "pattern":
                from mockgrid.schema.foreign_pattern import is_literal  # noqa: PLC0415 - 1 ms, where there is one

                if is_literal(value):
                    self.document.unmet.add(node.at)
                value = self._pattern(value, at)  # noqa: PLW2901 - the same, as it is meant
            elif key == "patternProperties":
                patterns = {pattern: self._pattern(pattern, at + join((pattern,))) for pattern in value}
                value = {meant: value[key] for key, meant in patterns.items() if meant is not None}  # noqa: PLW2901
            if value is None and key == "pattern":
                continue
            if key != written:
                node.names = {**node.names, key: written}
            node[key] = self._keyword(key, value, at, dialect)

    def _finish(self) -> None:
        """Do what can be done once all that schemas refer to is there."""
        around = {part: node for node in self._fresh for part in node.get("allOf", ())}
        for node in self._fresh:
            if "required" in node:
                required = dict.fromkeys(node["required"])
                node["required"] = [name for name in required if not self._is_other_way(name, node, around)]
                if not node["required"]:
                    del node["required"]  # draft-04 has no empty list here
        for node in self._fresh:
            if make_room(node, self.document):
                self._opened = True
        for node in self._fresh if self._lenient else ():
            self._admit_null(node)
        self._fresh.clear()

    def _is_other_way(self, name: str, node: SchemaNode, around: dict[Any, SchemaNode]) -> bool:
        """Tell whether a property is for the other direction, as a schema says or the one it is a part of."""
        if not self._has_other_way:
            return False
        properties = list(_described(node, name)) or list(_described(around.get(node), name))
        return any(
            part.source.get(self._other_way) is True
            for schema in properties
            if isinstance(schema, SchemaNode)
            for part in schema.speaking(_but_for_null)
        )

    def _pattern(self, pattern: str, at: str) -> str | None:
        """Return a regular expression that the validators read; None where it is none to them."""
        from mockgrid.schema.foreign_pattern import TOO_FAR, meant_pattern  # noqa: PLC0415 - the same

        if pattern not in self._patterns:
            self._patterns[pattern] = meant_pattern(pattern, self.draft)
        meant, mistake = self._patterns[pattern]
        if mistake:
            said = mistake if mistake == TOO_FAR else f"is not a regular expression: {mistake}"
            message = f"the pattern {pattern!r} {said}."
            self.mistakes.tell(self.document.error(message, at))
        return meant

    def _keyword(self, key: str, value: Any, at: str, dialect: Dialect) -> Any:
        if key in SEVERAL and isinstance(value, list):
            return [self._schema(item, f"{at}/{index}", dialect) for index, item in enumerate(value)]
        if key in ONE:
            return self._schema(value, at, dialect)
        if key in NAMED and isinstance(value, dict):
            return {
                name: item if isinstance(item, list) else self._schema(item, at + join((name,)), dialect)
                for name, item in value.items()
            }
        return value

    def _refer(self, node: SchemaNode, key: str, value: str) -> None:
        """Let a node refer to a schema of the document; one that is not there admits anything."""
        at, references = f"{node.at}/{key}", self._references
        with self.mistakes:
            target: str | None
            if key == "$ref":
                target = references.target(value, at)
            elif key == "$dynamicRef":
                target = references.dynamic(value, at, self._scope)
            else:
                target = references.resource(at)
            scope = () if target is None else references.entered(target, self._scope)
            known = target is None or (target, scope) in self._names
            if not known and not (key == "$recursiveRef" or references.is_schema(str(target))):
                raise self.document.error(f"the reference {value!r} leads to no schema.", at)
            reference = value if target is None else self._placed(target, scope)
            if "$ref" in node:
                further = SchemaNode({"$ref": reference}, self.shared, node.at, {})
                node["allOf"] = [*node.get("allOf", ()), further]
            else:
                node["$ref"] = reference

    def _placed(self, target: str, scope: Scope) -> str:
        """Return the reference by which a schema of the document is shared, for one way that leads to it."""
        if (target, scope) not in self._names:
            parts = split(target)
            if (
                parts[:2] == ("components", "schemas")
                and len(parts) == len(_COMPONENT)
                and _PLAIN.fullmatch(parts[2])
                and scope == self._references.entered(target)
            ):
                reference = f"#{target}"
            else:
                name = free_name(parts[-1] if parts else "document", self._taken)
                self._taken.add(name)
                reference = f"#/{REFERRED}/{name}"
            self._names[target, scope] = reference
            self._waiting.append((target, scope))
        return self._names[target, scope]

    def _join_branches(self, node: SchemaNode) -> None:
        """Make one ``anyOf`` of the branches, and keep which values a discriminator has in each."""
        holder = node
        discriminator = named_branches(node)
        if "oneOf" in node:
            branches = node.pop("oneOf")
            if "anyOf" in node:
                holder = SchemaNode({}, self.shared, node.at, node.source)
                node["allOf"] = [*node.get("allOf", ()), holder]
            holder["anyOf"] = branches
            holder.names = {**holder.names, "anyOf": "oneOf"}
        holder.discriminator = discriminator
        if not self._lenient:
            self._discriminators.meet(holder)

    def _nullable(self, node: SchemaNode) -> SchemaNode:
        null = SchemaNode({"type": "null"}, self.shared, node.at, {})
        wide = admit_null(node, null)
        if any(part is node for part in wide.get("anyOf", ())):
            return SchemaNode(wide, self.shared, node.at, node.source, {"anyOf": ""})
        if node.discriminator is not None:
            name, values = node.discriminator
            node.discriminator = (name, [*values, []])
        node.clear()
        node.update(wide)
        return node

    def _admit_null(self, node: SchemaNode) -> None:
        """Let every optional property be null."""
        properties = node.get("properties", {})
        for name, item in properties.items():
            if name not in node.get("required", ()) and isinstance(item, SchemaNode):
                properties[name] = self._nullable(item)

    def _default_dialect(self) -> Dialect:
        if self._old:
            return "3.0"
        data = self.document.data
        if "jsonSchemaDialect" not in data:
            return "2020-12"
        return dialect_named(data["jsonSchemaDialect"], self.document, "/jsonSchemaDialect")

    def _dialect_at(self, pointer: str) -> Dialect:
        """Return the dialect in force at a place: of the nearest ``$schema`` around it."""
        dialects = self._references.dialects
        parts = split(pointer) if dialects else ()
        around = (join(parts[:length]) for length in range(len(parts), 0, -1))
        nearest = next((at for at in around if at in dialects), None)
        if nearest is None:
            return self._default
        return dialect_named(dialects[nearest], self.document, f"{nearest}/$schema")


def free_name(text: str, taken: Collection[str | None]) -> str:
    """Return a name like a text that is not taken, and needs no escape in a JSON pointer or a URI."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", text)
    names = (plain if number == 1 else f"{plain}-{number}" for number in count(1))
    return next(name for name in names if name not in taken)


def _described(node: SchemaNode | None, name: str) -> Iterator[Any]:
    """Yield what a schema, and all that it is combined from, says about a property."""
    for part in node.speaking(_but_for_null) if node is not None else ():
        if name in part.get("properties", ()):
            yield part["properties"][name]


def _but_for_null(node: SchemaNode) -> list[Any]:
    """Return what a schema was before it was made to admit null."""
    return node["anyOf"][:1] if node.names.get("anyOf") == "" else []


def _origin(node: Any, keyword: str = "") -> str | None:
    return node.origin(keyword) if isinstance(node, SchemaNode) else None


def one_way(data: Any) -> set[str]:
    """Return which of ``readOnly`` and ``writeOnly`` a document has anywhere."""
    flags: set[str] = set()
    for item in mappings(data):
        flags.update(item.keys() & _ONE_WAY)
    return flags
