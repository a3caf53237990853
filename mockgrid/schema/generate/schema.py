"""One compiled subschema."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from mockgrid.schema.generate.equality import canonical

if TYPE_CHECKING:
    from mockgrid.schema.regex import Pattern

NULL, BOOLEAN, INTEGER, FRACTION, STRING, ARRAY, OBJECT = (1 << bit for bit in range(7))
NUMBER = INTEGER | FRACTION
EVERY_KIND = (1 << 7) - 1
KINDS = {
    "null": NULL,
    "boolean": BOOLEAN,
    "integer": INTEGER,
    "number": NUMBER,
    "string": STRING,
    "array": ARRAY,
    "object": OBJECT,
}

# Keywords that a value can only be held against once it is whole.
DELICATE = frozenset(
    [
        "not",
        "oneOf",
        "if",
        "contains",
        "propertyNames",
        "unevaluatedItems",
        "unevaluatedProperties",
        "dependentSchemas",
        "dependencies",
    ]
)
_JUDGING_TOO = frozenset(
    {"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas", "dependencies"}
)
IN_PLACE = frozenset(
    [
        "$ref",
        "$dynamicRef",
        "$recursiveRef",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "if",
        "dependentSchemas",
        "dependencies",
    ],
)


@dataclass(slots=True, eq=False)
class Resource:
    """A schema with a URI of its own, which references and anchors are relative to.

    Attributes:
        number: in order of appearance.
        uri: its base URI, without fragment.
        root: the raw schema.
        anchors: raw schemas by plain-name fragment.
        dynamic: those of them that ``$dynamicRef`` may be diverted to.
    """

    number: int
    uri: str
    root: object
    anchors: dict[str, object] = field(default_factory=dict)
    dynamic: dict[str, object] = field(default_factory=dict)


Scope: TypeAlias = tuple[Resource, ...]


@dataclass(slots=True, eq=False)
class Schema:
    """A subschema with its keywords reduced to those that its draft knows, and its references resolved.

    Attributes:
        number: identity; smaller for schemas met earlier.
        pointer: where it stands, as a JSON pointer.
        resource: what its references are relative to.
        raw: as written.
        always: the verdict of a boolean schema, else nothing.
        keywords: assertions and applicators, raw.
        one, many, named: the subschemas below each keyword.
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
    one: dict[str, Schema] = field(default_factory=dict)
    many: dict[str, list[Schema]] = field(default_factory=dict)
    named: dict[str, dict[str, Schema]] = field(default_factory=dict)
    targets: dict[str, Schema] = field(default_factory=dict)
    patterns: dict[str, Pattern] = field(default_factory=dict)
    kinds: int = EVERY_KIND
    suggestions: list[Any] = field(default_factory=list)
    delicate: bool = False
    compound: bool = False
    opposite: Schema | bool | None = None
    _members: dict[str, frozenset[object]] = field(default_factory=dict)

    def members(self, keyword: str) -> frozenset[object]:
        """The canonical forms of what ``enum`` or ``const`` admits."""
        if keyword not in self._members:
            values = self.keywords["enum"] if keyword == "enum" else [self.keywords["const"]]
            self._members[keyword] = frozenset(map(canonical, values))
        return self._members[keyword]

    def in_place(self) -> list[Schema]:
        """The schemas that this one applies to the same value."""
        found = list(self.targets.values())
        for keyword in self.keywords:
            if keyword in _JUDGING_TOO:
                found += [self.one[keyword]] if keyword in self.one else self.many.get(keyword, ())
                found += self.named.get(keyword, {}).values()
        return found

    def at(self, keyword: str) -> str:
        """The pointer of a keyword."""
        return f"{self.pointer}/{keyword}"
