"""One reply of each kind that says nothing else: where clients break first.

Hypothesis draws each of them but once, and nothing that is like it: of a reply with many parts it makes
several that differ in one, so that of a hundred examples only some twenty are new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mockgrid.scenario.reading.reply import FINISHES
from mockgrid.schema.generate.edges import TEXTS
from mockgrid.strategies.choosing import copies, either
from mockgrid.strategies.contract import plain_errors
from mockgrid.strategies.faulty import plain_faults
from mockgrid.strategies.openness import patches
from mockgrid.strategies.spoken import LONGEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockgrid.strategies.choosing import Drawing
    from mockgrid.strategies.target import Target

    Reply: TypeAlias = dict[str, Any]

_CALL: Final[Reply] = {"unknown_tool": {}}
_SEVERAL: Final[list[Reply]] = [
    dict(choices=[{"say": ""}, other])  # noqa: C408 - as a literal a word of the chat room
    for other in ({"refuse": ""}, {"say": ""})
]
_SAID: Final[tuple[Reply, ...]] = (
    *({"say": ""}, {"refuse": ""}, {"call": 1, "edges": 0}, {"usage": "off"}, {"call": _CALL}),
    *({"call": 2, "edges": 0}, *_SEVERAL, {"refuse": "0"}, {"served": "another-model"}),
    {"usage": {"prompt_tokens": 0}},
    *({"say": text} for text in TEXTS[1:]),
    *({"finish": finish} for finish in reversed(FINISHES)),
    *({"say": "0", "think": "0"}, {"say": "", "think": "0"}),
    *({"call": [_CALL, _CALL]}, {"say": "0", "call": _CALL}, {"json": None}, {"json": []}, {"json": {}}),
    *({"say": '{"a": ', "finish": "length"}, LONGEST),
)
_STREAMED: Final[tuple[Reply, ...]] = tuple(
    {"stream": way}
    for way in (
        *({"comments": True}, {"newline": "crlf"}, {"chunks": {"chars": 1}}, {"coalesce": 9}),
        *({"split": 1}, {"newline": "cr"}, {"comments": "[DONE]"}, {"chunks": "word"}),
    )
)
# Of characters that take several bytes, and of calls, more is split.
_SPLIT: Final[tuple[Reply, ...]] = (
    *({**reply, "stream": {"split": 1}} for reply in ({"say": "😀"}, {"refuse": "😀"})),
    {"call": 2, "stream": {"interleave": True}},
)
# How many come for one with more to it, as long as there are any. Afterwards each costs 10 µs, ten at most.
_PLAIN_FOR_ONE: Final = 5
_PATCHED_FOR_ONE: Final = 2


def plain(target: Target, *, streaming: bool = False) -> list[Reply]:
    """Return the plain replies of an operation, the likeliest to break a client first.

    Args:
        target: the operation; only of one that holds a conversation is it known what is plain.
        streaming: whether some have a way to stream.
    """
    return [*_SAID, *(*_STREAMED, *_SPLIT) * streaming] * target.speaks


def plain_patches(target: Target) -> list[Reply]:
    """Return replies that lack a field each, or have null or another listed value in it."""
    if not target.speaks:
        return []
    still, of_calls, _ = patches(target)
    return [*still, *({"call": call, **patch} for patch in of_calls for call in (1, _CALL))]


def plain_failures(target: Target, *, faults: bool) -> list[Reply]:
    """Return the errors of an operation that are plain, and where faults are meant those, too."""
    if not target.speaks:
        return []
    return [*plain_errors(target), *(plain_faults(target) if faults else ())]


def with_plain(drawn: Drawing[Any], plainest: Sequence[Any], patched: Sequence[Any]) -> Drawing[Any]:
    """Draw what is plain, each but once, and in between, as after all of it, what else there is.

    Args:
        drawn: what else there is.
        plainest: what comes first.
        patched: what comes next.
    """
    if not plainest:
        return drawn
    count = -(-len(plainest) // _PLAIN_FOR_ONE)
    slices = (copies(patched[place::count]) for place in range(count))
    others = (either([*each, *[drawn] * (len(each) // _PATCHED_FOR_ONE + 1)]) for each in slices)
    return either([*copies(plainest), *others])


def with_asked(drawn: Drawing[Any], replies: Sequence[Any]) -> Drawing[Any]:
    """Draw what somebody has asked for, each but once and as often as what else there is."""
    return either([either(copies(replies)), drawn]) if replies else drawn
