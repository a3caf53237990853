"""What one run of a client is answered."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mockgrid.strategies import scenario_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True, slots=True, repr=False)  # Hypothesis would have it made again and again
class DrawnExample:
    """Replies to one operation, in their order; the last is repeated.

    Attributes:
        replies: in the words of scenarios.
        operation: the id of what they answer; None for what steps answer that name none.
    """

    replies: Sequence[dict[str, Any]]
    operation: str | None = None

    @property
    def scenario(self) -> dict[str, Any]:
        """What plays it."""
        when = {} if self.operation is None else {"when": {"operation": self.operation}}
        return {"steps": [{**when, "replies": list(self.replies)}]}

    @property
    def size(self) -> tuple[int, int, str]:
        """What is smaller for what is simpler: keys, then characters."""
        text = str(self)
        return sum(map(_keys, self.replies)), len(text), text

    def parts_left_out(self) -> Iterator[DrawnExample]:
        """Yield it without one reply, key, item, text or list around one; not all of that can be played."""
        for replies in _less(list(self.replies)):
            if replies:
                yield DrawnExample(replies, self.operation)

    def file(self, comment: str) -> str:
        """Return it as a scenario file under a comment."""
        return scenario_text(self.replies, operation=self.operation, comment=comment)

    def __str__(self) -> str:
        replies = self.replies[0] if len(self.replies) == 1 else list(self.replies)
        return json.dumps(replies, ensure_ascii=False)


def _keys(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum(map(_keys, value.values()))
    return sum(map(_keys, value)) if isinstance(value, list) else 0


def _less(value: Any) -> Iterator[Any]:
    """Yield a JSON value less one of its parts, the largest first."""
    places = list(value.items() if isinstance(value, dict) else enumerate(value))
    for place, _ in places:
        yield _with(value, place)
    for place, part in places:
        if isinstance(part, str) and part:
            yield _with(value, place, "")
        elif isinstance(part, (dict, list)):
            if isinstance(part, list) and len(part) == 1:
                yield _with(value, place, part[0])
            yield from (_with(value, place, smaller) for smaller in _less(part))


def _with(value: Any, place: Any, *parts: Any) -> Any:
    """Return a copy of a value with other parts, or none, at a place."""
    if isinstance(value, list):
        return [*value[:place], *parts, *value[place + 1 :]]
    others = {key: part for key, part in value.items() if key != place}
    return {**others, place: parts[0]} if parts else others
