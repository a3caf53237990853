"""Predicates that hold for a recorded request, those that last longest first."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mockgrid.fixed import fixed
from mockgrid.recording.difference import same
from mockgrid.recording.scrubbing import PLACEHOLDER
from mockgrid.scenario.matcher import WORDS
from mockgrid.scenario.possible_calls import WILD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mockgrid.recording.reading import ReadRequest
    from mockgrid.scenario.view import RequestView

__all__ = ["PASSING", "TIERS", "TellingPredicate", "basis"]

# What differs from one day, or one run, to the next: dates, times, and ids that are drawn.
PASSING: Final = re.compile(
    rf"{PLACEHOLDER.pattern}"
    r"|\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
    r"|\b\d{1,2}[/.]\d{1,2}[/.]\d{4}\b|\b\d\d:\d\d(?::\d\d)?\b"
    r"|\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b"
    r"|\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{12,}\b|\b1[5-9]\d{8}(?:\d{3})?\b"
)
_LONGEST: Final = 120
_PIECE: Final = 60
_SHORTEST_PIECE: Final = 3
# Characters around the place where two long texts part.
_WINDOW: Final = 24


_SYNTAX: Final = re.compile(r"[\\^$.*+?()\[\]{}|/\n\r\t]")
_ESCAPES: Final = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_ABSENT: Final = object()
_SAID: Final = "last_user"
# Null means absent, to matchers as to this API.
_THERE: Final[dict[str, Any]] = {"exists": True}
_NOT_THERE: Final[dict[str, Any]] = {"exists": False}


@fixed
class TellingPredicate:
    """One that holds for a request.

    Attributes:
        when: as a scenario has it.
        holds: tells whether it does for others.
    """

    when: dict[str, Any]
    holds: Callable[[RequestView], bool]


def basis(request: ReadRequest) -> Iterator[TellingPredicate]:
    """Yield what a request is known by in any case."""
    view = request.view
    path = view.path
    if "{" in request.operation.path and not PLACEHOLDER.search(path):
        # What would be read as a glob is said to be none.
        written = {"equals": path} if WILD.search(path) else path
        yield TellingPredicate({"path": written}, lambda other: other.path == path)
    if view.last_user and (known := _loose(_SAID, view.last_user)):
        yield known


def _usual(request: ReadRequest, _others: Sequence[ReadRequest]) -> Iterator[TellingPredicate]:
    view = request.view
    if view.conversation is None:
        for name, values in view.query.items():
            value = values[-1]
            if not PASSING.search(value):
                yield _in_query(name, value)
        return
    turn, stream, model = view.turn, view.stream, view.model
    yield TellingPredicate({"turn": turn}, lambda other: other.turn == turn)
    for name in dict.fromkeys(view.tool_results):
        if name:
            yield _with_result(name)
    if model:
        yield TellingPredicate({"model": model}, lambda other: other.model == model)
    wanted = view.response_format or {}
    kind = wanted.get("type", "text")
    if isinstance(kind, str):
        yield _of_format(kind)
    schema = wanted.get("json_schema")
    if isinstance(schema, dict) and isinstance(schema.get("name"), str):
        yield _with_schema(schema["name"])
    tools = view.tools
    if tools:
        yield TellingPredicate(
            {"tools": tools if len(tools) > 1 else tools[0]}, lambda other: set(tools) <= set(other.tools)
        )
    else:
        yield TellingPredicate({"tools": {"exists": False}}, lambda other: not other.tools)
    yield TellingPredicate({"stream": stream}, lambda other: other.stream == stream)


def _in_query(name: str, value: str) -> TellingPredicate:
    return TellingPredicate({"query": {name: value}}, lambda other: value in other.query.get(name, ()))


def _with_result(name: str) -> TellingPredicate:
    return TellingPredicate({"tool_result": name}, lambda other: name in other.tool_results)


def _of_format(kind: str) -> TellingPredicate:
    def holds(other: RequestView) -> bool:
        return bool((other.response_format or {}).get("type", "text") == kind)

    return TellingPredicate({"response_format": kind}, holds)


def _with_schema(name: str) -> TellingPredicate:
    def holds(other: RequestView) -> bool:
        schema = (other.response_format or {}).get("json_schema")
        return isinstance(schema, dict) and schema.get("name") == name

    return TellingPredicate({"response_format": {"json_schema": {"name": name}}}, holds)


def _by_messages(request: ReadRequest, others: Sequence[ReadRequest]) -> Iterator[TellingPredicate]:
    """Yield what the system says, and what stands in single messages."""
    view = request.view
    if view.system and (
        known := _loose("system", view.system, [other.view.system or "" for other in others])
    ):
        yield known
        yield from _edges("system", view.system)
    if view.last_user and (
        known := _loose(_SAID, view.last_user, [other.view.last_user or "" for other in others])
    ):
        yield known
    texts = [text for other in others for text in other.view.texts]
    for text in dict.fromkeys(reversed(view.texts)):
        if text and (known := _loose("any_message", text, texts)):
            yield known


def _by_text(request: ReadRequest, others: Sequence[ReadRequest]) -> Iterator[TellingPredicate]:
    """Yield the text of the user in full, or a part of it that some other lacks."""
    text = request.view.last_user
    if not text or PLACEHOLDER.search(text):
        return
    if len(text) <= _LONGEST and "\n" not in text:
        yield TellingPredicate({_SAID: text}, lambda other: other.last_user == text)
    for other in others:
        piece = _parting(text, other.view.last_user or "")
        if piece:
            yield _containing(_SAID, [piece])
    yield from _edges(_SAID, text)


def _loose(name: str, text: str, others: Sequence[str] = ()) -> TellingPredicate | None:
    """Return a predicate for a text without what passes; None where nothing is left of it."""
    if len(text) <= _LONGEST and "\n" not in text and not PASSING.search(text):
        return TellingPredicate({name: text}, _equality(name, text))
    pieces = [piece.strip() for line in text.splitlines() for piece in PASSING.split(line)]
    pieces = [piece for piece in pieces if len(piece) >= _SHORTEST_PIECE]
    if not pieces:
        return None
    if len(text) > _LONGEST:
        different = [other for other in others if other != text]
        telling = (piece for piece in pieces if not any(piece[:_PIECE] in other for other in different))
        pieces = [next(telling, pieces[0])]
    return _containing(name, list(dict.fromkeys(map(_shortened, pieces))))


def _shortened(piece: str) -> str:
    """Return the beginning of a piece, of whole words."""
    if len(piece) <= _PIECE:
        return piece
    return piece[:_PIECE].rpartition(" ")[0] or piece[:_PIECE]


def _equality(name: str, text: str) -> Callable[[RequestView], bool]:
    if name == "any_message":
        return lambda other: text in other.texts
    return lambda other: getattr(other, name) == text


def _containing(name: str, pieces: list[str]) -> TellingPredicate:
    def holds(other: RequestView) -> bool:
        texts = other.texts if name == "any_message" else [getattr(other, name) or ""]
        return any(all(piece in text for piece in pieces) for text in texts)

    return TellingPredicate({name: {"contains": pieces if len(pieces) > 1 else pieces[0]}}, holds)


def _edges(name: str, text: str) -> Iterator[TellingPredicate]:
    """Yield how a text ends, and how it begins: all that tells it from one of which it is a part."""
    end, beginning = text[-_WINDOW:], text[:_WINDOW]
    if not PASSING.search(end):
        pattern = f"{_escaped(end)}$"
        yield TellingPredicate({name: {"matches": pattern}}, lambda other: _text(other, name).endswith(end))
    if not PASSING.search(beginning):
        pattern = f"^{_escaped(beginning)}"
        yield TellingPredicate(
            {name: {"matches": pattern}}, lambda other: _text(other, name).startswith(beginning)
        )


def _text(view: RequestView, name: str) -> str:
    return getattr(view, name) or ""


def _escaped(text: str) -> str:
    """Return a regular expression of ECMAScript for a text."""
    return _SYNTAX.sub(lambda match: _ESCAPES.get(match[0], f"\\{match[0]}"), text)


def _parting(text: str, other: str) -> str:
    """Return a part of a text that another has not, around where they part; empty where there is none."""
    # The least length at which their beginnings differ.
    start = bisect_left(range(1, len(text) + 1), True, key=lambda size: text[:size] != other[:size])
    piece = text[max(start - _WINDOW, 0) : start + _WINDOW].strip()
    return piece if piece and piece not in other else ""


def _by_place(request: ReadRequest, others: Sequence[ReadRequest]) -> Iterator[TellingPredicate]:
    """Yield single places of the query and of the body."""
    view = request.view
    for name, values in view.query.items():
        yield _in_query(name, values[-1])
    for other in others:
        for path, value in _differing(view.body, other.view.body, ()):
            if path and not set(WORDS) & set(path):  # which would be taken for matchers
                yield _at(view.body, path, value)


_Place: TypeAlias = "tuple[tuple[str | int, ...], Any]"


def _differing(own: Any, other: Any, at: tuple[str | int, ...]) -> Iterator[_Place]:
    """Yield places in which a value differs from another, with what it has there, as a matcher."""
    if isinstance(own, dict) and isinstance(other, dict):
        yield from _differing_fields(own, other, at)
    elif isinstance(own, list) and isinstance(other, list) and len(own) == len(other):
        for place, value in enumerate(own):
            yield from _differing(value, other[place], (*at, place))
    elif isinstance(own, list):
        yield at, [_THERE if item is not None else _NOT_THERE for item in own]
    elif isinstance(own, dict):
        if other is None:
            yield at, _THERE
    elif not same(own, other):
        yield from _differing_scalar(own, other, at)


def _differing_fields(
    own: dict[str, Any], other: dict[str, Any], at: tuple[str | int, ...]
) -> Iterator[_Place]:
    for key, value in own.items():
        if key in other:
            yield from _differing(value, other[key], (*at, key))
        elif value is not None:
            yield (*at, key), _THERE
    absent = (key for key, value in other.items() if own.get(key) is None and value is not None)
    yield from (((*at, key), _NOT_THERE) for key in absent)


def _differing_scalar(own: Any, other: Any, at: tuple[str | int, ...]) -> Iterator[_Place]:
    if own is None:
        yield at, _NOT_THERE
    elif not isinstance(own, str):
        yield at, own
    elif not PLACEHOLDER.search(own):
        if len(own) <= _LONGEST:
            yield at, own
        elif piece := _parting(own, other if isinstance(other, str) else ""):
            yield at, {"contains": piece}


def _at(body: Any, path: tuple[str | int, ...], value: Any) -> TellingPredicate:
    """Return a predicate for one place of a body: what stands beside it in lists may be anything."""
    partial: Any = value
    for depth in range(len(path) - 1, -1, -1):
        part = path[depth]
        if isinstance(part, int):
            whole = _resolve(body, path[:depth])
            partial = [
                partial if place == part else _THERE if item is not None else _NOT_THERE
                for place, item in enumerate(whole)
            ]
        else:
            partial = {part: partial}
    return TellingPredicate({"body": partial}, lambda other: _matches(partial, other.body))


def _resolve(value: Any, path: Sequence[str | int]) -> Any:
    for part in path:
        value = value[part]
    return value


def _matches(partial: Any, value: Any) -> bool:
    if isinstance(partial, list):
        return (
            isinstance(value, list)
            and len(value) == len(partial)
            and all(_matches(part, item) for part, item in zip(partial, value, strict=True))
        )
    if isinstance(partial, dict):
        if partial == _THERE:
            return value is not _ABSENT and value is not None
        if partial == _NOT_THERE:
            return value is _ABSENT or value is None
        if partial.keys() == {"contains"}:
            return isinstance(value, str) and partial["contains"] in value
        return isinstance(value, dict) and all(
            _matches(item, value.get(key, _ABSENT)) for key, item in partial.items()
        )
    return value is not _ABSENT and same(partial, value)


TIERS: Final = (_usual, _by_messages, _by_text, _by_place)
"""From a request, and those that it is told from, to predicates; each where those before are not enough."""
