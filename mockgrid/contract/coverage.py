"""What a test run exercised of a contract, and what it never did.

Two questions are answered for every request: which *row* it was (operation, request media type, status,
response media type), and which *branches* of the request's schema it took (optional properties, listed
values, forms). Both are asked of every request that is served, so that knowing the answer has to be cheap:
what was seen once is never looked at again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from mockgrid.contract.http_terms import MediaName
from mockgrid.errors import MockgridError
from mockgrid.schema.coverage import CoverageTree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mockgrid.contract.contract import Contract
    from mockgrid.contract.operation import MediaType, Operation

__all__ = [
    "BRANCH",
    "ROW",
    "Coverage",
    "Key",
    "OtherContractError",
    "Row",
    "Rows",
    "Snapshot",
    "bare",
    "declared_media",
    "merge",
    "united",
]

_MOST_ROWS: Final = 2_000
"""Kinds of exchanges that are told apart: a client may send any media type, on any number of paths."""
ROW: Final = ("operation", "request", "status", "response")
BRANCH: Final = ("operation", "request", "pointer")
_REFUSED: Final = 400
_NOT_ALLOWED: Final = 405
_LONGEST: Final = 100
_PROBLEM: Final = "application/problem+json"


class Coverage:
    """Counts rows and marks branches; what is known already costs next to nothing.

    Args:
        contract: it keeps alive what is learned about.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._seen: dict[tuple[str | None, str, int, str], int] = {}
        self._dropped = 0
        self._trees: dict[tuple[str, str], CoverageTree | None] = {}
        self._is_prepared = False

    def observe(
        self, operation_id: str | None, request_media: str, status: int, response_media: str, count: int = 1
    ) -> None:
        """Count an exchange, or several that are alike.

        Args:
            operation_id: None where the request called no operation. For a 405, any operation of the path.
            request_media: of the body that was sent, parameters and all; empty for no body.
            status: of the reply.
            response_media: of the reply; empty for no body.
            count: how many there were.
        """
        key = (operation_id, request_media, status, response_media)
        seen = self._seen
        if key in seen:
            seen[key] += count
        else:
            self._count(Key(operation_id, bare(request_media), status, bare(response_media)), count)

    def _count(self, key: Key, count: int) -> None:
        if key in self._seen or len(self._seen) < _MOST_ROWS:
            self._seen[key] = self._seen.get(key, 0) + count
        else:
            self._dropped += count

    def observe_body(self, operation: Operation, media: MediaType, value: Any) -> None:
        """Mark the branches of the request's schema that a valid body took.

        Args:
            operation: what was called.
            media: one of ``operation.body``.
            value: the body as a JSON value; anything else teaches nothing.
        """
        key = (operation.id, media.name)
        tree = self._trees.get(key)
        if tree is None and key not in self._trees:
            tree = self._grow(key, media)
        if tree is not None:
            tree.see(value)

    def sent(self) -> Iterator[tuple[str, str, str]]:
        """Yield the branches that bodies have taken, by operation, media type and pointer."""
        for key, tree in self._trees.items():
            yield from ((*key, pointer) for pointer in (tree.sent if tree is not None else ()))

    def _grow(self, key: tuple[str, str], media: MediaType) -> CoverageTree | None:
        tree = self._trees[key] = CoverageTree(media.schema) if media.schema is not None else None
        return tree

    def prepared(self) -> Iterator[None]:
        """Find out what there is to cover; the first time, which takes a while, yield after each body."""
        if self._is_prepared:
            return
        for _, _, tree in self._grown():
            if tree.branches:
                yield
        self._is_prepared = True

    def snapshot(self) -> Snapshot:
        """Return what was covered, and all that was not, in the order of the contract."""
        contract = self._contract
        rows = Rows(contract.operations)
        counts = [0] * len(rows.declared)
        undeclared = []
        for seen, count in self._seen.items():
            key = Key(*seen)
            numbers = rows.of(key)
            for number in numbers:
                counts[number] += count
            if not numbers:
                undeclared.append({**key._asdict(), "status": str(key.status), "count": count})
        return {
            "contract": {"title": contract.title, "version": contract.version, "sha256": contract.sha256},
            "rows": [
                {**row._asdict(), "count": count} for row, count in zip(rows.declared, counts, strict=True)
            ],
            "undeclared": sorted(
                undeclared,
                key=lambda row: (row["operation"] or "", row["request"], row["status"], row["response"]),
            ),
            "branches": list(self._branches()),
            "dropped": {"rows": self._dropped},
        }

    def _grown(self) -> Iterator[tuple[str, str, CoverageTree]]:
        """Yield what learns from the bodies of each operation and media type, with their names."""
        for operation in self._contract.operations:
            for name, media in operation.body.items():
                key = (operation.id, name)
                tree = self._trees[key] if key in self._trees else self._grow(key, media)
                if tree is not None:
                    yield operation.id, name, tree

    def _branches(self) -> Iterator[dict[str, Any]]:
        for operation_id, name, tree in self._grown():
            for branch in tree.branches:
                yield {
                    "operation": operation_id,
                    "request": name,
                    **branch._asdict(),
                    "sent": branch.pointer in tree.sent,
                }


Snapshot: TypeAlias = dict[str, Any]
"""``contract`` with ``title``, ``version`` and ``sha256``; ``rows``, ``undeclared`` and ``branches``, lists
of objects; ``dropped`` with the number of ``rows`` that found no room."""


class OtherContractError(MockgridError):
    """Two results were made with different contracts."""


def merge(a: Snapshot, b: Snapshot) -> Snapshot:
    """Add up two snapshots; the order does not matter. Further keys are left out.

    Raises:
        OtherContractError: they are of different contracts.
    """
    first, other = a["contract"], b["contract"]
    if first["sha256"] != other["sha256"]:
        raise OtherContractError(
            f"The results are of different contracts: {_called(first)} and {_called(other)}.",
            hint="Only results of the same contract, with the same overlays, can be added up.",
        )
    return {
        "contract": min(first, other, key=lambda contract: sorted(contract.items())),
        "rows": united(a["rows"], b["rows"], ROW, _counted),
        "undeclared": sorted(
            united(a["undeclared"], b["undeclared"], ROW, _counted), key=lambda row: _key(row, ROW)
        ),
        "branches": united(a["branches"], b["branches"], BRANCH, _sent),
        "dropped": {"rows": a["dropped"]["rows"] + b["dropped"]["rows"]},
    }


def united(
    a: list[dict[str, Any]],
    b: list[dict[str, Any]],
    names: tuple[str, ...],
    join: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]],
) -> list[dict[str, Any]]:
    """Join the entries of two lists that have the same values under some names.

    The order is that of both lists, where it is the same, and by these values elsewhere.
    """
    first, second = ({_key(entry, names): entry for entry in entries} for entries in (a, b))
    entries_by_key = {**second, **first}
    for key in first.keys() & second.keys():
        entries_by_key[key] = join(first[key], second[key])
    order = list(first) if list(first) == list(second) else sorted(entries_by_key)
    return [entries_by_key[key] for key in order]


def _key(entry: dict[str, Any], names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("" if entry[name] is None else str(entry[name]) for name in names)


def _counted(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    return {**a, "count": a["count"] + b["count"]}


def _sent(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    return {**a, "sent": a["sent"] or b["sent"]}


def _called(contract: dict[str, Any]) -> str:
    return f"{contract['title']} {contract['version']} ({contract['sha256'][:12]})"


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
                media = declared_media(key.response, response.media)
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
    media = declared_media(key.request, dict.fromkeys(takes))
    if media in takes:
        return [media]
    return takes if key.status >= _REFUSED else []


def declared_media(seen: str, declared: Any) -> str | None:
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
