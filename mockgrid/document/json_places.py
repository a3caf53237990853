"""The places of the values of a JSON text, each found when it is asked for.

Where a value ends, the standard library's reader says.
"""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from mockgrid.document.source_map import Position, SourceMap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.document.source_map import Inside

__all__ = ["members", "places", "space_end"]

_SPACE: Final = re.compile(r"[ \t\r\n]*")
# Integers of any length are skipped, too.
_READ: Final = json.JSONDecoder(strict=False, parse_int=float).raw_decode


class _Member(NamedTuple):
    """A value in an object or a list: its key, and the offsets of both."""

    key: str | None
    key_at: int
    key_end: int
    at: int
    end: int


def places(text: str, name: str) -> SourceMap:
    """Return the places of all values of a text that is JSON."""
    at = space_end(text, 0)
    line, column = text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1
    return _mapped(text, at, Position(name, line, column), None)


def members(text: str, at: int) -> Iterator[_Member]:
    """Yield what is inside the object or the list that begins at an offset; nothing for any other value."""
    if text[at : at + 1] not in ("{", "["):
        return
    listed = text[at] == "["
    at = space_end(text, at + 1)
    while text[at] not in "]}":
        key, key_at, key_end = None, at, at
        if not listed:
            key, key_end = _READ(text, at)
            at = space_end(text, space_end(text, key_end) + 1)
        _, end = _READ(text, at)
        yield _Member(key, key_at, key_end, at, end)
        at = space_end(text, end)
        if text[at] == ",":
            at = space_end(text, at + 1)


def space_end(text: str, at: int) -> int:
    """Return where the white space at an offset ends."""
    match = _SPACE.match(text, at)
    return match.end() if match is not None else at


def _mapped(text: str, at: int, position: Position, key: Position | None) -> SourceMap:
    return SourceMap(position, key, partial(_inside, text, at, position) if text[at] in "{[" else None)


def _inside(text: str, at: int, position: Position) -> Inside:
    named: dict[str, SourceMap] = {}
    listed: list[SourceMap] = []
    line, start, counted = position.line, at - position.column + 1, at

    def here(offset: int) -> Position:
        nonlocal line, start, counted
        newlines = text.count("\n", counted, offset)
        if newlines:
            line, start = line + newlines, text.rfind("\n", counted, offset) + 1
        counted = offset
        return Position(position.name, line, offset - start + 1)

    for member in members(text, at):
        key = here(member.key_at) if member.key is not None else None
        mapped = _mapped(text, member.at, here(member.at), key)
        if member.key is None:
            listed.append(mapped)
        else:
            named[member.key] = mapped
    return listed if text[at] == "[" else named
