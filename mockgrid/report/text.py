"""The report as text, for a terminal."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING, Any, Final

from mockgrid.report import WIDTH
from mockgrid.report.wording import (
    branch_names,
    breach_of,
    counted,
    dropped_sentences,
    facts,
    first_seen,
    never_shown,
    operation_of,
    printable,
    reply_branches,
    rows_by_operation,
    share,
    states,
    titles,
    unreached,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.report.document import Document

_NARROWEST: Final = 40
_LINES: Final = 100
"""Lines of each list; the JSON document has all."""


def render_text(document: Document, width: int = WIDTH) -> str:
    """Return the report as text: lists of words are wrapped at ``width``, a finding stays on its line."""
    width = max(width, _NARROWEST)
    lines = [_filled(document["summary"]["headline"], width), _filled(facts(document), width)]
    for title, body in _sections(document, width):
        lines += ["", title, *(f"  {line}" for line in body[:_LINES])]
        if len(body) > _LINES:
            lines.append(f"  and {len(body) - _LINES} more lines; see the JSON document")
    return "\n".join(lines) + "\n"


def _sections(document: Document, width: int) -> Iterator[tuple[str, list[str]]]:
    summary = document["summary"]
    yield share(summary["rows"], "covered", "declared rows are covered"), list(_rows(document["rows"]))
    if document["branches"]:
        title = share(summary["branches"], "sent", "branches of the request schemas were sent")
        yield f"{title}; never sent:", list(_branches(document["branches"], width - 2))
    if document["replies"]:
        title = share(summary["replies"], "shown", "branches of the schemas of replies were shown")
        yield f"{title}; never shown:", list(_branches(reply_branches(document), width - 2))
    if document["faults"]:
        title = share(summary["faults"], "shown", "faults were shown")
        names = printable(", ".join(never_shown(document)))
        yield f"{title}; never shown:", _filled(names, width - 2).split("\n") if names else []
    heads = titles(document)
    for name, line in (
        ("violations", _violation),
        ("provider", _provider),
        ("warnings", _warning),
        ("verdicts", _verdict),
    ):
        if document.get(name):
            yield heads[name], [printable(line(entry)) for entry in document[name]]
    never = unreached(document)
    if never:
        played = summary["steps"]["played"]
        yield f"{len(never)} of {counted(played, 'step')} never reached", list(map(_step, never))
    dropped = list(dropped_sentences(document))
    if dropped:
        yield "What is missing here", [line for text in dropped for line in _filled(text, width).split("\n")]


def _rows(rows: list[dict[str, Any]]) -> Iterator[str]:
    for operation, entries in rows_by_operation(rows):
        first = entries[0]["request"]
        only = all(row["request"] == first for row in entries)
        yield printable(f"{operation}, {first}" if only and first else operation)
        cells = [[printable(cell) for cell in _cells(row)[: 2 if only else 3]] for row in entries]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        for row, texts in zip(entries, cells, strict=True):
            padded = [text.ljust(size) for text, size in zip(texts, widths, strict=True)]
            state = f"{row['count']} x" if row["state"] == "covered" else states[row["state"]]
            more = f" ({row['count']} x)" if row["state"] == "undeclared" else ""
            yield f"  {'  '.join(padded)}  {state}{more}"


def _cells(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["status"], row["response"] or "-", f"to {row['request'] or 'no body'}"


def _branches(branches: list[dict[str, Any]], width: int) -> Iterator[str]:
    by_body: dict[str, list[str]] = {}
    for branch, below in branch_names(branches):
        more = f" (+{below})" if below else ""
        names = by_body.setdefault(f"{branch['operation']}, {branch['request']}", [])
        names.append(printable(branch["label"]).replace(" ", "\N{NO-BREAK SPACE}") + more)
    for body, names in by_body.items():
        yield printable(body)
        text = fill(", ".join(names), width - 2, break_long_words=False, break_on_hyphens=False)
        yield from (f"  {line}" for line in text.replace("\N{NO-BREAK SPACE}", " ").split("\n"))


def _violation(entry: dict[str, Any]) -> str:
    where = f"{operation_of(entry)}: {entry['location']} {entry['pointer'] or '/'}"
    seen = first_seen(entry)
    return f"{entry['count']} x {entry['code']} {where} {entry['message']}{seen and f' ({seen})'}"


def _provider(entry: dict[str, Any]) -> str:
    return (
        f"{entry['count']} x {entry['code']} {entry['status']} of {operation_of(entry)}: {breach_of(entry)}"
    )


def _warning(entry: dict[str, Any]) -> str:
    return f"{entry['count']} x {entry['code']} {operation_of(entry)}: {entry['path']} {entry['message']}"


def _verdict(entry: dict[str, Any]) -> str:
    times = f"{entry['count']} x " if entry["count"] > 1 else ""
    code = f"{entry['code']} " if entry["code"] else ""
    seen = first_seen(entry)
    return f"{times}{code}{entry['verdict']}: {entry['message']}{seen and f' ({seen})'}"


def _step(entry: dict[str, Any]) -> str:
    where = f" ({entry['where']})" if entry["where"] else ""
    return printable(f"{entry['scenario']}: {entry['step']}{where}")


def _filled(text: str, width: int) -> str:
    return fill(text, width, break_long_words=False, break_on_hyphens=False)
