"""Chooses among ``anyOf``, ``oneOf``, ``if`` and dependencies until only plain schemas are left.

An alternative is one set of choices: the schemas that all apply to the value in it. Alternatives come one at
a time, the most promising first, and one whose schemas have no type in common never comes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mockgrid.errors import UnsatisfiableError
from mockgrid.schema.generate.minimum import ENDLESS, MinimumSize
from mockgrid.schema.generate.negation import negate
from mockgrid.schema.generate.schema import EVERY_KIND, NULL, NUMBER, STRING, Schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockgrid.schema.generate.chooser import ValuePosition
    from mockgrid.schema.generate.document import SchemaDocument
    from mockgrid.schema.generate.limits import Budget

_ASIDE_LIMIT = 8


@dataclass(slots=True, eq=False, repr=False)
class Alternative:
    """Schemas that apply together.

    Attributes:
        applied: them by number, in the order met; each also names what its applicators brought in.
        kinds: the types that all of them admit.
        forbidden: member names that must be left out.
        denied: numbers of schemas that must not hold.
        pending: lists of options still to choose from.
        chosen: whether there was anything to choose from.
    """

    applied: dict[int, Schema] = field(default_factory=dict)
    kinds: int = EVERY_KIND
    forbidden: tuple[str, ...] = ()
    denied: frozenset[int] = frozenset()
    pending: list[list[_Option]] = field(default_factory=list)
    chosen: bool = False

    def copy(self) -> Alternative:
        """The same alternative, to be continued another way."""
        return Alternative(
            dict(self.applied), self.kinds, self.forbidden, self.denied, list(self.pending), chosen=True
        )


@dataclass(slots=True, eq=False, repr=False)
class _Option:
    """One way to go on: what it brings in, what it rules out, and what must be chosen next because of it."""

    brings: tuple[Schema, ...] = ()
    denies: tuple[Schema, ...] = ()
    forbids: str | None = None
    follow: tuple[_Option, ...] = ()


class Alternatives:
    """Enumerates the alternatives of places in a document."""

    def __init__(self, document: SchemaDocument, minimum: MinimumSize, budget: Budget) -> None:
        self._document = document
        self._minimum = minimum
        self._budget = budget

    def of(self, applied: Sequence[Schema], position: ValuePosition) -> Iterator[Alternative]:
        """The alternatives in which all of ``applied`` holds.

        Args:
            applied: where to start.
            position: whether to prefer what leads to small values, and else where to start among options.

        Raises:
            UnsatisfiableError: at the first clash, when there is no alternative at all.
        """
        if len(applied) == 1 and applied[0].always is not False and not applied[0].compound:
            self._budget.spend(1)
            schema = applied[0]
            if schema.kinds:
                yield Alternative({} if schema.always else {schema.number: schema}, schema.kinds)
                return
        clash: UnsatisfiableError | None = None
        empty = True
        stack: list[tuple[Alternative, _Option]] = [(Alternative(), _Option(tuple(applied)))]
        while stack:
            alternative, option = stack.pop()
            self._budget.spend(3)
            try:
                self._enter(alternative, option)
            except _ClashError as error:
                clash = clash or UnsatisfiableError(str(error), where=error.where)
                continue
            if not alternative.pending:
                empty = False
                yield alternative
                continue
            options = self._order(alternative.pending.pop(0), position)
            size = len(alternative.applied) + len(alternative.pending)
            self._budget.spend(len(options) * size // 16)
            stack += [(alternative.copy(), option) for option in reversed(options)]
        if empty and clash is not None:
            raise clash

    def _enter(self, alternative: Alternative, option: _Option) -> None:
        """Take an option, and all that it entails without choice."""
        if option.forbids is not None:
            alternative.forbidden += (option.forbids,)
        if option.follow:
            alternative.pending.insert(0, list(option.follow))
        for denied in option.denies:
            _deny(alternative, denied)
        entailed = list(reversed(option.brings))
        while entailed:
            schema = entailed.pop()
            self._budget.spend(1)
            if schema.always is False or schema.number in alternative.denied:
                raise _ClashError("nothing is allowed here", schema)
            if schema.always or schema.number in alternative.applied:
                continue
            alternative.applied[schema.number] = schema
            alternative.kinds &= schema.kinds
            if not alternative.kinds:
                raise _ClashError("no type fits all that applies here", schema)
            if schema.compound:
                self._add_options(alternative, schema)
                entailed += reversed([*schema.targets.values(), *schema.parts("allOf")])

    def _add_options(self, alternative: Alternative, schema: Schema) -> None:
        """Put what a schema leaves open among the choices that are pending."""
        pending = alternative.pending
        if "anyOf" in schema.keywords:
            pending.append([_Option((part,)) for part in _distinct(schema.listed["anyOf"])])
        if "oneOf" in schema.keywords:
            branches = schema.listed["oneOf"]
            pending.append([_Option((part,), follow=self._aside(part, branches)) for part in branches])
        for denied in schema.parts("not"):
            _deny(alternative, denied)
            against = negate(self._document, denied)
            if against is not None:
                pending.append([_Option((against,)), _Option()])
        then, otherwise = tuple(schema.parts("then")), tuple(schema.parts("else"))
        if then or otherwise:
            for condition in schema.parts("if"):
                against = negate(self._document, condition)
                aimed = otherwise if against is None else (against, *otherwise)
                denies = (condition,)
                pending.append(
                    [_Option((condition, *then)), _Option(aimed, denies), _Option(otherwise, denies)]
                )
        for keyword in ("dependentSchemas", "dependencies"):
            if keyword in schema.keywords:
                dependent = schema.named.get(keyword, {}).items()
                pending += [[_Option((part,)), _Option(forbids=name)] for name, part in dependent]

    def _aside(self, chosen: Schema, branches: list[Schema]) -> tuple[_Option, ...]:
        """How to keep clear of the other branches: by luck, or else by aiming at what contradicts them."""
        if len(branches) > _ASIDE_LIMIT:
            return ()
        against = [negate(self._document, part) for part in branches if part is not chosen]
        brings = tuple(schema for schema in against if schema is not None)
        return (_Option(), _Option(brings)) if brings else ()

    def _order(self, options: list[_Option], position: ValuePosition) -> list[_Option]:
        """The order in which to try options; those that cannot end are left out."""
        if any(not option.brings for option in options):
            return options  # "nothing more" is among them: a fixed preference
        sizes = [self._minimum.of_all(option.brings) for option in options]
        able = [(size, option) for size, option in zip(sizes, options, strict=True) if size < ENDLESS] or [
            (0, option) for option in options
        ]
        if any(option.denies for _, option in able) or len(able) == 1:
            return [option for _, option in able]
        if position.lean:
            return [option for _, option in sorted(able, key=lambda pair: pair[0])]
        start = position.draw(len(able))
        turned = [option for _, option in able[start:] + able[:start]]
        numeric = any(_is_kind(option, NUMBER) for option in options)
        # Null says the least: it comes last. And a number or any string at all is how decimals are described.
        return sorted(turned, key=lambda option: (_is_null(option), numeric and _is_kind(option, STRING)))


class _ClashError(Exception):
    def __init__(self, message: str, schema: Schema) -> None:
        super().__init__(message)
        self.where = schema.pointer


def _deny(alternative: Alternative, schema: Schema) -> None:
    if schema.always is True or (schema.always is None and not schema.keywords):
        raise _ClashError("everything is forbidden here", schema)
    if schema.number in alternative.applied:
        raise _ClashError("this schema must both hold and not hold", schema)
    alternative.denied |= {schema.number}


def _distinct(parts: list[Schema]) -> list[Schema]:
    """The branches without repetitions; references that are nothing else are followed."""
    by_goal: dict[int, Schema] = {}
    for part in parts:
        goal = part.targets["$ref"] if part.keywords.keys() == {"$ref"} else part
        by_goal.setdefault(goal.number, part)
    return list(by_goal.values())


def _is_kind(option: _Option, kind: int) -> bool:
    """Whether an option is of a kind; for strings, whether it says nothing else."""
    schema = option.brings[0]
    return schema.kinds == kind and (kind == NUMBER or schema.keywords.keys() == {"type"})


def _is_null(option: _Option) -> bool:
    schema = option.brings[0]
    return schema.kinds == NULL or ("const" in schema.keywords and schema.keywords["const"] is None)
