"""The rows of a contract: operation, request media type, status, response media type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mockgrid.contract.media_types import MediaName

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mockgrid.contract.operation import Operation

__all__ = ["Key", "Row", "Rows", "bare"]

_REFUSED: Final = 400
_NOT_ALLOWED: Final = 405
_LONGEST: Final = 100
_PROBLEM: Final = "application/problem+json"


class Key(NamedTuple):
    """What was seen of one exchange; media types are empty where there was no body."""

    operation: str | None
    request: str
    status: int
    response: str


class Row(NamedTuple):
    """One declared row.

    Attributes:
        operation: its id.
        request: a media type that it takes; empty where it needs no body.
        status: as declared: ``200``, ``4XX`` or ``default``.
        response: a media type that is declared for the status; empty where none is.
        pointer: JSON pointer into the contract, to the response's media type.
    """

    operation: str
    request: str
    status: str
    response: str
    pointer: str


class Rows:
    """All rows that a contract declares.

    Every status that is declared has rows, also those that only a refusal or a scenario brings about: a
    client has to cope with each.
    """

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.declared: tuple[Row, ...] = tuple(row for operation in operations for row in _rows(operation))
        self._operations = {operation.id: operation for operation in operations}
        self._numbers = {row[:4]: number for number, row in enumerate(self.declared)}

    def of(self, key: Key) -> list[int]:
        """Return the numbers of the rows that an exchange covers; none for one that is not in the contract.

        A refused request without a media type that is declared covers the status for each of them: no other
        can show what happens to it. A 405 covers that of every operation of its path.
        """
        operation = self._operations.get(key.operation or "")
        if operation is None:
            return []
        operations = [operation]
        if key.status == _NOT_ALLOWED:
            operations = [other for other in self._operations.values() if other.path == operation.path]
        numbers = []
        for each in operations:
            response = each.response(key.status)
            if response is not None:
                media = _media(key.response, response.media)
                cells = ((each.id, request, response.status, media) for request in _requests(each, key))
                numbers += [self._numbers[cell] for cell in cells if cell in self._numbers]
        return numbers


def bare(media: str) -> str:
    """Return a media type without parameters, in lower case, cut at 100 characters."""
    return media.partition(";")[0].strip().lower()[:_LONGEST]


def _rows(operation: Operation) -> Iterable[Row]:
    for request in _takes(operation):
        for status, response in sorted(operation.responses.items()):
            for media in response.media or ("",):
                declared = response.media.get(media)
                at = declared.at if declared is not None else response.at
                yield Row(operation.id, request, status, media, at)


def _takes(operation: Operation) -> list[str]:
    without = [] if operation.body_required and operation.body else [""]
    return [*operation.body, *without]


def _requests(operation: Operation, key: Key) -> list[str]:
    takes = _takes(operation)
    media = _media(key.request, dict.fromkeys(takes))
    if media in takes:
        return [media]
    return takes if key.status >= _REFUSED else []


def _media(seen: str, declared: Any) -> str | None:
    """Return the declared media type that one falls under; None for none.

    A body may always be left out where one media type is declared, as with a redirect.
    """
    if seen in declared:
        return seen
    if not declared:
        # A refusal says why, also where the contract has nothing to say about it but the status.
        return "" if seen in ("", _PROBLEM) else None
    if not seen:
        return next(iter(declared)) if len(declared) == 1 else None
    ranges = sorted(
        (MediaName(name.lower()) for name in declared if name), key=lambda name: -name.specificity
    )
    covering = next((name.name for name in ranges if name.covers(seen)), None)
    return next((name for name in declared if name.lower() == covering), None)
