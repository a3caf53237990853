"""What the events of a YAML parser mean: data, and the places of all of it."""

from __future__ import annotations

from sys import intern
from typing import Any, Final, NamedTuple

import yaml

from mockgrid.document.json_text import DEEPEST
from mockgrid.document.mistakes import Mistakes
from mockgrid.document.scalar import plain
from mockgrid.document.source_map import Position, SourceMap
from mockgrid.document.yaml_mistakes import NotYamlError, unparsable
from mockgrid.document.yaml_places import LOADER
from mockgrid.errors import YamlError

__all__ = ["MOST_REPEATED", "YamlReader"]

MOST_REPEATED: Final = 100_000
"""Values that aliases may repeat in all; ten lines of aliases can otherwise stand for billions of values."""

_IN_PATH: Final = 3  # mappings: the document, its paths and one of these
_TAGS: Final = "tag:yaml.org,2002:"
_KINDS: Final[dict[str, tuple[type, ...]]] = {
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "null": (type(None),),
}


class _Open:
    """A collection whose end is still to come.

    ``key`` is the one that waits for its value; ``merges`` the event of a key ``<<``, if there is one;
    ``path`` that of the key before, where it is a path of OpenAPI.
    """

    __slots__ = ("anchor", "height", "key", "key_position", "mapped", "merges", "path", "size", "value")

    def __init__(self, value: Any, mapped: SourceMap | None, anchor: str | None) -> None:
        self.value = value
        self.mapped = mapped
        self.anchor = anchor
        self.size = 1
        self.height = 1
        self.key: str | None = None
        self.key_position: Position | None = None
        self.merges: Any = None
        self.path: Any = None

    @property
    def wants_key(self) -> bool:
        return self.key is None and type(self.value) is dict

    def done(self) -> _Done:
        """Return the collection with the keys of what stands under ``<<``, but for those given beside it."""
        if self.merges is not None:
            _take_in(self.value)
            if self.mapped is not None:
                _take_in(self.mapped.inside)
        return _Done(self.value, self.mapped, self.size, self.height)


def _take_in(value: Any) -> None:
    merged = value.pop("<<")
    merged = merged.inside if isinstance(merged, SourceMap) else merged
    for mapping in merged if isinstance(merged, list) else [merged]:
        keys = mapping.inside if isinstance(mapping, SourceMap) else mapping
        for key, item in keys.items() if isinstance(keys, dict) else ():
            value.setdefault(key, item)


class _Done(NamedTuple):
    """A finished value, how many values it holds with itself, and how deeply they are nested."""

    value: Any
    mapped: SourceMap | None
    size: int = 1
    height: int = 0


class YamlReader:
    """Reads one text, once, without recursion.

    Args:
        source: the text.
        name: what findings call it.
        mistakes: what becomes of those that the text can be read in spite of.
        keep_positions: whether the places of all values are kept.
    """

    def __init__(self, source: str, name: str, mistakes: Mistakes, *, keep_positions: bool = False) -> None:
        self._source = source
        self._name = name
        self._mistakes = mistakes
        self._keep_positions = keep_positions
        self._open: list[_Open] = []
        self._anchors: dict[str, _Done | None] = {}
        self._repeated = 0
        self._root: _Done | None = None

    def data(self) -> Any:
        """The data.

        Raises:
            YamlError: the text is not strict YAML.
        """
        try:
            for event in yaml.parse(self._source, Loader=LOADER):
                kind = type(event)
                if kind is yaml.ScalarEvent:
                    self._scalar(event)
                elif kind is yaml.MappingStartEvent:
                    self._start(event, {}, "map")
                elif kind is yaml.SequenceStartEvent:
                    self._start(event, [], "seq")
                elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                    self._end()
                elif kind is yaml.AliasEvent:
                    self._alias(event)
                elif kind is yaml.DocumentStartEvent and self._root is not None:
                    hint = "Keep one document per file; remove this '---'."
                    self._mistakes.tell(self._error(event, "A second document starts here.", hint))
                    break
        except yaml.YAMLError as error:
            raise unparsable(error, self._source, self._name, LOADER) from None
        if self._root is None:
            raise self._empty()
        return self._root.value

    def source_map(self) -> SourceMap:
        """The places of all values of a text that was read before."""
        self.data()
        return self.positions()

    def positions(self) -> SourceMap:
        """The places of all values that were read."""
        return (self._root and self._root.mapped) or SourceMap(Position(self._name, 1, 1))

    def _start(self, event: Any, value: Any, kind: str) -> None:
        if event.tag is not None and event.tag not in ("!", _TAGS + kind):
            self._mistakes.tell(self._no_such_tag(event))
        if self._open and self._open[-1].wants_key:
            hint = "Text that starts with '{' or '[' needs quotes."
            message = "A key must be text, not a list or a mapping."
            raise NotYamlError(message, where=str(self._position(event)), hint=hint)
        if len(self._open) >= DEEPEST:
            raise self._error(event, f"The nesting is deeper than {DEEPEST} levels.")
        mapped = (
            SourceMap(self._position(event), None, {} if kind == "map" else [])
            if self._keep_positions
            else None
        )
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._open.append(_Open(value, mapped, event.anchor))

    def _end(self) -> None:
        opened = self._open.pop()
        self._check_merge(opened)
        self._attach(opened.done(), opened.anchor)

    def _scalar(self, event: Any) -> None:
        if self._open and self._open[-1].wants_key:
            self._key(event, self._open[-1])
            return
        value = event.value
        if event.tag is not None and event.tag not in ("!", _TAGS + "str"):
            value = self._tagged(event)
        elif event.tag is None and event.implicit[0]:
            if not value and not self._open and event.anchor is None:
                raise self._empty()
            value = self._plain(event)
        self._attach(
            _Done(value, SourceMap(self._position(event)) if self._keep_positions else None), event.anchor
        )

    def _plain(self, event: Any) -> Any:
        try:
            return plain(event.value)
        except ValueError as error:
            self._mistakes.tell(self._error(event, str(error), "Quote it if it is meant as text."))
            return None

    def _tagged(self, event: Any) -> Any:
        kinds = _KINDS.get(event.tag.removeprefix(_TAGS)) if event.tag.startswith(_TAGS) else None
        if kinds is None:
            self._mistakes.tell(self._no_such_tag(event))
            return event.value
        value = self._plain(event)
        if type(value) not in kinds:
            message = f"{event.value!r} is not what its tag {_shown(event.tag)} says."
            self._mistakes.tell(self._error(event, message, "Remove the tag."))
            return value
        return float(value) if kinds[0] is float else value

    def _key(self, event: Any, within: _Open) -> None:
        key = event.value
        if event.tag is not None and event.tag not in ("!", _TAGS + "str"):
            message = f"A key cannot have the tag {_shown(event.tag)}."
            self._mistakes.tell(self._error(event, message, "Keys are text; remove the tag."))
        if event.implicit[0] and key == "<<":
            within.merges = event
        if event.implicit[0] and not key:
            self._mistakes.tell(
                self._error(event, "There is no key before this ':'.", 'An empty key is written "".')
            )
        if within.path is not None and self._is_too_deep(within):
            message = "This path stands inside the one above it."
            hint = "Begin it in the column of the other paths."
            raise NotYamlError(message, where=str(self._position(within.path)), hint=hint)
        within.path = event if key.startswith("/") else None
        if key in within.value:
            self._mistakes.tell(self._given_twice(event, within))
        if event.anchor is not None:
            self._anchors[event.anchor] = _Done(key, None)
        within.key = intern(key)  # the same few words, thousands of times
        if self._keep_positions:
            within.key_position = self._position(event)

    def _is_too_deep(self, within: _Open) -> bool:
        """Tell whether the path before a key is itself in a path, and empty: what follows it is its own."""
        return (
            len(self._open) == _IN_PATH
            and self._open[0].key == "paths"
            and str(self._open[1].key).startswith("/")
            and within.value[within.path.value] is None
        )

    def _check_merge(self, opened: _Open) -> None:
        merged = opened.value["<<"] if opened.merges is not None else []
        if not all(
            isinstance(mapping, dict) for mapping in (merged if isinstance(merged, list) else [merged])
        ):
            message = "What `<<` merges must be a mapping, or a list of mappings."
            hint = "Name the anchor of a mapping: <<: *defaults."
            self._mistakes.tell(self._error(opened.merges, message, hint))

    def _given_twice(self, event: Any, within: _Open) -> YamlError:
        if within.mapped is None:
            # Only a reader that keeps positions knows where the first stands; it meets the second as well.
            try:
                YamlReader(self._source, self._name, Mistakes(), keep_positions=True).data()
            except YamlError as error:
                return error
        first = within.mapped.child(event.value) if within.mapped is not None else None
        line = first.key.line if first is not None and first.key is not None else 1
        message = f"The key {event.value!r} is given twice, first on line {line}."
        return self._error(event, message, "Remove one of the two.")

    def _alias(self, event: Any) -> None:
        name = event.anchor
        if name not in self._anchors:
            hint = f"Define it with &{name} further up, or quote the text if it is meant to start with '*'."
            self._mistakes.tell(self._error(event, f"The alias *{name} refers to nothing before it.", hint))
            self._anchors[name] = _Done(None, SourceMap(self._position(event)))
        if self._open and self._open[-1].wants_key:
            raise self._error(event, "A key must be text, not an alias.", "Write the key out.")
        target = self._anchors[name]
        if target is None:
            message = f"The alias *{name} stands inside the value that it repeats."
            self._mistakes.tell(self._error(event, message, "What contains itself is written with a $ref."))
            target = _Done({}, SourceMap(self._position(event)))
        self._repeated += target.size
        if self._repeated > MOST_REPEATED:
            message = f"Aliases repeat more than {MOST_REPEATED:,} values."
            raise self._error(event, message, "Write less with aliases.")
        if len(self._open) + target.height > DEEPEST:
            raise self._error(event, f"With this alias, the nesting is deeper than {DEEPEST} levels.")
        inside = target.mapped.inside if target.mapped is not None else None
        mapped = SourceMap(self._position(event), None, inside) if self._keep_positions else None
        self._attach(target._replace(mapped=mapped), None)

    def _attach(self, done: _Done, anchor: str | None) -> None:
        """Puts a value where it belongs: under the key that waits, at the end of the list, or at the root."""
        if anchor is not None:
            self._anchors[anchor] = done
        if not self._open:
            self._root = done
            return
        within = self._open[-1]
        within.size += done.size
        within.height = max(within.height, done.height + 1)
        source_map = within.mapped.inside if within.mapped is not None else None
        if within.key is None:
            within.value.append(done.value)
            if done.mapped is not None and isinstance(source_map, list):
                source_map.append(done.mapped)
            return
        within.value[within.key] = done.value
        if done.mapped is not None and isinstance(source_map, dict):
            done.mapped.key = within.key_position
            source_map[within.key] = done.mapped
        within.key = None

    def _position(self, event: Any) -> Position:
        mark = event.start_mark
        return Position(self._name, mark.line + 1, mark.column + 1)

    def _empty(self) -> YamlError:
        hint = "Write what belongs in it, or name another file."
        return YamlError("The file is empty.", where=f"{self._name}:1:1", hint=hint)

    def _no_such_tag(self, event: Any) -> YamlError:
        return self._error(
            event, f"The tag {_shown(event.tag)} does not name anything that JSON has.", "Remove it."
        )

    def _error(self, event: Any, message: str, hint: str = "") -> YamlError:
        return YamlError(message, where=str(self._position(event)), hint=hint)


def _shown(tag: str) -> str:
    return tag.replace(_TAGS, "!!")
