"""Operations of one path, method and query, told apart by what they ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from mockgrid.schema.hints import SchemaHints

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mockgrid.contract.operation import Operation

__all__ = ["Variants"]

_ABSENT = (None,)
_TEXT = frozenset(("string",))


class Variants:
    """Some operations of which a request is one; there may be hundreds.

    Args:
        operations: them, in the document's order.
    """

    def __init__(self, operations: Iterable[Operation]) -> None:
        self.operations = tuple(operations)
        self._marks: list[tuple[Operation, list[tuple[str, str, frozenset[str]]]]] | None = None

    def possible(self, query: bytes, headers: Mapping[bytes, bytes]) -> list[Operation]:
        """Return those of which a request has every text that they require of a list; the first without any.

        Of ``/#Target=Rooms.List`` and ``/#Target=Rooms.Open``, each requires a header ``Target`` of its own.
        """
        if self._marks is None:
            self._marks = [(operation, _marks(operation)) for operation in self.operations]
        sent = {
            "query": parse_qs(query.decode("latin-1"), keep_blank_values=True),
            "header": {name.decode("latin-1"): [text.decode("latin-1")] for name, text in headers.items()},
        }
        possible = [
            operation
            for operation, marks in self._marks
            if all(texts.issuperset(sent[place].get(name, _ABSENT)) for place, name, texts in marks)
        ]
        return possible or list(self.operations[:1])


def _marks(operation: Operation) -> list[tuple[str, str, frozenset[str]]]:
    """Return where an operation requires one of some texts: query or header, its name, and the texts."""
    marks: list[tuple[str, str, frozenset[str]]] = []
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
