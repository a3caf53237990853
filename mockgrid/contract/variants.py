"""Operations of one path, method and query, told apart by what they ask for."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from mockgrid.schema.hints import SchemaHints

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mockgrid.contract.operation import Operation

__all__ = ["Variants"]

Mark = tuple[str, str, frozenset[str]]

_ABSENT = (None,)
_TEXT = frozenset(("string",))


class Variants:
    """Some operations of which a request is one; there may be hundreds.

    Args:
        operations: them, in the document's order.
    """

    def __init__(self, operations: Iterable[Operation]) -> None:
        self.operations = tuple(operations)

    def possible(self, query: bytes, headers: Mapping[bytes, bytes]) -> list[Operation]:
        """Return those of which a request has every text that they require of a list; the first without any.

        Of ``/#Target=Rooms.List`` and ``/#Target=Rooms.Open``, each requires a header ``Target`` of its own.
        """
        sent = {
            "query": parse_qs(query.decode("latin-1"), keep_blank_values=True),
            "header": {name.decode("latin-1"): [text.decode("latin-1")] for name, text in headers.items()},
        }
        unmarked, marked = self._index
        numbers = list(unmarked)
        for (place, name), by_text in marked.items():
            numbers += by_text.get(sent[place].get(name, _ABSENT)[0], ())
        possible = [
            self.operations[number]
            for number in sorted(numbers)
            if all(
                texts.issuperset(sent[place].get(name, _ABSENT)) for place, name, texts in self._marks[number]
            )
        ]
        return possible or list(self.operations[:1])

    @cached_property
    def _marks(self) -> list[list[Mark]]:
        return list(map(_marks, self.operations))

    @cached_property
    def _index(self) -> tuple[list[int], dict[tuple[str, str], dict[str | None, list[int]]]]:
        """The numbers of operations without marks, and of the others by that mark which the fewest have."""
        common = Counter(mark for marks in self._marks for mark in marks)
        unmarked: list[int] = []
        marked: dict[tuple[str, str], dict[str | None, list[int]]] = {}
        for number, marks in enumerate(self._marks):
            if not marks:
                unmarked.append(number)
                continue
            place, name, texts = min(marks, key=common.__getitem__)
            for text in texts:
                marked.setdefault((place, name), {}).setdefault(text, []).append(number)
        return unmarked, marked


def _marks(operation: Operation) -> list[Mark]:
    """Return where an operation requires one of some texts: query or header, its name, and the texts."""
    marks: list[Mark] = []
    for parameter in operation.parameters:
        place = parameter.location
        if not parameter.required or place not in ("query", "header") or parameter.content is not None:
            continue
        hints = SchemaHints.of(parameter.schema)
        texts = hints.own("enum")
        if hints.kinds == _TEXT and texts:
            name = parameter.name.lower() if place == "header" else parameter.name
            marks.append((place, name, frozenset(texts)))
    return marks
