"""What several schemas together ask of one value, kind by kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mockgrid.errors import UnsatisfiableError
from mockgrid.schema.generate.draft import DRAFT_2019
from mockgrid.schema.generate.equality import JSON, canonical
from mockgrid.schema.generate.schema import ARRAY, BOOLEAN, NULL, NUMBER, OBJECT, STRING, Scope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockgrid.schema.generate.schema import Schema
    from mockgrid.schema.generate.world import Applied
    from mockgrid.schema.regex import Pattern

# Without "type", the kind that the other keywords speak about is what was meant.
_SPEAKS = {
    OBJECT: [
        "properties",
        "required",
        "additionalProperties",
        "patternProperties",
        "minProperties",
        "maxProperties",
        "propertyNames",
        "dependentRequired",
        "dependentSchemas",
        "unevaluatedProperties",
        "dependencies",
    ],
    ARRAY: [
        "items",
        "prefixItems",
        "contains",
        "minItems",
        "maxItems",
        "uniqueItems",
        "unevaluatedItems",
        "additionalItems",
    ],
    STRING: ["minLength", "maxLength", "pattern", "format"],
    NUMBER: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
}
_PREFERENCE = (OBJECT, ARRAY, STRING, NUMBER, BOOLEAN, NULL)
_FREE_PREFERENCE = (STRING, NUMBER, BOOLEAN, OBJECT, ARRAY, NULL)


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of a range of numbers, and whether the end itself is left out."""

    value: float
    open: bool
    where: str


@dataclass(slots=True)
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


@dataclass(slots=True)
class Demand:
    """The sum of the schemas of one world; the schemas themselves stay at hand for what cannot be summed up.

    Attributes:
        where: pointer of the first schema.
        kinds: the kinds of value that are admitted, the most fitting first.
        delicate: whether a value has to be checked as a whole.
        choices: the only values admitted, when they are listed.
        suggestions: values that the schemas propose; not necessarily valid.
        embeds: what a string that holds JSON is to hold; nothing for any other string.
        members_known: what members have to satisfy, as far as it was worked out.
    """

    where: str
    applied: Sequence[Applied]
    kinds: list[int]
    forbidden: frozenset[str] = frozenset()
    delicate: bool = False
    choices: list[JSON] | None = None
    suggestions: list[JSON] = field(default_factory=list)
    low: Bound | None = None
    high: Bound | None = None
    multiples: list[float] = field(default_factory=list)
    length: Counts = field(default_factory=Counts)
    patterns: list[Pattern] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)
    embeds: list[Applied] | None = None
    size: Counts = field(default_factory=Counts)
    unique: bool = False
    contains: list[tuple[Schema, Scope, int, int | None]] = field(default_factory=list)
    members: Counts = field(default_factory=Counts)
    required: dict[str, str] = field(default_factory=dict)
    properties: dict[str, None] = field(default_factory=dict)
    needs: dict[str, list[str]] = field(default_factory=dict)
    members_known: dict[str, list[Applied] | None] = field(default_factory=dict)

    def having(self, keyword: str) -> list[Applied]:
        """The schemas that have a keyword."""
        return [(schema, scope) for schema, scope in self.applied if keyword in schema.keywords]


def sum_up(  # noqa: C901 (one step for each group of keywords)
    applied: Sequence[Applied], kinds: int, forbidden: tuple[str, ...], order: int, where: str
) -> Demand:
    """The demand of the schemas of a world.

    Raises:
        UnsatisfiableError: their lists of values have none in common.
    """
    delicate = any(schema.delicate for schema, _ in applied)
    demand = Demand(where, applied, _rank(applied, kinds), frozenset(forbidden), delicate)
    for schema, scope in applied:
        keywords = schema.keywords
        if not keywords:
            demand.suggestions += schema.suggestions
            continue
        if "enum" in keywords:
            _choose(demand, schema, keywords["enum"], "enum")
        if "const" in keywords:
            _choose(demand, schema, [keywords["const"]], "const")
        demand.suggestions += schema.suggestions
        if isinstance(schema.raw, dict) and schema.raw.get("contentMediaType") == "application/json":
            embedded = schema.one.get("contentSchema")
            demand.embeds = [*(demand.embeds or []), *([(embedded, scope)] if embedded is not None else [])]
        said = keywords.keys()
        if not said.isdisjoint(_SPEAKS[NUMBER]):
            _narrow_numbers(demand, schema)
        demand.length.narrow(schema, "minLength", "maxLength")
        if "pattern" in keywords:
            demand.patterns.append(schema.patterns[keywords["pattern"]])
        if "format" in keywords:
            demand.formats.append(keywords["format"])
        if not said.isdisjoint(_SPEAKS[ARRAY]):
            _add_items(demand, schema, scope, order)
        if not said.isdisjoint(_SPEAKS[OBJECT]):
            _add_members(demand, schema)
    return demand


def _rank(applied: Sequence[Applied], kinds: int) -> list[int]:
    if kinds in _PREFERENCE:
        return [kinds]
    spoken = set()
    typed = False
    for schema, _ in applied:
        typed = typed or "type" in schema.keywords
        for kind, keywords in _SPEAKS.items():
            if not schema.keywords.keys().isdisjoint(keywords):
                spoken.add(kind)
    order = _PREFERENCE if typed else _FREE_PREFERENCE
    ranked = [kind for kind in order if kind in spoken] + [kind for kind in order if kind not in spoken]
    return [kind & kinds for kind in ranked if kind & kinds]


def _choose(demand: Demand, schema: Schema, values: list[Any], keyword: str) -> None:
    if demand.choices is None:
        demand.choices = values
        return
    members = schema.members(keyword)
    demand.choices = [value for value in demand.choices if canonical(value) in members]
    if not demand.choices:
        raise UnsatisfiableError("the lists of allowed values have none in common", where=schema.at(keyword))


def _narrow_numbers(demand: Demand, schema: Schema) -> None:
    keywords = schema.keywords
    for keyword, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        found = []
        if keyword in keywords:
            found.append(Bound(keywords[keyword], keywords.get(exclusive) is True, schema.pointer))
        if not isinstance(keywords.get(exclusive, True), bool):
            found.append(Bound(keywords[exclusive], open=True, where=schema.pointer))
        for bound in found:
            known = demand.low if keyword == "minimum" else demand.high
            if known is None or _tighter(bound, known, upper=keyword == "maximum"):
                if keyword == "minimum":
                    demand.low = bound
                else:
                    demand.high = bound
    if "multipleOf" in keywords:
        demand.multiples.append(keywords["multipleOf"])


def _tighter(bound: Bound, known: Bound, *, upper: bool) -> bool:
    if bound.value == known.value:
        return bound.open
    return bound.value < known.value if upper else bound.value > known.value


def _add_items(demand: Demand, schema: Schema, scope: Scope, order: int) -> None:
    keywords = schema.keywords
    demand.size.narrow(schema, "minItems", "maxItems")
    demand.unique = demand.unique or keywords.get("uniqueItems") is True
    if "contains" in keywords:
        low, high = 1, None
        if order >= DRAFT_2019:
            low, high = int(keywords.get("minContains", 1)), keywords.get("maxContains")
        demand.contains.append((schema.one["contains"], scope, low, None if high is None else int(high)))


def _add_members(demand: Demand, schema: Schema) -> None:
    keywords = schema.keywords
    demand.members.narrow(schema, "minProperties", "maxProperties")
    demand.properties.update(dict.fromkeys(keywords.get("properties", ())))
    for name in keywords.get("required", ()):
        demand.required.setdefault(name, schema.at("required"))
    for keyword in ("dependentRequired", "dependencies"):
        for name, needed in keywords.get(keyword, {}).items():
            if isinstance(needed, list):
                demand.needs.setdefault(name, []).extend(needed)
