"""What a test run has shown to its clients of the replies that a contract declares, and what it never has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from mockgrid.contract.coverage import bare, declared_media, united
from mockgrid.schema.coverage import CoverageTree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mockgrid.contract.contract import Contract
    from mockgrid.contract.operation import MediaType, Operation

__all__ = ["Replies", "ReplyCoverage", "Shown", "merge"]

# Replies of a kind of which each is looked at, and how many after them one stands for.
_LOOKED_AT: Final = 4096
_ONE_IN: Final = 16
# Branches of one schema that are told of: a schema may lead to all others of its document.
_MOST: Final = 1_000
_STREAM: Final = "text/event-stream"
_REPLY = ("operation", "status", "response")

Replies: TypeAlias = "list[dict[str, Any]]"
"""For each kind of reply that came: ``operation``, ``status``, ``response``, and ``branches``, each of which
has ``shown``; in the order of the first three."""

Key: TypeAlias = tuple[str, str, str]
Shown: TypeAlias = "dict[Key, frozenset[str]]"
"""The pointers of the branches that were shown, for each kind of reply that came."""


class ReplyCoverage:
    """Learns from replies, and from the events of streams, which branches of their schemas clients have met.

    It knows a kind of reply from when one comes: of others, the rows of the report say that none did.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._counts: dict[Key, int] = {}
        self._lessons: dict[Key, _Lesson | None] = {}

    def lesson(self, operation: Operation, status: int, media: str) -> Callable[[Iterable[Any]], None] | None:
        """Count a reply, and return what learns from it; None where it has nothing to teach.

        Args:
            operation: what was called.
            status: of the reply.
            media: its content type.

        Returns:
            A function of what the body, or one event, may be read as: it learns from the first that is valid.
        """
        response = operation.response(status)
        name = declared_media(bare(media), response.media) if response is not None else None
        if response is None or not name:
            return None
        key = (operation.id, response.status, name)
        seen = self._counts[key] = self._counts.get(key, 0) + 1
        lesson = self._lesson(key)
        passed_over = seen > _LOOKED_AT and seen % _ONE_IN
        return None if lesson is None or lesson.tree.finished or passed_over else lesson.learn

    def _lesson(self, key: Key) -> _Lesson | None:
        if key not in self._lessons:
            operation, status, media = key
            called = next(each for each in self._contract.operations if each.id == operation)
            self._lessons[key] = self._begun(called.responses[status].media[media])
        return self._lessons[key]

    def _begun(self, media: MediaType) -> _Lesson | None:
        schema, stream = media.schema, bare(media.name) == _STREAM
        if stream and "itemSchema" in media.source:
            schema = self._contract.validator(f"{media.at}/itemSchema")
        if schema is None or not (stream or media.is_json):
            return None
        return _Lesson(schema.accepts, CoverageTree(schema))

    def shown(self) -> Shown:
        """Return what was shown by now."""
        return {
            key: frozenset(lesson.tree.sent) for key, lesson in self._lessons.items() if lesson is not None
        }

    def entries(self, *runs: Shown) -> Iterator[dict[str, Any]]:
        """Yield those of ``Replies``, given what was shown in one run and in others."""
        for key in sorted(set().union(*runs)):
            lesson = self._lesson(key)
            if lesson is not None and lesson.tree.branches:
                seen = frozenset().union(*(each.get(key, ()) for each in runs))
                branches = lesson.tree.branches[:_MOST]
                yield {
                    **dict(zip(_REPLY, key, strict=True)),
                    "branches": [
                        {**branch._asdict(), "shown": branch.pointer in seen} for branch in branches
                    ],
                }


class _Lesson(NamedTuple):
    accepts: Callable[[Any], bool]
    tree: CoverageTree

    def learn(self, readings: Iterable[Any]) -> None:
        value = next(filter(self.accepts, readings), None)
        self.tree.see(value)


def merge(a: Replies, b: Replies) -> Replies:
    """Add up what two runs have shown; the order does not matter."""
    return united(a, b, _REPLY, _both)


def _both(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    return {**a, "branches": united(a["branches"], b["branches"], ("pointer",), _either)}


def _either(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    return {**a, "shown": a["shown"] or b["shown"]}
