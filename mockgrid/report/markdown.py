"""The report as Markdown, for the summary of a job on GitHub."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from mockgrid.report.wording import (
    branch_names,
    cells_of,
    counted,
    dropped_sentences,
    facts,
    never_shown,
    operation_of,
    printable,
    reply_branches,
    share,
    states,
    tables,
    titles,
    unreached,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mockgrid.report.document import Document

_MOST: Final = 200
"""Lines of each table: a job's summary may have 1 MiB."""

# Also the beginnings of mentions, addresses and emoji, which GitHub makes of plain text.
_SPECIAL: Final = re.compile(r"[\\`*_\[\]<>#|~&@]|:(?=//|\w+:)|(?<=www)\.")
_CODE: Final = re.compile(r"[^`|\\]*\S[^`|\\]*")


def render_markdown(document: Document) -> str:
    """Return the report as Markdown: what is missing first, what was exercised folded away."""
    summary = document["summary"]
    blocks = [f"**{_plain(summary['headline'])}**", _plain(facts(document))]
    blocks += _wrong(document)
    never = [row for row in document["rows"] if row["state"] == "never_exercised"]
    if never:
        blocks += ["### Never exercised", _rows(never)]
    if document["branches"]:
        blocks.append(
            f"### {share(summary['branches'], 'sent', 'branches of the request schemas were sent')}"
        )
        blocks += _branches(document["branches"], "Never sent to {} as {}: {}.")
    if document["replies"]:
        words = "branches of the schemas of replies were shown"
        blocks.append(f"### {share(summary['replies'], 'shown', words)}")
        blocks += _branches(reply_branches(document), "Never shown of {} as {}: {}.")
    if document["faults"]:
        blocks.append(f"### {share(summary['faults'], 'shown', 'faults were shown')}")
        missing = never_shown(document)
        blocks += [f"Never shown: {', '.join(map(_code, missing))}."] if missing else []
    others = [row for row in document["rows"] if row["state"] != "never_exercised"]
    if others:
        title = share(summary["rows"], "covered", "declared rows are covered")
        blocks += [
            f"<details><summary>{_plain(title)}</summary>",
            _rows(others, with_state=True),
            "</details>",
        ]
    blocks += [_plain(sentence) for sentence in dropped_sentences(document)]
    return "\n\n".join(blocks) + "\n"


def _wrong(document: Document) -> Iterator[str]:
    never = unreached(document)
    heads = {**titles(document), "steps": f"{counted(len(never), 'step')} never reached"}
    for name in ("violations", "provider", "verdicts", "steps", "warnings"):
        entries = never if name == "steps" else document.get(name)
        if entries:
            yield f"### {heads[name]}"
            head = [heading.lower() for heading, _, _ in tables[name]]
            yield _table(
                head, [[_SET[kind](text) for kind, text in cells_of(name, entry)] for entry in entries]
            )


def _rows(rows: Sequence[dict[str, Any]], *, with_state: bool = False) -> str:
    head = ("operation", "request", "status", "response") + (("state", "times") if with_state else ())
    return _table(
        head,
        [
            (
                _code(operation_of(row)),
                _code(row["request"] or "-"),
                row["status"],
                _code(row["response"] or "-"),
                *((states[row["state"]], str(row["count"])) if with_state else ()),
            )
            for row in rows
        ],
    )


def _branches(branches: Sequence[dict[str, Any]], sentence: str) -> Iterator[str]:
    by_body: dict[tuple[str, str], list[str]] = {}
    for branch, below in branch_names(branches):
        more = f" (+{below})" if below else ""
        by_body.setdefault((branch["operation"], branch["request"]), []).append(_code(branch["label"]) + more)
    for (operation, request), names in by_body.items():
        more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
        yield sentence.format(_code(operation), _code(request), f"{', '.join(names[:_MOST])}{more}")


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    text = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    text += [f"| {' | '.join(line)} |" for line in lines[:_MOST]]
    if len(lines) > _MOST:
        blanks = [""] * (len(head) - 1)
        text.append(f"| {' | '.join([f'and {len(lines) - _MOST} more', *blanks])} |")
    return "\n".join(text)


def _plain(text: str) -> str:
    """Return Markdown that shows a text as it is, whatever it holds."""
    return _SPECIAL.sub(lambda special: f"&#{ord(special[0])};", printable(text))


def _code(text: str) -> str:
    """Return a text set as code; one that code cannot hold is set as text."""
    words = printable(text)
    return f"`{words}`" if _CODE.fullmatch(words) else _plain(words)


_SET: Final[Mapping[str, Callable[[str], str]]] = {
    "mark": _code,
    "code": _code,
    "long": _code,
    "text": _plain,
    "number": str,
}
