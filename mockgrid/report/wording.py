"""The words that all renderings of a report share."""

from __future__ import annotations

import re
from collections import Counter
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from mockgrid.report.tally import KEYS, place_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_MOST_OPERATIONS: Final = 6
_MOST_ROWS: Final = 20
_ADDRESS: Final = re.compile("https?://")
_NO_OPERATION: Final = "no operation"

states: Final = {
    "covered": "covered",
    "never_exercised": "never exercised",
    "undeclared": "not in the contract",
}
"""The states of rows, in words."""


tables: Final[Mapping[str, tuple[tuple[str, str, str], ...]]] = {
    "violations": (
        ("Code", "code", "mark"),
        ("Operation", "operation", "code"),
        ("Where", "place", "long"),
        ("What is wrong", "message", "text"),
        ("Times", "count", "number"),
        ("Seen in", "session", "long"),
    ),
    "provider": (
        ("Code", "code", "mark"),
        ("Operation", "operation", "code"),
        ("Status", "status", "code"),
        ("Where", "path", "long"),
        ("What is wrong", "message", "text"),
        ("Times", "count", "number"),
    ),
    "verdicts": (
        ("Code", "code", "mark"),
        ("Verdict", "verdict", "code"),
        ("What happened", "message", "text"),
        ("Seen in", "session", "long"),
    ),
    "steps": (("Scenario", "scenario", "code"), ("Step", "step", "text"), ("Where", "where", "code")),
    "faults": (("Fault", "fault", "code"),),
    "warnings": (
        ("Code", "code", "mark"),
        ("Operation", "operation", "code"),
        ("Field", "path", "long"),
        ("What is odd", "message", "text"),
        ("Times", "count", "number"),
    ),
}
"""The columns of lists that are set as tables: a title, what is shown, and how that is set."""


def cells_of(name: str, entry: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what a table shows of an entry: how each cell is set, and its text."""
    place = f"{entry.get('location')} {entry.get('pointer') or '/'}"
    operation = entry.get("operation") or _NO_OPERATION
    values = {**entry, "operation": operation, "place": place, "session": first_seen(entry)}
    return [(kind, str(values[key])) for _, key, kind in tables[name]]


def seen_in(entry: dict[str, Any]) -> list[str]:
    """Return where an entry of violations or verdicts was seen: by test or session, and exchange."""
    places = entry.get("places") or [{**entry, "exchange": number} for number in entry.get("exchanges", ())]
    return list(map(place_words, places)) or [str(entry.get("session", ""))]


def place_words(place: dict[str, Any]) -> str:
    """Return which exchange it is, as people know it."""
    return f"{place.get('label') or place['session']}, exchange {place['exchange']}"


def seen_exchanges(document: dict[str, Any]) -> dict[tuple[str, str, int, str], dict[str, Any]]:
    """Return the exchanges that a report speaks of, in order, by what tells them apart."""
    places = [
        place
        for name in ("violations", "verdicts")
        for entry in document[name]
        for place in entry.get("places", ())
    ]
    return {place_key(place): place for place in sorted(places, key=place_key)}


def first_seen(entry: dict[str, Any]) -> str:
    """Return where an entry was seen first, and in how many places more; empty where that is not known."""
    seen, *others = seen_in(entry)
    return f"{seen} and {len(others)} more" if others else seen


def address_of(place: dict[str, Any]) -> str:
    """Return where the live page of its server shows an exchange; empty where that is not known."""
    server = place.get("server", "")
    if not _ADDRESS.match(server):
        return ""
    return f"{server}/#/exchange/{quote(place['session'], '', errors='replace')}/{place['exchange']}"


def journals_of(document: dict[str, Any], kind: str, entry: dict[str, Any]) -> list[str]:
    """Return where the live pages of their servers show the exchanges that an entry of a list counts."""
    if kind not in KEYS:
        return []
    own = {name: entry[name] for name in KEYS[kind] if entry[name]}
    did = urlencode({"kind": kind, **own}, errors="replace")
    servers = filter(_ADDRESS.match, document.get("servers", ()))
    return [f"{server}/#/journal?did={quote(did, '')}" for server in servers]


def percent(part: int, whole: int) -> float:
    """Return a share in per cent, one decimal, rounded down: 100 is all of them."""
    return (part * 1000 // whole) / 10 if whole else 100.0


def headline(rows: Sequence[dict[str, Any]]) -> str:
    """Say what was never exercised, and how much was: the first line of every rendering.

    ``Never exercised: 402, 503 of createChatCompletion. 88 % of 27 declared rows are covered.``
    """
    parts: list[str] = []
    never = covered = further = 0
    for operation, entries in rows_by_operation(rows):
        declared = [row for row in entries if row["state"] != "undeclared"]
        missing = [row for row in declared if row["state"] == "never_exercised"]
        covered += len(declared) - len(missing)
        never += len(missing)
        if missing and len(parts) == _MOST_OPERATIONS:
            further += len(missing)
        elif missing and len(missing) == len(declared):
            parts.append(f"{_all(len(missing))} of {operation}")
        elif missing:
            name = row_name(declared)
            parts.append(f"{_listed([name(row) for row in missing])} of {operation}")
    if further:
        parts.append(f"{counted(further, 'row')} of other operations")
    total = covered + never
    listed = "; ".join(parts) or "nothing"
    return printable(f"Never exercised: {listed}. {covered_of(covered, total)}.")


def covered_of(covered: int, total: int) -> str:
    """Say how many rows are covered: ``88.8 % of 27 declared rows are covered``."""
    are = "is" if total == 1 else "are"
    return f"{percent(covered, total):g} % of {counted(total, 'declared row')} {are} covered"


def rows_by_operation(rows: Sequence[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Return the rows of each operation, in the order in which operations first appear."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(operation_of(row), []).append(row)
    yield from groups.items()


def operation_of(entry: dict[str, Any]) -> str:
    """Return the id of an operation, or words for none."""
    return entry["operation"] or _NO_OPERATION


def breach_of(entry: dict[str, Any]) -> str:
    """Return where in a provider's reply something is wrong, and what."""
    return entry["message"] if entry["path"] == "$" else f"{entry['path']} {entry['message']}"


def row_name(rows: Sequence[dict[str, Any]]) -> Callable[[dict[str, Any]], str]:
    """Return what names an operation's rows in short: by status, and by more where that is not enough."""
    answers = {(row["status"], row["response"]) for row in rows}
    responses = Counter(status for status, _ in answers)
    several = len({row["request"] for row in rows}) > 1

    def name(row: dict[str, Any]) -> str:
        words = row["status"]
        if responses[row["status"]] > 1:
            words += f" {row['response'] or 'without a body'}"
        return f"{words} to {row['request'] or 'no body'}" if several else words

    return name


def branch_names(branches: Sequence[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], int]]:
    """Return the branches that were never sent, or never shown, each with the number of those below it.

    What is below a branch that was never sent is not told of: it could not have been sent either.
    """
    key = itemgetter("operation", "request", "pointer")
    by_key = {key(branch): branch for branch in branches}
    below: Counter[tuple[Any, ...]] = Counter()
    tops = []
    for branch in branches:
        if branch["sent"]:
            continue
        top = branch
        for _ in branches:  # what a report that was tampered with says of parents may lead round
            parent = by_key.get((branch["operation"], branch["request"], top["parent"]))
            if parent is None or parent["sent"]:
                break
            top = parent
        if top is branch:
            tops.append(branch)
        else:
            below[key(top)] += 1
    for branch in tops:
        yield branch, below[key(branch)]


def reply_branches(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the branches of all replies in the form that those of requests have."""
    return [
        {
            **branch,
            **{name: reply[name] for name in ("operation", "status", "response")},
            "request": f"{reply['status']} {reply['response']}",
            "sent": branch["shown"],
        }
        for reply in document["replies"]
        for branch in reply["branches"]
    ]


def never_shown(document: dict[str, Any]) -> list[str]:
    """Return the faults that no reply had."""
    return [entry["fault"] for entry in document["faults"] if not entry["count"]]


def unreached(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the steps that no request met."""
    return [step for step in document["steps"] if not step["count"]]


def titles(document: dict[str, Any]) -> dict[str, str]:
    """Return what lists of things that went wrong are headed with, by their names."""
    summary = document["summary"]
    return {
        "violations": counted(summary["violations"], "violation"),
        "provider": f"{counted(summary.get('provider', 0), 'violation')} by the provider",
        "verdicts": f"{counted(summary['verdicts'], 'verdict')} on the client's conduct",
        "warnings": counted(summary["warnings"], "warning"),
    }


def share(part: dict[str, Any], name: str, words: str) -> str:
    """Say how many there are of how many: ``15 of 27 rows are covered (55.5 %)``."""
    return f"{part[name]} of {part['declared']} {words} ({part['percent']:g} %)"


def facts(document: dict[str, Any]) -> str:
    """Say in one line which contract it was, and what else was found."""
    summary, contract = document["summary"], document["contract"]
    counts = [
        counted(summary[name], noun)
        for name, noun in (("violations", "violation"), ("warnings", "warning"), ("verdicts", "verdict"))
    ]
    if "provider" in summary:
        counts.append(f"{counted(summary['provider'], 'violation')} by the provider")
    counts.append(f"{counted(summary['steps']['unreached'], 'step')} never reached")
    title = f"{contract['title']} {contract['version']}".strip()
    return printable(f"{title}, SHA-256 {contract['sha256']}: {', '.join(counts)}.")


def counted(count: int, noun: str) -> str:
    """Return a number and a noun: ``1 row``, ``2 rows``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def printable(text: str) -> str:
    """Return a text in which what cannot be printed is written as an escape, line breaks included."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _all(count: int) -> str:
    return "the only row" if count == 1 else f"all {count} rows"


def _listed(names: list[str]) -> str:
    more = len(names) - _MOST_ROWS
    return ", ".join(names[:_MOST_ROWS]) + (f" and {more} more" if more > 0 else "")


def dropped_sentences(document: dict[str, Any]) -> Iterator[str]:
    """Say what found no room, and is missing from the report; nothing where it is whole."""
    journal, dropped = document["journal"], document["dropped"]
    if journal["exchanges"] or journal["violations"]:
        dropouts = (
            f"{counted(journal['exchanges'], 'exchange')} and {counted(journal['violations'], 'violation')}"
        )
        yield f"The journal dropped {dropouts}: verdicts, replies and faults are without these."
    for name, noun in (
        ("rows", "exchange that is not in the contract"),
        ("violations", "violation"),
        ("provider", "violation by the provider"),
        ("warnings", "warning"),
        ("verdicts", "verdict"),
        ("steps", "step"),
    ):
        if dropped.get(name):
            yield f"Further, of another kind each, and left out: {counted(dropped[name], noun)}."
