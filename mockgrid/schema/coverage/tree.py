"""The branches of a schema, and what learns from values which of them were sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockgrid.schema.coverage.growth import Growth
from mockgrid.schema.coverage.learner import replace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.schema.coverage.growth import SchemaBranch
    from mockgrid.schema.validator import SchemaValidator

__all__ = ["Tree"]


class Tree:
    """Learns from requests which branches of a schema were sent.

    Args:
        validator: of the request's body.
        data: the document.

    Attributes:
        branches: all branches, in no order of interest.
        sent: a byte for each, not 0 if it was sent.
        order: the numbers of the branches in the order of the schema, those below another behind it.
    """

    def __init__(self, validator: SchemaValidator, data: dict[str, Any]) -> None:
        grown = Growth(validator, data)
        self.branches = tuple(grown.branches)
        self.sent = grown.sent
        self.order = tuple(_in_order(self.branches))
        self._node = grown.root

    def see(self, value: Any) -> None:
        """Learn from a valid body."""
        node = self._node
        learner = node.get(value.__class__)
        if learner is not None:
            following = learner.see(value, 1)
            if following is not learner:
                replace(node, value.__class__, following)


def _in_order(branches: tuple[SchemaBranch, ...]) -> Iterator[int]:
    inside: dict[int | None, list[int]] = {}
    for number, branch in enumerate(branches):
        inside.setdefault(branch.parent, []).append(number)
    rest = inside.get(None, [])[::-1]
    while rest:
        number = rest.pop()
        yield number
        rest += inside.get(number, [])[::-1]
