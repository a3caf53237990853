"""A whole schema document: every subschema compiled, every reference resolved inside it or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urldefrag

from mockgrid.errors import InvalidSchemaError
from mockgrid.schema.generate.draft import DRAFT_4, Draft
from mockgrid.schema.generate.limits import SCHEMA_DEPTH_LIMIT, SUBSCHEMA_LIMIT
from mockgrid.schema.generate.reference import find, resolve
from mockgrid.schema.generate.schema import DELICATE, IN_PLACE, KINDS, Resource, Schema
from mockgrid.schema.generate.shape import check_shape, describe, escape
from mockgrid.schema.regex import Pattern, RegexError, compile_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_PATTERN_LIMIT = 12_000


class Document:
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
        self._raw = raw
        self._resources: dict[str, Resource] = {}
        self._compiled: dict[int, Schema] = {}
        # Raw schemas are known by id(), so those made here must live as long as the document.
        self._made: list[object] = []
        self._patterns: dict[str, Pattern] = {}
        self._pattern_size = 0
        root_resource = self._open_resource("", raw)
        self.root = self.add(raw, "", root_resource)
        # Whether the way by which a reference was reached can change where it leads.
        self.dynamic = len({id(resource) for resource in self._resources.values()}) > 1 and any(
            not schema.keywords.keys().isdisjoint(_REFERENCES[1:]) for schema in self.schemas
        )
        if not self.dynamic:
            self._shorten()

    def add(self, raw: object, pointer: str, resource: Resource) -> Schema:
        """Compile a schema and all below it, with everything it refers to."""
        first = len(self.schemas)
        top = self._walk(raw, pointer, resource)
        while first < len(self.schemas):
            last = len(self.schemas)
            for schema in self.schemas[first:last]:
                self._link(schema)
            first = last
        return top

    def make(self, raw: dict[str, Any], near: Schema) -> Schema:
        """Compile a schema that is derived from the document's own, as if it stood where ``near`` stands."""
        self._made.append(raw)
        return self.add(raw, near.pointer, near.resource)

    def divert(self, schema: Schema, keyword: str, scope: tuple[Resource, ...]) -> Schema:
        """Where a reference leads when it is reached through these resources."""
        target = schema.targets[keyword]
        if keyword == "$ref" or not self.dynamic:
            return target
        if keyword == "$recursiveRef":
            return self._outermost_recursive(target, scope)
        _, name = urldefrag(schema.keywords[keyword])
        if target.resource.dynamic.get(name) is None:
            return target
        for resource in scope:
            if name in resource.dynamic:
                return self._compiled.get(id(resource.dynamic[name]), target)
        return target

    def _outermost_recursive(self, target: Schema, scope: tuple[Resource, ...]) -> Schema:
        root = target.resource.root
        if not isinstance(root, dict) or root.get("$recursiveAnchor") is not True:
            return target
        for resource in reversed(scope):
            if not isinstance(resource.root, dict) or resource.root.get("$recursiveAnchor") is not True:
                break
            target = self._compiled.get(id(resource.root), target)
        return target

    def _shorten(self) -> None:
        """Lead references to references to where they end, so that long chains cost nothing later."""
        for schema in self.schemas:
            path = [schema]
            seen = {schema.number}
            while path[-1].keywords.keys() == {"$ref"} and path[-1].targets["$ref"].number not in seen:
                path.append(path[-1].targets["$ref"])
                seen.add(path[-1].number)
            if path[-1].keywords.keys() != {"$ref"}:
                for link in path[:-1]:
                    link.targets["$ref"] = path[-1]

    def _open_resource(self, uri: str, raw: object) -> Resource:
        resource = Resource(len(self._resources), uri, raw)
        self._resources.setdefault(uri, resource)
        return resource

    def _walk(self, raw: object, pointer: str, resource: Resource) -> Schema:
        """Compile a schema and all below it; an explicit stack, so nesting costs no recursion."""
        top = self._node(raw, pointer, resource)
        stack = [(top, raw, 0)] if isinstance(raw, dict) and top.number == len(self.schemas) - 1 else []
        while stack:
            schema, below, depth = stack.pop()
            if depth > SCHEMA_DEPTH_LIMIT:
                raise InvalidSchemaError(
                    f"schemas are nested deeper than {SCHEMA_DEPTH_LIMIT} levels", where=schema.pointer
                )
            fresh = []
            for keyword, key, child in self._children(below):
                where = f"{schema.pointer}/{escape(keyword)}" + (
                    "" if key is None else f"/{escape(str(key))}"
                )
                known = len(self.schemas)
                node = self._node(child, where, schema.resource)
                if key is None:
                    schema.one[keyword] = node
                elif isinstance(key, int):
                    schema.many.setdefault(keyword, []).append(node)
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
            elif keyword in draft.many and isinstance(value, list):
                yield from ((keyword, index, child) for index, child in enumerate(value))
            elif keyword in draft.one and not (
                # Draft 4 has no boolean schemas, but allows true and false in these two places.
                draft.order == DRAFT_4 and isinstance(value, bool) and keyword.startswith("additional")
            ):
                yield keyword, None, value

    def _node(self, raw: object, pointer: str, resource: Resource) -> Schema:
        if isinstance(raw, bool) and self.draft.booleans:
            return self._register(Schema(len(self.schemas), pointer, resource, raw, always=raw))
        if not isinstance(raw, dict):
            raise InvalidSchemaError(f"found {describe(raw)} where a schema was expected", where=pointer)
        known = self._compiled.get(id(raw))
        if known is not None:
            return known
        check_shape(raw, self.draft, pointer)
        self._check_containers(raw, pointer)
        schema = Schema(len(self.schemas), pointer, self._identify(raw, pointer, resource), raw)
        self._compiled[id(raw)] = schema
        self._fill(schema, raw)
        return self._register(schema)

    def _register(self, schema: Schema) -> Schema:
        self.schemas.append(schema)
        # Those derived later are few, and must not make one value depend on which were made before it.
        if len(self.schemas) > SUBSCHEMA_LIMIT and not self._made:
            raise InvalidSchemaError(
                f"the schema has more than {SUBSCHEMA_LIMIT} subschemas",
                where=schema.pointer,
                hint="Make it smaller.",
            )
        return schema

    def _check_containers(self, raw: dict[str, Any], pointer: str) -> None:
        for keyword, value in raw.items():
            if keyword in self.draft.named and not isinstance(value, dict):
                raise InvalidSchemaError(
                    f"{keyword} is {describe(value)}, expected an object of schemas",
                    where=f"{pointer}/{keyword}",
                )
            if (
                keyword in self.draft.many
                and keyword not in self.draft.one
                and not (isinstance(value, list) and value)
            ):
                found = "an empty list" if value == [] else describe(value)
                raise InvalidSchemaError(
                    f"{keyword} is {found}, expected a list of schemas", where=f"{pointer}/{keyword}"
                )
            if keyword == "dependencies" and isinstance(value, dict):
                for name, names in value.items():
                    if isinstance(names, list) and not all(isinstance(item, str) for item in names):
                        raise InvalidSchemaError(
                            "a dependency is no list of strings",
                            where=f"{pointer}/{keyword}/{escape(str(name))}",
                        )
            if keyword in self.draft.named and any(not isinstance(name, str) for name in value):
                raise InvalidSchemaError("a property name is no string", where=f"{pointer}/{keyword}")

    def _identify(self, raw: dict[str, Any], pointer: str, resource: Resource) -> Resource:
        """The resource of a schema: a new one where it has an id; its anchors are noted on the way."""
        draft = self.draft
        identifier = raw.get("id" if draft.order == DRAFT_4 else "$id")
        if isinstance(identifier, str) and not (draft.lonely_ref and "$ref" in raw):
            uri, fragment = resolve(resource.uri, identifier, f"{pointer}/$id")
            if uri and uri != resource.uri:
                if pointer == "" and resource.root is raw:
                    resource.uri = uri
                    self._resources[uri] = resource
                else:
                    resource = self._open_resource(uri, raw)
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
        schema.compound = not IN_PLACE.isdisjoint(raw)
        if draft.lonely_ref and isinstance(raw.get("$ref"), str):
            schema.keywords = {"$ref": raw["$ref"]}
            return
        schema.keywords = {keyword: value for keyword, value in raw.items() if keyword in draft.keywords}
        schema.delicate = not DELICATE.isdisjoint(schema.keywords)
        if "type" in schema.keywords:
            names = raw["type"] if isinstance(raw["type"], list) else [raw["type"]]
            schema.kinds = 0
            for name in names:
                schema.kinds |= KINDS[name]
        if "pattern" in schema.keywords:
            schema.patterns[raw["pattern"]] = self._pattern(raw["pattern"], schema.at("pattern"))
        for source in schema.keywords.get("patternProperties", ()):
            schema.patterns[source] = self._pattern(
                source, f"{schema.pointer}/patternProperties/{escape(source)}"
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
            if self._pattern_size > _PATTERN_LIMIT:
                raise InvalidSchemaError(
                    f"the patterns have more than {_PATTERN_LIMIT} parts together, once their repeats unfold",
                    where=pointer,
                )
        return self._patterns[source]

    def _link(self, schema: Schema) -> None:
        for keyword in _REFERENCES:
            if keyword in schema.keywords:
                schema.targets[keyword] = self._target(schema, keyword, schema.keywords[keyword])

    def _target(self, schema: Schema, keyword: str, reference: str) -> Schema:
        where = schema.at(keyword)
        uri, fragment = resolve(schema.resource.uri, reference, where)
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
        raw = find(resource.root, fragment, reference, where)
        pointer = fragment if resource.root is self._raw else schema.pointer
        return self._walk(raw, pointer, resource)
