"""The order of a stream's events, of which only the kinds are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockgrid.drift.reading import ContentPart

__all__ = ["kinds_of", "misplaced"]

# Streams have a handful of them.
_MOST_KINDS: Final = 100


def kinds_of(parts: Sequence[ContentPart]) -> list[str]:
    """Return what kind each event is of: its name, else the ``type`` in its data; empty for none."""
    return [part.name or _type_of(part.value) for part in parts]


def _type_of(value: Any) -> str:
    kind = value.get("type") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) else ""


def misplaced(ours: Sequence[str], theirs: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield pairs of kinds of which all of the first came before all of the second, and do no more.

    >>> list(misplaced(["start", "text", "text", "stop"], ["start", "text", "stop", "text"]))
    [('text', 'stop')]
    """
    first = {kind: place for place, kind in reversed(list(enumerate(ours)))}
    last = {kind: place for place, kind in enumerate(ours)}
    begins = {kind: place for place, kind in reversed(list(enumerate(theirs)))}
    ends = {kind: place for place, kind in enumerate(theirs)}
    known = [kind for kind in first if kind and kind in begins][:_MOST_KINDS]
    for earlier in known:
        for later in known:
            if last[earlier] < first[later] and begins[later] < ends[earlier]:
                yield earlier, later
