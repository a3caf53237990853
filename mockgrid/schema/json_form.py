"""Classes with a JSON form: how they are written, how they are read, and its schema, from one definition."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, field, fields
from functools import cache
from typing import (
    Any,
    ClassVar,
    Final,
    Literal,
    NamedTuple,
    Self,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from mockgrid.fixed import fixed

_SCALARS: Final[Mapping[Any, dict[str, Any]]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    Any: {"nullable": True},
}


def described(  # noqa: PLR0913 - what a field says of itself
    description: str = "",
    *,
    default: Any = MISSING,
    place: str = "",
    omitted: bool = False,
    in_repr: bool = True,
    kept_back: bool = False,
    **keywords: Any,
) -> Any:
    """Return a field of a ``JsonForm``.

    Args:
        description: what it holds, for the schema.
        default: where it is not given.
        place: its name in JSON where that is another; ``failed.predicate`` stands in an object ``failed``.
        omitted: whether JSON leaves it out where it has its default.
        in_repr: whether ``repr`` shows it.
        kept_back: whether it is no part of the JSON form.
        keywords: what else its schema says, such as ``minimum=0``.
    """
    if description:
        keywords = {"description": description, **keywords}
    metadata = {"place": place, "omitted": omitted, "kept_back": kept_back, "keywords": keywords}
    return field(default=default, repr=in_repr, metadata=metadata)


@fixed
class JsonForm:
    """A frozen dataclass whose fields are JSON values, others of its kind, and tuples of these.

    >>> @fixed
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
                inner = data
                for name in outer:
                    inner = inner.setdefault(name, {})
                inner[key] = _written(value)
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the JSON form; further keys are left out."""
        values: dict[str, Any] = {}
        for column in _columns(cls):
            value: Any = data
            for name in column.place:
                value = MISSING if value is MISSING else value.get(name, MISSING)
            if value is not MISSING:
                read = column.read
                values[column.name] = value if read is None or value is None else read(value)
        return cls(**values)

    @classmethod
    def schema(cls, references: Mapping[type, str]) -> dict[str, Any]:
        """Return the schema of the JSON form, as OpenAPI 3.0 has it.

        Args:
            references: where schemas of other classes stand; those of all others are written out.
        """
        schema = _empty_object()
        for column in _columns(cls):
            *outer, key = column.place
            inner = schema
            for name in outer:
                if name not in inner["properties"]:
                    inner["required"].append(name)
                inner = inner["properties"].setdefault(name, _empty_object())
            if not column.omitted:
                inner["required"].append(key)
            keywords = column.keywords
            hint = _bare(column.type)[0] if column.omitted else column.type
            inner["properties"][key] = keywords.get("schema") or {**_schema(hint, references), **keywords}
        return schema


class _Column(NamedTuple):
    """A field, as its JSON form needs it."""

    name: str
    place: tuple[str, ...]
    type: Any
    default: Any
    omitted: bool
    keywords: Mapping[str, Any]
    read: Callable[[Any], Any] | None


def _columns(form: Any) -> tuple[_Column, ...]:  # any class: mypy takes frozen ones for unhashable
    columns: tuple[_Column, ...] = _read_columns(form)
    return columns


@cache
def _read_columns(form: type[JsonForm]) -> tuple[_Column, ...]:
    hints = get_type_hints(form)
    columns = {}
    for each in fields(form):
        words = each.metadata
        if words["kept_back"]:
            continue
        place = tuple((words["place"] or each.name).split("."))
        hint = hints[each.name]
        columns[each.name] = _Column(
            each.name, place, hint, each.default, words["omitted"], words["keywords"], _reader(hint)
        )
    return tuple(columns[name] for name in dict.fromkeys((*form.first_in_json, *columns)))


def _bare(hint: Any) -> tuple[Any, bool]:
    """Return a type without None, and whether None was there."""
    if get_origin(hint) in (types.UnionType, Union):
        return next(part for part in get_args(hint) if part is not type(None)), True
    return hint, False


def _reader(hint: Any) -> Callable[[Any], Any] | None:
    """Return what makes a value of its JSON, unless that is null; None where the two are the same."""
    bare, _ = _bare(hint)
    if get_origin(bare) is tuple:
        read = _reader(get_args(bare)[0])
        return tuple if read is None else lambda items: tuple(map(read, items))
    return bare.from_json if isinstance(bare, type) and issubclass(bare, JsonForm) else None


def _written(value: Any) -> Any:
    if isinstance(value, JsonForm):
        return value.as_json()
    return [_written(item) for item in value] if isinstance(value, tuple) else value


def _empty_object() -> dict[str, Any]:
    return {"type": "object", "required": [], "properties": {}}


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
