"""Makes objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockgrid.errors import UnsatisfiableError
from mockgrid.schema.generate.limits import NODE_LIMIT, ExhaustedError
from mockgrid.schema.generate.strings import human

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.schema.generate.demand import Demand
    from mockgrid.schema.generate.equality import JSON
    from mockgrid.schema.generate.maker import Maker
    from mockgrid.schema.generate.schema import Schema
    from mockgrid.schema.generate.spot import Spot
    from mockgrid.schema.generate.world import Applied

_LEAN_AFTER = 400
# Past so many parts only what is required is made.
_ENOUGH = 2_000
_NAME_TRIES = 40
_MEMBERS_KEPT = 10_000


def objects(demand: Demand, spot: Spot, maker: Maker) -> Iterator[dict[str, JSON]]:
    """Objects with all members that are declared, in their order; then ones with the required members only.

    Raises:
        UnsatisfiableError: a required member cannot be made, or the bounds leave nothing.
    """
    demand.members.check("members")
    if demand.members.low > NODE_LIMIT:
        raise UnsatisfiableError(
            f"minProperties {demand.members.low} is above the limit of {NODE_LIMIT} parts",
            where=demand.members.low_at,
        )
    plan = _Plan(demand, maker)
    plan.check_required()
    if not spot.lean:
        yield plan.fill(spot, lean=False)
    yield plan.fill(spot, lean=True)


class _Plan:
    """Which members to make, and what each has to satisfy."""

    def __init__(self, demand: Demand, maker: Maker) -> None:
        self._demand = demand
        self._maker = maker
        self._most = NODE_LIMIT if demand.members.high is None else demand.members.high
        # What names must be needed: required ones, and what those need in turn.
        self._required = self._close(dict.fromkeys(demand.required))

    def check_required(self) -> None:
        """Refuse required members that are ruled out by their name.

        Raises:
            UnsatisfiableError: at the ``required`` that asks for one.
        """
        if len(self._required) > self._most:
            raise UnsatisfiableError(
                f"{len(self._required)} members are required where at most {self._most} can be",
                where=self._demand.members.high_at or self._demand.where,
            )
        for name in self._required:
            where = self._demand.required.get(name, self._demand.where)
            if self._schemas(name) is None:
                raise UnsatisfiableError(f"the required member {name[:60]!r} is not allowed", where=where)

    def fill(self, spot: Spot, *, lean: bool) -> dict[str, JSON]:
        """An object with every declared member, or with as few as will do when ``lean``."""
        demand = self._demand
        chosen = self._choose(spot, lean=lean)
        made: dict[str, JSON] = {}
        order = [name for name in demand.properties if name in chosen]
        order += [name for name in chosen if name not in demand.properties]
        for name in order:
            if name in self._required or self._maker.nodes < _ENOUGH or lean:
                self._add(made, name, spot)
        count = 0 if lean or demand.properties else self._sample_members(spot)
        self._extend(made, spot, max(count, demand.members.low - len(made)), spare=not demand.members.low)
        if len(made) < demand.members.low:
            raise UnsatisfiableError(
                f"minProperties is {demand.members.low}, but only {len(made)} members were found that fit",
                where=demand.members.low_at,
            )
        return made

    def _choose(self, spot: Spot, *, lean: bool) -> dict[str, None]:
        chosen = dict(self._required)
        wanted = (
            self._demand.members.low if lean or spot.lean or self._maker.nodes > _LEAN_AFTER else self._most
        )
        for name in self._demand.properties:
            if len(chosen) >= min(wanted, self._most):
                break
            if name in chosen:
                continue
            more = [other for other in self._close({name: None}) if other not in chosen]
            if len(chosen) + len(more) <= self._most and all(map(self._worth_making, more)):
                chosen.update(dict.fromkeys(more))
        return chosen

    def _worth_making(self, name: str) -> bool:
        applied = self._schemas(name)
        return applied is not None and self._maker.least.of_all(schema for schema, _ in applied) < NODE_LIMIT

    def _add(self, made: dict[str, JSON], name: str, spot: Spot) -> bool:
        applied = self._schemas(name)
        if applied is None:
            return False
        try:
            made[name] = self._maker.make(applied, spot.below(name))
        except ExhaustedError:
            raise
        except UnsatisfiableError:
            if name in self._required or any(name in self._demand.needs.get(other, ()) for other in made):
                raise
            return False
        self._maker.spend_characters(len(name))
        return True

    def _close(self, names: dict[str, None]) -> dict[str, None]:
        """The names, and all that they need to stand beside them."""
        pending = list(names) if self._demand.needs else []
        closed = dict(names)
        while pending:
            for needed in self._demand.needs.get(pending.pop(), ()):
                if needed not in closed:
                    closed[needed] = None
                    pending.append(needed)
        return closed

    def _sample_members(self, spot: Spot) -> int:
        """How many members to show of an object whose names are free: some, if it says what they hold."""
        if spot.lean or self._required or self._maker.nodes > _LEAN_AFTER:
            return 0
        keywords = ("additionalProperties", "patternProperties")
        spoken = any(
            (
                schema.one.get("additionalProperties") is not None
                and schema.one["additionalProperties"].always is None
            )
            or (keyword in schema.keywords and keyword == "patternProperties")
            for schema, _ in self._demand.applied
            for keyword in keywords
        )
        return min(1 + spot.rng.randrange(2), self._most) if spoken else 0

    def _extend(self, made: dict[str, JSON], spot: Spot, count: int, *, spare: bool) -> None:
        """Adds members with names of our own making."""
        target = min(len(made) + count, self._most)
        tries = 0
        for name in self._names(spot, target):
            if len(made) >= target or tries > _NAME_TRIES + 2 * target:
                return
            tries += 1
            if name in made or name in self._demand.forbidden:
                continue
            if name in self._demand.needs and len(self._close({name: None})) > 1:
                continue
            if not self._add(made, name, spot) and spare:
                return

    def _names(self, spot: Spot, target: int) -> Iterator[str]:
        """Names to try, those most likely to be allowed first."""
        yield from self._demand.properties
        rules = [
            (schema.one["propertyNames"], scope) for schema, scope in self._demand.having("propertyNames")
        ]
        if rules:
            for turn in range(target + _NAME_TRIES):
                made = self._maker.make(rules, spot.below("key").item(turn, 0, target))
                if isinstance(made, str):
                    yield made
        patterns = [
            schema.patterns[source]
            for schema, _ in self._demand.having("patternProperties")
            for source, part in schema.named.get("patternProperties", {}).items()
            if part.always is not False
        ]
        free = self._schemas("key-1")
        if free is None or (patterns and not free):
            for _ in range(target + _NAME_TRIES):
                for pattern in patterns:
                    example = pattern.example(spot.rng)
                    self._maker.spend(10)
                    if example is not None:
                        yield example
        start = spot.rng.randrange(90)
        for turn in range(target + _NAME_TRIES):
            yield human("key", start + turn + 1)

    def _schemas(self, name: str) -> list[Applied] | None:
        """What a member has to satisfy; nothing when its name is not allowed."""
        self._maker.spend(1 + len(self._demand.applied) // 4)
        known = self._demand.members_known
        if name not in known:
            if len(known) >= _MEMBERS_KEPT:
                known.clear()
            known[name] = self._work_out(name)
        return known[name]

    def _work_out(self, name: str) -> list[Applied] | None:
        if name in self._demand.forbidden:
            return None
        found: list[Applied] = []
        evaluated = False
        for schema, scope in self._demand.applied:
            parts = self._parts(schema, name)
            if parts is None:
                return None
            evaluated = evaluated or bool(parts) or "additionalProperties" in schema.keywords
            found += [(part, scope) for part in parts]
        for schema, scope in self._demand.having("propertyNames"):
            if not self._maker.holds(schema.one["propertyNames"], name, scope):
                return None
        if not evaluated:
            found += [
                (schema.one["unevaluatedProperties"], scope)
                for schema, scope in self._demand.having("unevaluatedProperties")
            ]
        return None if any(part.always is False for part, _ in found) else found

    def _parts(self, schema: Schema, name: str) -> list[Schema] | None:
        if schema.keywords.keys().isdisjoint(_MEMBER_KEYWORDS):
            return []
        parts = []
        properties = schema.named.get("properties", {})
        if name in properties:
            parts.append(properties[name])
        for source, part in schema.named.get("patternProperties", {}).items():
            if self._maker.matches(schema, source, name):
                parts.append(part)
        if parts or "additionalProperties" not in schema.keywords:
            return parts
        if schema.keywords["additionalProperties"] is False:
            return None
        further = schema.one.get("additionalProperties")
        return [] if further is None else [further]


_MEMBER_KEYWORDS = ("properties", "patternProperties", "additionalProperties")
