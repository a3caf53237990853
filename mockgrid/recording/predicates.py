"""Predicates that hold for a recorded request, as scenarios have them, those that last longest first."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from mockgrid.document.pointer import join, resolve
from mockgrid.recording.difference import Difference, difference
from mockgrid.recording.scrubbing import PLACEHOLDER
from mockgrid.scenario.matcher import WORDS
from mockgrid.scenario.possible_calls import WILD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mockgrid.recording.reading import ReadRequest

__all__ = ["PASSING", "TIERS", "Others", "When", "basis"]

When: TypeAlias = "dict[str, Any]"
"""A predicate as a scenario has it, under its name."""

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
_SAID: Final = "last_user"
# Null means absent, to matchers as to this API.
_THERE: Final[When] = {"exists": True}
_NOT_THERE: Final[When] = {"exists": False}


class Others(NamedTuple):
    """The requests that one is to be told from.

    Attributes:
        requests: they.
        lack: tells whether a piece, by the name of a text, is in none of theirs, but where that is this one.
    """

    requests: Iterable[ReadRequest]
    lack: Callable[[str, str, str], bool]


def basis(request: ReadRequest) -> Iterator[When]:
    """Yield what a request is known by in any case."""
    view = request.view
    path = view.path
    if "{" in request.operation.path and not PLACEHOLDER.search(path):
        # What would be read as a glob is said to be none.
        yield {"path": {"equals": path} if WILD.search(path) else path}
    if view.last_user:
        yield from _loose(_SAID, view.last_user)


def _usual(request: ReadRequest, _others: Others) -> Iterator[When]:
    view = request.view
    if view.conversation is None:
        values = ((name, several[-1]) for name, several in view.query.items())
        yield from ({"query": {name: value}} for name, value in values if not PASSING.search(value))
        return
    yield {"turn": view.turn}
    yield from ({"tool_result": name} for name in dict.fromkeys(view.tool_results) if name)
    if view.model:
        yield {"model": view.model}
    wanted = view.response_format or {}
    if isinstance(kind := wanted.get("type", "text"), str):
        yield {"response_format": kind}
    schema = wanted.get("json_schema")
    if isinstance(schema, dict) and isinstance(schema.get("name"), str):
        yield {"response_format": {"json_schema": {"name": schema["name"]}}}
    tools = view.tools
    yield {"tools": _NOT_THERE if not tools else tools if len(tools) > 1 else tools[0]}
    yield {"stream": view.stream}


def _by_messages(request: ReadRequest, others: Others) -> Iterator[When]:
    """Yield what the system says, and what stands in single messages."""
    view = request.view
    if view.system:
        for known in _loose("system", view.system, others):
            yield known
            yield from _edges("system", view.system)
    if view.last_user:
        yield from _loose(_SAID, view.last_user, others)
    for text in dict.fromkeys(reversed(view.texts)):
        yield from _loose("any_message", text, others)


def _by_text(request: ReadRequest, others: Others) -> Iterator[When]:
    """Yield the text of the user in full, or a part of it that some other lacks."""
    text = request.view.last_user
    if not text or PLACEHOLDER.search(text):
        return
    if len(text) <= _LONGEST and "\n" not in text:
        yield {_SAID: text}
    for other in others.requests:
        if piece := _parting(text, other.view.last_user or ""):
            yield {_SAID: {"contains": piece}}
    yield from _edges(_SAID, text)


def _loose(name: str, text: str, others: Others | None = None) -> Iterator[When]:
    """Yield a predicate for a text without what passes; nothing where nothing is left of it."""
    if text and len(text) <= _LONGEST and "\n" not in text and not PASSING.search(text):
        yield {name: text}
        return
    pieces = [piece.strip() for line in text.splitlines() for piece in PASSING.split(line)]
    pieces = [piece for piece in pieces if len(piece) >= _SHORTEST_PIECE]
    if not pieces:
        return
    if len(text) > _LONGEST:
        telling = (piece for piece in pieces if others is None or others.lack(name, piece[:_PIECE], text))
        pieces = [next(telling, pieces[0])]
    pieces = list(dict.fromkeys(map(_shortened, pieces)))
    yield {name: {"contains": pieces if len(pieces) > 1 else pieces[0]}}


def _shortened(piece: str) -> str:
    """Return the beginning of a piece, of whole words."""
    if len(piece) <= _PIECE:
        return piece
    return piece[:_PIECE].rpartition(" ")[0] or piece[:_PIECE]


def _edges(name: str, text: str) -> Iterator[When]:
    """Yield how a text ends, and how it begins: all that tells it from one of which it is a part."""
    end, beginning = text[-_WINDOW:], text[:_WINDOW]
    if not PASSING.search(end):
        yield {name: {"matches": f"{_escaped(end)}$"}}
    if not PASSING.search(beginning):
        yield {name: {"matches": f"^{_escaped(beginning)}"}}


def _escaped(text: str) -> str:
    """Return a regular expression of ECMAScript for a text."""
    return _SYNTAX.sub(lambda match: _ESCAPES.get(match[0], f"\\{match[0]}"), text)


def _parting(text: str, other: str) -> str:
    """Return a part of a text that another has not, around where they part; empty where there is none."""
    # The least length at which their beginnings differ.
    start = bisect_left(range(1, len(text) + 1), True, key=lambda size: text[:size] != other[:size])
    piece = text[max(start - _WINDOW, 0) : start + _WINDOW].strip()
    return piece if piece and piece not in other else ""


def _by_place(request: ReadRequest, others: Others) -> Iterator[When]:
    """Yield single places of the query and of the body."""
    view = request.view
    yield from ({"query": {name: values[-1]}} for name, values in view.query.items())
    for other in others.requests:
        for path, value in _differing(view.body, other.view.body):
            if path and not set(WORDS) & set(path):  # which would be taken for matchers
                yield {"body": _at(view.body, path, value)}


def _differing(own: Any, other: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield places in which a body differs from another, with what it has there, as a matcher."""
    wholes = {"": other}, {"": own}
    lacking = difference(*wholes) or Difference()
    for path, value in lacking.fields.items():
        matcher = _telling(value, resolve(wholes[0], join(path), None))
        if matcher is not None:
            yield path[1:], matcher
    for path in lacking.without:
        if resolve(wholes[0], join(path)) is not None:
            yield path[1:], _NOT_THERE


def _telling(own: Any, other: Any) -> Any:
    """Return a matcher for a value that another is not like; None where there is none that lasts."""
    if own is None:
        return None if other is None else _NOT_THERE
    if other is None:
        return _THERE
    if isinstance(own, list):
        return [_THERE if item is not None else _NOT_THERE for item in own]
    if not isinstance(own, str):
        return None if isinstance(own, dict) else own
    if PLACEHOLDER.search(own):
        return None
    piece = _parting(own, other if isinstance(other, str) else "")
    return own if len(own) <= _LONGEST else {"contains": piece} if piece else None


def _at(body: Any, path: tuple[str, ...], value: Any) -> Any:
    """Return a partial body of one place: what stands beside it in lists may be anything."""
    if not path:
        return value
    if isinstance(body, dict):
        return {path[0]: _at(body.get(path[0]), path[1:], value)}
    partial: list[Any] = [_THERE if item is not None else _NOT_THERE for item in body]
    partial[int(path[0])] = _at(body[int(path[0])], path[1:], value)
    return partial


TIERS: Final = (_usual, _by_messages, _by_text, _by_place)
"""From a request, and those that it is told from, to predicates; each where those before are not enough."""
