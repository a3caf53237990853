"""Findings as text, as JSON, and as annotations of a pull request on GitHub."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mockgrid.findings import place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockgrid.cli.checking import Checked
    from mockgrid.findings import Place

__all__ = ["FORMATS", "Notice", "lines_of"]


class Notice(NamedTuple):
    """A finding or a note, taken apart; in the order in which they are shown.

    ``line`` and ``column`` count from 1, and are 0 for what is about a whole file.
    """

    file: str
    line: int
    column: int
    severity: str
    code: str
    message: str
    hint: str

    @property
    def text(self) -> str:
        """``file:line:column: error MG212: message hint``."""
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        kind = f"{self.severity} {self.code}" if self.code else self.severity
        return f"{where}: {kind}: {self.message}{self.hint and f' {self.hint}'}"

    @property
    def github(self) -> str:
        """``::error file=…,line=…,col=…,title=MG212::message hint``."""
        kind = "notice" if self.severity == "note" else self.severity
        properties = {"file": self.file, "line": self.line, "col": self.column, "title": self.code}
        given = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)
        return f"::{kind} {given}::{_data(self.message + (self.hint and f' {self.hint}'))}"


def lines_of(checked: Checked) -> list[Notice]:
    """Return all findings and notes, by file, line and column."""
    lines = {
        Notice(*_place(finding.where), finding.severity, finding.code, finding.message, finding.hint)
        for finding in checked.findings
    }
    lines |= {Notice(*_place(note.where), "note", "", note.message, "") for note in checked.notes}
    return sorted(lines)


def _place(where: str) -> Place:
    return place_of(where.encode(errors="backslashreplace").decode())  # names of files may be any bytes


def _text(checked: Checked) -> Iterator[str]:
    lines = lines_of(checked)
    yield from (" ".join(line.text.splitlines()) for line in lines)
    yield _summary(checked, lines)


def _github(checked: Checked) -> Iterator[str]:
    lines = lines_of(checked)
    yield from (line.github for line in lines)
    yield _summary(checked, lines)


def _json(checked: Checked) -> Iterator[str]:
    lines = lines_of(checked)
    report: dict[str, Any] = {
        "version": 1,
        "files": dict(sorted(checked.kinds.items())),
        "errors": _count(lines, "error"),
        "warnings": _count(lines, "warning"),
        "findings": [line._asdict() for line in lines if line.severity != "note"],
        "notes": [
            {"file": line.file, "line": line.line, "column": line.column, "message": line.message}
            for line in lines
            if line.severity == "note"
        ],
    }
    yield json.dumps(report, indent=2, ensure_ascii=False)


FORMATS: Final[dict[str, Callable[[Checked], Iterator[str]]]] = {
    "text": _text,
    "json": _json,
    "github": _github,
}
"""The lines that each format prints."""


def _summary(checked: Checked, lines: list[Notice]) -> str:
    files = ", ".join(_counted(count, kind) for kind, count in sorted(checked.kinds.items()))
    counts = {kind: _count(lines, kind) for kind in ("error", "warning", "note")}
    known = [_counted(count, kind) for kind, count in counts.items() if count]
    more = " More may be found after correction." if checked.unfinished else ""
    return f"{files}: {', '.join(known) or 'nothing found'}.{more}"


def _count(lines: list[Notice], severity: str) -> int:
    return sum(line.severity == severity for line in lines)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: object) -> str:
    return _data(str(value)).replace(":", "%3A").replace(",", "%2C")
