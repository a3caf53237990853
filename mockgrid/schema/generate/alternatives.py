"""Chooses among ``anyOf``, ``oneOf``, ``if`` and dependencies until only plain schemas are left.

An alternative is one set of choices: the schemas that all apply to the value in it. Alternatives come one at
a time, the most promising first, and one whose schemas have no type in common never comes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

from mockgrid.errors import UnsatisfiableError
from mockgrid.schema.generate.keywords import (
    ARRAY,
    DRAFT_4,
    EVERY_KIND,
    NULL,
    NUMBER,
    OBJECT,
    STRING,
    TYPES,
    is_number,
)
from mockgrid.schema.generate.minimum import ENDLESS
from mockgrid.schema.generate.published import PublishedSchemas
from mockgrid.schema.generate.unions import Branching

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockgrid.schema.generate.attempt import GenerationAttempt
    from mockgrid.schema.generate.chooser import ValuePosition
    from mockgrid.schema.generate.document import SchemaDocument
    from mockgrid.schema.generate.schema import Schema
    from mockgrid.schema.generate.unions import Unions

# One way to go on: the schemas that apply because of it.
Option: TypeAlias = "tuple[Schema, ...]"

_ASIDE_LIMIT = 8
_ALTERNATIVE_LIMIT = 12
# What a branch has that says no more than which members there are.
_PRESENCE = frozenset(("type", "required", "title", "description"))
_COUNTED = {
    "minLength": ("string", "maxLength", -1),
    "maxLength": ("string", "minLength", 1),
    "minItems": ("array", "maxItems", -1),
    "maxItems": ("array", "minItems", 1),
    "minProperties": ("object", "maxProperties", -1),
    "maxProperties": ("object", "minProperties", 1),
}
_OPPOSED = {
    "minimum": "exclusiveMaximum",
    "maximum": "exclusiveMinimum",
    "exclusiveMinimum": "maximum",
    "exclusiveMaximum": "minimum",
}


@dataclass(eq=False, repr=False)
class _Choice:
    """Options of which one has to be taken.

    Attributes:
        options: them.
        ranked: whether the first one is to be preferred; else any will do.
        union: the schema of whose ``oneOf`` they are; only one of them may hold.
    """

    options: list[Option]
    ranked: bool = False
    union: Schema | None = None


@dataclass(eq=False, repr=False)
class Alternative:
    """Schemas that apply together.

    Attributes:
        applied: them by number, in the order met; each also names what its applicators brought in.
        kinds: the types that all of them admit.
        pending: what is still to choose.
        chosen: whether there was anything to choose from.
        lean: whether a value needs to have no more than what is required.
    """

    applied: dict[int, Schema] = field(default_factory=dict)
    kinds: int = EVERY_KIND
    pending: list[_Choice] = field(default_factory=list)
    chosen: bool = False
    lean: bool = False


class Alternatives:
    """Enumerates the alternatives of places in a document."""

    def __init__(self, document: SchemaDocument, attempt: GenerationAttempt, unions: Unions | None) -> None:
        labelled = attempt.manner.labelled
        self._document = document
        self._minimum = attempt.minimum
        self._budget = attempt.budget
        self._attempt = attempt
        self._unions = unions
        self._published = document if labelled and isinstance(document, PublishedSchemas) else None

    def of(self, applied: Sequence[Schema], position: ValuePosition) -> Iterator[Alternative]:
        """The alternatives in which all of ``applied`` holds.

        Args:
            applied: where to start.
            position: whether to prefer what leads to small values, and else where to start among options.

        Raises:
            UnsatisfiableError: at the first clash, when there is no alternative at all.
        """
        clash: UnsatisfiableError | None = None
        empty = True
        stack = [(Alternative(), Branching(tuple(applied)))]
        while stack:
            alternative, branching = stack.pop()
            self._budget.spend(3)
            try:
                self._enter(alternative, branching.option)
            except UnsatisfiableError as error:
                clash = clash or error
                continue
            if not alternative.pending:
                empty = False
                yield alternative
                continue
            choice, *pending = alternative.pending
            branchings = self._order(choice, position)
            self._budget.spend(len(branchings) * (len(alternative.applied) + len(pending)) // 16)
            stack += [
                (
                    Alternative(
                        dict(alternative.applied),
                        alternative.kinds,
                        list(pending),
                        chosen=True,
                        lean=alternative.lean or branching.lean,
                    ),
                    branching,
                )
                for branching in reversed(branchings)
            ]
        if empty and clash is not None:
            raise clash

    def _enter(self, alternative: Alternative, option: Option) -> None:
        """Take an option, and all that it entails without choice."""
        entailed = list(reversed(option))
        while entailed:
            schema = entailed.pop()
            self._budget.spend(1)
            if schema.always is False:
                raise UnsatisfiableError("nothing is allowed here", where=schema.pointer)
            if schema.always or schema.number in alternative.applied:
                continue
            alternative.applied[schema.number] = schema
            alternative.kinds &= schema.kinds
            if not alternative.kinds:
                raise UnsatisfiableError("no type fits all that applies here", where=schema.pointer)
            if schema.compound:
                alternative.pending += self._choices(schema)
                entailed += reversed([*schema.targets.values(), *schema.parts("allOf")])
            if schema.tag is not None and self._published is not None:
                self._name_heir(alternative, schema, schema.tag, self._published)

    def _name_heir(
        self, alternative: Alternative, base: Schema, tag: str, published: PublishedSchemas
    ) -> None:
        """See to it that a value is of one heir of a base, and named after it."""
        heirs = published.heirs(base, tag)
        known = {base.pointer, *heirs}
        outermost = next(part.pointer for part in alternative.applied.values() if part.pointer in known)
        if outermost != base.pointer or len(heirs) == 1:
            label = published.make(heirs.get(outermost) or next(iter(heirs.values())), base)
            alternative.applied[label.number] = label
        else:
            alternative.pending.append(
                _Choice(
                    [
                        (published.heir(pointer), published.make(label, base))
                        for pointer, label in heirs.items()
                    ]
                )
            )

    def _choices(self, schema: Schema) -> Iterator[_Choice]:
        """What a schema leaves open."""
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema.listed:
                yield _Choice(self._branches(schema, keyword), union=schema if keyword == "oneOf" else None)
        for denied in schema.parts("not"):
            if denied.always is True or (denied.always is None and not denied.keywords):
                raise UnsatisfiableError("everything is forbidden here", where=denied.pointer)
            against = self._against([denied])
            if against:
                yield _Choice([against, ()], ranked=True)
        then, otherwise = tuple(schema.parts("then")), tuple(schema.parts("else"))
        if then or otherwise:
            for condition in schema.parts("if"):
                against = self._against([condition])
                yield _Choice([(condition, *then), (*against, *otherwise), otherwise], ranked=True)
        for keyword in ("dependentSchemas", "dependencies"):
            for name, part in schema.named.get(keyword, {}).items():
                yield _Choice([(part,), (self._document.without(schema, name),)], ranked=True)

    def _branches(self, schema: Schema, keyword: str) -> list[Option]:
        """The branches of a schema, each with what a discriminator asks of it."""
        options: list[Option] = [(part,) for part in schema.listed[keyword]]
        for index, label in enumerate(schema.labels or () if self._published else ()):
            if label is not None:
                options[index] += (self._document.make(label, schema),)
        return options

    def _absent(self, chosen: Schema, choice: _Choice) -> Option:
        """What leaves out what the other branches require, as far as these say nothing else.

        Of ``oneOf: [{required: [url]}, {required: [file]}]``, a natural value has one of the two.
        """
        own = chosen.keywords.get("required", ())
        others = [part for part, *_ in choice.options if part is not chosen]
        names = [
            next((name for name in part.keywords.get("required", ()) if name not in own), None)
            for part in others
            if part.keywords.keys() <= _PRESENCE
        ]
        absent = dict.fromkeys(name for name in names if name is not None)
        return (self._document.without(chosen, *absent, kind="object"),) if absent else ()

    def _against(self, parts: list[Schema]) -> Option:
        """Schemas that contradict each of some others, as far as any are known."""
        return tuple(schema for part in parts if (schema := _negate(self._document, part)))

    def _ranked(
        self, choice: _Choice, able: list[tuple[int, Option]], position: ValuePosition
    ) -> list[tuple[int, Option]]:
        """Options with their sizes, from somewhere on; by their sizes where little is wanted."""
        if position.lean:
            late = self._document.natural and not position.closing
            return sorted(
                able, key=lambda pair: (late and _is_null(pair[1][0]), pair[0], _is_null(pair[1][0]))
            )
        if len(able) <= 1:
            return able
        start = position.draw(len(able))
        able = able[start:] + able[:start]
        if self._attempt.manner.edges:
            return able
        numeric = any(_is_kind(option[0], NUMBER) for option in choice.options)
        # Null says the least: it comes last. And a number or any string at all is how decimals are described.
        return sorted(able, key=lambda pair: (_is_null(pair[1][0]), numeric and _is_kind(pair[1][0], STRING)))

    def _order(self, choice: _Choice, position: ValuePosition) -> list[Branching]:
        """The order in which to try options; those that cannot end are left out."""
        sizes = [self._minimum.of_all(option) for option in choice.options]
        able = [
            (size, option) for size, option in zip(sizes, choice.options, strict=True) if size < ENDLESS
        ] or [(0, option) for option in choice.options]
        able = [pair for pair in able if not self._minimum.is_unmet(pair[1])] or able
        if choice.ranked:
            return [Branching(option) for _, option in able]
        able = self._ranked(choice, able, position)
        branchings = [Branching(option) for _, option in able]
        if choice.union is None:
            return branchings
        aimed = list(dict.fromkeys(way for branching in branchings for way in self._aside(branching, choice)))
        if not self._document.natural:
            return aimed
        if self._unions is not None and len(branchings) > 1:
            best = self._unions.exclusive(choice.union, aimed)
            branchings = [best, *branchings] if best is not None else branchings
            self._attempt.overlapped |= best is None
        return branchings

    def _aside(self, branching: Branching, choice: _Choice) -> list[Branching]:
        """Ways to keep clear of the other branches: by luck, or else by aiming at what contradicts them."""
        option, natural = branching.option, self._document.natural
        scalar = not any(other[0].kinds & (OBJECT | ARRAY) for other in choice.options)
        if natural and not scalar:
            absent = self._absent(option[0], choice)
            ways = [Branching(option + absent)] if absent else []
            return [*ways, branching, branching._replace(lean=True)]
        ways = [branching]
        if len(choice.options) <= _ASIDE_LIMIT:
            others = [other[0] for other in choice.options if other is not option]
            ways.append(Branching(option + self._against(others)))
        return ways[::-1] if natural else ways


def _is_kind(schema: Schema, kind: int) -> bool:
    """Whether a schema is of a kind; for strings, whether it says nothing else."""
    return schema.kinds == kind and (kind == NUMBER or schema.keywords.keys() == {"type"})


def _is_null(schema: Schema) -> bool:
    return schema.kinds == NULL or ("const" in schema.keywords and schema.keywords["const"] is None)


def _negate(document: SchemaDocument, schema: Schema) -> Schema | None:
    """A schema whose values break ``schema``; it may miss some, and there is none where none is known.

    Wherever it holds, the denied schema still has to be checked: this says where to look, not more.
    """
    if schema.opposite is None:
        ways = list(islice(_ways(document, schema), _ALTERNATIVE_LIMIT))
        raw = ways[0] if len(ways) == 1 else {"anyOf": ways}
        schema.opposite = document.make(raw, schema) if ways else False
    return schema.opposite if not isinstance(schema.opposite, bool) else None


def _ways(document: SchemaDocument, schema: Schema) -> Iterator[dict[str, Any]]:  # noqa: C901, PLR0912 (one for each keyword)
    for keyword, value in schema.keywords.items():
        match keyword:
            case "not":
                yield value if isinstance(value, dict) else {}
            case "anyOf":
                yield {"allOf": [{"not": part} for part in value]}
            case "allOf":
                yield from ({"not": part} for part in value)
            case "$ref":
                yield {"not": schema.targets["$ref"].raw}
            case "type":
                # An integer is a number too, and can only be avoided by a check, or by no number at all.
                names = {value} if isinstance(value, str) else {*value}
                names |= {"integer"} if "number" in names else set()
                names |= {"number"} if "integer" in names and document.natural else set()
                if len(names) < len(TYPES):
                    yield {"type": [name for name in TYPES if name not in names]}
            case "required":
                for name in value:
                    yield {"type": "object", "properties": {name: document.nothing}}
            case "properties":
                yield from (_having(name, part) for name, part in value.items() if part is not True)
            case "additionalProperties" | "unevaluatedProperties" if value is not True:
                name = "other"
                while name in schema.keywords.get("properties", ()):
                    name += "-x"
                yield _having(name, value)
            case "items" | "contains" if isinstance(value, dict):
                least = 1 if keyword == "items" else 0
                yield {"type": "array", "items": {"not": value}, "minItems": least}
            case _ if keyword in _COUNTED:
                kind, opposite, step = _COUNTED[keyword]
                if value + step >= 0:
                    yield {"type": kind, opposite: value + step}
            case _ if keyword in _OPPOSED and is_number(value):
                opposite = _OPPOSED[keyword]
                if document.draft.order == DRAFT_4:
                    yield {
                        "type": "number",
                        opposite.removeprefix("exclusive").lower(): value,
                        opposite: True,
                    }
                else:
                    yield {"type": "number", opposite: value}


def _having(name: str, broken: object) -> dict[str, Any]:
    """An object with a member that breaks a schema."""
    part = {} if broken is False else {"not": broken}
    return {"type": "object", "required": [name], "properties": {name: part}}
