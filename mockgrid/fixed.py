"""Classes of values that nobody changes, made fast: making them was a fifth of a first test's wait."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import partial
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform, overload

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["fixed"]

Kind = TypeVar("Kind", bound=type)


@overload
def fixed(kind: Kind) -> Kind: ...
@overload
def fixed(*, slots: bool = True, kw_only: bool = False) -> Callable[[Kind], Kind]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def fixed(kind: Any = None, *, slots: bool = True, kw_only: bool = False) -> Any:
    """Make a class a frozen dataclass by its values' equality, hash and text, and to a type checker.

    ``dataclass`` compiles six functions for such a class. Here it compiles one, ``__init__``, and that sets
    fields as of any other class; what keeps them as they were is mypy.

    >>> @fixed
    ... class Point:
    ...     x: int
    ...     y: int = 0
    >>> Point(1)
    Point(x=1, y=0)
    >>> Point(1) == Point(1, 0)
    True
    """
    if kind is None:
        return partial(fixed, slots=slots, kw_only=kw_only)
    made = dataclass(eq=False, repr=False, slots=slots, kw_only=kw_only)(kind)
    compared = [each.name for each in fields(made) if each.compare]
    shown_ones = [each.name for each in fields(made) if each.repr]
    parts: Callable[[Any], Any] = attrgetter(*compared) if compared else type

    def equals(self: Any, other: object) -> bool:
        return parts(self) == parts(other) if other.__class__ is self.__class__ else NotImplemented

    def hashed(self: Any) -> int:
        return hash(parts(self))

    @recursive_repr()
    def text(self: Any) -> str:
        inner = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown_ones)
        return f"{type(self).__qualname__}({inner})"

    for name, method in (("__eq__", equals), ("__hash__", hashed), ("__repr__", text)):
        if vars(kind).get(name) is None:  # an ``__eq__`` of its own leaves None for a hash
            setattr(made, name, method)
    return made
