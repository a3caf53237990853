"""Which branch of an ``anyOf`` a value was meant for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from mockgrid.fixed import fixed
from mockgrid.schema.equality import frozen
from mockgrid.schema.keywords import TYPES

__all__ = ["Branch", "Chosen", "Undecided", "choose", "json_type", "with_article"]

_NUMBERS: Final = frozenset(("integer", "number"))
_IMPLIED: Final = {"properties": "object", "required": "object", "items": "array", "prefixItems": "array"}
_SHOWN_NAMES: Final = 4
_SHOWN_LEVELS: Final = 2


def json_type(value: Any) -> str:
    """Return the JSON type of a value; a number without a fraction part written is an integer."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    if isinstance(value, (int, float)):
        return "integer" if isinstance(value, int) else "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def with_article(kind: str) -> str:
    """Return a JSON type with its article, such as ``an integer``; null has none."""
    return kind if kind == "null" else f"{'an' if kind[0] in 'aio' else 'a'} {kind}"


@dataclass(slots=True)
class Branch:
    """What can be told about a branch at a glance.

    Attributes:
        types: the JSON types that it takes.
        choices: the values that it lists, if it does.
        constants: properties for which it lists values.
        names: all properties that it speaks of.
        required: those that it requires.
        items: the schema that the items of an array have.
        form: a format or pattern that texts must have.
    """

    types: frozenset[str] = frozenset(TYPES)
    choices: list[Any] | None = None
    constants: dict[str, list[Any]] = field(default_factory=dict)
    names: dict[str, None] = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    items: Any = None
    form: str = ""

    @classmethod
    def of(cls, schema: Any) -> Branch:
        """Read a branch from its translated schema."""
        branch = cls()
        branch._read(schema, set())
        return branch

    def takes(self, value: Any) -> bool:
        """Tell whether the branch is for values of this JSON type."""
        kind = json_type(value)
        return kind in self.types or (kind in _NUMBERS and not _NUMBERS.isdisjoint(self.types))

    def contradicts(self, value: dict[str, Any]) -> bool:
        """Tell whether an object has a property with a value other than those the branch lists for it."""
        return any(
            name in value and not _among(value[name], choices) for name, choices in self.constants.items()
        )

    @property
    def item(self) -> Branch | None:
        """The branch that the items of an array have; None where nothing is known of it."""
        branch: Branch | None = None if self.items is None else _node(self.items).branch
        return branch

    def words(self, levels: int = _SHOWN_LEVELS) -> str:
        """Say in a few words what the branch takes; so many levels of arrays are looked into."""
        if self.choices is not None:
            return "one of the values that are listed" if len(self.choices) > 1 else "a certain value"
        kinds = sorted(self.types - {"null"}, key=TYPES.index)
        if kinds == ["object"] and (names := self.required or list(self.names)):
            more = ", …" if len(names) > _SHOWN_NAMES else ""
            return f"an object with {', '.join(names[:_SHOWN_NAMES])}{more}"
        item = self.item if levels else None
        if kinds == ["array"] and item is not None and len(item.types) < len(TYPES):
            return f"an array, each item {item.words(levels - 1)}"
        if kinds == ["string"] and self.form:
            return f"a string with the {self.form}"
        if len(kinds) == len(TYPES) - 1:
            return "any value"
        return " or ".join(map(with_article, kinds)) or "null"

    def _read(self, schema: Any, followed: set[str]) -> None:
        if schema is False:
            self.types = frozenset()
        if not isinstance(schema, dict):
            return
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference not in followed:
            followed.add(reference)
            self._read(_node(schema).target, followed)
        self._read_types(schema)
        if "const" in schema or "enum" in schema:
            self.choices = [schema["const"]] if "const" in schema else list(schema["enum"])
        forms = (f"{key} {schema[key]}" for key in ("format", "pattern") if key in schema)
        self.form = self.form or next(forms, "")
        for name, item in schema.get("properties", {}).items():
            self.names[name] = None
            choices = _choices(item)
            if choices is not None:
                known = self.constants.get(name, choices)
                both = {*map(frozen, known)} if known is not choices else None
                common = [choice for choice in choices if both is None or frozen(choice) in both]
                self.constants[name] = common or choices
        self.required += [name for name in schema.get("required", ()) if name not in self.required]
        if isinstance(schema.get("items"), dict):
            self.items = schema["items"]
        for part in schema.get("allOf", ()):
            self._read(part, followed)
        self._read_alternatives(schema.get("anyOf", ()))

    def _read_types(self, schema: dict[str, Any]) -> None:
        named = schema.get("type")
        if named is not None:
            self.types &= frozenset([named] if isinstance(named, str) else named)
        elif "$ref" not in schema:
            implied = {kind for key, kind in _IMPLIED.items() if key in schema}
            self.types &= implied or frozenset(TYPES)

    def _read_alternatives(self, schemas: Any) -> None:
        alternatives = [
            _node(schema).branch if isinstance(schema, dict) else Branch.of(schema) for schema in schemas
        ]
        for alternative in alternatives:
            self.names.update(alternative.names)
            self.items = self.items or alternative.items
        if alternatives:
            self.types &= frozenset[str]().union(*(alternative.types for alternative in alternatives))


@fixed
class Chosen:
    """The value was meant for the branch at this index."""

    index: int


@fixed
class Undecided:
    """No branch was meant: ``keyword`` says how (type, label, enum, type-of, anyOf), at which property."""

    keyword: str
    expected: list[Any]
    property: str | None = None


def choose(branches: list[Branch], value: Any) -> Chosen | Undecided:
    """Choose the branch that a value was meant for; the value obeys none of them."""
    takers = [branch for branch in branches if branch.takes(value)]
    if not takers:
        known = frozenset[str]().union(*(branch.types for branch in branches))
        return Undecided("type", sorted(known, key=TYPES.index))
    meant: Branch | Undecided
    if len(takers) == 1:
        meant = takers[0]
    elif isinstance(value, dict):
        meant = _of_objects(takers, value)
    elif isinstance(value, list):
        meant = _of_arrays(takers, value)
    else:
        meant = _of_scalars(takers)
    if isinstance(meant, Undecided):
        return meant
    return Chosen(next(index for index, branch in enumerate(branches) if branch is meant))


def _of_objects(takers: list[Branch], value: dict[str, Any]) -> Branch | Undecided:
    discriminating = _discriminating_property(takers, value)
    if discriminating is not None:
        choices = [choice for branch in takers for choice in branch.constants[discriminating]]
        if discriminating not in value:
            return Undecided("label", choices, discriminating)
        for branch in takers:
            if _among(value[discriminating], branch.constants[discriminating]):
                return branch
        same_type = json_type(value[discriminating]) in {json_type(choice) for choice in choices}
        return Undecided("enum" if same_type else "type-of", choices, discriminating)
    likely = [branch for branch in takers if not branch.contradicts(value)] or takers
    if len(likely) == 1:
        return likely[0]
    # The branch of whose properties the value has most, and lacks fewest; the first of equals.
    best = min(
        likely,
        key=lambda branch: (
            -sum(name in value for name in branch.names),
            sum(name not in value for name in branch.required),
        ),
    )
    if any(name in value for name in best.names) or (not value and best.required):
        return best
    return _none_of(takers)


def _of_arrays(takers: list[Branch], value: list[Any]) -> Branch | Undecided:
    if not value:
        return takers[0]  # what is wrong with an empty list is its length
    # Each item has a say: the branch that could take most of the first ones.
    first = value[:32]
    counts = [sum(branch.item is None or branch.item.takes(item) for item in first) for branch in takers]
    best = max(counts)
    if not best:
        return _none_of(takers)
    return takers[counts.index(best)]


def _of_scalars(takers: list[Branch]) -> Branch | Undecided:
    if all(branch.choices is not None for branch in takers):
        choices = [choice for branch in takers for choice in branch.choices or ()]
        return Undecided("enum", [choice for i, choice in enumerate(choices) if choice not in choices[:i]])
    free = [branch for branch in takers if branch.choices is None]
    return free[0] if len(free) == 1 else _none_of(takers)


def _none_of(takers: list[Branch]) -> Undecided:
    return Undecided("anyOf", list(dict.fromkeys(branch.words() for branch in takers)))


def _discriminating_property(takers: list[Branch], value: dict[str, Any]) -> str | None:
    """Return the property whose value tells these branches apart, such as ``role`` or ``type``."""
    names = []
    for name in takers[0].constants:
        lists = [branch.constants.get(name) for branch in takers]
        if None in lists:
            continue
        texts = [repr((json_type(choice), choice)) for choices in lists for choice in choices or ()]
        if len(set(texts)) == len(texts):
            names.append(name)
    return next((name for name in names if name in value), names[0] if names else None)


def _choices(schema: Any) -> list[Any] | None:
    """Return the values that a property's schema lists; None where it lists none."""
    for part in _node(schema).chain() if isinstance(schema, dict) else ():
        if "const" in part:
            return [part["const"]]
        if "enum" in part:
            return list(part["enum"])
    return None


def _node(schema: Any) -> Any:
    """Return a schema as the node that it is; nodes are made from branches, so this module knows no more."""
    return schema


def _among(value: Any, choices: list[Any]) -> bool:
    return any(choice == value and json_type(choice) == json_type(value) for choice in choices)
