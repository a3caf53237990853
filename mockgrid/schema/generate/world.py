"""Chooses among ``anyOf``, ``oneOf``, ``if`` and dependencies until only plain demands are left.

A world is one set of choices: the schemas that all apply to the value in it. Worlds come one at a time, the
most promising first, and a world whose schemas have no type in common never comes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mockgrid.errors import UnsatisfiableError
from mockgrid.schema.generate.denial import opposite
from mockgrid.schema.generate.least import ENDLESS, Least
from mockgrid.schema.generate.schema import EVERY_KIND, NULL, NUMBER, STRING, Schema, Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mockgrid.schema.generate.document import Document
    from mockgrid.schema.generate.limits import Budget

Applied = tuple[Schema, Scope]


@dataclass(slots=True)
class World:
    """Schemas that apply together.

    Attributes:
        applied: them, in the order met; each also names what its applicators brought in.
        kinds: the types that all of them admit.
        forbidden: member names that must be left out.
        denied: schemas that must not hold.
        choices: lists of alternatives still to choose from.
        chosen: whether there was anything to choose from.
    """

    applied: list[Applied] = field(default_factory=list)
    known: set[tuple[int, Scope]] = field(default_factory=set)
    kinds: int = EVERY_KIND
    forbidden: tuple[str, ...] = ()
    denied: set[int] = field(default_factory=set)
    choices: list[list[_Option]] = field(default_factory=list)
    chosen: bool = False

    def copy(self) -> World:
        """The same world, to be continued another way."""
        return World(
            list(self.applied),
            set(self.known),
            self.kinds,
            self.forbidden,
            set(self.denied),
            list(self.choices),
            chosen=True,
        )

    @property
    def key(self) -> tuple[tuple[int, ...], tuple[str, ...]]:
        """What tells this world from another one at the same place, scopes aside."""
        return tuple(schema.number for schema, _ in self.applied), self.forbidden


@dataclass(frozen=True, slots=True)
class _Option:
    """One alternative: what it brings in, what it rules out, and what must be chosen next because of it."""

    brings: tuple[Applied, ...] = ()
    denies: tuple[Applied, ...] = ()
    forbids: str | None = None
    follow: tuple[_Option, ...] = ()


class Worlds:
    """Enumerates the worlds of places in a document."""

    def __init__(self, document: Document, least: Least, budget: Budget) -> None:
        self._document = document
        self._least = least
        self._budget = budget

    def of(self, applied: Sequence[Applied], *, lean: bool, draw: Callable[[int], int]) -> Iterator[World]:
        """The worlds in which all of ``applied`` holds.

        Args:
            applied: where to start.
            lean: whether to prefer what leads to small values over what the seed would pick.
            draw: gives an index below a number; picks where to start among alternatives.

        Raises:
            UnsatisfiableError: at the first clash, when there is no world at all.
        """
        if len(applied) == 1 and not self._document.dynamic:
            schema, scope = applied[0]
            if schema.always is not False and not schema.compound and schema.kinds:
                self._budget.spend(1)
                known = [] if schema.always else [(schema, scope)]
                yield World(known, kinds=schema.kinds)
                return
        clash: UnsatisfiableError | None = None
        empty = True
        stack: list[tuple[World, _Option]] = [(World(), _Option(tuple(applied)))]
        while stack:
            world, option = stack.pop()
            self._budget.spend(3)
            try:
                self._enter(world, option)
            except _ClashError as error:
                clash = clash or error.error
                continue
            if not world.choices:
                empty = False
                yield world
                continue
            options = self._order(world.choices.pop(0), lean=lean, draw=draw)
            self._budget.spend(len(options) * (len(world.applied) + len(world.choices)) // 16)
            stack += [(world.copy(), option) for option in reversed(options)]
        if empty and clash is not None:
            raise clash

    def _enter(self, world: World, option: _Option) -> None:  # noqa: C901 (one step for each effect)
        """Take an option, and all that it entails without choice."""
        if option.forbids is not None:
            world.forbidden += (option.forbids,)
        if option.follow:
            world.choices.insert(0, list(option.follow))
        for denied, _ in option.denies:
            self._deny(world, denied)
        pending = list(reversed(option.brings))
        while pending:
            schema, scope = pending.pop()
            self._budget.spend(1)
            if schema.always is False or schema.number in world.denied:
                raise _clash(schema, "nothing is allowed here")
            if schema.always is True:
                continue
            if self._document.dynamic and schema.resource not in scope:
                scope = (*scope, schema.resource)
            if (schema.number, scope) in world.known:
                continue
            world.known.add((schema.number, scope))
            world.applied.append((schema, scope))
            world.kinds &= schema.kinds
            if not world.kinds:
                raise _clash(schema, "no type fits all that applies here")
            if schema.compound:
                pending += reversed(self._entail(world, schema, scope))

    def _entail(self, world: World, schema: Schema, scope: Scope) -> list[Applied]:
        """What a schema brings in for certain; its alternatives are put among the world's choices."""
        certain = [(self._document.divert(schema, keyword, scope), scope) for keyword in schema.targets]
        keywords = schema.keywords
        if "allOf" in keywords:
            certain += [(part, scope) for part in schema.many["allOf"]]
        if "anyOf" in keywords:
            world.choices.append([_Option(((part, scope),)) for part in self._distinct(schema.many["anyOf"])])
        if "oneOf" in keywords:
            parts = schema.many["oneOf"]
            world.choices.append(
                [_Option(((part, scope),), follow=self._aside(part, parts, scope)) for part in parts]
            )
        if "not" in keywords:
            denied = schema.one["not"]
            self._deny(world, denied)
            self._choose_opposite(world, denied, scope)
        if "if" in keywords and ("then" in schema.one or "else" in schema.one):
            condition = schema.one["if"]
            then = tuple((schema.one[key], scope) for key in ("then",) if key in schema.one)
            otherwise = tuple((schema.one[key], scope) for key in ("else",) if key in schema.one)
            against = opposite(self._document, condition)
            against_option = ((against, scope),) if against is not None else ()
            world.choices.append(
                [
                    _Option(((condition, scope), *then)),
                    _Option((*against_option, *otherwise), ((condition, scope),)),
                    _Option(otherwise, ((condition, scope),)),
                ]
            )
        for keyword in ("dependentSchemas", "dependencies"):
            if keyword in keywords:
                world.choices += [
                    [_Option(((part, scope),)), _Option(forbids=name)]
                    for name, part in schema.named.get(keyword, {}).items()
                ]
        return certain

    def _aside(self, chosen: Schema, parts: list[Schema], scope: Scope) -> tuple[_Option, ...]:
        """How to keep clear of the other branches: by luck, or else by aiming at what contradicts them."""
        if len(parts) > _ASIDE_LIMIT:
            return ()
        against = [opposite(self._document, part) for part in parts if part is not chosen]
        brings = tuple((schema, scope) for schema in against if schema is not None)
        return (_Option(), _Option(brings)) if brings else ()

    def _choose_opposite(self, world: World, denied: Schema, scope: Scope) -> None:
        against = opposite(self._document, denied)
        if against is not None:
            world.choices.append([_Option(((against, scope),)), _Option()])

    def _deny(self, world: World, schema: Schema) -> None:
        if schema.always is True or (schema.always is None and not schema.keywords):
            raise _clash(schema, "everything is forbidden here")
        if any(applied is schema for applied, _ in world.applied):
            raise _clash(schema, "this schema must both hold and not hold")
        world.denied.add(schema.number)

    def _distinct(self, parts: list[Schema]) -> list[Schema]:
        """The branches without repetitions; references that are nothing else are followed."""
        found: dict[int, Schema] = {}
        for part in parts:
            goal = part
            seen = set()
            while goal.number not in seen and goal.keywords.keys() == {"$ref"}:
                seen.add(goal.number)
                goal = goal.targets["$ref"]
            found.setdefault(goal.number, part)
        return list(found.values())

    def _order(self, options: list[_Option], *, lean: bool, draw: Callable[[int], int]) -> list[_Option]:
        """The order in which to try alternatives; those that cannot end are left out."""
        if any(not option.brings for option in options):
            return options  # "nothing more" is among them: a fixed preference
        sizes = [self._least.of_all(schema for schema, _ in option.brings) for option in options]
        able = [(size, option) for size, option in zip(sizes, options, strict=True) if size < ENDLESS] or [
            (0, option) for option in options
        ]
        if any(option.denies for _, option in able) or len(able) == 1:
            return [option for _, option in able]
        if lean:
            return [option for _, option in sorted(able, key=lambda pair: pair[0])]
        start = draw(len(able))
        turned = [option for _, option in able[start:] + able[:start]]
        numeric = any(_is_kind(option, NUMBER) for option in options)
        # Null says the least: it comes last. And a number or any string at all is how decimals are described.
        return sorted(turned, key=lambda option: (_is_null(option), numeric and _is_kind(option, STRING)))


_ASIDE_LIMIT = 8


def _is_kind(option: _Option, kind: int) -> bool:
    """Whether an alternative is of a kind; for strings, whether it says nothing else."""
    schema, _ = option.brings[0]
    return schema.kinds == kind and (kind == NUMBER or schema.keywords.keys() == {"type"})


def _is_null(option: _Option) -> bool:
    schema, _ = option.brings[0]
    return schema.kinds == NULL or ("const" in schema.keywords and schema.keywords["const"] is None)


class _ClashError(Exception):
    def __init__(self, error: UnsatisfiableError) -> None:
        super().__init__()
        self.error = error


def _clash(schema: Schema, message: str) -> _ClashError:
    return _ClashError(UnsatisfiableError(message, where=schema.pointer))
