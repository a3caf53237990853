"""Makes objects and arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockgrid.errors import UnsatisfiableError
from mockgrid.schema.equality import frozen
from mockgrid.schema.generate.edges import edge_length
from mockgrid.schema.generate.limits import JSON, NODE_LIMIT
from mockgrid.schema.generate.strings import human

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.schema.generate.attempt import GenerationAttempt
    from mockgrid.schema.generate.chooser import ValuePosition
    from mockgrid.schema.generate.constraints import Constraints
    from mockgrid.schema.generate.schema import Schema

# Past so many parts only what is required is made.
_ENOUGH = 2_000
_NAME_TRIES = 40
_MEMBERS_KEPT = 10_000
_USUAL_ITEMS = 2
_RANDOM_TRIES = 12


def objects(
    constraints: Constraints, position: ValuePosition, attempt: GenerationAttempt
) -> Iterator[dict[str, JSON]]:
    """Objects with all members that are declared, in their order; then ones with the required members only.

    Raises:
        UnsatisfiableError: a required member cannot be made, or the bounds leave nothing.
    """
    constraints.members.check("members")
    if constraints.members.low > NODE_LIMIT:
        raise UnsatisfiableError(
            f"minProperties {constraints.members.low} is above the limit of {NODE_LIMIT} parts",
            where=constraints.members.low_at,
        )
    plan = _MemberPlan(constraints, attempt)
    plan.check_required()
    if not position.lean:
        yield plan.fill(position, lean=False)
    yield plan.fill(position, lean=True)


class _MemberPlan:
    """Which members to make, and what each has to satisfy."""

    def __init__(self, constraints: Constraints, attempt: GenerationAttempt) -> None:
        self._constraints = constraints
        self._attempt = attempt
        self._most = NODE_LIMIT if constraints.members.high is None else constraints.members.high
        # What names must be needed: required ones, and what those need in turn.
        self._required = self._close(dict.fromkeys(constraints.required))

    def check_required(self) -> None:
        """Refuse required members that are ruled out by their name.

        Raises:
            UnsatisfiableError: at the ``required`` that asks for one.
        """
        if len(self._required) > self._most:
            raise UnsatisfiableError(
                f"{len(self._required)} members are required where at most {self._most} can be",
                where=self._constraints.members.high_at or self._constraints.where,
            )
        for name in self._required:
            where = self._constraints.required.get(name, self._constraints.where)
            if self._schemas(name) is None:
                raise UnsatisfiableError(f"the required member {name[:60]!r} is not allowed", where=where)

    def fill(self, position: ValuePosition, *, lean: bool) -> dict[str, JSON]:
        """An object with every declared member, or with as few as will do when ``lean``."""
        constraints = self._constraints
        chosen = self._choose(position, lean=lean)
        made: dict[str, JSON] = {}
        order = [name for name in constraints.properties if name in chosen]
        order += [name for name in chosen if name not in constraints.properties]
        for name in order:
            if name in self._required or self._attempt.nodes < _ENOUGH or lean:
                self._add(made, name, position)
        count = 0 if lean or constraints.properties else self._sample_members(position)
        self._extend(
            made, position, max(count, constraints.members.low - len(made)), spare=not constraints.members.low
        )
        if len(made) < constraints.members.low:
            raise UnsatisfiableError(
                f"minProperties is {constraints.members.low}, "
                f"but only {len(made)} members were found that fit",
                where=constraints.members.low_at,
            )
        return made

    def _choose(self, position: ValuePosition, *, lean: bool) -> dict[str, None]:
        chosen = dict(self._required)
        wanted = (
            self._constraints.members.low
            if lean or position.lean or self._attempt.nodes > self._attempt.manner.plenty
            else self._most
        )
        for name in self._constraints.properties:
            if len(chosen) >= min(wanted, self._most):
                break
            if name in chosen:
                continue
            if self._attempt.manner.edges and not lean and not position.chooser.boolean():
                continue
            more = [other for other in self._close({name: None}) if other not in chosen]
            if len(chosen) + len(more) <= self._most and all(map(self._worth_making, more)):
                chosen.update(dict.fromkeys(more))
        return chosen

    def _worth_making(self, name: str) -> bool:
        """Whether a member can have a value that ends, before an attempt is spent on one."""
        applied = self._schemas(name)
        minimum = self._attempt.minimum
        return applied is not None and minimum.of_all(applied) < NODE_LIMIT and not minimum.is_unmet(applied)

    def _add(self, made: dict[str, JSON], name: str, position: ValuePosition) -> bool:
        applied = self._schemas(name)
        if applied is None:
            return False
        needs = self._constraints.needs
        needed = name in self._required or (
            bool(needs) and any(name in needs.get(other, ()) for other in made)
        )
        try:
            value = self._attempt.make(applied, position.below(name))
        except UnsatisfiableError:
            if needed and not self._attempt.cuts:
                raise
            return False
        if value is None and not needed and self._attempt.natural:
            return False  # as good as absent, and not admitted by all who read `nullable`
        made[name] = value
        self._attempt.add_characters(len(name))
        return True

    def _close(self, names: dict[str, None]) -> dict[str, None]:
        """The names, and all that they need to stand beside them."""
        pending = list(names) if self._constraints.needs else []
        closed = dict(names)
        while pending:
            for needed in self._constraints.needs.get(pending.pop(), ()):
                if needed not in closed:
                    closed[needed] = None
                    pending.append(needed)
        return closed

    def _sample_members(self, position: ValuePosition) -> int:
        """How many members to show of an object whose names are free: some, if it says what they hold."""
        if position.lean or self._required or self._attempt.nodes > self._attempt.manner.plenty:
            return 0
        spoken = any(
            "patternProperties" in schema.keywords
            or any(part.always is None for part in schema.parts("additionalProperties"))
            for schema in self._constraints.applied
        )
        return min(1 + position.chooser.integer(0, 1), self._most) if spoken else 0

    def _extend(self, made: dict[str, JSON], position: ValuePosition, count: int, *, spare: bool) -> None:
        """Adds members with names of our own making."""
        target = min(len(made) + count, self._most)
        tries = 0
        for name in self._names(position, target):
            if len(made) >= target or tries > _NAME_TRIES + 2 * target:
                return
            tries += 1
            if name in made:
                continue
            if name in self._constraints.needs and len(self._close({name: None})) > 1:
                continue
            if not self._add(made, name, position) and spare:
                return

    def _names(self, position: ValuePosition, target: int) -> Iterator[str]:
        """Names to try, those most likely to be allowed first."""
        yield from self._constraints.properties
        rules = self._constraints.having("propertyNames")
        if rules:
            for turn in range(target + _NAME_TRIES):
                made = self._attempt.make(rules, position.below("key").item(turn, 0, target))
                if isinstance(made, str):
                    yield made
        patterns = [
            schema.patterns[source]
            for schema in self._constraints.applied
            for source, part in schema.named.get("patternProperties", {}).items()
            if part.always is not False
        ]
        free = self._schemas("key-1")
        if free is None or (patterns and not free):
            for _ in range(target + _NAME_TRIES):
                for pattern in patterns:
                    example = pattern.example(position.chooser)
                    self._attempt.budget.spend(10)
                    if example is not None:
                        yield example
        start = position.chooser.integer(0, 89)
        for turn in range(target + _NAME_TRIES):
            yield human("key", start + turn + 1)

    def _schemas(self, name: str) -> list[Schema] | None:
        """What a member has to satisfy; nothing when its name is not allowed."""
        self._attempt.budget.spend(1 + len(self._constraints.applied) // 4)
        known = self._constraints.members_known
        if name not in known:
            if len(known) >= _MEMBERS_KEPT:
                known.clear()
            known[name] = self._work_out(name)
        return known[name]

    def _work_out(self, name: str) -> list[Schema] | None:
        applied: list[Schema] = []
        evaluated = False
        for schema in self._constraints.applied:
            parts = schema.of_member(name)
            evaluated = evaluated or bool(parts) or "additionalProperties" in schema.keywords
            applied += parts
        if any(part.always is False for part in applied):
            return None
        if not self._attempt.holds(self._constraints.having("propertyNames"), name):
            return None
        if not evaluated:
            applied += self._constraints.having("unevaluatedProperties")
        return None if any(part.always is False for part in applied) else applied


def arrays(
    constraints: Constraints, position: ValuePosition, attempt: GenerationAttempt
) -> Iterator[list[JSON]]:
    """Arrays of the right length whose items fit; a usual one first, then the shortest.

    Raises:
        UnsatisfiableError: none fits, or only ones of more than 10,000 items.
    """
    plan = _ItemPlan(constraints, attempt)
    if position.lean:
        wanted = plan.low
    elif attempt.manner.edges:
        wanted = edge_length(position, plan.low, plan.high)
    else:
        wanted = plan.usual(position)
    lengths = list(dict.fromkeys([wanted, plan.low]))
    failure: UnsatisfiableError | None = None
    for length in lengths:
        try:
            yield plan.fill(length, position)
        except UnsatisfiableError as error:
            failure = failure or error
    if failure is not None:
        raise failure


class _ItemPlan:
    """Where which items go."""

    def __init__(self, constraints: Constraints, attempt: GenerationAttempt) -> None:
        self._constraints = constraints
        self._attempt = attempt
        constraints.items.check("items")
        self._leading = max((len(schema.leading) for schema in constraints.applied), default=0)
        self._wanted = [
            schema for schema, low, _ in constraints.contains for _ in range(min(low, NODE_LIMIT + 1))
        ]
        high = constraints.items.high
        closed = next(
            (at for at in range(self._leading + 1) if any(part.always is False for part in self._at(at))),
            None,
        )
        self.high = closed if high is None else high if closed is None else min(high, closed)
        self.low = max(constraints.items.low, self._needed_for_contains())
        if self.low > NODE_LIMIT:
            raise UnsatisfiableError(
                f"at least {self.low} items are wanted, more than the limit of {NODE_LIMIT} parts",
                where=constraints.items.low_at or constraints.where,
            )
        if self.high is not None and self.low > self.high:
            raise UnsatisfiableError(
                f"at least {self.low} items are wanted where at most {self.high} can be",
                where=constraints.where,
            )

    def usual(self, position: ValuePosition) -> int:
        """A length to read well."""
        length = self._leading
        if self.high is None or self.high > self._leading:
            open_ended = self._rest_known() and not self._capped() and not self._unmet()
            length += position.chooser.integer(1, _USUAL_ITEMS) if open_ended else 0
        length = max(length, self.low)
        return length if self.high is None else min(length, self.high)

    def fill(self, length: int, position: ValuePosition) -> list[JSON]:
        """An array of that length.

        Raises:
            UnsatisfiableError: an item cannot be made, or not enough distinct ones can.
        """
        items: list[JSON] = []
        taken: set[object] = set()
        base = position.chooser.integer(0, 96) if self._constraints.unique else 0
        extras = self._placed(length)
        for index in range(length):
            applied = self._at(index) + ([extras[index]] if index in extras else [])
            if not self._constraints.unique:
                at = position.item(position.turn, position.base, position.span, further=index > 0)
                try:
                    items.append(self._attempt.make(applied, at))
                except UnsatisfiableError:
                    if self._attempt.cuts:
                        break
                    raise
                continue
            item = self._distinct(applied, position, taken, base, index, length)
            if item is _NONE:
                if index >= self.low:
                    break
                raise UnsatisfiableError(
                    f"{self.low} distinct items are wanted, but only {index} were found",
                    where=self._constraints.where,
                )
            taken.add(frozen(item))
            items.append(item)
        return items

    def _distinct(  # noqa: PLR0913, PLR0917 (what is wanted, and what there is already)
        self,
        applied: list[Schema],
        position: ValuePosition,
        taken: set[object],
        base: int,
        index: int,
        length: int,
    ) -> JSON:
        for attempt in range(_RANDOM_TRIES + length):
            turn = index + attempt if attempt < length or attempt % 2 else None
            if attempt > _RANDOM_TRIES * 2:
                break
            item = self._attempt.make(applied, position.item(turn, base, max(length + 2, position.span)))
            if frozen(item) not in taken:
                return item
        return _NONE

    def _placed(self, length: int) -> dict[int, Schema]:
        """Which items are to satisfy ``contains``: after the leading ones if there is room, or among them."""
        if not self._wanted:
            return {}
        room = list(range(self._leading, length)) + list(range(min(self._leading, length)))
        return dict(zip(room, self._wanted, strict=False))

    def _needed_for_contains(self) -> int:
        if not self._wanted:
            return 0
        if self.high is not None:
            return min(
                max(len(self._wanted), min(self.high, self._leading + len(self._wanted))), NODE_LIMIT + 1
            )
        return self._leading + len(self._wanted)

    def _unmet(self) -> bool:
        """Whether items are better left out."""
        return self._attempt.minimum.is_unmet(self._at(self._leading))

    def _capped(self) -> bool:
        return any(high is not None for _, _, high in self._constraints.contains)

    def _rest_known(self) -> bool:
        """Whether anything is said about further items, so that some are worth showing."""
        return bool(self._at(self._leading)) or not self._leading

    def _at(self, index: int) -> list[Schema]:
        """The schemas of the item at an index."""
        applied = [part for schema in self._constraints.applied for part in schema.of_item(index)]
        return applied or self._constraints.having("unevaluatedItems")


_NONE: JSON = [None]  # a value of its own, told by identity
