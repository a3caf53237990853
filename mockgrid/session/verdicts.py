"""What the journal proves about the client's conduct."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mockgrid.session.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Verdict:
    """One misconduct, and the exchanges that prove it."""

    name: str
    code: str
    message: str
    exchanges: tuple[int, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the verdict as the control interface gives it."""
        return {
            "name": self.name,
            "code": self.code,
            "message": self.message,
            "exchanges": list(self.exchanges),
        }


def verdicts(
    exchanges: Sequence[Exchange],  # noqa: ARG001 - see the next commit
    retry: Mapping[str, Any],  # noqa: ARG001
    *,
    final: bool = False,  # noqa: ARG001
) -> list[Verdict]:
    """Return what a session's exchanges prove."""
    return []
