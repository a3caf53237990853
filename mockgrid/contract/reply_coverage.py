"""What a test run has shown to its clients of the replies that a contract declares, and what it never has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mockgrid.contract.coverage import bare, declared_media, united
from mockgrid.contract.operation import is_json
from mockgrid.schema.coverage import CoverageTree
from mockgrid.schema.inventory import inventory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mockgrid.contract.contract import Contract
    from mockgrid.contract.operation import MediaType, Operation
    from mockgrid.schema.inventory import SchemaBranch
    from mockgrid.schema.validator import SchemaValidator

__all__ = ["REPLY", "Key", "Replies", "ReplyCoverage", "merge"]

# Replies of a kind of which each is looked at, and how many after them one stands for.
_LOOKED_AT: Final = 4096
_ONE_IN: Final = 16
_STREAM: Final = "text/event-stream"
REPLY: Final = ("operation", "status", "response")

Replies: TypeAlias = "list[dict[str, Any]]"
"""For each kind of reply that came: ``operation``, ``status``, ``response``, and ``branches``, each of which
has ``shown``; in the order of the first three."""

Key: TypeAlias = tuple[str, str, str]


class ReplyCoverage:
    """Learns from replies, and from the events of streams, which branches of their schemas clients have met.

    It knows a kind of reply from when one comes: of others, the rows of the report say that none did.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._lessons: dict[Key, _Lesson | None] = {}

    def lesson(
        self, operation: Operation, status: int, media: str, counts: dict[Key, int]
    ) -> Callable[[Iterable[Any]], None] | None:
        """Count a reply, and return what learns from it; None where it has nothing to teach.

        Args:
            operation: what was called.
            status: of the reply.
            media: its content type.
            counts: how many of each kind there were; it grows.

        Returns:
            A function of what the body, or one event, may be read as: it learns from the first that is valid.
        """
        response = operation.response(status)
        name = declared_media(bare(media), response.media) if response is not None else None
        if response is None or not name:
            return None
        key = (operation.id, response.status, name)
        seen = counts[key] = counts.get(key, 0) + 1
        sent = bare(media if "*" in name else name)
        if not (sent == _STREAM or is_json(sent)):  # of a range, others may teach
            return None
        if key not in self._lessons:
            self._lessons[key] = self._begun(response.media[name], stream=sent == _STREAM)
        lesson = self._lessons[key]
        passed_over = seen > _LOOKED_AT and seen % _ONE_IN
        return None if lesson is None or lesson.tree.finished or passed_over else lesson.learn

    def _begun(self, media: MediaType, *, stream: bool) -> _Lesson | None:
        schema = self._contract.event_validator(media) if stream else media.schema
        return _Lesson(schema) if schema is not None else None

    def shown(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield the branches that clients have met, by operation, status, media type and pointer."""
        for key, lesson in self._lessons.items():
            yield from ((*key, pointer) for pointer in (lesson.tree.sent if lesson is not None else ()))

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield those of ``Replies``; each may take a while."""
        for key, lesson in sorted(self._lessons.items()):
            if lesson is None:
                continue
            branches = lesson.branches = lesson.branches or inventory(lesson.schema)
            if branches:
                yield {
                    **dict(zip(REPLY, key, strict=True)),
                    "branches": [
                        {**branch._asdict(), "shown": branch.pointer in lesson.tree.sent}
                        for branch in branches
                    ],
                }


class _Lesson:
    def __init__(self, validator: SchemaValidator) -> None:
        self._accepts = validator.accepts
        self.schema = validator.schema
        self.tree = CoverageTree(validator)
        self.branches: tuple[SchemaBranch, ...] = ()

    def learn(self, readings: Iterable[Any]) -> None:
        self.tree.see(next(filter(self._accepts, readings), None))


def merge(a: Replies, b: Replies) -> Replies:
    """Add up what two runs have shown; the order does not matter."""
    return united(a, b, REPLY, _both)


def _both(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    return {**a, "branches": united(a["branches"], b["branches"], ("pointer",), _either)}


def _either(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    return {**a, "shown": a["shown"] or b["shown"]}
