"""What is worth a word about a valid request: by its schema, and by what its behaviour knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from mockgrid.schema.violation import FieldWarning
from mockgrid.schema.warnings import field_warnings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mockgrid.contract.operation import MediaType
    from mockgrid.schema.violation import Violation


class Manners(Protocol):
    """What a behaviour knows of good requests beyond their schema."""

    @staticmethod
    def misuses(body: Any) -> Iterable[Violation]:
        """Yield what is odd in a valid body beyond its schema, though it is answered."""

    @staticmethod
    def expects(body: Any, pointer: str) -> bool:
        """Tell whether a field that the contract does not know is right in a body all the same."""


MannersOf: TypeAlias = "Callable[[str | None], Manners | None]"
"""Returns the manners of a behaviour, by its name; None where it has none."""


def odd_fields(media: MediaType, value: Any, manners: Manners | None) -> list[FieldWarning]:
    """Return the fields of a valid body that the contract does not know, or deprecates."""
    warnings = field_warnings(media.schema, value) if media.schema is not None else []
    return [each for each in warnings if manners is None or not manners.expects(value, each.pointer)]


def misuses(value: Any, manners: Manners | None) -> list[FieldWarning]:
    """Return what else is odd in a valid body."""
    return [
        FieldWarning(each.code, each.pointer, each.path, each.message)
        for each in (manners.misuses(value) if manners is not None else ())
    ]
