"""A whole schema document: every subschema compiled, every reference resolved inside it or refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urldefrag, urljoin

from mockgrid.document.pointer import join, resolve
from mockgrid.errors import InvalidSchemaError
from mockgrid.schema.generate.keywords import (
    DRAFT_4,
    EVERY_KIND,
    KINDS,
    Draft,
    check_shape,
    describe,
    words,
)
from mockgrid.schema.generate.limits import SCHEMA_DEPTH_LIMIT, SUBSCHEMA_LIMIT
from mockgrid.schema.regex import Pattern, RegexError, compile_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# Keywords that a value can only be held against once it is whole.
DELICATE = words(
    "not oneOf if contains propertyNames unevaluatedItems unevaluatedProperties dependentSchemas dependencies"
)
# Keywords whose schemas apply to the same value.
IN_PLACE = words("allOf anyOf oneOf not if then else dependentSchemas dependencies")
REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


@dataclass(eq=False, repr=False)
class Resource:
    """A schema with a URI of its own, without fragment: raw, and by anchors and dynamic anchors within."""

    uri: str
    root: object
    anchors: dict[str, object] = field(default_factory=dict)
    dynamic: dict[str, object] = field(default_factory=dict)


@dataclass(eq=False, repr=False)
class Schema:
    """A subschema with its keywords reduced to those that its draft knows, and its references resolved.

    Attributes:
        number: identity; smaller for schemas met earlier.
        pointer: where it stands, as a JSON pointer.
        resource: what its references are relative to.
        raw: as written.
        always: the verdict of a boolean schema, else nothing.
        keywords: assertions and applicators, raw.
        child, listed, named: the subschemas below each keyword that counts.
        targets: the schemas that ``$ref`` and its relatives lead to.
        patterns: compiled, by source: of ``pattern`` and of ``patternProperties``.
        kinds: the types that ``type`` admits.
        suggestions: ``default`` and examples, in order of preference.
        delicate: whether meeting the parts of a value one by one does not suffice.
        compound: whether other schemas apply to the same value.
        opposite: a schema of what breaks this one; false where none is known, nothing until asked for.
    """

    number: int
    pointer: str
    resource: Resource
    raw: object
    always: bool | None = None
    keywords: dict[str, Any] = field(default_factory=dict)
    child: dict[str, Schema] = field(default_factory=dict)
    listed: dict[str, list[Schema]] = field(default_factory=dict)
    named: dict[str, dict[str, Schema]] = field(default_factory=dict)
    targets: dict[str, Schema] = field(default_factory=dict)
    patterns: dict[str, Pattern] = field(default_factory=dict)
    kinds: int = EVERY_KIND
    suggestions: list[Any] = field(default_factory=list)
    delicate: bool = False
    compound: bool = False
    opposite: Schema | bool | None = None

    def parts(self, keyword: str) -> list[Schema]:
        """The subschemas of a keyword."""
        if keyword in self.child:
            return [self.child[keyword]]
        return self.listed.get(keyword) or list(self.named.get(keyword, {}).values())

    def in_place(self) -> list[Schema]:
        """The schemas that this one applies to the same value."""
        return [
            *self.targets.values(),
            *(part for keyword in self.keywords if keyword in IN_PLACE for part in self.parts(keyword)),
        ]

    def of_member(self, name: str) -> list[Schema]:
        """The schemas that a member of that name has to satisfy, whatever the others are."""
        properties = self.named.get("properties", {})
        parts = [properties[name]] if name in properties else []
        for source, part in self.named.get("patternProperties", {}).items():
            if self.patterns[source].search(name):
                parts.append(part)
        return parts or self.parts("additionalProperties")

    @property
    def leading(self) -> list[Schema]:
        """The schemas of the first items, one for each."""
        return self.listed.get("prefixItems") or self.listed.get("items") or []

    @property
    def further(self) -> list[Schema]:
        """The schemas of every item after those."""
        return self.parts("additionalItems" if self.listed.get("items") else "items")

    def of_item(self, index: int) -> list[Schema]:
        """The schemas that the item at an index has to satisfy, whatever the others are."""
        leading = self.leading
        return [leading[index]] if index < len(leading) else self.further

    def at(self, keyword: str) -> str:
        """The pointer of a keyword."""
        return f"{self.pointer}/{keyword}"


def post_order(
    top: Schema, below: Callable[[Schema], Iterable[Schema]], finished: set[int]
) -> Iterator[tuple[Schema, bool]]:
    """Schemas reached from one, each after those below it, and whether a way from it leads back to it.

    Args:
        top: where to start.
        below: the schemas that another one depends on.
        finished: numbers of schemas that are not to come (again); those that came are added.
    """
    stack: list[tuple[Schema, bool]] = [(top, False)]
    entered: set[int] = set()
    while stack:
        schema, done = stack.pop()
        if done:
            finished.add(schema.number)
            yield schema, any(part.number not in finished or part is schema for part in below(schema))
        elif schema.number not in entered and schema.number not in finished:
            entered.add(schema.number)
            stack.append((schema, True))
            stack += [(part, False) for part in below(schema)]


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

    def __init__(self, raw: object, draft: Draft) -> None:
        self.draft = draft
        self.schemas: list[Schema] = []
        self.raw = raw
        self._resources: dict[str, Resource] = {}
        self._compiled: dict[int, Schema] = {}  # by the id() of what is written, which they keep alive
        self._whole = False  # whether all that is written was compiled
        self._without: dict[str, Schema] = {}
        self._patterns: dict[str, Pattern] = {}
        self._pattern_size = 0
        self.linear = True  # whether all patterns are
        self.root = self._compile(raw, "", self._resources.setdefault("", Resource("", raw)))
        self._whole = True
        # Whether the way by which a reference was reached can change where it leads.
        self.dynamic = len(self._resources) > 1 and any(
            not schema.keywords.keys().isdisjoint(REFERENCES[1:]) for schema in self.schemas
        )

    def make(self, raw: dict[str, Any], near: Schema) -> Schema:
        """Compile a schema that is derived from the document's own, as if it stood where ``near`` stands."""
        return self._compile(raw, near.pointer, near.resource)

    def without(self, name: str) -> Schema:
        """A schema of what has no member of that name."""
        if name not in self._without:
            self._without[name] = self.make({"properties": {name: self.nothing}}, self.root)
        return self._without[name]

    @property
    def nothing(self) -> dict[str, Any] | bool:
        """A schema that no value satisfies, as it is written."""
        return {"not": {}} if self.draft.order == DRAFT_4 else False

    def _compile(self, raw: object, pointer: str, resource: Resource) -> Schema:
        """Compile a schema and all below it, with everything it refers to."""
        unlinked = len(self.schemas)
        top = self._walk(raw, pointer, resource)
        while unlinked < len(self.schemas):
            self._link(self.schemas[unlinked])
            unlinked += 1
        return top

    def _walk(self, raw: object, pointer: str, resource: Resource) -> Schema:
        """Compile a schema and all below it; an explicit stack, so nesting costs no recursion."""
        top = self._node(raw, pointer, resource, boolean=self.draft.order != DRAFT_4)
        stack = [(top, raw, 0)] if isinstance(raw, dict) and top.number == len(self.schemas) - 1 else []
        while stack:
            schema, below, depth = stack.pop()
            if depth > SCHEMA_DEPTH_LIMIT:
                raise InvalidSchemaError(
                    f"schemas are nested deeper than {SCHEMA_DEPTH_LIMIT} levels", where=schema.pointer
                )
            fresh = []
            for keyword, key, child in self._children(below):
                where = schema.pointer + join([keyword] if key is None else [keyword, key])
                known = len(self.schemas)
                # Draft 4 has no boolean schemas, but allows true and false in two places.
                boolean = self.draft.order != DRAFT_4 or keyword.startswith("additional")
                node = self._node(child, where, schema.resource, boolean=boolean)
                if keyword not in schema.keywords and keyword != "contentSchema":
                    pass  # only references lead there
                elif key is None:
                    schema.child[keyword] = node
                elif isinstance(key, int):
                    schema.listed.setdefault(keyword, []).append(node)
                else:
                    schema.named.setdefault(keyword, {})[key] = node
                if isinstance(child, dict) and len(self.schemas) > known:
                    fresh.append((node, child, depth + 1))
            stack += reversed(fresh)
        return top

    def _children(self, raw: dict[str, Any]) -> Iterator[tuple[str, str | int | None, object]]:
        draft = self.draft
        for keyword, value in raw.items():
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
            return self._register(Schema(len(self.schemas), pointer, resource, raw, always=raw))
        if not isinstance(raw, dict):
            raise InvalidSchemaError(f"found {describe(raw)} where a schema was expected", where=pointer)
        known = self._compiled.get(id(raw))
        if known is not None:
            return known
        check_shape(raw, self.draft, pointer)
        schema = Schema(len(self.schemas), pointer, self._identify(raw, pointer, resource), raw)
        self._compiled[id(raw)] = schema
        self._fill(schema, raw)
        return self._register(schema)

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
            schema.keywords = {"$ref": raw["$ref"]}
            return
        schema.keywords = {keyword: value for keyword, value in raw.items() if keyword in draft.keywords}
        schema.delicate = not DELICATE.isdisjoint(schema.keywords)
        if "type" in schema.keywords:
            names = raw["type"] if isinstance(raw["type"], list) else [raw["type"]]
            schema.kinds = reduce(or_, map(KINDS.__getitem__, names))
        if "pattern" in schema.keywords:
            schema.patterns[raw["pattern"]] = self._pattern(raw["pattern"], schema.at("pattern"))
        for source in schema.keywords.get("patternProperties", ()):
            schema.patterns[source] = self._pattern(
                source, schema.pointer + join(["patternProperties", source])
            )
        examples = raw.get("examples")
        schema.suggestions = examples[:16] if isinstance(examples, list) else []
        schema.suggestions += [
            raw[keyword] for keyword in ("example", "default") if raw.get(keyword) is not None
        ]

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

    def _link(self, schema: Schema) -> None:
        for keyword in REFERENCES:
            if keyword in schema.keywords:
                target = self._target(schema, keyword, schema.keywords[keyword])
                schema.targets[keyword] = self._diverted(target, keyword, schema.keywords[keyword])

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
