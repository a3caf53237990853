"""What several schemas together ask of one value, kind by kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from mockgrid.errors import UnsatisfiableError
from mockgrid.schema.equality import frozen
from mockgrid.schema.generate.keywords import (
    ARRAY,
    BOOLEAN,
    DRAFT_2019,
    NULL,
    NUMBER,
    OBJECT,
    STRING,
    is_number,
    words,
)
from mockgrid.schema.generate.limits import JSON, is_sound

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockgrid.schema.generate.alternatives import Alternative
    from mockgrid.schema.generate.schema import Schema
    from mockgrid.schema.regex import Pattern

# Without "type", the kind that the other keywords speak about is what was meant.
_SPEAKS = {
    OBJECT: words(
        "properties required additionalProperties patternProperties minProperties maxProperties "
        "propertyNames dependentRequired dependentSchemas unevaluatedProperties dependencies"
    ),
    ARRAY: words("items prefixItems contains minItems maxItems uniqueItems unevaluatedItems additionalItems"),
    STRING: words("minLength maxLength pattern format"),
    NUMBER: words("minimum maximum exclusiveMinimum exclusiveMaximum multipleOf"),
}
_PREFERENCE = (OBJECT, ARRAY, STRING, NUMBER, BOOLEAN, NULL)
_FREE_PREFERENCE = (STRING, NUMBER, BOOLEAN, OBJECT, ARRAY, NULL)


class Bound(NamedTuple):
    """One end of a range of numbers, and whether the end itself is left out."""

    value: float
    open: bool


@dataclass(eq=False, repr=False)
class Counts:
    """How many there may be, and which schemas said so."""

    low: int = 0
    high: int | None = None
    low_at: str = ""
    high_at: str = ""

    def narrow(self, schema: Schema, low: str, high: str) -> None:
        """Take the bounds of a schema into account."""
        at_least, at_most = schema.keywords.get(low), schema.keywords.get(high)
        if at_least is not None and at_least > self.low:
            self.low, self.low_at = int(at_least), schema.at(low)
        if at_most is not None and (self.high is None or at_most < self.high):
            self.high, self.high_at = int(at_most), schema.at(high)

    def check(self, what: str) -> None:
        """Refuse bounds that leave nothing.

        Raises:
            UnsatisfiableError: the lower one is above the upper one.
        """
        if self.high is not None and self.low > self.high:
            raise UnsatisfiableError(
                f"at least {self.low} and at most {self.high} {what} are wanted, so nothing fits",
                where=self.low_at.rpartition("/")[0],
            )

    def admits(self, count: int) -> bool:
        """Whether so many are allowed."""
        return self.low <= count and (self.high is None or count <= self.high)


@dataclass(eq=False, repr=False)
class Constraints:
    """The sum of the schemas of one alternative; they stay at hand for what cannot be summed up.

    Attributes:
        where: pointer of the first schema.
        applied: the schemas.
        kinds: the kinds of value that are admitted, the most fitting first.
        delicate: whether a value has to be judged as a whole.
        listed: the only values admitted, when they are listed.
        suggestions: values that the schemas propose; not necessarily valid.
        embeds: what a string that holds JSON is to hold; nothing for any other string.
        lean: whether a value has to have no more than what is required.
        members_known: what members have to satisfy, as far as it was worked out.
    """

    where: str
    applied: Sequence[Schema]
    kinds: list[int]
    delicate: bool = False
    listed: list[JSON] | None = None
    suggestions: list[JSON] = field(default_factory=list)
    low: Bound | None = None
    high: Bound | None = None
    multiples: list[float] = field(default_factory=list)
    length: Counts = field(default_factory=Counts)
    patterns: list[Pattern] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)
    embeds: list[Schema] | None = None
    items: Counts = field(default_factory=Counts)
    unique: bool = False
    contains: list[tuple[Schema, int, int | None]] = field(default_factory=list)
    members: Counts = field(default_factory=Counts)
    required: dict[str, str] = field(default_factory=dict)
    properties: dict[str, None] = field(default_factory=dict)
    needs: dict[str, list[str]] = field(default_factory=dict)
    lean: bool = False
    members_known: dict[str, list[Schema] | None] = field(default_factory=dict)

    def having(self, keyword: str) -> list[Schema]:
        """The subschemas that a keyword has where it applies one to whatever it is about."""
        return [schema.child[keyword] for schema in self.applied if keyword in schema.child]


def sum_up(alternative: Alternative, order: int, where: str) -> Constraints:
    """The constraints of the schemas of an alternative, in the draft of that order.

    Raises:
        UnsatisfiableError: their lists of values have none in common.
    """
    applied = list(alternative.applied.values())
    constraints = Constraints(where, applied, _rank(applied, alternative.kinds))
    constraints.delicate = any(schema.delicate for schema in applied)
    constraints.lean = alternative.lean
    constraints.low = max(_bounds(applied, "minimum", "exclusiveMinimum"), default=None)
    upper = _bounds(applied, "maximum", "exclusiveMaximum")
    constraints.high = min(upper, key=lambda bound: (bound.value, not bound.open), default=None)
    for schema in applied:
        keywords = schema.keywords
        constraints.suggestions += schema.suggestions
        if "enum" in keywords:
            _list_values(constraints, schema, keywords["enum"], "enum")
        if "const" in keywords:
            _list_values(constraints, schema, [keywords["const"]], "const")
        if isinstance(schema.raw, dict) and schema.raw.get("contentMediaType") == "application/json":
            embedded = schema.child.get("contentSchema")
            constraints.embeds = [*(constraints.embeds or []), *([] if embedded is None else [embedded])]
        if "multipleOf" in keywords:
            constraints.multiples.append(keywords["multipleOf"])
        constraints.length.narrow(schema, "minLength", "maxLength")
        if "pattern" in keywords:
            constraints.patterns.append(schema.patterns[keywords["pattern"]])
        if "format" in keywords:
            constraints.formats.append(keywords["format"])
        if not _SPEAKS[ARRAY].isdisjoint(keywords):
            _add_items(constraints, schema, order)
        if not _SPEAKS[OBJECT].isdisjoint(keywords):
            _add_members(constraints, schema)
    return constraints


def _rank(applied: Sequence[Schema], kinds: int) -> list[int]:
    """The kinds one by one: those that the keywords speak about first."""
    if kinds in _PREFERENCE:
        return [kinds]
    typed = any("type" in schema.keywords for schema in applied)
    order = _PREFERENCE if typed else _FREE_PREFERENCE
    spoken = {
        kind
        for kind, keywords in _SPEAKS.items()
        if any(not keywords.isdisjoint(schema.keywords) for schema in applied)
    }
    return [kind & kinds for kind in sorted(order, key=lambda kind: kind not in spoken) if kind & kinds]


def _list_values(constraints: Constraints, schema: Schema, values: list[Any], keyword: str) -> None:
    if constraints.listed is None:
        constraints.listed = values
        return
    common = set(map(frozen, filter(is_sound, values)))
    constraints.listed = [
        value for value in constraints.listed if is_sound(value) and frozen(value) in common
    ]
    if not constraints.listed:
        raise UnsatisfiableError("the lists of allowed values have none in common", where=schema.at(keyword))


def _bounds(applied: Sequence[Schema], keyword: str, exclusive: str) -> Iterator[Bound]:
    for schema in applied:
        bound, beyond = schema.keywords.get(keyword), schema.keywords.get(exclusive)
        if bound is not None:
            yield Bound(bound, open=beyond is True)
        if is_number(beyond):
            yield Bound(beyond, open=True)


def _add_items(constraints: Constraints, schema: Schema, order: int) -> None:
    keywords = schema.keywords
    constraints.items.narrow(schema, "minItems", "maxItems")
    constraints.unique = constraints.unique or keywords.get("uniqueItems") is True
    for part in schema.parts("contains"):
        low, high = 1, None
        if order >= DRAFT_2019:
            low, high = int(keywords.get("minContains", 1)), keywords.get("maxContains")
        constraints.contains.append((part, low, None if high is None else int(high)))


def _add_members(constraints: Constraints, schema: Schema) -> None:
    keywords = schema.keywords
    constraints.members.narrow(schema, "minProperties", "maxProperties")
    constraints.properties.update(dict.fromkeys(keywords.get("properties", ())))
    for name in keywords.get("required", ()):
        constraints.required.setdefault(name, schema.at("required"))
    for keyword in ("dependentRequired", "dependencies"):
        for name, needed in keywords.get(keyword, {}).items():
            if isinstance(needed, list):
                constraints.needs.setdefault(name, []).extend(needed)
