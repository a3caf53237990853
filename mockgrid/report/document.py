"""The contract report: one versioned JSON document, of which everything else is a rendering.

``report.schema.json`` beside this module is its format. Reports of several processes or runs can be added up,
in any order.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mockgrid import __version__
from mockgrid.contract import coverage
from mockgrid.contract.reply_coverage import merge as merge_replies
from mockgrid.errors import MockgridError
from mockgrid.findings.codes import codes
from mockgrid.report.tally import merge as merge_tallies
from mockgrid.report.wording import headline, percent

if TYPE_CHECKING:
    from mockgrid.contract.coverage import Snapshot
    from mockgrid.contract.reply_coverage import Replies
    from mockgrid.report.tally import TallyJson

Document: TypeAlias = dict[str, Any]

FORMAT: Final = "mockgrid.report"
VERSION: Final = 1
"""Raised when a reader of older documents could misread a new one."""
_DECLARED: Final = ("covered", "never_exercised")
_LISTS: Final = ("violations", "warnings", "verdicts", "steps", "faults")


def build(snapshot: Snapshot, tally: TallyJson, replies: Replies | None = None) -> Document:
    """Make the report of what a server has seen.

    Args:
        snapshot: of its ``Coverage``.
        tally: of its ``Tally``, as JSON.
        replies: of its ``ReplyCoverage``, as JSON.
    """
    rows = [{**row, "state": _DECLARED[0 if row["count"] else 1]} for row in snapshot["rows"]]
    rows += [{**row, "state": "undeclared"} for row in snapshot["undeclared"]]
    document: Document = {
        "format": FORMAT,
        "version": VERSION,
        "mockgrid": __version__,
        "contract": dict(snapshot["contract"]),
        "summary": {},
        "rows": rows,
        "branches": [dict(branch) for branch in snapshot["branches"]],
        "replies": replies or [],
        **{kind: [dict(entry) for entry in tally[kind]] for kind in _LISTS},
        "journal": dict(tally["journal"]),
        "dropped": {**snapshot["dropped"], **tally["dropped"]},
    }
    if tally.get("provider"):
        document["provider"] = [dict(entry) for entry in tally["provider"]]
    else:
        document["dropped"].pop("provider", None)  # no provider was asked, or none broke anything
    document["verdicts"] = [_coded(verdict) for verdict in document["verdicts"]]
    document["summary"] = _summary(document)
    return document


def merge(a: Document, b: Document) -> Document:
    """Add up two reports; the order does not matter.

    Raises:
        OtherContractError: they are of different contracts.
    """
    replies = merge_replies(a["replies"], b["replies"])
    merged = build(coverage.merge(_snapshot(a), _snapshot(b)), merge_tallies(a, b), replies)
    merged["mockgrid"] = max(a["mockgrid"], b["mockgrid"])
    servers = sorted({*a.get("servers", ()), *b.get("servers", ())})
    if servers:
        merged["servers"] = servers
    return merged


def locate(document: Document, server: str) -> None:
    """Say in a report where the exchanges are that it speaks of, for a page that leads there.

    Args:
        document: the report.
        server: the address of the control interface of the server that made it.
    """
    for entry in (*document["violations"], *document["verdicts"]):
        entry["places"] = [{**place, "server": server} for place in entry.get("places", ())]
    document["servers"] = [server]


def fail_under(document: Document, least: float) -> bool:
    """Tell whether fewer than this many per cent of the declared rows are covered."""
    rows = document["summary"]["rows"]
    return bool(rows["covered"] * 100 < least * rows["declared"])


def _coded(verdict: dict[str, Any]) -> dict[str, Any]:
    named = {code.name: code.code for code in codes().values()}
    return {**verdict, "code": named.get(verdict["verdict"], "")}


def _snapshot(document: Document) -> Snapshot:
    """Return the coverage that a report was built from."""
    rows = [({key: row[key] for key in row if key != "state"}, row["state"]) for row in document["rows"]]
    return {
        "contract": document["contract"],
        "rows": [row for row, state in rows if state in _DECLARED],
        "undeclared": [row for row, state in rows if state not in _DECLARED],
        "branches": document["branches"],
        "dropped": {"rows": document["dropped"]["rows"]},
    }


def _summary(document: Document) -> dict[str, Any]:
    rows, branches, steps = document["rows"], document["branches"], document["steps"]
    declared = sum(row["state"] in _DECLARED for row in rows)
    covered = sum(row["state"] == _DECLARED[0] for row in rows)
    sent = sum(branch["sent"] for branch in branches)
    dropped = document["dropped"]
    return {
        "headline": headline(rows),
        "rows": {
            "declared": declared,
            "covered": covered,
            "percent": percent(covered, declared),
            "undeclared": len(rows) - declared,
        },
        "branches": {"declared": len(branches), "sent": sent, "percent": percent(sent, len(branches))},
        **{
            name: sum(entry["count"] for entry in document[name]) + dropped[name]
            for name in ("violations", "warnings", "verdicts")
        },
        "replies": _shown([part["shown"] for reply in document["replies"] for part in reply["branches"]]),
        "faults": _shown([fault["count"] > 0 for fault in document["faults"]]),
        "steps": {"played": len(steps), "unreached": sum(step["count"] == 0 for step in steps)},
        **(
            {"provider": sum(entry["count"] for entry in document["provider"])}
            if "provider" in document
            else {}
        ),
    }


def _shown(marks: list[bool]) -> dict[str, Any]:
    return {"declared": len(marks), "shown": sum(marks), "percent": percent(sum(marks), len(marks))}


class ReportError(MockgridError):
    """What should be a report is none."""


def schema() -> bytes:
    """Return the JSON Schema (2020-12) of reports, as it is shipped."""
    return Path(__file__).with_name("report.schema.json").read_bytes()


def read_report(data: bytes, where: str) -> Document:
    """Read a report.

    Args:
        data: JSON.
        where: where it comes from, a file or a URL, for messages.

    Raises:
        ReportError: it is no report of this version.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise ReportError("This is not JSON.", where=where, hint="A report was expected.") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ReportError(
            "This is not a contract report.",
            where=where,
            hint=f"Its `format` would be {FORMAT!r}; `mockgrid report --format json` writes one.",
        )
    version = document.get("version")
    if version != VERSION:
        raise ReportError(
            f"The report has version {json.dumps(version)[:40]}, and this MockGrid reads version {VERSION}.",
            where=where,
            hint="Use the MockGrid that wrote it.",
        )
    from jsonschema import Draft202012Validator  # noqa: PLC0415 (slow, and only for what was read)

    mistake = next(iter(Draft202012Validator(json.loads(schema())).iter_errors(document)), None)
    if mistake is not None:
        raise ReportError(
            f"The report is broken at {mistake.json_path}: {mistake.message[:200]}.",
            where=where,
            hint="It was changed, or cut off, after it had been written.",
        )
    return document
