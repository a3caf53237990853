"""Finding the operation for a method and a path."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from mockgrid.contract.pieces import ANYTHING, INTEGER, SEGMENT, Form, Pieces
from mockgrid.contract.route import Route
from mockgrid.contract.variants import Variants
from mockgrid.schema.hints import SchemaHints

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mockgrid.contract.operation import Operation

ROUTED = "/r"
"""What the path of a supplier's endpoint on this host begins with."""

# A parameter, which in gateways' templates may hold slashes: {path+}, {path*}, {*path}, {+path}.
_TEMPLATE = re.compile(r"\{([^{}]*)\}")
_GREEDY = re.compile(r"[+*]+(.*)|(.*?)[+*]+")
_ENCODED = re.compile(r"%([0-9a-fA-F]{2})")
_VERSION = re.compile(r"v[0-9]+(?:beta|alpha)?[0-9]*", re.IGNORECASE)
# What may stand in a path as it is, and is encoded by clients that encode more than they have to.
_NEEDLESS = re.compile("%(?:2[146-9A-C]|3[ABD]|40)")
_SAFE = "/:@!$&'()*+,;=~-._%"
_INTEGER = frozenset(("integer",))
# Characters of a path that may be a mistyped one: comparing is quadratic in the length.
_LONGEST_MEANT = 256
# How much alike two segments, and two paths of different form, are at least (1 is the same).
_CLOSE = 0.75
_ALIKE = 0.85


class Router:
    """All paths of a contract, under its base path.

    Args:
        operations: each with ``path`` and ``method``.
        base_path: such as ``/v1``, without a final slash; empty for none.
        absent: by path, what to do in place of calling what this API lacks.
    """

    def __init__(
        self,
        operations: Iterable[Operation],
        base_path: str,
        absent: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.base_path = base_path
        self._absent = absent
        routes = [_route(alike) for alike in _of_one_shape(tuple(operations), base_path)]
        # Paths without parameters come first, then those with fewer: the specification's order of precedence.
        self._literal = {route.template: route for route in routes if not route.patterns}
        self.literal: dict[tuple[str, str], Operation] = {
            (method, path): variants[0]
            for path, route in self._literal.items()
            for method, variants in route.variants.items()
            if len(variants) == 1 and not variants[0].query
        }
        """The operations on paths without parameters, by method and path: found at once."""
        self.variants: dict[str, Variants] = {
            variant.id: alike
            for route in routes
            for several in route.variants.values()
            if len(several) > 1
            for alike in _alike(several)
            for variant in alike.operations
        }
        """By their ids, the operations that have others on the same path, method and query, and those."""
        self._templated = sorted((route for route in routes if route.patterns), key=_precedence)
        # A parameter holds no slash, so only paths with as many slashes as the template can match it; but for
        # one that is said to hold any, which comes last.
        self._by_slashes: dict[int, list[Route]] = {}
        # By a template, the routes that meet it: looked for once, when it is called.
        self._rivals: dict[str, tuple[Route, ...]] = {}
        greedy = [route for route in self._templated if _greedy_names(route.template)]
        self._greedy = sorted(greedy, key=lambda route: -len(shape_of(route.template)))
        for route in self._templated:
            if route not in self._greedy:
                self._by_slashes.setdefault(route.template.count("/"), []).append(route)

    def find(
        self, path: str, raw_path: str = "", method: str | None = None
    ) -> tuple[Route, dict[str, str]] | None:
        """Return the route of a path and the path's parameters; None where there is no such path.

        Args:
            path: the decoded path.
            raw_path: the path as it was sent, in which ``%2F`` is not yet a slash.
            method: a route that has it goes before those that have not.

        Returns:
            the route, and the parameters as they were sent, percent-encoded.
        """
        sent = _normal(raw_path) if raw_path else quote(path, safe=_SAFE)
        first: tuple[Route, dict[str, str]] | None = None
        route = self._literal.get(path)
        if route is not None and "%2F" not in sent:
            if method is None or method in route.variants:
                return route, {}
            first = route, {}
        for candidate in (*self._by_slashes.get(sent.count("/"), ()), *self._greedy):
            parameters = candidate.matches(sent)
            if parameters is not None:
                if method is None:
                    return candidate, parameters
                if method in candidate.variants:
                    return self._fitting(candidate, parameters, sent, method)
                first = first or (candidate, parameters)
        plain = _NEEDLESS.sub(lambda match: unquote(match[0]), sent) if first is None else sent
        return self.find(path, plain, method) if plain != sent else first

    def _fitting(
        self, route: Route, parameters: dict[str, str], sent: str, method: str
    ) -> tuple[Route, dict[str, str]]:
        """Return the route whose parameters a path obeys, which may be of ``/a/{n}`` and of ``/{x}/b``."""
        if route.template not in self._rivals:
            alike = self._by_slashes.get(route.template.count("/"), ())
            self._rivals[route.template] = tuple(filter(route.meets, alike))
        rivals = self._rivals[route.template]
        if rivals and not route.is_obeyed(method, parameters):
            for rival in rivals:
                given = rival.matches(sent) if method in rival.variants else None
                if given is not None and rival.is_obeyed(method, given):
                    return rival, given
        return route, parameters

    def nearest(self, path: str) -> str | None:
        """Return the known path that was probably meant, such as one with ``/v1`` missing or doubled.

        Of a path with parameters it is the template: ``/pets/{petId}`` for ``/pet/5``.
        """
        if len(path) > _LONGEST_MEANT:
            return None
        segments = _segments(path)
        base = _segments(self.base_path)
        most = self._base_length(segments)
        for start in range(most, -1, -1):
            meant = self.base_path + "/" + "/".join(segments[start:])
            # A parameter would take a base path for its value.
            template = self._same(meant, also_templates=start == most)
            if template is not None:
                return template
        return self._closest(segments[most:], len(base)) or self._closest(segments, len(base))

    def absent(self, path: str) -> str:
        """Return what to do in place of calling a path, as the contract says of some that it lacks.

        >>> router.absent("/v1/v1/responses/resp_1")
        'This API has no Responses: …'
        """
        if len(path) > _LONGEST_MEANT:
            return ""
        segments = _segments(path.casefold())
        below = segments[self._base_length(segments) :]
        tries = ("/" + "/".join(below[:end]) for end in range(len(below), 0, -1))
        return next((self._absent[known] for known in tries if known in self._absent), "")

    def served(self, path: str, nearest: str | None) -> list[str]:
        """Return all operations as ``METHOD /path``: the nearest, then those most in common with a path."""
        wanted = set(_segments(path[:_LONGEST_MEANT].casefold()))
        routes = sorted(
            [*self._literal.values(), *self._templated],
            key=lambda route: (
                route.template != nearest,
                -len(wanted.intersection(_segments(route.template.casefold()))),
            ),
        )
        return [f"{method} {route.template}" for route in routes for method in sorted(route.operations)]

    def _base_length(self, segments: tuple[str, ...]) -> int:
        """Return how many leading segments can be a base path: a part of ours, perhaps twice, or another."""
        base = _segments(self.base_path.casefold())
        most = next((n for n, part in enumerate(segments) if part.casefold() not in base), len(segments))
        versions = (n + 1 for n, part in enumerate(segments[:3]) if _VERSION.fullmatch(part))
        return max(most, *versions, 0)

    def _same(self, path: str, *, also_templates: bool) -> str | None:
        """Return the path that this one is, in whatever case."""
        if path in self._literal:
            return path
        folded = path.casefold()
        for template in self._literal:
            if template.casefold() == folded:
                return template
        match = self.find(path) if also_templates else None
        return None if match is None else match[0].template

    def _closest(self, segments: tuple[str, ...], skipped: int) -> str | None:
        """Return the path of as many segments, each close to its own; else one that is written alike."""
        best, best_closeness = None, 0.0
        for template in self.paths:
            known = template.split("/")[1 + skipped :]
            if len(known) != len(segments) or all("{" in part for part in known):
                continue
            each = [_closeness(*pair) for pair in zip(known, segments, strict=True)]
            if min(each, default=0.0) >= _CLOSE and sum(each) > best_closeness:
                best, best_closeness = template, sum(each)
        if best is None:
            written = "/".join(segments)
            for template in self._literal:
                closeness = _closeness("/".join(template.split("/")[1 + skipped :]), written)
                if closeness >= _ALIKE and closeness > best_closeness:
                    best, best_closeness = template, closeness
        return best

    @property
    def paths(self) -> tuple[str, ...]:
        """All paths, sorted."""
        return tuple(sorted([*self._literal, *(route.template for route in self._templated)]))


def _segments(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split("/") if part)


def _closeness(known: str, written: str) -> float:
    """Return how much a written segment is like a known one, from 0 to 1; a parameter takes any, just so."""
    if "{" in known:
        return _CLOSE
    from difflib import SequenceMatcher  # noqa: PLC0415 - 3 ms, for mistakes alone

    matcher = SequenceMatcher(None, known.casefold(), written.casefold(), autojunk=False)
    if matcher.real_quick_ratio() < _CLOSE or matcher.quick_ratio() < _CLOSE:
        return 0.0
    return matcher.ratio()


def shape_of(template: str) -> str:
    """Return a path with all its parameters called alike: two templates of one shape are one path.

    >>> shape_of("/pets/{petId}/{n}.json")
    '/pets/{}/{}.json'
    """
    return _TEMPLATE.sub(lambda match: "{+}" if _GREEDY.fullmatch(match[1]) else "{}", template)


def bare_name(name: str) -> str:
    """Return the name of a parameter without the mark by which gateways let it hold slashes.

    >>> bare_name("proxy+"), bare_name("*path"), bare_name("id")
    ('proxy', 'path', 'id')
    """
    greedy = _GREEDY.fullmatch(name)
    return (greedy[1] or greedy[2] or "") if greedy is not None else name


def _greedy_names(template: str) -> list[str]:
    return [name for name in _TEMPLATE.findall(template) if _GREEDY.fullmatch(name)]


def _of_one_shape(operations: tuple[Operation, ...], base_path: str) -> Iterable[list[tuple[str, Operation]]]:
    """Return operations with their whole templates, those of one shape together.

    One with a server of its own is below its path as well, where no other is.
    """
    by_shape: dict[str, list[tuple[str, Operation]]] = {}
    for operation in operations:
        template = base_path + operation.path
        by_shape.setdefault(shape_of(template), []).append((template, operation))
    taken = {(shape, operation.method) for shape, alike in by_shape.items() for _, operation in alike}
    for operation in operations:
        if operation.base_path is not None:
            template = operation.base_path + operation.path
            if (shape_of(template), operation.method) not in taken:
                by_shape.setdefault(shape_of(template), []).append((template, operation))
    return by_shape.values()


def _route(alike: list[tuple[str, Operation]]) -> Route:
    template, operations = alike[0][0], [operation for _, operation in alike]
    variants: dict[str, tuple[Operation, ...]] = {}
    for operation in operations:
        variants[operation.method] = (*variants.get(operation.method, ()), operation)
    names = dict.fromkeys(tuple(map(bare_name, _TEMPLATE.findall(written))) for written, _ in alike)
    pieces = _TEMPLATE.split(template)
    if len(pieces) == 1:
        return Route(template, variants, (), ())
    greedy = [_GREEDY.fullmatch(piece) is not None for piece in pieces[1::2]]
    texts = [quote(piece, safe=_SAFE) for piece in pieces[::2]]
    whole = [ANYTHING if each else SEGMENT for each in greedy]
    patterns: tuple[re.Pattern[str] | Pieces, ...]
    if sum(greedy) > 1 or any(segment.count("{") > 1 for segment in template.split("/")):
        forms = _forms(operations[0])
        known = [forms.get(name, form) for name, form in zip(pieces[1::2], whole, strict=True)]
        patterns = (Pieces(texts, known), Pieces(texts, whole))
    else:
        patterns = (_pattern(texts, greedy),)
    return Route(template, variants, patterns, tuple(names))


def _alike(operations: Iterable[Operation]) -> Iterator[Variants]:
    """Return them in groups, each of those that no query tells apart."""
    by_query: dict[frozenset[tuple[str, str]], list[Operation]] = {}
    for operation in operations:
        by_query.setdefault(operation.query, []).append(operation)
    return map(Variants, by_query.values())


def _pattern(texts: list[str], greedy: list[bool]) -> re.Pattern[str]:
    """Return what matches a template: texts, between which are parameters that may hold slashes or not."""
    between = ["(.+)" if each else "([^/]+)" for each in greedy]
    parts = (re.escape(text) + parameter for text, parameter in zip(texts, [*between, ""], strict=True))
    return re.compile("".join(parts))


def _forms(operation: Operation) -> dict[str, Form]:
    """Return how the path parameters are written of which that is known: texts from a list, and integers."""
    forms: dict[str, Form] = {}
    for parameter in operation.parameters:
        hints = SchemaHints.of(parameter.schema)
        listed = hints.own("enum") or ()
        if parameter.location != "path" or parameter.content is not None:
            continue
        if listed and all(isinstance(value, str) for value in listed):
            forms[parameter.name] = tuple(quote(value, safe=_SAFE) for value in listed)
        elif hints.kinds == _INTEGER:
            forms[parameter.name] = INTEGER
    return forms


def _precedence(route: Route) -> tuple[int, list[bool], int, str]:
    """Fewer segments with parameters go first, then later ones, then those with more text beside them."""
    parameters = ["{" in segment for segment in route.template.split("/")]
    shape = shape_of(route.template)
    return sum(parameters), parameters, 2 * shape.count("{}") - len(shape), route.template


def _normal(raw_path: str) -> str:
    """Return a path in which what needs no percent-encoding has none, and all else has it in capitals."""
    return quote(_ENCODED.sub(_plain, raw_path), safe=_SAFE)


def _plain(encoded: re.Match[str]) -> str:
    char = chr(int(encoded[1], 16))
    return char if char.isascii() and (char.isalnum() or char in "-._~") else encoded[0].upper()
