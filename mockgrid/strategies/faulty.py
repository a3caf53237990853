"""Replies that break on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from mockgrid.strategies.target import Target

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
_before = st.sampled_from(_AT_ONCE).map(lambda fault: {"auto": True, "fault": fault})
_kinds = st.one_of(
    st.sampled_from(_IN_STREAMS).map(lambda kind: {"kind": kind}),
    st.sampled_from(_SHAPES).map(lambda shape: {"kind": "error_event", "shape": shape}),
    st.just({"kind": "stall", "for": _WAIT}),
)
_inside = st.builds(
    lambda fault, after: {
        "auto": True,
        "stream": {"fault": fault | ({} if after is None else {"after": after})},
    },
    _kinds,
    st.one_of(st.none(), st.integers(0, 4)),
)
_ending = st.sampled_from(_ENDINGS).map(lambda kind: {"auto": True, "stream": {"fault": kind}})


def plain_faults(target: Target) -> list[dict[str, Any]]:
    """Return a reply with each fault by itself."""
    inside = (*_IN_STREAMS, *_ENDINGS, *({"kind": "error_event", "shape": shape} for shape in _SHAPES))
    streamed = [{"stream": {"fault": fault}} for fault in inside]
    return [*({"fault": fault} for fault in _AT_ONCE), *streamed * target.speaks]


def broken(target: Target) -> SearchStrategy[dict[str, Any]]:
    """Draw replies with a fault: before the first byte, within the body, or within a stream."""
    return st.one_of(_before, _inside, _ending) if target.speaks else _before
