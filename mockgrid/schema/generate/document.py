"""A whole schema document: every subschema compiled, every reference resolved inside it or refused."""

from __future__ import annotations

from functools import cached_property, reduce
from operator import or_
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urldefrag, urljoin

from mockgrid.document.pointer import join, resolve
from mockgrid.errors import InvalidSchemaError
from mockgrid.schema.generate.keywords import (
    DRAFT_4,
    KINDS,
    Draft,
    check_shape,
    describe,
)
from mockgrid.schema.generate.limits import SCHEMA_DEPTH_LIMIT, SUBSCHEMA_LIMIT
from mockgrid.schema.generate.schema import DELICATE, IN_PLACE, REFERENCES, Resource, Schema
from mockgrid.schema.regex import Pattern, RegexError, compile_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATTERN_LIMIT = 12_000
_COMPOUND = IN_PLACE | frozenset(REFERENCES)


class SchemaDocument:
    """The compiled form of one schema document.

    Args:
        raw: the schema; it must not be changed afterwards.
        draft: whose rules it is read by.

    Raises:
        InvalidSchemaError: the document is no schema of that draft, too large, or refers to anything else.
    """

    natural = False
    """Whether values are to look as people write them, also where several branches of a ``oneOf`` fit."""

    def __init__(self, raw: object, draft: Draft) -> None:
        self.draft = draft
        self.schemas: list[Schema] = []
        self.raw = raw
        self.outermost = Resource("", raw)
        self._resources = {"": self.outermost}
        self._follower = self.follow  # one method for all
        self._compiled: dict[int, Schema] = {}  # by the id() of what is written, which they keep alive
        self._whole = False  # whether all that is written was compiled
        self._beside: dict[int, tuple[Schema, ...]] = {}
        self._without: dict[tuple[str, tuple[str, ...]], Schema] = {}
        self._patterns: dict[str, Pattern] = {}
        self._pattern_size = 0
        self.linear = True  # whether all patterns are

    @cached_property
    def root(self) -> Schema:
        """The whole document as a schema."""
        root = self._compile(self.raw, "", self.outermost)
        self._whole = True
        return root

    @cached_property
    def dynamic(self) -> bool:
        """Whether the way by which a reference was reached can change where it leads."""
        return len(self._resources) > 1 and any(
            not schema.keywords.keys().isdisjoint(REFERENCES[1:]) for schema in self.schemas
        )

    def make(self, raw: dict[str, Any], near: Schema) -> Schema:
        """Compile a schema that is derived from the document's own, as if it stood where ``near`` stands."""
        return self._compile(raw, near.pointer, near.resource)

    def without(self, near: Schema, *names: str, kind: str = "") -> Schema:
        """A schema of what has no member of those names; of one type alone where that is given."""
        if (kind, names) not in self._without:
            properties = dict.fromkeys(names, self.nothing)
            raw = {"type": kind, "properties": properties} if kind else {"properties": properties}
            self._without[kind, names] = self.make(raw, near)
        return self._without[kind, names]

    def beside_branches(self, union: Schema) -> tuple[Schema, ...]:
        """What a schema says but for its branches, where that is anything."""
        if union.number not in self._beside:
            said = {key: value for key, value in union.keywords.items() if key not in ("anyOf", "oneOf")}
            self._beside[union.number] = (self.make(said, union),) if said else ()
        return self._beside[union.number]

    @property
    def nothing(self) -> dict[str, Any] | bool:
        """A schema that no value satisfies, as it is written."""
        return {"not": {}} if self.draft.order == DRAFT_4 else False

    def _compile(self, raw: object, pointer: str, resource: Resource) -> Schema:
        """Compile a schema and all below it, with everything it refers to."""
        unlinked = len(self.schemas)
        top = self._walk(raw, pointer, resource)
        while unlinked < len(self.schemas):
            _ = self.schemas[unlinked].targets
            unlinked += 1
        return top

    def follow(self, schema: Schema) -> dict[str, Schema]:
        """What the references of a schema lead to."""
        targets: dict[str, Schema] = {}
        for keyword in REFERENCES:
            if keyword in schema.keywords:
                target = self._target(schema, keyword, schema.keywords[keyword])
                targets[keyword] = self._diverted(target, keyword, schema.keywords[keyword])
        return targets

    def _walk(self, raw: object, pointer: str, resource: Resource) -> Schema:
        """Compile a schema and all below it; an explicit stack, so nesting costs no recursion."""
        top = self._node(raw, pointer, resource, boolean=self.draft.order != DRAFT_4)
        stack = [(top, 0)] if top.number == len(self.schemas) - 1 else []
        while stack:
            schema, depth = stack.pop()
            if depth > SCHEMA_DEPTH_LIMIT:
                raise InvalidSchemaError(
                    f"schemas are nested deeper than {SCHEMA_DEPTH_LIMIT} levels", where=schema.pointer
                )
            fresh = []
            for keyword, key, child in self._children(schema.raw):
                where = self._place(child, schema, keyword, key)
                known = len(self.schemas)
                # Draft 4 has no boolean schemas, but allows true and false in two places.
                boolean = self.draft.order != DRAFT_4 or keyword.startswith("additional")
                node = self._node(child, where, schema.resource, boolean=boolean)
                if keyword in schema.keywords or keyword == "contentSchema":
                    schema.add(keyword, key, node)
                if len(self.schemas) > known:
                    fresh.append((node, depth + 1))
            stack += reversed(fresh)
        return top

    def _place(self, child: object, around: Schema, keyword: str, key: str | int | None) -> str:
        """Where a subschema stands, as a JSON pointer."""
        del child
        return around.pointer + join([keyword] if key is None else [keyword, key])

    def _children(self, raw: object) -> Iterator[tuple[str, str | int | None, object]]:
        draft = self.draft
        for keyword, value in raw.items() if isinstance(raw, dict) else ():
            if keyword in draft.named and isinstance(value, dict):
                for key, child in value.items():
                    if keyword != "dependencies" or not isinstance(child, list):
                        yield keyword, key, child
            elif keyword in draft.listed and isinstance(value, list):
                yield from ((keyword, index, child) for index, child in enumerate(value))
            elif keyword in draft.child:
                yield keyword, None, value

    def _node(self, raw: object, pointer: str, resource: Resource, *, boolean: bool) -> Schema:
        if isinstance(raw, bool) and boolean:
            return self._register(
                Schema(self._follower, len(self.schemas), pointer, resource, raw, always=raw)
            )
        if not isinstance(raw, dict):
            raise InvalidSchemaError(f"found {describe(raw)} where a schema was expected", where=pointer)
        known = self._compiled.get(id(raw))
        if known is not None:
            return known
        schema = self._compiled[id(raw)] = self._read(raw, pointer, resource)
        return self._register(schema)

    def _read(self, raw: dict[str, Any], pointer: str, resource: Resource) -> Schema:
        """A schema of which only what it says itself is known."""
        check_shape(raw, self.draft, pointer)
        schema = Schema(
            self._follower, len(self.schemas), pointer, self._identify(raw, pointer, resource), raw
        )
        self._fill(schema, raw)
        return schema

    def _register(self, schema: Schema) -> Schema:
        self.schemas.append(schema)
        # Those derived later are few, and must not make one value depend on which were made before it.
        if len(self.schemas) > SUBSCHEMA_LIMIT and not self._whole:
            raise InvalidSchemaError(
                f"the schema has more than {SUBSCHEMA_LIMIT} subschemas",
                where=schema.pointer,
                hint="Make it smaller.",
            )
        return schema

    def _identify(self, raw: dict[str, Any], pointer: str, resource: Resource) -> Resource:
        """The resource of a schema: a new one where it has an id; its anchors are noted on the way."""
        draft = self.draft
        identifier = raw.get("id" if draft.order == DRAFT_4 else "$id")
        if isinstance(identifier, str) and not (draft.lonely_ref and "$ref" in raw):
            uri, fragment = _resolve(resource.uri, identifier, f"{pointer}/$id")
            if uri and uri != resource.uri:
                if pointer == "" and resource.root is raw:
                    resource.uri = uri
                    self._resources[uri] = resource
                else:
                    resource = Resource(uri, raw)
                    self._resources.setdefault(uri, resource)
            if fragment and draft.lonely_ref:
                resource.anchors[fragment] = raw
        for keyword in ("$anchor", "$dynamicAnchor"):
            if isinstance(raw.get(keyword), str) and not draft.lonely_ref:
                resource.anchors[raw[keyword]] = raw
                if keyword == "$dynamicAnchor":
                    resource.dynamic[raw[keyword]] = raw
        return resource

    def _fill(self, schema: Schema, raw: dict[str, Any]) -> None:
        draft = self.draft
        schema.compound = not _COMPOUND.isdisjoint(raw)
        if draft.lonely_ref and isinstance(raw.get("$ref"), str):
            schema.keywords = raw if len(raw) == 1 else {"$ref": raw["$ref"]}
            return
        known = raw.keys() & draft.keywords
        # One of the two is enough, where they are the same.
        schema.keywords = raw if len(known) == len(raw) else {key: raw[key] for key in raw if key in known}
        schema.delicate = not DELICATE.isdisjoint(schema.keywords)
        if "type" in schema.keywords:
            names = raw["type"] if isinstance(raw["type"], list) else [raw["type"]]
            schema.kinds = reduce(or_, map(KINDS.__getitem__, names))
        if "pattern" in schema.keywords:
            schema.patterns = {raw["pattern"]: self._pattern(raw["pattern"], schema.at("pattern"))}
        for source in schema.keywords.get("patternProperties", ()):
            where = schema.pointer + join(["patternProperties", source])
            schema.patterns = {**schema.patterns, source: self._pattern(source, where)}
        examples = raw.get("examples")
        suggestions = examples[:16] if isinstance(examples, list) else []
        suggestions += [raw[keyword] for keyword in ("example", "default") if raw.get(keyword) is not None]
        schema.suggestions = suggestions or ()

    def _pattern(self, source: str, pointer: str) -> Pattern:
        if source not in self._patterns:
            try:
                self._patterns[source] = compile_pattern(source)
            except RegexError as error:
                raise InvalidSchemaError(
                    f"the pattern cannot be used: {error.message}", where=pointer, hint=error.hint
                ) from error
            self._pattern_size += self._patterns[source].size
            self.linear = self.linear and self._patterns[source].linear
            if self._pattern_size > _PATTERN_LIMIT:
                raise InvalidSchemaError(
                    f"the patterns have more than {_PATTERN_LIMIT} parts together, once their repeats unfold",
                    where=pointer,
                )
        return self._patterns[source]

    def _target(self, schema: Schema, keyword: str, reference: str) -> Schema:
        where = schema.at(keyword)
        uri, fragment = _resolve(schema.resource.uri, reference, where)
        resource = self._resources.get(uri)
        if resource is None:
            raise InvalidSchemaError(
                f"the reference {describe(reference)} leads out of the document, "
                "and remote references are not fetched",
                where=where,
                hint="Put the schema under $defs and refer to it there.",
            )
        fragment = unquote(fragment, errors="replace")
        if fragment and not fragment.startswith("/"):
            if fragment not in resource.anchors:
                raise InvalidSchemaError(
                    f"the anchor {describe(fragment)} is not in the document", where=where
                )
            return self._compiled[id(resource.anchors[fragment])]
        try:
            raw = resolve(resource.root, fragment)
        except (KeyError, ValueError):  # the latter for an index of thousands of digits
            message = f"the reference {describe(reference)} leads to nothing"
            raise InvalidSchemaError(message, where=where) from None
        if not isinstance(raw, (dict, bool)):
            message = f"the reference {describe(reference)} leads to {describe(raw)}, which is no schema"
            raise InvalidSchemaError(message, where=where)
        pointer = fragment if resource.root is self.raw else schema.pointer
        return self._walk(raw, pointer, resource)

    def _diverted(self, target: Schema, keyword: str, reference: str) -> Schema:
        """Where a dynamic reference leads when it is reached from the whole document, as it mostly is."""
        diverted: object = None
        if keyword == "$recursiveRef" and _is_recursive(target.resource.root) and _is_recursive(self.raw):
            diverted = self.raw
        elif keyword == "$dynamicRef":
            _, name = urldefrag(reference)
            if name in target.resource.dynamic:
                resources = self._resources.values()
                diverted = next(other.dynamic[name] for other in resources if name in other.dynamic)
        return self._compiled.get(id(diverted), target)


def _is_recursive(raw: object) -> bool:
    return isinstance(raw, dict) and raw.get("$recursiveAnchor") is True


def _resolve(base: str, reference: str, where: str) -> tuple[str, str]:
    """A reference, taken from ``base``, as absolute URI and fragment.

    Raises:
        InvalidSchemaError: it is no URI reference.
    """
    try:
        uri, fragment = urldefrag(reference)
        return (urljoin(base, uri) if uri else base), fragment
    except ValueError as error:
        raise InvalidSchemaError(f"{describe(reference)} is no URI reference", where=where) from error
