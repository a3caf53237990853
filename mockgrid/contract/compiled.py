"""What compiling a document has given, to be used again for the same document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from mockgrid.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Collection

    from mockgrid.document.mistakes import Mistakes
    from mockgrid.document.source_map import Document

__all__ = ["Compiled"]

# Of each field, what JSON makes of it.
_KINDS: Final = {
    "name": str,
    "data": dict,
    "files": dict,
    "sha256": str,
    "one_way": list,
    "unmet": list,
    "moved": dict,
    "mistakes": list,
    "warnings": list,
    "warned": bool,
    "order_counts": bool,
}
_TOLD: Final = (str, str, str, str, bool)


class Compiled(NamedTuple):
    """What compiling a document has given.

    Attributes:
        name: what findings call the document.
        data: its data, overlays applied and mended where it was mistaken.
        files: SHA-256 of the other files that it was read from, by their paths from its folder.
        sha256: the contract's.
        one_way: which of ``readOnly`` and ``writeOnly`` it has.
        unmet: pointers to its schemas that nothing satisfies as they were written.
        moved: pointers to what was put elsewhere in its data, and to where it is written.
        mistakes: message, hint, place, JSON pointer, and whether its key is meant; those that have a pointer
            have no place until somebody asks for it.
        warnings: of the contract, each a place and a sentence; none are known where nobody has asked yet.
        warned: whether somebody has.
        order_counts: whether its schemas are what they are because of the order in which they were read.
    """

    name: str
    data: dict[str, Any]
    files: dict[str, str]
    sha256: str
    one_way: list[str]
    unmet: list[str]
    moved: dict[str, str]
    mistakes: list[list[Any]]
    warnings: list[list[str]]
    warned: bool
    order_counts: bool

    @classmethod
    def of(
        cls,
        document: Document,
        sha256: str,
        one_way: Collection[str],
        warnings: tuple[tuple[str, str], ...] | None,
        *,
        order_counts: bool,
    ) -> Compiled | None:
        """Return what is known of a document; None where more counts than what is in its files."""
        if document.files is None:
            return None
        return cls(
            document.name,
            document.data,
            dict(document.files),
            sha256,
            sorted(one_way),
            sorted(document.unmet),
            document.moved,
            [_plain(error, document) for error in document.mistakes.told],
            [list(warning) for warning in warnings or ()],
            warnings is not None,
            order_counts,
        )

    def as_bytes(self) -> bytes | None:
        """Return it as JSON; None where JSON's fast reader would not give the same again."""
        try:
            return orjson.dumps(self._asdict())
        except TypeError:  # integers beyond 64 bits
            return None

    @classmethod
    def of_bytes(cls, content: bytes) -> Compiled | None:
        """Return what ``as_bytes`` gave; None where these are other bytes."""
        try:
            fields = orjson.loads(content)
            orjson.dumps(fields)  # refuses what is nested more deeply than a document is
            compiled = cls(**fields)
        except (ValueError, TypeError):
            return None
        fits = all(type(getattr(compiled, name)) is kind for name, kind in _KINDS.items())
        return compiled if fits and compiled._is_sound() else None

    def _is_sound(self) -> bool:
        """Tell whether what is in the lists is what belongs there."""
        return (
            all(_holds(mistake, _TOLD) for mistake in self.mistakes)
            and all(_holds(warning, (str, str)) for warning in self.warnings)
            and all(type(text) is str for text in (*self.files.values(), *self.moved.values()))
            and all(type(text) is str for text in (*self.one_way, *self.unmet))
        )

    def called(self, name: str) -> Compiled | None:
        """Return it for a document of another name; None where what was told names the one before."""
        if name == self.name:
            return self
        sentences = [text for mistake in self.mistakes for text in mistake[:2]]
        sentences += [sentence for _, sentence in self.warnings]
        places = [mistake[2] for mistake in self.mistakes if mistake[2]] + [at for at, _ in self.warnings]
        if any(self.name in sentence for sentence in sentences):
            return None
        if not all(place.startswith(f"{self.name}:") for place in places):
            return None
        length = len(self.name)
        mistakes = [
            [message, hint, where and name + where[length:], *pointed]
            for message, hint, where, *pointed in self.mistakes
        ]
        warnings = [[name + place[length:], sentence] for place, sentence in self.warnings]
        return self._replace(name=name, mistakes=mistakes, warnings=warnings)

    def tell(self, mistakes: Mistakes, document: Document) -> None:
        """Tell again what was told of the document."""
        document.unmet.update(self.unmet)
        document.moved.update(self.moved)
        for message, hint, where, pointer, key in self.mistakes:
            if where:
                mistakes.tell(DocumentError(message, where=where, hint=hint))
            else:
                mistakes.tell(document.error(message, pointer, hint, key=key))


def _plain(error: DocumentError, document: Document) -> list[Any]:
    pointer, key = document.pointer_of(error)
    if pointer is None:
        return [error.message, error.hint, error.where, "", False]
    return [error.message, error.hint, "", pointer, key]


def _holds(value: Any, kinds: tuple[type, ...]) -> bool:
    return (
        type(value) is list
        and len(value) == len(kinds)
        and all(type(item) is kind for item, kind in zip(value, kinds, strict=True))
    )
