"""Schemas that are part of themselves, or of so many that no value could be held to all in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mockgrid.schema.doubling import doubled
from mockgrid.schema.node import SchemaNode

if TYPE_CHECKING:
    from mockgrid.document.document import Document

__all__ = ["Circles"]

_HEAVIEST: Final = 10_000
"""Schemas that one value is held to, those counted again that are referred to again."""


class Circles:
    """What the translated schemas of one document are combined from; each schema is looked at once.

    Args:
        document: its mistakes are told of those that are cut.

    Attributes:
        met: whether there was one.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._weights: dict[SchemaNode, int] = {}
        self.met = False

    def open(self, roots: list[Any]) -> None:
        """Look at what schemas are combined from, all the way down, and how often a value is checked.

        One that is part of itself, or of so many that no value could be checked in time, is a mistake.
        """
        looked_at: list[SchemaNode] = []
        for root in roots:
            opened: list[SchemaNode] = []
            steps = [iter([root])]
            while steps:
                node = next(steps[-1], None)
                if node is None:
                    steps.pop()
                    if opened:
                        looked_at.append(opened.pop())
                        self._weigh(looked_at[-1])
                elif node in opened:
                    self._cut(opened[opened.index(node) :])
                elif isinstance(node, SchemaNode) and node not in self._weights:
                    opened.append(node)
                    steps.append(iter(node.in_place))
        for node in looked_at:
            if (heavy := doubled(node, _HEAVIEST)) is not None:
                self._lighten(heavy)

    def _cut(self, circle: list[SchemaNode]) -> None:
        """Take a reference out of a circle.

        A base that lists its heirs, each of which is all of the base, means its own properties there.
        """
        self._tell(circle[0], "this schema refers to itself with nothing between.")
        for part, base, heir in zip(circle, circle[1:] + circle[:1], circle[2:] + circle[:2], strict=True):
            if part.target is base and any(branch is heir for branch in base.get("anyOf", ())):
                part.clear()
                part.update({key: value for key, value in base.items() if key != "anyOf"})
                part.at, part.source, part.names = base.at, base.source, base.names
                return
        del circle[-1]["$ref"]

    def _weigh(self, node: SchemaNode) -> None:
        self._weights[node] = 1 + sum(self._weights.get(part, 1) for part in node.in_place)
        if self._weights[node] > _HEAVIEST:
            self._lighten(node)

    def _lighten(self, node: SchemaNode) -> None:
        """Let a schema admit anything that would hold a value to too many."""
        times = f"{_HEAVIEST:,} schemas, most of them repeatedly"
        self._tell(node, f"this schema holds each value to more than {times}.", "Refer to each schema once.")
        node.clear()
        self._weights[node] = 1

    def _tell(self, node: SchemaNode, message: str, hint: str = "") -> None:
        self.met = True
        self._document.mistakes.tell(self._document.error(message, node.at, hint))
