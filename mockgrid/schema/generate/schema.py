"""A subschema of a document, with all that it is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mockgrid.schema.generate.keywords import EVERY_KIND, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mockgrid.schema.regex import Pattern

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


# What most schemas have none of, so that they share it.
_NOTHING: Any = MappingProxyType({})


@dataclass(eq=False, repr=False, slots=True)  # a large document has a hundred thousand
class Schema:
    """A subschema with its keywords reduced to those that its draft knows, and its references resolved.

    Attributes:
        follow: tells what its references lead to.
        number: identity; smaller for schemas met earlier.
        pointer: where it stands, as a JSON pointer.
        resource: what its references are relative to.
        raw: as written.
        always: the verdict of a boolean schema, else nothing.
        keywords: assertions and applicators, raw.
        child, listed, named: the subschemas below each keyword that counts.
        patterns: compiled, by source: of ``pattern`` and of ``patternProperties``.
        kinds: the types that ``type`` admits.
        suggestions: ``default`` and examples, in order of preference.
        examples: those of a published schema, the first to be preferred.
        delicate: whether meeting the parts of a value one by one does not suffice.
        compound: whether other schemas apply to the same value.
        opposite: a schema of what breaks this one; false where none is known, nothing until asked for.
        labels: what else holds in each branch because of a discriminator, as it would be written.
        tag: the property by which a discriminator tells the heirs of this schema apart.
        unmet: whether nothing that can be made satisfies the schema as it was published.
    """

    follow: Callable[[Schema], dict[str, Schema]]
    number: int
    pointer: str
    resource: Resource
    raw: object
    always: bool | None = None
    keywords: dict[str, Any] = field(default_factory=dict)
    child: dict[str, Schema] = field(default_factory=lambda: _NOTHING)
    listed: dict[str, list[Schema]] = field(default_factory=lambda: _NOTHING)
    named: dict[str, dict[str, Schema]] = field(default_factory=lambda: _NOTHING)
    patterns: dict[str, Pattern] = field(default_factory=lambda: _NOTHING)
    kinds: int = EVERY_KIND
    suggestions: Sequence[Any] = ()
    examples: Sequence[Any] = ()
    delicate: bool = False
    compound: bool = False
    opposite: Schema | bool | None = None
    labels: list[dict[str, Any] | None] | None = None
    tag: str | None = None
    unmet: bool = False
    _targets: dict[str, Schema] | None = None

    def add(self, keyword: str, key: str | int | None, part: Schema) -> None:
        """Add a subschema: the only one of a keyword, or that of an index or a name."""
        if key is None:
            self.child = {**self.child, keyword: part}
        elif isinstance(key, int):
            self.listed = self.listed or {}
            self.listed.setdefault(keyword, []).append(part)
        else:
            self.named = self.named or {}
            self.named.setdefault(keyword, {})[key] = part

    @property
    def targets(self) -> dict[str, Schema]:
        """The schemas that ``$ref`` and its relatives lead to; compiled now, with what is written in them."""
        if self._targets is None:
            self._targets = self.follow(self) if self.compound else _NOTHING
        return self._targets

    @property
    def plain(self) -> bool:
        """Whether it is made of no other schemas."""
        return not (self.compound or self.child or self.listed or self.named)

    def parts(self, keyword: str) -> list[Schema]:
        """The subschemas of a keyword."""
        if keyword in self.child:
            return [self.child[keyword]]
        return self.listed.get(keyword) or list(self.named.get(keyword, {}).values())

    def in_place(self) -> list[Schema]:
        """The schemas that this one applies to the same value."""
        if not self.compound:
            return []
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
    stack: list[tuple[Schema, Iterable[Schema] | None]] = [(top, None)]
    entered: set[int] = set()
    while stack:
        schema, parts = stack.pop()
        if parts is not None:
            finished.add(schema.number)
            yield schema, any(part.number not in finished or part is schema for part in parts)
        elif schema.number not in entered and schema.number not in finished:
            entered.add(schema.number)
            parts = below(schema)
            stack.append((schema, parts))
            stack += [(part, None) for part in parts]
