"""Schemas that are closed to properties which are required beside them, so that nothing satisfies both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockgrid.schema.node import SchemaNode

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from mockgrid.document.document import Document

__all__ = ["make_room"]

_KEYWORD: Final = "additionalProperties"
_HINT: Final = "It knows the properties of its own schema alone; remove it, or name the property there, too."


def make_room(node: SchemaNode, document: Document) -> bool:
    """Open what a schema is combined from, where that is closed to a property that the schema requires.

    Return whether it was.

    It is a mistake of the document. Whatever is referred to stays closed for others.

    Args:
        node: a translated schema; what it refers to is translated, too.
        document: its mistakes are told of each.
    """
    alone = "allOf" not in node and ("$ref" not in node or len(node) == 1)
    if alone and (node.get(_KEYWORD) is not False or "required" not in node):
        return False
    parts = list(node.speaking())
    names = {name for part in parts for name in part.get("required", ())}
    closed = [(part, name) for part in parts for name in _shut_out(part, names)]
    for part, name in closed:
        message = f"{_KEYWORD}: false leaves no room for {name}, which is required as well."
        document.mistakes.tell(document.error(message, f"{part.at}/{_KEYWORD}", _HINT))
    if closed:
        document.unmet.add(node.at)
        _Opening(names, {part.at for part, _ in closed}).open(node)
    return bool(closed)


def _shut_out(node: SchemaNode, names: Collection[str]) -> Iterator[str]:
    """Yield the first of some properties to which a schema is closed."""
    if node.get(_KEYWORD) is False:
        yield from sorted(name for name in names if False in node.member(name))[:1]


class _Opening:
    """Opens closed schemas, as far as one schema is combined from them.

    Args:
        names: the properties that there has to be room for.
        closed: the places of those schemas.
    """

    def __init__(self, names: Collection[str], closed: Collection[str]) -> None:
        self._names = names
        self._closed = closed
        self._around: list[str] = []

    def open(self, node: SchemaNode) -> None:
        """Open the parts of a schema; it keeps what they refer to apart from what others refer to."""
        self._around.append(node.at)
        if node.at in self._closed:
            node.pop(_KEYWORD, None)
        if "allOf" in node:
            node["allOf"] = [self._opened(part) for part in node["allOf"]]
        target = node.target
        opened = self._opened(target)
        if opened is not target:
            del node["$ref"]
            node["allOf"] = [*node.get("allOf", ()), opened]
        self._around.pop()

    def _opened(self, node: object) -> object:
        """Return a schema with its parts open; the same one where none of them is closed, or comes back."""
        if not isinstance(node, SchemaNode) or node.at in self._around:
            return node
        if not any(part.at in self._closed for part in node.speaking()):
            return node
        copy = SchemaNode(node, node.shared, node.at, node.source, node.names)
        copy.discriminator = node.discriminator
        self.open(copy)
        return copy
