"""What went wrong while clients used a server: violations, warnings, verdicts, and steps never reached."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mockgrid.schema.warnings import FieldWarning

__all__ = ["Tally", "TallyJson", "merge"]

TallyJson: TypeAlias = dict[str, Any]
"""``violations``, ``warnings``, ``verdicts`` and ``steps``, lists of objects that each have a ``count``;
``journal`` with the ``exchanges`` and ``violations`` that the journal dropped; ``dropped`` with the number of
occurrences for which each list had no room."""

_LONGEST: Final = 500
_INDEX: Final = re.compile(r"(?<=/)\d+(?=/|$)")
_DOTTED_INDEX: Final = re.compile(r"(?:(?<=\.)|^)\d+(?=\.|$)")


class _Kind(NamedTuple):
    """A list of entries: what tells them apart, and how many there may be."""

    names: tuple[str, ...]
    most: int


_KINDS: Final = {
    "violations": _Kind(("code", "operation", "location", "pointer"), 1_000),
    "warnings": _Kind(("code", "operation", "pointer"), 1_000),
    "verdicts": _Kind(("verdict", "session", "message", "exchanges"), 1_000),
    "steps": _Kind(("scenario", "step", "where"), 10_000),
}


class Tally:
    """Adds up what is reported of single exchanges; what has found no room is counted.

    What stands at different indices of a list is one: ``/messages/*/role``. Of different messages, the first
    in the alphabet is kept, so that it does not matter which came first.
    """

    def __init__(self) -> None:
        self._entries: dict[str, dict[tuple[str, ...], dict[str, Any]]] = {kind: {} for kind in _KINDS}
        self._dropped = dict.fromkeys(_KINDS, 0)
        self._journal = {"exchanges": 0, "violations": 0}

    def violation(self, operation: str | None, violation: Mapping[str, str], session: str = "") -> None:
        """Add a breach of the contract.

        Args:
            operation: its id; None where the request called none.
            violation: as ``Violation.as_json`` gives it.
            session: in which it occurred.
        """
        self._add(
            "violations",
            {
                "code": violation["code"],
                "operation": operation,
                "location": violation.get("location", "body"),
                "pointer": _INDEX.sub("*", violation["pointer"])[:_LONGEST],
                "message": violation["message"][:_LONGEST],
                "contract": violation.get("contract", ""),
                "session": session[:_LONGEST],
            },
        )

    def warning(self, operation: str | None, warning: FieldWarning, count: int = 1) -> None:
        """Add an unknown or deprecated field of so many valid requests."""
        self._add(
            "warnings",
            {
                "code": warning.code,
                "operation": operation,
                "pointer": _INDEX.sub("*", warning.pointer)[:_LONGEST],
                "path": _DOTTED_INDEX.sub("*", warning.path)[:_LONGEST],
                "message": warning.message[:_LONGEST],
            },
            count,
        )

    def verdict(self, verdict: str, session: str, message: str, exchanges: Sequence[str | int] = ()) -> None:
        """Add what the journal proves about the client's conduct.

        Args:
            verdict: its name, ``retry_after_ignored``.
            session: in which it occurred.
            message: one sentence.
            exchanges: which exchanges prove it.
        """
        self._add(
            "verdicts",
            {
                "verdict": verdict,
                "session": session[:_LONGEST],
                "message": message[:_LONGEST],
                "exchanges": list(exchanges),
            },
        )

    def step(self, scenario: str, step: str, where: str, times: int = 0) -> None:
        """Add a step of a scenario that was played, and how often requests met it; it may be added often.

        Args:
            scenario: its name.
            step: the step's name.
            where: ``file:line``.
            times: further requests that met it.
        """
        entry = {"scenario": scenario, "step": step[:_LONGEST], "where": where[:_LONGEST]}
        self._add("steps", entry, times)

    def drop(self, *, exchanges: int = 0, violations: int = 0) -> None:
        """Add what the journal had no room for."""
        self._journal["exchanges"] += exchanges
        self._journal["violations"] += violations

    def as_json(self) -> TallyJson:
        """Return all that was added, in an order that does not depend on that of adding."""
        return {
            **{kind: [entries[key] for key in sorted(entries)] for kind, entries in self._entries.items()},
            "journal": {**self._journal},
            "dropped": {**self._dropped},
        }

    def _add(self, kind: str, entry: dict[str, Any], count: int = 1) -> None:
        entries = self._entries[kind]
        names, most = _KINDS[kind]
        key = _key(entry, names)
        if key in entries:
            entries[key] = _joined(entries[key], {**entry, "count": count})
        elif len(entries) < most:
            entries[key] = {**entry, "count": count}
        else:
            self._dropped[kind] += 1


def merge(a: TallyJson, b: TallyJson) -> TallyJson:
    """Add up two tallies; the order does not matter. Further keys are left out."""
    merged: TallyJson = {}
    dropped = {}
    for kind, (names, most) in _KINDS.items():
        entries: dict[tuple[str, ...], dict[str, Any]] = {}
        for entry in (*a[kind], *b[kind]):
            key = _key(entry, names)
            entries[key] = _joined(entries[key], entry) if key in entries else entry
        keys = sorted(entries)
        merged[kind] = [entries[key] for key in keys[:most]]
        lost = sum(max(entries[key]["count"], 1) for key in keys[most:])
        dropped[kind] = a["dropped"][kind] + b["dropped"][kind] + lost
    journal = {name: a["journal"][name] + b["journal"][name] for name in ("exchanges", "violations")}
    return {**merged, "journal": journal, "dropped": dropped}


def _key(entry: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("" if entry[name] is None else str(entry[name]) for name in names)


def _joined(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    first = min(a, b, key=lambda entry: (entry.get("message", ""), entry.get("session", ""), str(entry)))
    return {**first, "count": a["count"] + b["count"]}
