"""One thing found wrong, at one place; ``codes`` says what each code means."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Literal, NamedTuple

from mockgrid.fixed import fixed

__all__ = ["Finding", "Place", "Severity", "place_of"]

Severity = Literal["error", "warning", "note"]

_PLACE = re.compile(r"(?P<file>.+?):(?P<line>\d+):(?P<column>\d+)", re.DOTALL)


class Place(NamedTuple):
    """Where something was found; places are shown in this order.

    ``line`` and ``column`` count from 1, and are 0 for what is about a whole file or was never written down.
    """

    file: str
    line: int
    column: int


@fixed
class Finding:
    """What was found, where, and what was meant.

    Attributes:
        code: a stable code such as ``MG211``.
        severity: an error refuses the file, a warning does not; a note has no code.
        message: what was found and what was expected, one sentence.
        where: ``file:line:column``; for what was never written down, the caller's words and a JSON pointer.
        hint: what to do about it, one sentence; may be empty.
    """

    code: str
    severity: Severity
    message: str
    where: str
    hint: str = ""

    def __str__(self) -> str:
        kind = f"{self.severity} {self.code}".rstrip()
        return f"{self.where}: {kind}: {self.message} {self.hint}".rstrip()

    def as_json(self) -> dict[str, str]:
        """Return the finding as it stands in reports."""
        return asdict(self)


def place_of(where: str) -> Place:
    """Return a place that is written as ``file:line:column``, taken apart."""
    match = _PLACE.fullmatch(where)
    return Place(match["file"], int(match["line"]), int(match["column"])) if match else Place(where, 0, 0)
