"""The places of the values of a YAML text, as numbers from which a tree grows where somebody looks."""

from __future__ import annotations

from array import array
from functools import partial
from sys import intern
from typing import TYPE_CHECKING, Any, Final

import yaml

from mockgrid.document.source_map import Position, SourceMap

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockgrid.document.source_map import Inside

__all__ = ["LOADER", "yaml_places"]

LOADER: Final[Any] = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)  # the C parser is ten times as fast, and optional
_SCALAR, _MAPPING, _LIST = range(3)
_KINDS: Final = {yaml.MappingStartEvent: _MAPPING, yaml.SequenceStartEvent: _LIST}


def yaml_places(source: str, name: str) -> SourceMap:
    """Return the places of all values of a text that was read before."""
    places = _Places(name)
    places.read(source)
    return places.mapped(0, None) if places.kinds else SourceMap(Position(name, 1, 1))


class _Places:
    """Numbers for the keys and values of a text, in its order.

    Attributes:
        kinds: what each is.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self.kinds = bytearray()
        self._lines, self._columns = array("I"), array("I")
        self._ends = array("I")  # the number of what follows all that is inside
        self._keys: dict[int, str] = {}
        self._merges: set[int] = set()
        self._targets: dict[int, int] = {}

    def read(self, source: str) -> None:
        """Number the first document of a text."""
        anchors: dict[str, int] = {}
        opened: list[int] = []
        waits: list[bool] = []  # for a key, in each of them
        events: Iterable[Any] = yaml.parse(source, Loader=LOADER)
        for event in events:
            kind = event.__class__
            if kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                self._ends[opened.pop()] = len(self.kinds)
                waits.pop()
            elif issubclass(kind, yaml.NodeEvent):
                number = len(self.kinds)
                is_key = bool(waits) and waits[-1]
                if waits and self.kinds[opened[-1]] == _MAPPING:
                    waits[-1] = not is_key
                self._number(event, anchors, is_key=is_key)
                if self._targets.get(number) in opened:
                    del self._targets[number]  # it stands inside what it repeats
                if self.kinds[number] != _SCALAR:
                    opened.append(number)
                    waits.append(self.kinds[number] == _MAPPING)
            elif kind is yaml.DocumentStartEvent and self.kinds:
                return

    def _number(self, event: Any, anchors: dict[str, int], *, is_key: bool) -> None:
        """Give a key or a value the next number."""
        number, mark, kind = len(self.kinds), event.start_mark, event.__class__
        self._lines.append(mark.line)
        self._columns.append(mark.column)
        self._ends.append(number + 1)
        self.kinds.append(_KINDS.get(kind, _SCALAR))
        if kind is yaml.AliasEvent:
            if event.anchor in anchors:
                self._targets[number] = anchors[event.anchor]
        elif event.anchor is not None:
            anchors[event.anchor] = number
        if is_key and kind is yaml.ScalarEvent:
            self._keys[number] = intern(event.value)
            if event.value == "<<" and event.implicit[0]:
                self._merges.add(number)

    def mapped(self, number: int, key: Position | None) -> SourceMap:
        """Return the place of one value, reached by a key, with what is inside it."""
        target = number
        while target in self._targets:
            target = self._targets[target]
        inside = partial(self._inside, target) if self.kinds[target] != _SCALAR else None
        return SourceMap(self._position(number), key, inside)

    def _inside(self, number: int) -> Inside:
        following, end = number + 1, self._ends[number]
        if self.kinds[number] == _LIST:
            listed: list[SourceMap] = []
            while following < end:
                listed.append(self.mapped(following, None))
                following = self._ends[following]
            return listed
        named: dict[str, SourceMap] = {}
        merged: SourceMap | None = None
        while following < end:
            mapped = self.mapped(following + 1, self._position(following))
            if following in self._merges:
                merged = mapped
            else:
                named[self._keys[following]] = mapped
            following = self._ends[following + 1]
        inside = merged.inside if merged is not None else None
        for mapping in inside if isinstance(inside, list) else [] if merged is None else [merged]:
            for name, place in mapping.inside.items() if isinstance(mapping.inside, dict) else ():
                named.setdefault(name, place)
        return named

    def _position(self, number: int) -> Position:
        return Position(self._name, self._lines[number] + 1, self._columns[number] + 1)
