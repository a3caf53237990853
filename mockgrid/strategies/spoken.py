"""Replies of operations that hold a conversation, in the words of scenarios."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from mockgrid.scenario.reading.reply import FINISHES
from mockgrid.strategies.texts import LONG, texts

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from mockgrid.strategies.target import Target

_TOOLS = ("unknown_tool", "get_weather")

_json: SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=6,
)
_arguments = st.dictionaries(texts, _json, max_size=3)
_calls = st.one_of(
    st.builds(lambda name, arguments: {name: arguments}, st.sampled_from(_TOOLS), _arguments),
    st.lists(
        st.builds(lambda name, arguments: {name: arguments}, st.sampled_from(_TOOLS), _arguments),
        min_size=2,
        max_size=3,
    ),
)
_forms: tuple[SearchStrategy[dict[str, Any]], ...] = (
    st.fixed_dictionaries({"say": texts}),
    st.fixed_dictionaries({"refuse": texts}),
    st.fixed_dictionaries({"call": _calls}),
    st.fixed_dictionaries({"call": _calls, "say": texts}),
    st.fixed_dictionaries({"json": _json}),
)
_count = st.integers(0, 10)
_usage = st.one_of(
    st.just("off"),
    st.fixed_dictionaries(
        {"prompt_tokens": _count},
        optional={"total_tokens": _count, "reasoning_tokens": _count, "cached_tokens": _count},
    ),
)
_beside = {"think": texts, "finish": st.sampled_from(FINISHES)}
_whole = {"usage": _usage, "served": st.sampled_from(("another-model", "vendor/model:free@2"))}
_form = st.one_of(*_forms)
_choice = st.builds(dict.__or__, _form, st.fixed_dictionaries({}, optional=_beside))
_several = st.builds(
    lambda listed: dict(choices=listed),  # noqa: C408 - a word of the language, and of the chat room
    st.lists(_choice, min_size=1, max_size=3),
)
_long = st.just({"say": LONG, "stream": {"chunks": {"chars": 10_000}}})
_comments = st.one_of(st.just(True), st.sampled_from(("PROCESSING", "[DONE]", 'data: {"a": 1}')))
_cuts = st.one_of(st.sampled_from(("word", "token")), st.integers(1, 3).map(lambda size: {"chars": size}))
_ways = {"chunks": _cuts, "newline": st.sampled_from(("crlf", "cr")), "comments": _comments}
_writes = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"split": st.integers(1, 9)}),
    st.fixed_dictionaries({"coalesce": st.integers(2, 9)}),
)
_pace = st.sampled_from(({}, {"pace": {"per_token": "1ms"}}, {"pace": {"first_token": "5ms"}}))
_stream = st.builds(
    lambda ways, writes, pace: ways | writes | pace, st.fixed_dictionaries({}, optional=_ways), _writes, _pace
).filter(bool)


def said(target: Target) -> SearchStrategy[dict[str, Any]]:  # noqa: ARG001 - its schemas are drawn from
    """Draw what an assistant says."""
    single = st.builds(dict.__or__, _choice, st.fixed_dictionaries({}, optional=_whole))
    several = st.builds(dict.__or__, _several, st.fixed_dictionaries({}, optional=_whole))
    return st.one_of(single, single, single, several, _long)


def streamed(target: Target) -> SearchStrategy[dict[str, Any]]:
    """Draw what an assistant says, with a way in which it streams."""
    return st.builds(lambda reply, way: {**reply, "stream": way}, said(target), _stream)
