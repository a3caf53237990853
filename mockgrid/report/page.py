"""The report as one HTML page that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from mockgrid.report.tally import place_key
from mockgrid.report.wording import (
    address_of,
    cells_of,
    covered_of,
    dropped_sentences,
    facts,
    journals_of,
    operation_of,
    place_words,
    printable,
    reply_branches,
    seen_exchanges,
    seen_in,
    share,
    states,
    tables,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mockgrid.report.document import Document

_ROW_HEAD = ("Operation", "Request", "Status", "Response", "Times", "State")
PlaceKey = tuple[str, str, int, str]
# Lists of what was seen in exchanges, which stand in their last column.
_SEEN = ("violations", "verdicts")
# Lists of what may have been done or not.
_DONE = {"steps": "reached", "faults": "shown"}
_ROW_CLASSES = {"covered": "covered", "never_exercised": "never", "undeclared": "undeclared"}


class Cell(NamedTuple):
    """A cell of a table, as HTML, and its class."""

    html: str
    kind: str = ""


class Line(NamedTuple):
    """A line of a table: its class, its cells, and its name where others lead to it."""

    kind: str
    cells: tuple[Cell, ...]
    name: str = ""


def render_html(document: Document) -> str:
    """Return the report as a page; it loads nothing, and its one small script only filters lines."""
    style = _source("style.css", "mockgrid.page") + _source("page.css")
    script = _source("page.js")
    rows = document["summary"]["rows"]
    return Template(_source("page.html")).substitute(
        style=style,
        style_digest=_digest(style),
        script=script,
        script_digest=_digest(script),
        title=_text(document["contract"]["title"]),
        headline=_text(covered_of(rows["covered"], rows["declared"])),
        never=_text(document["summary"]["headline"]),
        facts=_text(facts(document)),
        figures="".join(_figures(document["summary"])),
        sections="\n".join(_sections(document)),
    )


def _figures(summary: dict[str, Any]) -> Iterator[str]:
    for count, words, kind in (
        (summary["violations"], "violations", "bad"),
        (summary["verdicts"], "verdicts", "bad"),
        (summary["warnings"], "warnings", "open"),
        (summary["steps"]["unreached"], "steps never reached", "open"),
    ):
        yield f"<li{f' class={kind}' if count else ''}><b>{count}</b>{words}</li>"
    for name, part, words in (
        ("rows", "covered", "declared rows covered"),
        ("branches", "sent", "branches sent"),
        ("replies", "shown", "branches of replies shown"),
        ("faults", "shown", "faults shown"),
    ):
        if not summary[name]["declared"] and part == "shown":
            continue
        numbers = summary[name]
        percent = f"{numbers['percent']:g}"
        meter = f'<meter min="0" max="100" value="{percent}">{percent} %</meter>'
        yield f"<li><b>{percent} %</b>{numbers[part]} of {numbers['declared']} {words}{meter}</li>"


def _sections(document: Document) -> Iterator[str]:
    numbers = {key: number for number, key in enumerate(seen_exchanges(document), 1)}
    for name, title, caption in (
        (
            "violations",
            "Violations",
            "Breaches of the contract, those at different indices of a list added up",
        ),
        ("provider", "Provider", "How the replies of the provider break the contract"),
        ("verdicts", "Verdicts", "What the journal proves about the client's conduct"),
        ("warnings", "Warnings", "Unknown and deprecated fields of valid requests"),
        ("steps", "Steps", "Steps of the scenarios that were played"),
        ("faults", "Faults", "Ways in which replies can break on the wire"),
    ):
        if name == "warnings" and numbers:
            yield _exchanges(document, numbers)
        if document.get(name):
            head = [heading for heading, _, _ in tables[name]]
            head += ["Times", "State"] if name in _DONE else []
            yield _section(
                title, caption, head, [_entry(document, name, entry, numbers) for entry in document[name]]
            )
    if document["rows"]:
        caption = share(document["summary"]["rows"], "covered", "declared rows are covered")
        yield _section("Rows", caption, _ROW_HEAD, [_row(document, row) for row in document["rows"]])
    yield from _branches(document, "branches", document["branches"], "Requests to", "sent")
    yield from _branches(document, "replies", reply_branches(document), "Replies of", "shown")
    yield from (f'<p class="quiet">{_text(sentence)}</p>' for sentence in dropped_sentences(document))


def _branches(
    document: Document, kind: str, branches: list[dict[str, Any]], whose: str, done: str
) -> Iterator[str]:
    """A table for each body that an operation takes, or gives."""
    by_body: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for branch in branches:
        by_body.setdefault((branch["operation"], branch["request"]), []).append(branch)
    for (operation, request), entries in by_body.items():
        sent = sum(branch["sent"] for branch in entries)
        of_several = sum(other == operation for other, _ in by_body) > 1
        yield _section(
            f"{whose} {_text(operation)}" + (f", {_text(request)}" if of_several else ""),
            f"{sent} of {len(entries)} branches of the schema of {request} were {done}",
            ("Branch", "Kind", "State"),
            [_branch(document, kind, branch, done) for branch in entries],
        )


def _section(title: str, caption: str, head: Sequence[str], lines: Iterable[Line]) -> str:
    columns = "".join(_column(name) for name in head)
    body = "\n".join(_line(line, head) for line in lines)
    return (
        f'<section>\n<h2>{title}</h2>\n<div class="table" role="region" tabindex="0" aria-label="{title}">'
        f"<table>\n<caption>{_text(caption)}</caption>\n"
        f"<thead><tr>{columns}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table></div>\n</section>"
    )


def _column(name: str) -> str:
    kind = ' class="number"' if name == "Times" else ""
    return f'<th scope="col"{kind}>{name}</th>'


def _line(line: Line, head: Sequence[str]) -> str:
    """Return a line of a table; in a narrow window, each cell stands behind the name of its column."""
    first, *others = line.cells
    cells = "".join(
        f'<td{f" class={cell.kind}" if cell.kind else ""} data-head="{name}">{cell.html}</td>'
        for cell, name in zip(others, head[1:], strict=True)
    )
    name = f' id="{line.name}"' if line.name else ""
    return f'<tr class="{line.kind}"{name}><th scope="row">{first.html}</th>{cells}</tr>'


def _row(document: Document, row: dict[str, Any]) -> Line:
    words = (operation_of(row), row["request"], row["status"], row["response"])
    cells = (Cell(_code(text)) for text in words)
    return Line(
        _ROW_CLASSES[row["state"]], (*cells, _times(document, "rows", row), _state(states[row["state"]]))
    )


def _branch(document: Document, kind: str, branch: dict[str, Any], done: str) -> Line:
    what = Cell(branch["kind"] + (", deprecated" if branch["deprecated"] else ""))
    label = Cell(_long(branch["label"]))
    if not branch["sent"]:
        return Line("never", (label, what, _state(f"never {done}")))
    return Line("sent", (label, what, Cell(_leading(document, kind, branch, _mark(done)), "state")))


def _entry(document: Document, name: str, entry: dict[str, Any], numbers: Mapping[PlaceKey, int]) -> Line:
    cells = [
        _times(document, name, entry) if kind == "number" else Cell(_SET[kind](text))
        for kind, text in cells_of(name, entry)
    ]
    if name in _SEEN:
        cells[-1] = Cell(_seen(entry, numbers))
    if name in _DONE:
        done = _DONE[name]
        kind, state = ("covered", done) if entry["count"] else ("never", f"never {done}")
        return Line(kind, (*cells, _times(document, name, entry), _state(state)))
    return Line("never" if name == "warnings" else "failed", tuple(cells))


def _seen(entry: dict[str, Any], numbers: Mapping[PlaceKey, int]) -> str:
    """Return a list of the exchanges in which something was seen, with links to where they are told of."""
    if not entry.get("places"):
        return _text(", ".join(seen_in(entry)))
    items = (
        f'<li><a href="#x{numbers[place_key(place)]}">{_text(place_words(place))}</a></li>'
        for place in entry["places"]
    )
    return f'<ul class="seen">{"".join(items)}</ul>'


def _exchanges(document: Document, numbers: Mapping[PlaceKey, int]) -> str:
    """Return the section of the exchanges that others lead to; each leads on to a live page that has it."""
    lines = []
    for key, place in seen_exchanges(document).items():
        address, number = address_of(place), str(place["exchange"])
        link = f'<a href="{escape(address)}">{number}</a>' if address else number
        who = _text(place["label"] or place["session"])
        cells = (who, link, _code(place["request"]), _code(str(place["status"])))
        lines.append(Line("failed", tuple(map(Cell, cells)), f"x{numbers[key]}"))
    head = ("Test or session", "Exchange", "Request", "Status")
    return _section("Exchanges", "Those in which violations and verdicts were seen", head, lines)


def _state(words: str) -> Cell:
    return Cell(_mark(words), "state")


def _times(document: Document, name: str, entry: dict[str, Any]) -> Cell:
    count = str(entry["count"])
    return Cell(_leading(document, name, entry, count) if entry["count"] else count, "number")


def _leading(document: Document, name: str, entry: dict[str, Any], html: str) -> str:
    """Have something lead to the live page that shows the exchanges which an entry counts, or to several."""
    addresses = [
        (escape(address), urlsplit(address).netloc) for address in journals_of(document, name, entry)
    ]
    if len(addresses) == 1:
        return f'<a href="{addresses[0][0]}">{html}</a>'
    links = ", ".join(f'<a href="{address}">{_text(server)}</a>' for address, server in addresses)
    return f"{html}: {links}" if links else html


def _mark(words: str) -> str:
    return f'<span class="mark">{_text(words)}</span>' if words else "\N{EN DASH}"


def _code(text: str) -> str:
    return f"<code>{_text(text)}</code>" if text else "\N{EN DASH}"


def _long(text: str) -> str:
    """Set as code what may be broken anywhere."""
    return _code(text).replace("<code>", '<code class="long">', 1)


def _text(text: str) -> str:
    return escape(printable(text))


def _source(name: str, package: str = "mockgrid.report") -> str:
    return files(package).joinpath(name).read_text("utf-8")


def _digest(source: str) -> str:
    """Return what a content security policy allows an inline style or script by."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"


_SET: Final[Mapping[str, Callable[[str], str]]] = {
    "mark": _mark,
    "code": _code,
    "long": _long,
    "text": _text,
}
