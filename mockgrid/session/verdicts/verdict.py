"""One thing that the journal proves about a client's conduct."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from mockgrid.session.records import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["CODES", "Verdict", "VerdictName", "proved"]

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


def proved(name: VerdictName, exchanges: Iterable[int], message: str) -> Verdict:
    """Return a verdict with the code that its name has."""
    return Verdict(name=name, code=CODES[name], message=message, exchanges=tuple(exchanges))
