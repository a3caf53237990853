"""What has to be said beside a reply that was composed, for it to be the one that was recorded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from mockgrid.document.json_body import canonical_json
from mockgrid.document.pointer import join
from mockgrid.scenario.template import literal

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Difference", "between", "difference", "same"]

Path: TypeAlias = tuple[str, ...]


@dataclass(slots=True)
class Difference:
    """Fields that a value has to get, and those that it must not have, by the keys and indices there."""

    fields: dict[Path, Any] = field(default_factory=dict)
    without: dict[Path, None] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.fields or self.without)

    @property
    def within(self) -> bool:
        """Whether all of it lies within what both have."""
        return not self.without and all(len(path) > 1 for path in self.fields)

    def words(self) -> dict[str, Any]:
        """Return it as scenarios say it."""
        words: dict[str, Any] = {}
        if self.fields:
            words["fields"] = {join(path): literal(value) for path, value in self.fields.items()}
        if self.without:
            words["without"] = [join(path) for path in self.without]
        return words


def same(value: Any, other: Any) -> bool:
    """Tell whether two JSON values are written alike but for white space and the order of keys."""
    return canonical_json(value) == canonical_json(other)


def difference(composed: Any, recorded: Any) -> Difference | None:
    """Return what makes one value of another; None where they are not of one kind.

    >>> difference({"id": 1, "a": {"b": 1}}, {"id": 2, "a": {}})
    Difference(fields={('id',): 2}, without={('a', 'b'): None})
    """
    if not isinstance(composed, dict) or not isinstance(recorded, dict):
        return None
    lacking = Difference()
    _compare(composed, recorded, (), lacking)
    return lacking


def _compare(composed: dict[str, Any], recorded: dict[str, Any], at: Path, lacking: Difference) -> None:
    for key, value in recorded.items():
        if key in composed:
            _compare_values(composed[key], value, (*at, key), lacking)
        else:
            lacking.fields[*at, key] = value
    for key in composed:
        if key not in recorded:
            lacking.without[*at, key] = None


def _compare_values(composed: Any, recorded: Any, at: Path, lacking: Difference) -> None:
    if isinstance(composed, dict) and isinstance(recorded, dict):
        _compare(composed, recorded, at, lacking)
    elif isinstance(composed, list) and isinstance(recorded, list) and len(composed) == len(recorded):
        for place, (own, value) in enumerate(zip(composed, recorded, strict=True)):
            _compare_values(own, value, (*at, str(place)), lacking)
    elif not same(composed, recorded):
        lacking.fields[at] = recorded


def between(composed: Sequence[Any], recorded: Sequence[Any]) -> Difference | None:
    """Return what makes the events of one stream those of another; None where it is not the same for all.

    Args:
        composed: the data of events.
        recorded: as many.
    """
    whole = Difference()
    for own, value in zip(composed, recorded, strict=True):
        if same(own, value):
            continue
        lacking = difference(own, value)
        if lacking is None:
            return None
        whole.without |= lacking.without
        for path, item in lacking.fields.items():
            if not same(whole.fields.setdefault(path, item), item):
                return None
    return whole
