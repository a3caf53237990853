"""A scenario that cannot be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockgrid.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockgrid.findings import Finding


class ScenarioError(DocumentError):
    """A scenario with errors; the message is that of the first, and says how many more there are.

    Args:
        findings: all errors and warnings, in the order of the file.
        check: the command that tells all of them, where there is one.

    Attributes:
        findings: all errors and warnings, in the order of the file.
    """

    def __init__(self, findings: Sequence[Finding], *, check: str = "") -> None:
        errors = [finding for finding in findings if finding.severity == "error"]
        first = errors[0]
        more = len(errors) - 1
        message = f"{first.code}: {first.message}"
        hint = first.hint
        if more:
            named = f"; `{check}` tells all" if check else ""
            hint = f"{hint} ({more} more error{'s' if more > 1 else ''}{named}.)"
        super().__init__(message, where=first.where, hint=hint.strip())
        self.findings = tuple(findings)
