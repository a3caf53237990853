"""The schemas of one document as the validators run them, and where each was written.

Only what is asked for is translated, with all that it refers to. Whatever a reference looked like (into
another file, by ``$id``, into the middle of another schema), it becomes ``#/components/schemas/X`` or
``#/x-referred/X``, and ``shared`` holds what stands there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal

from mockgrid.document.pointer import join, resolve, split
from mockgrid.errors import DocumentError
from mockgrid.schema.metaschema import check_sound
from mockgrid.schema.patterns import pattern_mistake
from mockgrid.schema.references import References
from mockgrid.schema.required import Required
from mockgrid.schema.translate import (
    Dialect,
    Draft,
    admit_null,
    dialect_named,
    draft_of,
    keywords,
    loosen,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.document.document import Document

__all__ = ["Direction", "Schemas"]

Direction = Literal["request", "response"]

REFERRED: Final = "x-referred"

_ONE: Final = frozenset(
    {
        *("additionalProperties", "items", "not", "additionalItems", "contains", "propertyNames", "if"),
        *("then", "else", "unevaluatedItems", "unevaluatedProperties"),
    }
)
_SEVERAL: Final = frozenset(("allOf", "anyOf", "oneOf", "prefixItems", "items"))
_NAMED: Final = frozenset(("properties", "patternProperties", "$defs", "definitions", "dependentSchemas"))
_REFERENCES: Final = frozenset(("$ref", "$dynamicRef", "$recursiveRef"))
_DATA: Final = frozenset(("const", "default", "enum", "examples"))
_COMPONENT: Final = ("components", "schemas", "NAME")
_PLAIN: Final = re.compile(r"[A-Za-z0-9._-]+")
_IN_PLACE: Final = ("allOf", "anyOf")


class Schemas:
    """The schemas of one document, for one direction.

    Args:
        document: an OpenAPI document.
        direction: whether they are for what clients send or for what they get: ``readOnly`` properties are
            required of responses only, ``writeOnly`` ones of requests only.
        lenient: also admit null for every optional property, and any text where several texts are listed.

    Attributes:
        draft: what the keywords of the translated schemas mean.
        shared: what references point into, by the first part of their pointers; it grows.
    """

    def __init__(self, document: Document, direction: Direction, *, lenient: bool = False) -> None:
        self.draft: Draft = draft_of(document.data)
        self.shared: dict[str, Any] = {"components": {"schemas": {}}, REFERRED: {}}
        self._document = document
        self._lenient = lenient
        self._old = self.draft == "draft4"
        self._references = References(document, old=self._old)
        self._required = Required(document.data, self._references, direction)
        self._default = self._default_dialect()
        self._roots: dict[str, Any] = {}
        self._names: dict[str, str] = {}  # pointers of what is referred to -> references
        self._waiting: list[str] = []
        self._checked: set[str] = set()  # patterns
        # By the identity of a translated schema, which stays alive with its root: the pointer to what it
        # was made from, and how keywords were called there ("" for one that was added).
        self._tellers: dict[int, tuple[str, list[list[str]]]] = {}
        self._origins: dict[int, tuple[str, dict[str, str]]] = {}

    def at(self, pointer: str) -> Any:
        """Return the translated schema for the one under a pointer.

        Raises:
            KeyError: nothing stands there.
            DocumentError: what stands there, or what it refers to, is not a schema.
        """
        if pointer not in self._roots:
            source = resolve(self._document.data, pointer)
            self._roots[pointer] = self._schema(source, pointer, self._dialect_at(pointer))
            while self._waiting:
                self._share(self._waiting.pop())
        return self._roots[pointer]

    @property
    def roots(self) -> dict[str, Any]:
        """All schemas that were asked for, by their pointers."""
        return self._roots

    def parts(self, schema: Any) -> dict[str, Any]:
        """Return the part of ``shared`` that a translated schema refers to, with all that this refers to."""
        named: dict[str, Any] = {}
        referred: dict[str, Any] = {}
        rest = list(_references(schema))
        while rest:
            parts = split(rest.pop())
            found, name = (referred, parts[-1]) if parts[0] == REFERRED else (named, parts[-1])
            if name not in found:
                found[name] = resolve(self.shared, join(parts))
                rest.extend(_references(found[name]))
        parts_of = {"components": {"schemas": named}} if named else {}
        return {**parts_of, REFERRED: referred} if referred else parts_of

    def origin(self, schema: Any, keyword: str = "") -> str | None:
        """Return the pointer to a translated schema's keyword as it was published; None for other data."""
        found = self._origins.get(id(schema))
        if found is None:
            return None
        at, names = found
        named = names.get(keyword, keyword)
        return at + join((named,)) if named else at

    def origin_along(self, root: Any, path: list[str | int]) -> str | None:
        """Return the pointer, as it was published, to where a path through a translated schema leads.

        References on the way are followed, and need not be part of the path.
        """
        node, found = root, self.origin(root)
        for part in path:
            for _ in range(64):
                if not isinstance(node, dict) or part in node or "$ref" not in node:
                    break
                node = resolve(self.shared, node["$ref"])
                found = self.origin(node) or found
            before = node
            try:
                node = resolve(node, join((part,)))
            except KeyError:
                return found
            own = self.origin(node) or self.origin(before, str(part))
            found = own or (found and found + join((part,)))
        return found

    def circle(self) -> str | None:
        """Return the pointer to a schema that is part of itself, with nothing between; None where none is."""
        done: set[int] = set()
        for name in self._names.values():
            opened: list[int] = [0]
            steps = [iter([resolve(self.shared, name)])]
            while steps:
                schema = next(steps[-1], None)
                if schema is None:
                    steps.pop()
                    done.add(opened.pop())
                elif isinstance(schema, dict) and id(schema) in opened:
                    return self.origin(schema)
                elif isinstance(schema, dict) and id(schema) not in done:
                    opened.append(id(schema))
                    steps.append(iter(self._in_place(schema)))
        return None

    def _in_place(self, schema: dict[str, Any]) -> list[Any]:
        found = [part for key in _IN_PLACE for part in schema.get(key, ())]
        if isinstance(schema.get("$ref"), str) and schema["$ref"].startswith("#"):
            found.append(resolve(self.shared, schema["$ref"]))
        return found

    def _share(self, pointer: str) -> None:
        source = resolve(self._document.data, pointer)
        schema = self._schema(source, pointer, self._dialect_at(pointer))
        parts = split(self._names[pointer])
        holder = self.shared[REFERRED] if parts[0] == REFERRED else self.shared["components"]["schemas"]
        holder[parts[-1]] = schema

    def _schema(self, source: Any, at: str, dialect: Dialect) -> Any:
        if isinstance(source, bool):
            return source
        if not isinstance(source, dict):
            raise DocumentError("a schema was expected, a mapping.", where=self._document.where(at))
        if not self._old and "$schema" in source:
            dialect = dialect_named(source["$schema"], self._document, f"{at}/$schema")
        check_sound(source, dialect, self._document, at)
        self._check_patterns(source, at)
        if self._old and "$ref" in source:
            return self._known({"$ref": self._reference(source["$ref"], f"{at}/$ref")}, at, {})
        out, names = self._translated(source, at, dialect)
        self._discriminate(out, source)
        self._join_branches(out, at, names)
        if self._lenient:
            self._loosen(out)
        if self._old and source.get("nullable") is True:
            return self._nullable(self._known(out, at, names), at)
        return self._known(out, at, names)

    def _translated(
        self, source: dict[str, Any], at: str, dialect: Dialect
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Return a schema's keywords, and how those were called that have another name now."""
        out: dict[str, Any] = {}
        names: dict[str, str] = {}
        for key, written, value in keywords(source, dialect):
            if key in _REFERENCES:
                self._refer(out, key, value, f"{at}/{key}")
                continue
            if key != written:
                names[key] = written
            out[key] = self._keyword(key, value, at + join((written,)), dialect)
        if "required" in out:
            self._require(out, source, at)
        return out, names

    def _check_patterns(self, source: dict[str, Any], at: str) -> None:
        named = source.get("patternProperties")
        found = [("pattern", source["pattern"])] if "pattern" in source else []
        found += [(join(("patternProperties", pattern))[1:], pattern) for pattern in named or ()]
        for place, pattern in found:
            if pattern in self._checked:
                continue
            mistake = pattern_mistake(pattern, self.draft)
            if mistake is not None:
                raise DocumentError(
                    f"the pattern {pattern!r} is not a regular expression: {mistake}.",
                    where=self._document.where(f"{at}/{place}"),
                )
            self._checked.add(pattern)

    def _known(self, schema: dict[str, Any], at: str, names: dict[str, str]) -> dict[str, Any]:
        self._origins[id(schema)] = (at, names)
        return schema

    def _keyword(self, key: str, value: Any, at: str, dialect: Dialect) -> Any:
        if key in _SEVERAL and isinstance(value, list):
            return [self._schema(item, f"{at}/{index}", dialect) for index, item in enumerate(value)]
        if key in _ONE:
            return self._schema(value, at, dialect)
        if key in _NAMED and isinstance(value, dict):
            return {name: self._schema(item, at + join((name,)), dialect) for name, item in value.items()}
        return value

    def _refer(self, out: dict[str, Any], key: str, value: str, at: str) -> None:
        if key == "$ref":
            reference = self._reference(value, at)
        elif key == "$dynamicRef":
            reference = self._placed(self._references.dynamic(value, at))
        else:
            reference = self._placed(self._references.resource(at))
        if "$ref" in out:
            out["allOf"] = [
                *out.get("allOf", ()),
                self._known({"$ref": reference}, at.rpartition("/")[0], {}),
            ]
        else:
            out["$ref"] = reference

    def _reference(self, reference: str, at: str) -> str:
        target = self._references.target(reference, at)
        if target is None:
            return reference
        if not isinstance(resolve(self._document.data, target), (dict, bool)):
            raise DocumentError(
                f"the reference {reference!r} leads to no schema.", where=self._document.where(at)
            )
        return self._placed(target)

    def _placed(self, target: str) -> str:
        """Return the reference by which a schema of the document is shared."""
        if target not in self._names:
            parts = split(target)
            if (
                parts[:2] == ("components", "schemas")
                and len(parts) == len(_COMPONENT)
                and _PLAIN.fullmatch(parts[2])
            ):
                self._names[target] = f"#{target}"
            else:
                plain = re.sub(r"[^A-Za-z0-9._-]", "_", parts[-1]) if parts else "document"
                taken = set(self._names.values())
                names = (f"#/{REFERRED}/{plain}{end}" for end in _endings())
                self._names[target] = next(name for name in names if name not in taken)
            self._waiting.append(target)
        return self._names[target]

    def _require(self, out: dict[str, Any], source: dict[str, Any], at: str) -> None:
        names = self._required.of(source, at)
        if names:
            out["required"] = names
        else:
            del out["required"]  # draft-04 has no empty list here

    def _discriminate(self, out: dict[str, Any], source: dict[str, Any]) -> None:
        """Keep which values of which property a discriminator has for each branch."""
        teller = source.get("discriminator")
        key = next((key for key in ("oneOf", "anyOf") if key in out), None)
        if not isinstance(teller, dict) or not isinstance(teller.get("propertyName"), str) or key is None:
            return
        mapping = teller["mapping"] if isinstance(teller.get("mapping"), dict) else {}
        values: list[list[str]] = []
        for branch in source[key]:
            reference = branch.get("$ref", "") if isinstance(branch, dict) else ""
            name = str(reference).rpartition("/")[2]
            mapped = [value for value, target in mapping.items() if target in (reference, name)]
            values.append(mapped or [name])
        if all(value != [""] for value in values):
            self._tellers[id(out[key])] = (teller["propertyName"], values)

    def teller(self, branches: Any) -> tuple[str, list[list[str]]] | None:
        """Return a discriminator's property, and its values for each of these branches; None without one."""
        return self._tellers.get(id(branches))

    def _join_branches(self, schema: dict[str, Any], at: str, names: dict[str, str]) -> None:
        if "oneOf" not in schema:
            return
        branches = schema.pop("oneOf")
        if "anyOf" in schema:
            added = self._known({"anyOf": branches}, at, {"anyOf": "oneOf"})
            schema["allOf"] = [*schema.get("allOf", ()), added]
        else:
            schema["anyOf"] = branches
            names["anyOf"] = "oneOf"

    def _nullable(self, schema: dict[str, Any], at: str) -> dict[str, Any]:
        wide = admit_null(schema)
        if any(part is schema for part in wide.get("anyOf", ())):
            return self._known(wide, at, {"anyOf": ""})
        # The schema is replaced, and its identity may soon be that of something else.
        _, names = self._origins.pop(id(schema))
        teller = self._tellers.pop(id(schema.get("anyOf")), None)
        if teller is not None:
            self._tellers[id(wide["anyOf"])] = (teller[0], [*teller[1], []])
        return self._known(wide, at, names)

    def _loosen(self, schema: dict[str, Any]) -> None:
        loosen(schema)
        properties = schema.get("properties")
        if isinstance(properties, dict):
            required = schema.get("required", ())
            for name, item in properties.items():
                if name not in required and isinstance(item, dict):
                    at, _ = self._origins[id(item)]
                    properties[name] = self._nullable(item, at)

    def _default_dialect(self) -> Dialect:
        if self._old:
            return "3.0"
        data = self._document.data
        if "jsonSchemaDialect" not in data:
            return "2020-12"
        return dialect_named(data["jsonSchemaDialect"], self._document, "/jsonSchemaDialect")

    def _dialect_at(self, pointer: str) -> Dialect:
        """Return the dialect in force at a place: of the nearest ``$schema`` around it."""
        dialects = self._references.dialects
        parts = split(pointer) if dialects else ()
        around = (join(parts[:length]) for length in range(len(parts), 0, -1))
        found = next((at for at in around if at in dialects), None)
        if found is None:
            return self._default
        return dialect_named(dialects[found], self._document, f"{found}/$schema")


def _endings() -> Iterator[str]:
    yield ""
    number = 2
    while True:
        yield f"-{number}"
        number += 1


def _references(schema: Any) -> Iterator[str]:
    """Return the references anywhere in a translated schema, but for those to metaschemas."""
    rest = [schema]
    while rest:
        node = rest.pop()
        if isinstance(node, dict):
            reference = node.get("$ref")
            if isinstance(reference, str) and reference.startswith("#"):
                yield reference
            rest.extend(item for key, item in node.items() if key not in _DATA)
        elif isinstance(node, list):
            rest.extend(node)
