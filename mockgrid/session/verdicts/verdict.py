"""One thing that the journal proves about a client's conduct."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VerdictName = Literal[
    "retry_after_ignored",
    "retried_non_retryable",
    "retry_storm",
    "no_backoff",
    "gave_up",
    "truncated_stream_accepted",
    "malformed_chunk_ignored",
    "redirect_dropped_credentials",
]

CODES: Mapping[VerdictName, str] = MappingProxyType(
    {
        "retry_after_ignored": "MG310",
        "retried_non_retryable": "MG311",
        "retry_storm": "MG312",
        "no_backoff": "MG313",
        "gave_up": "MG314",
        "truncated_stream_accepted": "MG315",
        "malformed_chunk_ignored": "MG316",
        "redirect_dropped_credentials": "MG317",
    }
)
"""Every verdict with its code."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a client did wrong, and what proves it.

    Attributes:
        name: such as ``retry_after_ignored``.
        code: such as ``MG310``.
        message: what was seen and what was expected, one sentence; without a secret.
        exchanges: numbers of the exchanges that prove it, in the order in which they arrived.
    """

    name: VerdictName
    code: str
    message: str
    exchanges: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.code} {self.name}: {self.message}"

    def as_json(self) -> dict[str, Any]:
        """Return the verdict as it stands in reports."""
        return {
            "name": self.name,
            "code": self.code,
            "message": self.message,
            "exchanges": list(self.exchanges),
        }


def proved(name: VerdictName, exchanges: Iterable[int], message: str) -> Verdict:
    """Return a verdict with the code that its name has."""
    return Verdict(name, CODES[name], message, tuple(exchanges))
