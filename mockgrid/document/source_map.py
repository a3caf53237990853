"""A document: its data, and where the values stand in its files, as a tree beside the data.

A position is cheap to ask for and costly to have for every value of a large contract, so documents make
their source map only when somebody asks, in practice when a finding is reported.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, final

from mockgrid.document.mistakes import Mistakes
from mockgrid.document.pointer import resolve, split
from mockgrid.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["Document", "Position", "SourceMap", "sentence_of"]

_NOTHING: Final = object()
_FAR: Final = 1_000  # columns, behind which a place in a line says little
_NONE: Final[Mapping[str, str]] = MappingProxyType({})


class Position(NamedTuple):
    """One position in one file; line and column count from 1.

    >>> str(Position("api.yaml", 3, 7))
    'api.yaml:3:7'
    """

    name: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.name}:{self.line}:{self.column}"


class SourceMap:
    """Where one value stands (``position``), the key that leads to it (``key``), and what is inside it.

    Args:
        position: of the value.
        key: of the key.
        inside: the same of what is inside, or what finds that when it is asked for.
    """

    __slots__ = ("_inside", "key", "position")

    def __init__(
        self, position: Position, key: Position | None = None, inside: Inside | Callable[[], Inside] = None
    ) -> None:
        self.position = position
        self.key = key
        self._inside = inside

    @property
    def inside(self) -> Inside:
        """The places of what is inside the value; None where nothing can be."""
        if callable(self._inside):
            self._inside = self._inside()
        return self._inside

    def child(self, part: str) -> SourceMap | None:
        """What stands under a key or an index; None where there is none."""
        if isinstance(self.inside, dict):
            return self.inside.get(part)
        if isinstance(self.inside, list) and part.isdecimal() and int(part) < len(self.inside):
            return self.inside[int(part)]
        return None

    def at(self, parts: Iterable[str | int]) -> SourceMap | None:
        """What stands where these keys and indices lead; None where they lead nowhere."""
        mapped: SourceMap | None = self
        for part in parts:
            mapped = mapped.child(str(part)) if mapped is not None else None
        return mapped

    def under(self, key: Position | None) -> SourceMap:
        """The same value as reached by another key."""
        return SourceMap(self.position, key, lambda: self.inside)

    def copy(self) -> SourceMap:
        """A tree of its own, to be changed freely."""
        return SourceMap(self.position, self.key, self._copied)

    def _copied(self) -> Inside:
        if isinstance(self.inside, dict):
            return {key: mapped.copy() for key, mapped in self.inside.items()}
        return [mapped.copy() for mapped in self.inside] if isinstance(self.inside, list) else None


Inside: TypeAlias = dict[str, SourceMap] | list[SourceMap] | None


@final
class Document:
    """Plain JSON data with a name, and the place in a file of every part of it.

    Args:
        data: dicts with text keys, lists, str, int, float, bool and None; treat it as immutable, since
            parts of it may be shared (YAML aliases, overlays).
        name: what findings call the document: the path as the operator gave it.
        source_map: makes the tree of positions; called once, when a position is first asked for. Data that
            was never written down has none, and its positions read ``name#/json/pointer``.
        mistakes: what becomes of those in it; by default the first refuses it.
        files: SHA-256 of the other files that its data come from, by their paths from its folder; None where
            data come from elsewhere.

    Attributes:
        moved: pointers to mappings that were put in the place of a reference, and to where they were written.
        unmet: pointers to schemas that nothing satisfies as they are written; what is meant is served.
    """

    __slots__ = ("_root", "_source_map", "data", "files", "mistakes", "moved", "name", "unmet")

    def __init__(
        self,
        data: Any,
        name: str,
        source_map: Callable[[], SourceMap] | None = None,
        mistakes: Mistakes | None = None,
        files: Mapping[str, str] | None = _NONE,
    ) -> None:
        self.data = data
        self.files = files
        self.name = name
        self.mistakes = mistakes if mistakes is not None else Mistakes()
        self.moved: dict[str, str] = {}
        self.unmet: set[str] = set()
        self._source_map = source_map
        self._root: SourceMap | None = None

    def __repr__(self) -> str:
        return f"Document({self.name!r})"

    @property
    def source_map(self) -> SourceMap | None:
        """The tree of positions; None for data that was never written down."""
        if self._root is None and self._source_map is not None:
            self._root = self._source_map()
        return self._root

    def holds(self, pointer: str) -> bool:
        """Tell whether there is anything under a JSON pointer."""
        return resolve(self.data, pointer, _NOTHING) is not _NOTHING

    def where(self, pointer: str) -> str:
        """``name:line:column`` of the value under a JSON pointer, or of its nearest parent that exists."""
        return self._located(pointer, key=False)

    def where_key(self, pointer: str) -> str:
        """The same of the key that leads to the value; of the value itself where it has no key."""
        return self._located(pointer, key=True)

    def error(self, message: str, at: str, hint: str = "", *, key: bool = False) -> DocumentError:
        """Return the error for a value under a JSON pointer, or for its key; its place is found when told."""
        return DocumentError(message, where=_Place(self, at, key), hint=hint)

    def pointer_of(self, error: DocumentError) -> tuple[str | None, bool]:
        """Return the pointer that an error was told by, and whether its key is meant; None of another's."""
        place = error.identity[-1]
        if isinstance(place, _Place) and place.document is self:
            return place.pointer, place.key
        return None, False

    def _located(self, pointer: str, *, key: bool) -> str:
        mapped = self.source_map
        if mapped is None:
            below = pointer.removeprefix("#")
            return f"{self.name}#{below}" if below else self.name
        for at, written in sorted(self.moved.items(), key=lambda moved: -len(moved[0])):
            lifted = pointer == at and mapped.at(split(at)) is None
            if lifted or (pointer.startswith(f"{at}/") and pointer != f"{at}/$ref"):
                pointer = written + pointer.removeprefix(at)
        for part in split(pointer):
            child = mapped.child(part)
            if child is None:
                return str(mapped.position)
            mapped = child
        return str((mapped.key if key else None) or mapped.position)


class _Place(NamedTuple):
    """The place of a value in a document, or of its key."""

    document: Document
    pointer: str
    key: bool

    def __str__(self) -> str:
        return self.document._located(self.pointer, key=self.key)  # noqa: SLF001 - a part of the class


def sentence_of(error: DocumentError) -> str:
    """Return what an error says, behind its JSON pointer where its column says little: in minified text."""
    place, column = error.identity[-1], error.where.rpartition(":")[2]
    if isinstance(place, _Place) and column.isdecimal() and int(column) > _FAR:
        return f"#{place.pointer}: {error.message}"
    return error.message
