"""Which properties are required in one direction.

A ``readOnly`` property is for responses and a ``writeOnly`` one for requests: where such a property is listed
as required, it is required in that direction only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockgrid.document.pointer import join, resolve
from mockgrid.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.schema.references import References

__all__ = ["Required", "one_way"]

_DEEPEST = 16
_FLAGS = ("readOnly", "writeOnly")


class Required:
    """Reads ``required`` for one direction.

    Args:
        data: the document.
        references: of the document.
        direction: ``request`` or ``response``.
    """

    def __init__(self, data: Any, references: References, direction: str) -> None:
        self._data = data
        self._references = references
        self._flag = "readOnly" if direction == "request" else "writeOnly"
        self._needed = one_way(data, (self._flag,))

    def of(self, schema: dict[str, Any], at: str) -> list[str]:
        """Return the names that a schema requires in this direction, each once."""
        names = list(dict.fromkeys(schema["required"]))
        if not self._needed:
            return names
        around = self._around(at)
        return [name for name in names if not self._flagged(name, schema, at, around)]

    def _around(self, at: str) -> tuple[Any, str] | None:
        """Return the schema of whose ``allOf`` the one under this pointer is a part, with its pointer."""
        head, _, index = at.rpartition("/")
        head, _, keyword = head.rpartition("/")
        if keyword != "allOf" or not index.isdecimal():
            return None
        return resolve(self._data, head), head

    def _flagged(self, name: str, schema: Any, at: str, around: tuple[Any, str] | None) -> bool:
        places = list(self._defined(name, schema, at, 0))
        if not places and around is not None:
            places = list(self._defined(name, *around, 0))
        return any(self._says(item, pointer, 0) for item, pointer in places)

    def _defined(self, name: str, schema: Any, at: str, depth: int) -> Iterator[tuple[Any, str]]:
        """Return what a schema, and all that it is combined from, says about a property."""
        if not isinstance(schema, dict) or depth > _DEEPEST:
            return
        properties = schema.get("properties")
        if isinstance(properties, dict) and name in properties:
            yield properties[name], at + join(("properties", name))
        for part, pointer in self._combined(schema, at):
            yield from self._defined(name, part, pointer, depth + 1)

    def _says(self, schema: Any, at: str, depth: int) -> bool:
        """Tell whether a schema, or one that it is combined from, is for the other direction only."""
        if not isinstance(schema, dict) or depth > _DEEPEST:
            return False
        return schema.get(self._flag) is True or any(
            self._says(part, pointer, depth + 1) for part, pointer in self._combined(schema, at)
        )

    def _combined(self, schema: dict[str, Any], at: str) -> Iterator[tuple[Any, str]]:
        if isinstance(schema.get("$ref"), str):
            try:
                target = self._references.target(schema["$ref"], f"{at}/$ref")
            except DocumentError:
                return  # told where the reference itself is read
            if target is not None:
                yield resolve(self._data, target), target
        parts = schema.get("allOf")
        for index, part in enumerate(parts if isinstance(parts, list) else ()):
            yield part, f"{at}/allOf/{index}"


def one_way(data: Any, flags: tuple[str, ...] = _FLAGS) -> bool:
    """Tell whether anything in a document is for one direction only."""
    waiting = [data]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if any(node.get(flag) is True for flag in flags):
                return True
            waiting.extend(item for item in node.values() if isinstance(item, (dict, list)))
        elif isinstance(node, list):
            waiting.extend(item for item in node if isinstance(item, (dict, list)))
    return False
