"""What was covered, as JSON values that can be added up: of several workers, processes or runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from mockgrid.errors import MockgridError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["OtherContractError", "Snapshot", "merge"]

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
    one, other = a["contract"], b["contract"]
    if one["sha256"] != other["sha256"]:
        raise OtherContractError(
            f"The results are of different contracts: {_called(one)} and {_called(other)}.",
            hint="Only results of the same contract, with the same overlays, can be added up.",
        )
    return {
        "contract": min(one, other, key=lambda contract: sorted(contract.items())),
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
    found = {**second, **first}
    for key in first.keys() & second.keys():
        found[key] = join(first[key], second[key])
    order = list(first) if list(first) == list(second) else sorted(found)
    return [found[key] for key in order]


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
