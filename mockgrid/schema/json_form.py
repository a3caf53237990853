"""Classes with a JSON form: how they are written, how they are read, and its schema, from one definition."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Final,
    Literal,
    Self,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_SCALARS: Final[Mapping[Any, dict[str, Any]]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    Any: {"nullable": True},
}


def described(
    description: str = "",
    *,
    default: Any = MISSING,
    place: str = "",
    omitted: bool = False,
    in_repr: bool = True,
    **keywords: Any,
) -> Any:
    """Return a field of a ``JsonForm``.

    Args:
        description: what it holds, for the schema.
        default: where it is not given.
        place: its name in JSON where that is another; ``failed.predicate`` stands in an object ``failed``.
        omitted: whether JSON leaves it out where it has its default.
        in_repr: whether ``repr`` shows it.
        keywords: what else its schema says, such as ``minimum=0``.
    """
    metadata = {"description": description, "place": place, "omitted": omitted, "keywords": keywords}
    return field(default=default, repr=in_repr, metadata=metadata)


@dataclass(frozen=True, slots=True)
class JsonForm:
    """A frozen dataclass whose fields are JSON values, others of its kind, and tuples of these.

    >>> @dataclass(frozen=True, slots=True)
    ... class Chunk(JsonForm):
    ...     at: float = described("Seconds since the reply began")
    ...     data: str = described()
    >>> Chunk.from_json({"at": 0.5, "data": "Hi"}).as_json()
    {'at': 0.5, 'data': 'Hi'}
    """

    first_in_json: ClassVar[tuple[str, ...]] = ()
    """Fields that come first in JSON; the others follow in their order."""

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        data: dict[str, Any] = {}
        for column in _columns(type(self)):
            value = getattr(self, column.name)
            if not (column.omitted and value == column.default):
                *outer, key = column.place
                into = data
                for name in outer:
                    into = into.setdefault(name, {})
                into[key] = _written(value) if column.nested else value
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the JSON form; further keys are left out."""
        values: dict[str, Any] = {}
        for column in _columns(cls):
            value: Any = data
            for name in column.place:
                value = value.get(name, MISSING) if value is not MISSING else value
            if value is not MISSING or column.default is MISSING:
                values[column.name] = column.read(value)
        return cls(**values)

    @classmethod
    def schema(cls, references: Mapping[type, str]) -> dict[str, Any]:
        """Return the schema of the JSON form, as OpenAPI 3.0 has it.

        Args:
            references: where schemas of other classes stand; those of all others are written out.
        """
        schema: dict[str, Any] = {"type": "object", "required": [], "properties": {}}
        for column in _columns(cls):
            inside = schema
            *outer, key = column.place
            for name in outer:
                empty: dict[str, Any] = {"type": "object", "required": [], "properties": {}}
                if name not in inside["properties"]:
                    inside["properties"][name] = empty
                    inside["required"].append(name)
                inside = inside["properties"][name]
            if not column.omitted:
                inside["required"].append(key)
            described_by = {"description": column.description} if column.description else {}
            inside["properties"][key] = column.keywords.get("schema") or {
                **_schema(_bare(column.type)[0] if column.omitted else column.type, references),
                **described_by,
                **column.keywords,
            }
        return schema


@dataclass(frozen=True, slots=True)
class _Column:
    """A field, as its JSON form needs it."""

    name: str
    place: tuple[str, ...]
    type: Any
    default: Any
    omitted: bool
    description: str
    keywords: Mapping[str, Any]

    @property
    def nested(self) -> bool:
        """Whether its values are classes of this kind, or tuples of them."""
        return _reader(self.type) is not None

    def read(self, value: Any) -> Any:
        """Return a value that was read from JSON."""
        reader = _reader(self.type)
        return value if reader is None or value is None else reader(value)


def _columns(form: Any) -> tuple[_Column, ...]:  # any class: mypy takes frozen ones for unhashable
    columns: tuple[_Column, ...] = _read_columns(form)
    return columns


@cache
def _read_columns(form: type[JsonForm]) -> tuple[_Column, ...]:
    hints = get_type_hints(form)
    columns = {
        each.name: _Column(
            each.name,
            tuple((each.metadata.get("place") or each.name).split(".")),
            hints[each.name],
            each.default,
            each.metadata.get("omitted", False),
            each.metadata.get("description", ""),
            each.metadata.get("keywords", {}),
        )
        for each in fields(form)
    }
    return tuple(columns[name] for name in dict.fromkeys((*form.first_in_json, *columns)))


def _bare(hint: Any) -> tuple[Any, bool]:
    """Return a type without None, and whether None was there."""
    if get_origin(hint) in (types.UnionType, Union):
        others = [part for part in get_args(hint) if part is not type(None)]
        return others[0], True
    return hint, False


@cache
def _reader(hint: Any) -> Callable[[Any], Any] | None:
    bare, _ = _bare(hint)
    if get_origin(bare) is tuple:
        item = _reader(get_args(bare)[0])
        return tuple if item is None else lambda values: tuple(map(item, values))
    return bare.from_json if isinstance(bare, type) and issubclass(bare, JsonForm) else None


def _written(value: Any) -> Any:
    if isinstance(value, JsonForm):
        return value.as_json()
    return [_written(item) for item in value] if isinstance(value, tuple) else value


def _schema(hint: Any, references: Mapping[type, str]) -> dict[str, Any]:
    bare, is_nullable = _bare(hint)
    nullable = {"nullable": True} if is_nullable else {}
    origin = get_origin(bare)
    if origin is Literal:
        return {"type": "string", **nullable, "enum": [*get_args(bare), *([None] if is_nullable else [])]}
    if origin is tuple:
        return {"type": "array", "items": _schema(get_args(bare)[0], references), **nullable}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": _schema(get_args(bare)[1], references), **nullable}
    if bare in _SCALARS:
        return {**_SCALARS[bare], **nullable}
    if bare in references and not is_nullable:
        return {"$ref": references[bare]}
    return {**bare.schema(references), **nullable}
