"""What was found wrong with one scenario, and the places of its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mockgrid.findings import Finding, place_of

if TYPE_CHECKING:
    from mockgrid.document.document import Document
    from mockgrid.findings.finding import Severity

__all__ = ["Ledger", "Origin"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a part of a scenario was written; finding the line is work, done when somebody asks.

    Attributes:
        document: what it is a part of.
        pointer: JSON pointer to it.
        wrapped: what was put around data that holds no steps of its own; it does not show in places.
    """

    document: Document
    pointer: str
    wrapped: str = ""

    def __str__(self) -> str:
        return self.document.where(self._own)

    @property
    def key(self) -> str:
        """Where the key stands that leads to the part; the part itself where it has no key."""
        return self.document.where_key(self._own)

    @property
    def _own(self) -> str:
        return self.pointer.removeprefix(self.wrapped)


class Ledger:
    """Collects findings.

    Args:
        document: what they are about.
        wrapped: the pointer under which the document's data stands in the data that is read.
    """

    def __init__(self, document: Document, wrapped: str = "") -> None:
        self._document = document
        self._wrapped = wrapped
        self._found: dict[Finding, None] = {}
        self._errors: set[str] = set()

    def origin(self, pointer: str) -> Origin:
        """Return where a part was written."""
        return Origin(self._document, pointer, self._wrapped)

    def add(  # noqa: PLR0913 - a finding has as many parts
        self,
        code: str,
        pointer: str,
        message: str,
        hint: str = "",
        *,
        key: bool = False,
        severity: Severity = "error",
    ) -> None:
        """Note a finding about the part under a pointer; ``key`` places it at the part's key."""
        origin = self.origin(pointer)
        finding = Finding(code, severity, message, origin.key if key else str(origin), hint)
        self._found[finding] = None
        if severity == "error":
            self._errors.add(pointer)

    def broken(self, pointer: str) -> bool:
        """Tell whether there is an error at a part, or inside it."""
        return any(found == pointer or found.startswith(f"{pointer}/") for found in self._errors)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, in the order of the file."""
        # What was never written down keeps the order in which it was found.
        return tuple(sorted(self._found, key=lambda finding: place_of(finding.where)[1:]))
