"""What went wrong while clients used a server, which steps they never reached, and which faults they met."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mockgrid.contract.coverage import BRANCH, ROW
from mockgrid.contract.reply_coverage import REPLY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mockgrid.schema.warnings import FieldWarning

TallyJson: TypeAlias = dict[str, Any]
"""``violations``, ``warnings``, ``verdicts``, ``steps`` and ``faults``, lists of objects that each have a
``count``; ``journal`` with the ``exchanges`` and ``violations`` that the journal dropped; ``dropped`` with
the number of occurrences for which each list had no room."""

Place: TypeAlias = dict[str, Any]
"""An exchange in which something was seen; see ``place``."""

_LONGEST: Final = 500
_MOST_PLACES: Final = 10
# What is told of one occurrence of many.
_EXAMPLE: Final = ("message", "session", "contract", "path")
_INDEX: Final = re.compile(r"(?<=/)\d+(?=/|$)")
_DOTTED_INDEX: Final = re.compile(r"(?:(?<=\.)|^)\d+(?=\.|$)")


def place(session: str, label: str, exchange: int, request: str, status: int) -> Place:
    """Return where something was seen.

    Args:
        session: its name.
        label: what people know it by, such as a test's id; empty for nothing.
        exchange: its number in the session.
        request: its method and path.
        status: of the reply.
    """
    return {
        "session": session[:_LONGEST],
        "label": label[:_LONGEST],
        "exchange": exchange,
        "request": request[:_LONGEST],
        "status": status,
    }


def place_key(place: Place) -> tuple[str, str, int, str]:
    """Return what tells an exchange from others, also from those of other servers."""
    return place["label"], place["session"], place["exchange"], place.get("server", "")


class _Entries:
    """A list of entries, each once; of too many, those that come first by what tells them apart are kept.

    So it does not matter in which order they were added, nor to which of several lists that are merged.

    Args:
        names: of what tells entries apart.
        most: how many there may be.

    Attributes:
        dropped: occurrences of those for which there was no room.
    """

    def __init__(self, names: tuple[str, ...], most: int) -> None:
        self._names = names
        self._most = most
        self._entries: dict[tuple[str, ...], dict[str, Any]] = {}
        self.dropped = 0

    def add(self, entry: dict[str, Any]) -> None:
        """Add an entry with its ``count``."""
        key = tuple("" if entry[name] is None else str(entry[name]) for name in self._names)
        known = self._entries.get(key)
        self._entries[key] = entry if known is None else _joined(known, entry)
        if len(self._entries) >= 2 * self._most:  # and not at each beyond the most, since sorting takes time
            self.first()

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        return iter(self._entries)

    def first(self) -> list[dict[str, Any]]:
        """Drop what there is no room for, and return the others in order."""
        keys = sorted(self._entries)
        for key in keys[self._most :]:
            self.dropped += max(self._entries.pop(key)["count"], 1)
        return [self._entries[key] for key in keys[: self._most]]


_KINDS: Final[Mapping[str, tuple[tuple[str, ...], int]]] = {
    "violations": (("code", "operation", "location", "pointer"), 1_000),
    "warnings": (("code", "operation", "pointer"), 1_000),
    "verdicts": (("verdict", "session", "message", "exchanges"), 1_000),
    "provider": (("code", "operation", "status", "pointer"), 1_000),
    "steps": (("scenario", "step", "where"), 10_000),
    "faults": (("fault",), 100),
}
"""What tells the entries of a list apart, and how many there may be."""

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "rows": ROW,
    "branches": BRANCH,
    "replies": (*REPLY, "pointer"),
    **{kind: names for kind, (names, _) in _KINDS.items() if kind not in {"verdicts", "provider"}},
}
"""What tells the entries of a report's lists apart where each leads to the exchanges that it counts."""


class Tally:
    """Adds up what is reported of single exchanges; what has found no room is counted.

    What stands at different indices of a list is one: ``/messages/*/role``. Of different messages, the first
    in the alphabet is kept, so that it does not matter which came first.
    """

    def __init__(self) -> None:
        self._lists = {kind: _Entries(*words) for kind, words in _KINDS.items()}
        self._journal = {"exchanges": 0, "violations": 0}

    def violation(
        self,
        operation: str | None,
        violation: Mapping[str, str],
        session: str = "",
        place: Place | None = None,
    ) -> None:
        """Add a breach of the contract.

        Args:
            operation: its id; None where the request called none.
            violation: as ``Violation.as_json`` gives it.
            session: in which it occurred.
            place: in which of its exchanges; None where that is not known.
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
                "places": [place] if place is not None else [],
            },
        )

    def provider(self, operation: str | None, status: int, violation: Mapping[str, str]) -> None:
        """Add a breach of the contract by what a provider replied.

        Args:
            operation: the id of what was called.
            status: of the reply.
            violation: as ``Violation.as_json`` gives it.
        """
        self._add(
            "provider",
            {
                "code": violation["code"],
                "operation": operation,
                "status": str(status),
                "pointer": _INDEX.sub("*", violation["pointer"])[:_LONGEST],
                "path": _DOTTED_INDEX.sub("*", violation["path"])[:_LONGEST],
                "message": violation["message"][:_LONGEST],
                "contract": violation.get("contract", ""),
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

    def verdict(
        self,
        verdict: str,
        session: str,
        message: str,
        exchanges: Sequence[str | int] = (),
        *,
        places: Sequence[Place] = (),
    ) -> None:
        """Add what the journal proves about the client's conduct.

        Args:
            verdict: its name, ``retry_after_ignored``.
            session: in which it occurred.
            message: one sentence.
            exchanges: which exchanges prove it.
            places: the same, as far as they are known, in their order.
        """
        self._add(
            "verdicts",
            {
                "verdict": verdict,
                "session": session[:_LONGEST],
                "message": message[:_LONGEST],
                "exchanges": list(exchanges),
                "places": list(places[:_MOST_PLACES]),
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

    def fault(self, fault: str, times: int = 0) -> None:
        """Add a way in which replies break on the wire, ``stream.fault=stall``, and how many more did."""
        self._add("faults", {"fault": fault}, times)

    def keys(self, kind: str) -> Iterable[tuple[str, ...]]:
        """Return what tells the entries of a list apart that were added."""
        return self._lists[kind]

    def drop(self, *, exchanges: int = 0, violations: int = 0) -> None:
        """Add what the journal had no room for."""
        self._journal["exchanges"] += exchanges
        self._journal["violations"] += violations

    def add(self, tally: TallyJson) -> None:
        """Add all that another tally has; further keys are left out."""
        for kind, entries in self._lists.items():
            for entry in tally.get(kind, ()):
                entries.add(entry)
            entries.dropped += tally["dropped"].get(kind, 0)
        self.drop(**{name: tally["journal"][name] for name in self._journal})

    def as_json(self) -> TallyJson:
        """Return all that was added, in an order that does not depend on that of adding."""
        return {
            **{kind: entries.first() for kind, entries in self._lists.items()},
            "journal": {**self._journal},
            "dropped": {kind: entries.dropped for kind, entries in self._lists.items()},
        }

    def _add(self, kind: str, entry: dict[str, Any], count: int = 1) -> None:
        self._lists[kind].add({**entry, "count": count})


def merge(a: TallyJson, b: TallyJson) -> TallyJson:
    """Add up two tallies; the order does not matter."""
    tally = Tally()
    tally.add(a)
    tally.add(b)
    return tally.as_json()


def _joined(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    first = min(a, b, key=lambda entry: [str(entry.get(name, "")) for name in _EXAMPLE])
    joined = {**first, "count": a["count"] + b["count"]}
    if "places" in a or "places" in b:
        joined["places"] = _first_places(a.get("places", []), b.get("places", []))
    return joined


def _first_places(many: list[dict[str, Any]], more: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the first of the places in two lists, in order, each once."""
    places = {place_key(place): place for place in (*many, *more)}
    return [places[key] for key in sorted(places)[:_MOST_PLACES]]
