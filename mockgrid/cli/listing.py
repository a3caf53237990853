"""Findings as they are printed: as text, JSON, JUnit's XML, and annotations of a pull request on GitHub."""

from __future__ import annotations

import json
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any, Final

from mockgrid.findings import place_of
from mockgrid.fixed import fixed

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Container, Iterable, Iterator, Sequence

    from mockgrid.findings import Finding

__all__ = ["FORMATS", "Listing", "annotation", "exit_code", "ordered"]

FOUND: Final = 1
"""Exit code: something was found."""
UNABLE: Final = 2
"""Exit code: it could not be looked at."""


@fixed
class Listing:
    """What was looked at, and what was found.

    Attributes:
        kinds: how many things there were of each kind, by its name in the singular.
        lines: the findings, in their order.
        of: what these things are called together.
        fields: what JSON tells of a finding beside its place and that it is an error or a warning.
        cases: what was looked at one by one, each with what was found in it, for JUnit.
        more: a sentence that ends the summary; may be empty.
        unable: codes of what kept from looking, and is no fault that was found.
    """

    kinds: Counter[str]
    lines: Sequence[Finding]
    of: str = "files"
    fields: tuple[str, ...] = ("code", "message", "hint")
    cases: Sequence[tuple[str, Sequence[Finding]]] = field(default=())
    more: str = ""
    unable: Container[str] = ()

    @property
    def summary(self) -> str:
        """One sentence: how much was looked at, and how much was found."""
        things = ", ".join(_counted(count, kind) for kind, count in sorted(self.kinds.items()))
        counts = {kind: self.count(kind) for kind in ("error", "warning", "note")}
        known = [_counted(count, kind) for kind, count in counts.items() if count]
        return f"{things}: {', '.join(known) or 'nothing found'}.{self.more and ' '}{self.more}"

    def count(self, severity: str) -> int:
        """Return how many findings are of a severity."""
        return sum(line.severity == severity for line in self.lines)


def ordered(findings: Iterable[Finding], causes: Container[Finding] = ()) -> list[Finding]:
    """Return all findings and notes, each once, by file, line and column.

    Args:
        findings: of any files.
        causes: those of them that others of their file may follow from, and that come before these.
    """

    def order(finding: Finding) -> tuple[Any, ...]:
        file, *place = place_of(finding.where)
        further = (finding.severity, finding.code, finding.message, finding.hint)
        return (file, finding not in causes, *place, *further)

    # Names of files may be any bytes.
    readable = {
        replace(finding, where=finding.where.encode(errors="backslashreplace").decode())
        for finding in findings
    }
    return sorted(readable, key=order)


def exit_code(listing: Listing, *, strict: bool) -> int:
    """Return 1 where there are errors or, when strict, warnings; 2 where these kept from looking; else 0."""
    severities = ("error", "warning") if strict else ("error",)
    failing = [line for line in listing.lines if line.severity in severities]
    unable = any(line.code in listing.unable for line in failing)
    return UNABLE if unable else FOUND if failing else 0


def _text(listing: Listing) -> Iterator[str]:
    yield from (" ".join(str(line).splitlines()) for line in listing.lines)
    yield listing.summary


def _github(listing: Listing) -> Iterator[str]:
    for line in listing.lines:
        yield annotation(line, listing.of)
    yield listing.summary


def annotation(line: Finding, of: str = "files") -> str:
    """Return a finding as ``::error file=…,line=…,col=…,title=MG212::message hint``.

    Args:
        line: the finding.
        of: what it is about; where a request went is no file.
    """
    file, row, column = place_of(line.where)
    kind = "notice" if line.severity == "note" else line.severity
    file = file if row or of == "files" else ""
    properties = {"file": file, "line": row, "col": column, "title": line.code}
    given = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)
    return f"::{kind}{given and ' '}{given}::{_data(f'{line.message} {line.hint}'.rstrip())}"


def _json(listing: Listing) -> Iterator[str]:
    lines = listing.lines
    report: dict[str, Any] = {
        "version": 1,
        listing.of: dict(sorted(listing.kinds.items())),
        "errors": listing.count("error"),
        "warnings": listing.count("warning"),
        "findings": [_entry(line, "severity", *listing.fields) for line in lines if line.severity != "note"],
        "notes": [_entry(line, "message") for line in lines if line.severity == "note"],
    }
    yield json.dumps(report, indent=2, ensure_ascii=False)


def _entry(line: Finding, *names: str) -> dict[str, Any]:
    return place_of(line.where)._asdict() | {name: getattr(line, name) for name in names}


def _junit(listing: Listing) -> Iterator[str]:
    from mockgrid.report.junit import render_cases  # noqa: PLC0415 - 20 ms, for this form alone

    yield render_cases(listing.summary, listing.cases, listing.unable)


FORMATS: Final[dict[str, Callable[[Listing], Iterator[str]]]] = {
    "text": _text,
    "json": _json,
    "github": _github,
    "junit": _junit,
}
"""The lines that each format prints."""


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: object) -> str:
    return _data(str(value)).replace(":", "%3A").replace(",", "%2C")
