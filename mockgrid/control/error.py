"""What an operator asked for, and cannot have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockgrid.errors import MockgridError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockgrid.findings import Finding


class ControlError(MockgridError):
    """Ends a call of the control interface.

    Args:
        status: the HTTP status that says so.
        message: one sentence: what was found, what was expected, what to do.
        findings: what is wrong with a script, in order.
    """

    def __init__(self, status: int, message: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.findings = tuple(findings)

    def as_json(self) -> dict[str, Any]:
        """Return the error as the body of a reply."""
        body: dict[str, Any] = {"errors": {"detail": self.message}}
        if self.findings:
            body["findings"] = [finding.as_json() for finding in self.findings]
        return body
