"""Finding the operation for a method and a path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from mockgrid.contract.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mockgrid.contract.contract import Operation

_TEMPLATE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Route:
    """One path of the contract: its operations by method, and how its parameters are read from a URL."""

    template: str
    operations: Mapping[str, Operation]
    pattern: re.Pattern[str] | None
    names: tuple[str, ...]

    @property
    def allow(self) -> str:
        """The value of an ``Allow`` header: the methods, sorted."""
        return ", ".join(sorted(self.operations))

    def matches(self, path: str) -> dict[str, str] | None:
        """Return the parameters that a path gives, or None where it is another path."""
        if self.pattern is None:
            return {} if path == self.template else None
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        return {name: unquote(value) for name, value in zip(self.names, found.groups(), strict=True)}


class Router:
    """All paths of a contract, under its base path.

    Args:
        operations: each with ``path`` and ``method``.
        base_path: such as ``/v1``, without a final slash; empty for none.
    """

    def __init__(self, operations: Iterable[Operation], base_path: str) -> None:
        self.base_path = base_path
        by_path: dict[str, dict[str, Operation]] = {}
        for operation in operations:
            by_path.setdefault(base_path + operation.path, {})[operation.method] = operation
        routes = [_route(template, found) for template, found in by_path.items()]
        # Paths without parameters come first, then those with fewer: the specification's order of precedence.
        self._literal = {route.template: route for route in routes if route.pattern is None}
        self.literal: dict[tuple[str, str], Operation] = {
            (method, path): operation
            for path, route in self._literal.items()
            for method, operation in route.operations.items()
        }
        """The operations on paths without parameters, by method and path: found at once."""
        self._templated = sorted(
            (route for route in routes if route.pattern is not None),
            key=lambda route: (len(route.names), -len(route.template), route.template),
        )

    def find(self, path: str, raw_path: str = "") -> tuple[Route, dict[str, str]] | None:
        """Return the route of a path and the path's parameters; None where there is no such path.

        Args:
            path: the decoded path.
            raw_path: the path as it was sent, in which ``%2F`` is not yet a slash.
        """
        route = self._literal.get(path)
        if route is not None:
            return route, {}
        for candidate in self._templated:
            parameters = candidate.matches(raw_path or quote(path))
            if parameters is not None:
                return candidate, parameters
        return None

    def nearest(self, path: str) -> str | None:
        """Return the known path that was probably meant, such as one with ``/v1`` missing or doubled."""
        known = [*self._literal, *(route.template for route in self._templated)]
        base = self.base_path
        clean = "/" + "/".join(part for part in path.split("/") if part)
        if base:
            rest = clean
            while rest.startswith(base + "/") or rest == base:
                rest = rest[len(base) :]
            for candidate in (base + rest, base + rest.rstrip("/")):
                if candidate in self._literal:
                    return candidate
        if clean in self._literal:
            return clean
        found = nearest(clean, known)
        if found is None and base:
            found = nearest(base + clean, known)
        return found

    @property
    def paths(self) -> tuple[str, ...]:
        """All paths, sorted."""
        return tuple(sorted([*self._literal, *(route.template for route in self._templated)]))


def _route(template: str, operations: dict[str, Operation]) -> Route:
    names = tuple(_TEMPLATE.findall(template))
    if not names:
        return Route(template, operations, None, ())
    pieces = _TEMPLATE.split(template)
    pattern = "".join(
        "([^/]+)" if index % 2 else re.escape(quote(piece, safe="/:@!$&'()*+,;=~-._%")) for index, piece in enumerate(pieces)
    )
    return Route(template, operations, re.compile(pattern), names)
