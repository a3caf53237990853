"""Which branch of an ``anyOf`` a value was meant for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")


def json_type(value: Any) -> str:
    """Return the JSON type of a value; a number without a fraction part written is an integer."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


@dataclass(frozen=True, slots=True)
class Branch:
    """What can be told about a branch at a glance: the JSON types it takes, and constant properties."""

    types: tuple[str, ...]
    constants: dict[str, Any]

    @classmethod
    def of(cls, schema: Any) -> Branch:
        """Read a branch from its schema; references are already followed."""
        if not isinstance(schema, dict):
            return cls(_TYPES if schema is not False else (), {})
        named = schema.get("type", _TYPES)
        types = (named,) if isinstance(named, str) else tuple(named)
        if "type" not in schema and ("properties" in schema or "required" in schema):
            types = ("object",)
        constants = {}
        for name, item in schema.get("properties", {}).items():
            if isinstance(item, dict):
                if "const" in item:
                    constants[name] = item["const"]
                elif isinstance(item.get("enum"), list) and len(item["enum"]) == 1:
                    constants[name] = item["enum"][0]
        return cls(types, constants)

    def takes(self, value: Any) -> bool:
        """Tell whether the branch is for values of this JSON type."""
        kind = json_type(value)
        return kind in self.types or (kind in ("integer", "number") and not {"integer", "number"}.isdisjoint(self.types))


@dataclass(frozen=True, slots=True)
class Chosen:
    """The value was meant for the branch at this index."""

    index: int


@dataclass(frozen=True, slots=True)
class Undecided:
    """No branch was meant: ``keyword`` says how (type, required, enum, anyOf), at which property."""

    keyword: str
    expected: list[Any]
    property: str | None = None


def choose(branches: list[Branch], value: Any) -> Chosen | Undecided:
    """Choose the branch that a value was meant for; the value obeys none of them."""
    takers = [index for index, branch in enumerate(branches) if branch.takes(value)]
    if not takers:
        return Undecided("type", [kind for kind in _TYPES if any(kind in branch.types for branch in branches)])
    if len(takers) == 1:
        return Chosen(takers[0])
    telling = _telling_property(branches, takers) if isinstance(value, dict) else None
    if telling is not None:
        constants = [branches[index].constants[telling] for index in takers]
        if telling not in value:
            return Undecided("required", constants, telling)
        for index, constant in zip(takers, constants, strict=True):
            if json_type(value[telling]) == json_type(constant) and value[telling] == constant:
                return Chosen(index)
        same_type = json_type(value[telling]) in {json_type(constant) for constant in constants}
        return Undecided("enum" if same_type else "type-of", constants, telling)
    if isinstance(value, dict):
        # Without a telling property: the branch of whose properties the value has most.
        best = max(takers, key=lambda index: (sum(name in value for name in branches[index].constants), -index))
        if branches[best].constants:
            return Chosen(best)
    return Undecided("anyOf", [list(branch.types) for branch in branches])


def _telling_property(branches: list[Branch], takers: list[int]) -> str | None:
    """Return the property whose constant differs in all these branches, such as ``role`` or ``type``."""
    for name in branches[takers[0]].constants:
        constants = [branches[index].constants.get(name) for index in takers]
        if None not in constants and len({repr(constant) for constant in constants}) == len(constants):
            return name
    return None
