"""Replies of operations that hold a conversation, in the words of scenarios.

A draw costs Hypothesis 20 µs, so that most come from pools that are made once, the simplest first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from hypothesis import strategies as st

from mockgrid.scenario.reading.reply import FINISHES, OPTIONS
from mockgrid.scenario.reading.structure import usual_order
from mockgrid.scenario.template import literal
from mockgrid.schema.generate.edges import TEXTS
from mockgrid.strategies.choosing import DrawnChooser
from mockgrid.strategies.openness import patches
from mockgrid.strategies.texts import LONG

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

    from mockgrid.strategies.target import Target

    Reply: TypeAlias = dict[str, Any]
    Draw: TypeAlias = Callable[[SearchStrategy[Any]], Any]

_ARGUMENTS: Final[tuple[Any, ...]] = (
    *({}, {"": ""}, {"a": None}, {"a": {"b": [{"c": []}]}}, {"a": [2**53 + 1, 1e300]}),
    *("{}", " {} ", '{"a": 1, "a": 2}', '{"\\u0000": "\\ud83d\\ude00"}'),
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
# The simplest first: each word with what it may say.
_FORMS: Final[list[Reply]] = [
    *({"say": text} for text in TEXTS),
    *({"refuse": text} for text in TEXTS),
    *({"call": call} for call in _UNKNOWN),
    *({"say": text, "call": _UNKNOWN[0]} for text in TEXTS[:4]),
    *({"call": [call, {"another.tool": {}}]} for call in _UNKNOWN),
    *({"json": value} for value in _JSON),
    {"say": LONG, "stream": {"chunks": {"chars": 10_000}}},
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
    {"linger": "5ms"},
]

_few = st.integers(0, 3)
_edges = st.integers(0, 999)
_pool = st.sampled_from(_FORMS)
_said = st.builds(lambda text: {"say": literal(text)}, st.text(max_size=20))
_made = st.one_of(
    st.builds(lambda count, edges: {"call": count + 1, "edges": edges}, _few, _edges),
    st.builds(lambda edges: {"auto": True, "edges": edges}, _edges),
    st.builds(lambda edges, count: {"say": "Hi", "call": count + 1, "edges": edges}, _edges, _few),
)
# How often each comes; of strategies that are alike, ``st.one_of`` takes but one.
_FORM: Final = (*[_pool] * 6, *[_made] * 2, _said)
# How many more choices there are, most often none.
_more = st.sampled_from((0,) * 8 + (1, 2))
_choice = st.sampled_from([{**form, **beside} for form in _FORMS[:-1] for beside in ({}, *_FINISHED)])
_way = st.sampled_from(_WAYS)
_two = st.integers(1, 2)


def said(target: Target) -> SearchStrategy[Reply]:
    """Draw what an assistant says, and which fields the reply has beside."""
    still, drawn_patches = patches(target)
    pool = st.sampled_from([*_BESIDE, *still])
    beside = [*[pool] * 2 * max(len(drawn_patches), 1), *drawn_patches]

    def drawn(draw: Draw) -> Reply:
        choose = DrawnChooser(draw).choice
        reply: Reply = dict(draw(choose(_FORM)))
        for _ in range(draw(_few)):
            _add(reply, draw(choose(beside)))
        more = draw(_more)
        return _several(reply, [draw(_choice) for _ in range(more)]) if more else reply

    return st.composite(drawn)()


def streamed(target: Target) -> SearchStrategy[Reply]:
    """Draw the same, with a way in which it streams."""
    replies = said(target)

    def drawn(draw: Draw) -> Reply:
        reply: Reply = dict(draw(replies))
        # A long text is cut as it comes: character by character it would take seconds.
        for _ in range(draw(_two) if reply.get("say") != LONG else 0):
            way = draw(_way)
            stream = reply.get("stream", {})
            # A write has a number of bytes, or of events.
            if _WRITES.isdisjoint(way) or _WRITES.isdisjoint(stream):
                reply["stream"] = {**stream, **way}
        return reply

    return st.composite(drawn)()


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
