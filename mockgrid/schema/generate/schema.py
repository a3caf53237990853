"""One compiled subschema."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mockgrid.schema.generate.keywords import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

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
DELICATE = words(
    "not oneOf if contains propertyNames unevaluatedItems unevaluatedProperties dependentSchemas dependencies"
)
# Keywords whose schemas apply to the same value.
IN_PLACE = words("allOf anyOf oneOf not if then else dependentSchemas dependencies")
REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


def kind_of(value: object) -> int:
    """The one kind that a value is of; a float without fraction counts as an integer."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, (int, float)):
        return INTEGER if isinstance(value, int) or value.is_integer() else FRACTION
    if isinstance(value, str):
        return STRING
    return ARRAY if isinstance(value, list) else OBJECT


@dataclass(slots=True, eq=False, repr=False)
class Resource:
    """A schema with a URI of its own, which references and anchors are relative to.

    Attributes:
        uri: its base URI, without fragment.
        root: the raw schema.
        anchors: raw schemas by plain-name fragment.
        dynamic: those of them that ``$dynamicRef`` may be diverted to.
    """

    uri: str
    root: object
    anchors: dict[str, object] = field(default_factory=dict)
    dynamic: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True, eq=False, repr=False)
class Schema:
    """A subschema with its keywords reduced to those that its draft knows, and its references resolved.

    Attributes:
        number: identity; smaller for schemas met earlier.
        pointer: where it stands, as a JSON pointer.
        resource: what its references are relative to.
        raw: as written.
        always: the verdict of a boolean schema, else nothing.
        keywords: assertions and applicators, raw.
        child, listed, named: the subschemas below each keyword.
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
        """The subschemas of a keyword that counts in this draft."""
        if keyword not in self.keywords:
            return []
        child = self.child.get(keyword)
        return ([] if child is None else [child]) + [
            *self.listed.get(keyword, ()),
            *self.named.get(keyword, {}).values(),
        ]

    def in_place(self) -> list[Schema]:
        """The schemas that this one applies to the same value."""
        return [
            *self.targets.values(),
            *(part for keyword in self.keywords if keyword in IN_PLACE for part in self.parts(keyword)),
        ]

    def applied(self) -> list[Schema]:
        """The schemas that this one applies to the same value or to parts of it."""
        return [*self.targets.values(), *(part for keyword in self.keywords for part in self.parts(keyword))]

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
