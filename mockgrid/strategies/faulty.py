"""Replies that break on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from mockgrid.strategies.choosing import copies

if TYPE_CHECKING:
    from mockgrid.strategies.choosing import Drawing
    from mockgrid.strategies.target import Target

    Reply: TypeAlias = dict[str, Any]

# Short waits: a client that survives them survives long ones by its own timeout.
_WAIT = "20ms"
_AT_ONCE = (
    "reset",
    "empty",
    "garbage",
    "cut_body",
    "wrong_length",
    {"kind": "cut_body", "after": 1},
    {"kind": "hang", "for": _WAIT},
    {"kind": "slow_headers", "for": _WAIT},
    {"kind": "wrong_length", "length": 1},
    {"kind": "wrong_length", "length": -1},
)
_SHAPES = ("openai", "named", "bare", "text", "vendor", "beside_choices")
_IN_STREAMS = (
    "disconnect",
    "reset",
    "duplicate_chunk",
    "malformed_json",
    "cut_utf8",
    "garbage",
    "error_event",
)
_ENDINGS = ("no_done", "no_finish")
_AFTER: tuple[Reply, ...] = ({}, *({"after": count} for count in range(5)))
_KINDS: tuple[Reply, ...] = (
    *({"kind": kind} for kind in _IN_STREAMS),
    *({"kind": "error_event", "shape": shape} for shape in _SHAPES),
    {"kind": "stall", "for": _WAIT},
)


def plain_faults(target: Target) -> list[dict[str, Any]]:
    """Return a reply with each fault by itself."""
    inside = (*_IN_STREAMS, *_ENDINGS, *({"kind": "error_event", "shape": shape} for shape in _SHAPES))
    streamed = [{"stream": {"fault": fault}} for fault in inside]
    return [*({"fault": fault} for fault in _AT_ONCE), *streamed * target.speaks]


def broken(target: Target) -> list[Drawing[Reply]]:
    """Return what draws replies with a fault: before the first byte, within the body, or within a stream."""
    inside = [kind | after for after in _AFTER for kind in _KINDS]
    streamed: list[Reply] = [{"stream": {"fault": fault}} for fault in (*inside, *_ENDINGS)]
    replies = [*({"fault": fault} for fault in _AT_ONCE), *streamed * target.speaks]
    return copies({"auto": True, **reply} for reply in replies)
