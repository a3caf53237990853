"""One reply of each kind that says nothing else: where clients break first.

Hypothesis draws each of them but once, and nothing that is like it: of a reply with many parts it makes
several that differ in one, so that of a hundred examples only some twenty are new.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from hypothesis import strategies as st

from mockgrid.scenario.reading.reply import FINISHES
from mockgrid.strategies.contract import plain_errors
from mockgrid.strategies.faulty import plain_faults
from mockgrid.strategies.openness import patches

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hypothesis.strategies import SearchStrategy

    from mockgrid.strategies.target import Target

    Reply: TypeAlias = dict[str, Any]

_CALL: Final[Reply] = {"unknown_tool": {}}
_SEVERAL: Final[list[Reply]] = [
    dict(choices=[{"say": ""}, other])  # noqa: C408 - as a literal a word of the chat room
    for other in ({"refuse": ""}, {"say": ""})
]
_SAID: Final[tuple[Reply, ...]] = (
    *({"say": ""}, {"refuse": ""}, {"call": 1, "edges": 0}, {"usage": "off"}, {"call": _CALL}),
    *({"call": 2, "edges": 0}, *_SEVERAL, {"refuse": "0"}, {"served": "another-model"}, {"say": "😀"}),
    *({"finish": finish} for finish in reversed(FINISHES)),
    *({"say": "0", "think": "0"}, {"say": " "}, {"say": "", "think": "0"}, {"call": {"unknown_tool": "{}"}}),
    *({"call": [_CALL, _CALL]}, {"say": "0", "call": _CALL}, {"say": "{}"}, {"json": None}, {"json": []}),
    *({"json": {}}, {"say": "\x00\x1b[31m\x7f"}, {"say": "data: [DONE]\n\n"}, {"say": "%s {0} $a `a`"}),
    *({"say": "<think>a</think>"}, {"say": '{"a": '}),
)
_STREAMED: Final[tuple[Reply, ...]] = tuple(
    {"stream": way}
    for way in (
        *({"comments": True}, {"newline": "crlf"}, {"chunks": {"chars": 1}}, {"coalesce": 9}),
        *({"split": 1}, {"newline": "cr"}, {"comments": "[DONE]"}, {"chunks": "word"}),
    )
)
# Of characters that take several bytes, and of calls, more is split.
_SPLIT: Final[tuple[Reply, ...]] = tuple(
    {**reply, "stream": {"split": 1}} for reply in ({"say": "😀"}, {"refuse": "😀"})
)
_PLAIN_FOR_ONE: Final = 15
"""How many come for one with more to it, as long as there are any."""


def plain(target: Target, *, streaming: bool = False) -> list[Reply]:
    """Return the plain replies of an operation, the likeliest to break a client first.

    Args:
        target: the operation; only of one that holds a conversation is it known what is plain.
        streaming: whether some have a way to stream.
    """
    return [*_SAID, *(*_STREAMED, *_SPLIT) * streaming] * target.speaks


def plain_patches(target: Target) -> list[Reply]:
    """Return replies that lack a field each, or have null or another listed value in it."""
    return patches(target)[0] if target.speaks else []


def plain_failures(target: Target, *, faults: bool) -> list[Reply]:
    """Return the errors of an operation that are plain, and where faults are meant those, too."""
    if not target.speaks:
        return []
    return [*plain_errors(target), *(plain_faults(target) if faults else ())]


def with_plain(drawn: SearchStrategy[Any], *plainer: Sequence[Any]) -> SearchStrategy[Any]:
    """Draw what is plain, each but once, and in between, as after all of it, what else there is.

    Args:
        drawn: what else there is.
        plainer: what is plain, the plainest last.
    """
    for replies in filter(None, plainer):
        drawn = _before(replies, drawn)
    return drawn


def _before(replies: Sequence[Any], drawn: SearchStrategy[Any]) -> SearchStrategy[Any]:
    pool = st.sampled_from([*replies, *[None] * -(-len(replies) // _PLAIN_FOR_ONE)])

    def chosen(draw: Callable[[SearchStrategy[Any]], Any]) -> Any:
        reply = draw(pool)
        return draw(drawn) if reply is None else deepcopy(reply)

    return st.composite(chosen)()
