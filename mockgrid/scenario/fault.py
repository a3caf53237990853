"""Deliberate breakages: before the first byte, or within a stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Fault", "FaultKind", "StreamFault", "StreamFaultKind"]

FaultKind = Literal["reset", "empty", "hang", "garbage", "slow_headers", "cut_body", "wrong_length"]
StreamFaultKind = Literal[
    "disconnect",
    "reset",
    "stall",
    "error_event",
    "malformed_json",
    "cut_utf8",
    "garbage",
    "duplicate_chunk",
    "no_finish",
    "no_done",
]


@dataclass(frozen=True, slots=True)
class Fault:
    """A breakage before the first byte, or of the reply as a whole.

    Attributes:
        kind: what breaks.
        after: of ``cut_body``, how many bytes of the body are sent; None for half of it.
        duration: of ``hang`` and ``slow_headers``, seconds; None for as long as the client waits.
    """

    kind: FaultKind
    after: int | None = None
    duration: float | None = None


@dataclass(frozen=True, slots=True)
class StreamFault:
    """A breakage within a stream.

    Attributes:
        kind: what breaks.
        after: how many content chunks come before it.
        duration: of ``stall``, seconds; None for as long as the client waits.
        error: of ``error_event``, the fields of the error that the event reports; None for the default ones.
        data: of ``error_event``, the event's whole data, as a tuple of one value; empty where none is given.
    """

    kind: StreamFaultKind
    after: int = 1
    duration: float | None = None
    error: dict[str, Any] | None = None
    data: tuple[Any, ...] = ()
