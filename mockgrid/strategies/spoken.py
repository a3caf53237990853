"""Replies of operations that hold a conversation, in the words of scenarios.

A draw costs Hypothesis 20 µs, so that most come from pools that are made once, the simplest first.
"""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mockgrid.scenario.reading.reply import FINISHES, OPTIONS
from mockgrid.scenario.reading.structure import usual_order
from mockgrid.schema.generate.edges import TEXTS
from mockgrid.strategies.choosing import copies, either
from mockgrid.strategies.openness import patches
from mockgrid.strategies.texts import LONG, any_text

if TYPE_CHECKING:
    from mockgrid.strategies.choosing import Drawing, DrawnChooser
    from mockgrid.strategies.openness import Valued
    from mockgrid.strategies.target import Target

    Reply: TypeAlias = dict[str, Any]

_ARGUMENTS: Final[tuple[Any, ...]] = (
    *({}, {"": ""}, {"a": None}, {"a": {"b": [{"c": []}]}}, {"a": [2**53 + 1, 1e300]}),
    *(" {} ", '{"a": 1, "a": 2}', '{"\\u0000": "\\ud83d\\ude00"}'),
)
_JSON: Final[tuple[Any, ...]] = (
    None,
    True,
    0,
    -1.5,
    2**53 + 1,
    [],
    {},
    [[]],
    {"": None},
    [{"a": [{"b": {}}]}],
    *TEXTS,
)
_UNKNOWN: Final = [{"unknown_tool": arguments} for arguments in _ARGUMENTS]
LONGEST: Final[Reply] = {"say": LONG, "stream": {"chunks": {"chars": 10_000}}}
"""A long text, cut so that it comes soon."""
# The simplest first: each word with what it may say.
_FORMS: Final[list[Reply]] = [
    *({"say": text} for text in TEXTS),
    *({"refuse": text} for text in TEXTS),
    *({"call": call} for call in _UNKNOWN),
    *({"say": text, "call": _UNKNOWN[0]} for text in TEXTS[:4]),
    *({"call": [call, {"another.tool": {}}]} for call in _UNKNOWN),
    *({"json": value} for value in _JSON),
    LONGEST,
]
_FINISHED: Final[list[Reply]] = [{"finish": finish} for finish in FINISHES]
_BESIDE: Final[list[Reply]] = [
    *_FINISHED,
    *({"think": text} for text in TEXTS),
    *({"usage": usage} for usage in ("off", {"prompt_tokens": 0})),
    {"usage": {"total_tokens": 0, "reasoning_tokens": 9, "cached_tokens": 9}},
    *({"served": served} for served in ("another-model", "vendor/model:free@2")),
    {"delay": "2ms"},
]
_WRITES: Final = frozenset(("split", "coalesce"))
_WAYS: Final[list[Reply]] = [
    *({"chunks": chunks} for chunks in ({"chars": 1}, "word", {"chars": 3})),
    *({"newline": newline} for newline in ("crlf", "cr")),
    *({"comments": comments} for comments in (True, "[DONE]", 'data: {"a": 1}')),
    {"comments": {"text": "ping", "every": 2}},
    {"comments": {"text": "ping", "idle": "1ms"}},
    *({"split": size} for size in (1, 2, 3, 7, 100)),
    *({"coalesce": count} for count in (2, 3, 9)),
    *({"pace": pace} for pace in ({"per_token": "1ms"}, {"first_token": "5ms"})),
    *({"interleave": True}, {"linger": "5ms"}),
]

_CHOICES: Final = [
    either(copies({**form, **beside} for form in forms for beside in ({}, *_FINISHED)))
    for forms in (_FORMS[first:-1:16] for first in range(16))
]
_WORDS: Final[tuple[Reply, ...]] = (
    *({"call": count} for count in range(1, 5)),
    {"auto": True},
    *({"say": "Hi", "call": count} for count in range(1, 5)),
)
_EDGES: Final = 1000
_PATCHES: Final = 64
_MOST: Final = 6
"""Keys of a reply, and choices that it has beside the first."""


def said(target: Target) -> Drawing[Reply]:
    """Draw what an assistant says, and which fields the reply has beside."""
    still, of_calls, valued = patches(target)
    fixed = [{}, *_BESIDE, *still, *of_calls]
    beside = [*copies(fixed), *(_valued(value) for value, _ in zip(cycle(valued), fixed[::4], strict=False))]
    parts = [*beside, *_CHOICES]

    def drawn(chooser: DrawnChooser) -> Reply:
        reply = _form(chooser)
        more: list[Reply] = []
        others = 1
        while others and len(reply) + len(more) < _MOST:
            # Each is there twice: as the last, and with another to come.
            others, number = divmod(chooser.index(2 * len(parts)), len(parts))
            part = parts[number](chooser)
            if number < len(beside):
                _add(reply, part)
            else:
                more.append(part)
        return _several(reply, more) if more else reply

    return drawn


def _valued(value: Valued) -> Drawing[Reply]:
    return lambda chooser: value(chooser.index(_PATCHES))


def _made(word: Reply, first: int) -> Drawing[Reply]:
    """Draw what the server makes up."""
    return lambda chooser: {**word, "edges": chooser.choice(range(first, _EDGES, 4))}


def _any_text(chooser: DrawnChooser) -> Reply:
    return {"say": any_text(chooser)}


_form: Final = either(
    [
        *copies(_FORMS),
        *(_made(word, first) for first in range(4) for word in _WORDS),
        *[_any_text] * (len(_FORMS) // 6),
    ]
)


def streamed(target: Target) -> Drawing[Reply]:
    """Draw the same, with a way in which it streams, or two."""
    replies = said(target)

    def drawn(chooser: DrawnChooser) -> Reply:
        reply = replies(chooser)
        # A long text is cut as it comes: character by character it would take seconds.
        if reply.get("say") == LONG:
            return reply
        both, number = divmod(chooser.index(2 * len(_WAYS)), len(_WAYS))
        way, other = _WAYS[number], chooser.choice(_WAYS) if both else {}
        # A write has a number of bytes, or of events.
        twice = not _WRITES.isdisjoint(way) and not _WRITES.isdisjoint(other)
        reply["stream"] = {**way, **({} if twice else other)}
        return reply

    return drawn


def _several(reply: Reply, more: list[Reply]) -> Reply:
    """Return a reply as the first of several choices; what a choice does not take stays beside them."""
    first = {key: reply[key] for key in usual_order("choice") if key in reply}
    others = {key: value for key, value in reply.items() if key not in first}
    if not first.keys() - {"think", "finish"}:
        return reply
    return {**dict(choices=[first, *more]), **others}  # noqa: C408 - as a literal a word of the chat room


def _add(reply: Reply, beside: Reply) -> None:
    """Put what is drawn beside a reply, where it may stand there."""
    for key, value in beside.items():
        known = reply.get(key)
        if not any(key in OPTIONS[form] for form in reply if form in OPTIONS):
            continue
        if isinstance(known, dict) and isinstance(value, dict):
            reply[key] = {**known, **value}
        elif isinstance(known, list):
            reply[key] = known + [pointer for pointer in value if pointer not in known]
        else:
            reply[key] = value
