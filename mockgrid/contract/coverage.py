"""What a test run exercised of a contract, and what it never did.

Two questions are answered for every request: which *row* it was (operation, request media type, status,
response media type), and which *branches* of the request's schema it took (optional properties, listed
values, forms). Both are asked of every request that is served, so that knowing the answer has to be cheap:
what was seen once is never looked at again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mockgrid.contract.rows import Key, Rows, bare
from mockgrid.errors import MockgridError
from mockgrid.schema.coverage.tree import CoverageTree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockgrid.contract.contract import Contract
    from mockgrid.contract.operation import MediaType, Operation

__all__ = ["Coverage", "OtherContractError", "Snapshot", "merge"]

_MOST_ROWS: Final = 2_000
"""Kinds of exchanges that are told apart: a client may send any media type, on any number of paths."""


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

    def _grow(self, key: tuple[str, str], media: MediaType) -> CoverageTree | None:
        tree = self._trees[key] = CoverageTree(media.schema) if media.schema is not None else None
        return tree

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

    def _branches(self) -> Iterator[dict[str, Any]]:
        for operation in self._contract.operations:
            for name, media in operation.body.items():
                key = (operation.id, name)
                tree = self._trees[key] if key in self._trees else self._grow(key, media)
                if tree is None:
                    continue
                for branch in tree.branches:
                    yield {
                        "operation": operation.id,
                        "request": name,
                        **branch._asdict(),
                        "sent": branch.pointer in tree.sent,
                    }


Snapshot: TypeAlias = dict[str, Any]
"""``contract`` with ``title``, ``version`` and ``sha256``; ``rows``, ``undeclared`` and ``branches``, lists
of objects; ``dropped`` with the number of ``rows`` that found no room."""

_ROW = ("operation", "request", "status", "response")
_BRANCH = ("operation", "request", "pointer")


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
        "rows": united(a["rows"], b["rows"], _ROW, _counted),
        "undeclared": sorted(united(a["undeclared"], b["undeclared"], _ROW, _counted), key=_by_row),
        "branches": united(a["branches"], b["branches"], _BRANCH, _sent),
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


def _by_row(entry: dict[str, Any]) -> tuple[str, ...]:
    return _key(entry, _ROW)


def _counted(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    return {**a, "count": a["count"] + b["count"]}


def _sent(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    return {**a, "sent": a["sent"] or b["sent"]}


def _called(contract: dict[str, Any]) -> str:
    return f"{contract['title']} {contract['version']} ({contract['sha256'][:12]})"
