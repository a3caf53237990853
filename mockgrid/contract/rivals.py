"""Routes of which a path may be as well as of another, such as ``/a/{n}`` and ``/{x}/b``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockgrid.contract.parameters import read_parameters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mockgrid.contract.router import Route

__all__ = ["Rivals"]


class Rivals:
    """Chooses among routes whose templates meet.

    Args:
        routes: by how many slashes their templates have, those first that go before.
    """

    def __init__(self, routes: Mapping[int, Sequence[Route]]) -> None:
        self._routes = routes
        # By a template, the routes that meet it: looked for once, when it is called.
        self._known: dict[str, tuple[Route, ...]] = {}

    def fitting(
        self, route: Route, parameters: dict[str, str], sent: str, method: str
    ) -> tuple[Route, dict[str, str]]:
        """Return the first route whose parameters a path obeys, with these; else the one that it has.

        Args:
            route: the first that the path matches.
            parameters: what the path gives it.
            sent: the path, percent-encoded.
            method: which all of them have.
        """
        if route.template not in self._known:
            alike = self._routes.get(route.template.count("/"), ())
            meeting = (
                other for other in alike if other is not route and _meet(route.template, other.template)
            )
            self._known[route.template] = tuple(meeting)
        rivals = self._known[route.template]
        if rivals and not _obeys(route, method, parameters):
            for rival in rivals:
                given = rival.matches(sent) if method in rival.variants else None
                if given is not None and _obeys(rival, method, given):
                    return rival, given
        return route, parameters


def _meet(template: str, other: str) -> bool:
    """Tell whether some path is of two templates with as many slashes."""
    pairs = zip(template.split("/"), other.split("/"), strict=True)
    return all("{" in segment or "{" in facing or segment == facing for segment, facing in pairs)


def _obeys(route: Route, method: str, parameters: Mapping[str, str]) -> bool:
    """Tell whether a path's parameters are what a route's operation wants them to be."""
    violations = read_parameters(route.variants[method][0], parameters, b"", {})[1]
    return all(violation.location != "path" for violation in violations)
