"""Deliberate breakages: before the first byte, or within a stream."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["ErrorEvent", "Fault", "FaultKind", "Shape", "StreamFault", "StreamFaultKind"]

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
Shape = Literal["openai", "named", "text", "beside_choices", "vendor", "bare"]
"""What an error event looks like:

- ``openai``: ``{"error": {message, type, param, code}}``, which every client knows;
- ``named``: the same, under ``event: error``;
- ``text``: ``{"error": "message"}``;
- ``beside_choices``: a chunk with an ``error`` beside its choices;
- ``vendor``: ``{"errors": {"detail": "message"}}``;
- ``bare``: ``{message, type, param, code}`` under ``event: error``.
"""


@dataclass(frozen=True, slots=True)
class Fault:
    """A breakage before the first byte, or of the reply as a whole.

    Attributes:
        kind: what happens. ``reset``: the connection is reset. ``empty``: it closes without a byte. ``hang``:
            nothing is sent for ``duration``, then the connection closes. ``garbage``: bytes that are no HTTP,
            then it closes. ``slow_headers``: status line and headers take ``duration``, a byte at a time; the
            body is whole. ``cut_body``: the connection closes within the body. ``wrong_length``: the body is
            whole, and ``content-length`` is wrong.
        after: of ``cut_body``, how many bytes of the body are sent; None for half of it.
        duration: seconds; None for a ``hang`` without an end, and for ``slow_headers`` of five.
        length: of ``wrong_length``, how many bytes more than there are ``content-length`` declares, fewer
            where it is negative; None for half of the body in all.
    """

    kind: FaultKind
    after: int | None = None
    duration: float | None = None
    length: int | None = None

    @property
    def bare(self) -> bool:
        """Whether it takes a connection without HTTP's rules."""
        return self.kind in {"garbage", "slow_headers", "wrong_length"}


@dataclass(frozen=True, slots=True)
class ErrorEvent:
    """What an error event says.

    Attributes:
        shape: how it says so.
        event: the name of the event; empty for the one that the shape has, if any.
        data: one value, sent as the event's whole data in place of all else; empty for none.
    """

    message: str = "The server had an error while processing your request."
    type: str = "server_error"
    param: str | None = None
    code: str | int | None = "server_error"
    shape: Shape = "openai"
    event: str = ""
    data: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class StreamFault:
    """A breakage within a stream.

    One that comes after more chunks than there are takes effect before ``[DONE]``; none is ever lost.

    Attributes:
        kind: what happens. ``disconnect``: the connection closes, and the body has no end. ``reset``: the
            connection is reset. ``stall``: nothing is sent for ``duration``, and then the rest.
            ``error_event``: an error, and the end of the body. ``malformed_json``: the next chunk's JSON
            stops half way. ``cut_utf8``: the next chunk has a character that stops half way. ``garbage``:
            bytes that are neither events nor UTF-8. ``duplicate_chunk``: the chunk before comes again.
            ``no_finish``: no choice is finished. ``no_done``: no ``[DONE]``.
        after: how many content chunks come before it; those that name the roles come before all of these.
            ``no_finish`` and ``no_done`` take place where they must.
        duration: of ``stall``, seconds; None for as long as the client waits.
        error: of ``error_event``, what the event says.
    """

    kind: StreamFaultKind
    after: int = 1
    duration: float | None = None
    error: ErrorEvent = field(default_factory=ErrorEvent)
