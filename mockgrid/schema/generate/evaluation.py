"""Judges a value by a schema, in a bounded number of steps.

A validator of our own because the usual ones follow patterns and references wherever a hostile schema leads.
``format`` is an annotation here, as the specification has it; the makers of strings look after formats.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mockgrid.schema.generate.application import APPLICATIONS
from mockgrid.schema.generate.assertion import ASSERTIONS
from mockgrid.schema.generate.limits import Budget, ExhaustedError
from mockgrid.schema.generate.measure import weigh

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockgrid.schema.generate.document import Document
    from mockgrid.schema.generate.equality import JSON
    from mockgrid.schema.generate.schema import Schema, Scope


_COMPARING = ("enum", "const", "uniqueItems")
_DEPTH_LIMIT = 140
# Keywords that look at what the others of the same schema have evaluated.
_LAST = ("unevaluatedItems", "unevaluatedProperties")


@dataclass(slots=True)
class Seen:
    """Which members and items of a value some schema has spoken about."""

    names: set[str] = field(default_factory=set)
    items: set[int] = field(default_factory=set)

    def add(self, other: Seen) -> None:
        """Take over what another schema has spoken about."""
        self.names |= other.names
        self.items |= other.items


class Evaluation:
    """One run over one value; what was found out about referenced schemas is remembered within it.

    Args:
        document: where the schemas come from.
        budget: what every keyword is charged to.
    """

    def __init__(self, document: Document, budget: Budget) -> None:
        self._document = document
        self._budget = budget
        self._depth = 0
        self._known: dict[tuple[int, int, Scope], tuple[JSON, Seen | None]] = {}
        self.failure = ""

    def holds(self, schema: Schema, value: JSON, scope: Scope = ()) -> bool:
        """Whether the value is valid.

        Raises:
            ExhaustedError: the budget is spent, or schemas apply one another more than 140 deep.
        """
        return self.judge(schema, value, scope) is not None

    def judge(self, schema: Schema, value: JSON, scope: Scope) -> Seen | None:
        """What a valid value was seen of; nothing for an invalid one."""
        if schema.always is not None:
            self._budget.spend(1)
            return Seen() if schema.always else None
        if self._document.dynamic and schema.resource not in scope:
            scope = (*scope, schema.resource)
        self._budget.spend(1)
        self._depth += 1
        if self._depth > _DEPTH_LIMIT:
            raise ExhaustedError(
                f"schemas apply one another more than {_DEPTH_LIMIT} deep", where=schema.pointer
            )
        seen: Seen | None = Seen()
        # The keywords that collect what was seen come last, whatever the order in the document.
        for keywords in (schema.keywords, _LAST):
            for keyword in keywords:
                if (keyword in _LAST) is not (keywords is _LAST) or keyword not in schema.keywords:
                    continue
                if seen is None or not self._keyword(schema, keyword, value, scope, seen):
                    self.failure = self.failure or schema.at(keyword)
                    seen = None
                    break
        self._depth -= 1
        return seen

    def _keyword(self, schema: Schema, keyword: str, value: JSON, scope: Scope, seen: Seen) -> bool:
        argument = schema.keywords[keyword]
        assertion = ASSERTIONS.get(keyword)
        if assertion is not None:
            self._budget.spend(self._price(schema, keyword, argument, value), schema.pointer)
            return assertion(schema, argument, value)
        self._budget.spend(2, schema.pointer)
        application = APPLICATIONS.get(keyword)
        return application is None or application(self, schema, value, scope, seen)

    def _price(self, schema: Schema, keyword: str, argument: Any, value: JSON) -> int:
        if keyword == "pattern" and isinstance(value, str):
            return 2 + schema.patterns[argument].cost(value)
        if keyword in _COMPARING:
            return weigh(value)
        return 1

    def follow(self, schema: Schema, keyword: str, value: JSON, scope: Scope, seen: Seen) -> bool:
        """Judge by the schema that a reference leads to, once for each value."""
        target = self._document.divert(schema, keyword, scope)
        key = (target.number, id(value), scope)
        if key not in self._known:
            # The value is kept along, so that its id stays its own.
            self._known[key] = (value, self.judge(target, value, scope))
        found = self._known[key][1]
        if found is None:
            return False
        seen.add(found)
        return True

    def spend_on_pattern(self, schema: Schema, source: str, name: str) -> bool:
        """Whether a member's name matches a pattern of ``patternProperties``."""
        pattern = schema.patterns[source]
        self._budget.spend(1 + pattern.cost(name), schema.pointer)
        return pattern.search(name)

    @property
    def order(self) -> int:
        """The draft's place among the drafts."""
        return self._document.draft.order

    def all_of(self, schemas: Iterable[Schema], value: JSON, scope: Scope, seen: Seen) -> bool:
        """Whether all hold."""
        for schema in schemas:
            found = self.judge(schema, value, scope)
            if found is None:
                return False
            seen.add(found)
        return True

    def count(self, schemas: Iterable[Schema], value: JSON, scope: Scope, seen: Seen) -> int:
        """How many hold."""
        matches = 0
        for schema in schemas:
            found = self.judge(schema, value, scope)
            if found is not None:
                matches += 1
                seen.add(found)
        return matches
