"""One path of a contract, which may have several operations."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from mockgrid.contract.parameters import read_parameters
from mockgrid.fixed import fixed

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

    from mockgrid.contract.operation import Operation
    from mockgrid.contract.pieces import Pieces

__all__ = ["Route"]


@fixed
class Route:
    """One path of the contract: its operations, and how their parameters are read from a URL.

    Attributes:
        template: of the first operation; another may call its parameters otherwise.
        variants: the operations by method; more than one where a query or a fragment tells them apart.
        patterns: none for a path without parameters. Where one segment holds several, the first admits only
            what their schemas list or count with, and the last anything.
        names: of the parameters, as each template calls them.
    """

    template: str
    variants: Mapping[str, tuple[Operation, ...]]
    patterns: tuple[re.Pattern[str] | Pieces, ...]
    names: tuple[tuple[str, ...], ...]

    @property
    def operations(self) -> dict[str, Operation]:
        """The first operation of each method."""
        return {method: variants[0] for method, variants in self.variants.items()}

    @property
    def allow(self) -> str:
        """The value of an ``Allow`` header: the methods, sorted."""
        return ", ".join(sorted(self.variants))

    def operation(self, method: str, query: bytes) -> Operation | None:
        """Return the operation of a method whose part of the query is there, of several the one with most.

        Of those that have as much, it is one with a body, which has to be read before more is known.
        """
        variants = self.variants.get(method, ())
        if len(variants) > 1 or (variants and variants[0].query):
            sent = {*parse_qsl(query.decode("latin-1"), keep_blank_values=True)}
            fitting = [variant for variant in variants if variant.query <= sent]
            return max(fitting, key=lambda variant: (len(variant.query), bool(variant.body)), default=None)
        return variants[0] if variants else None

    def matches(self, path: str) -> dict[str, str] | None:
        """Return the parameters that a path gives, still percent-encoded; None where it is another path.

        Decoding is left to whoever knows the style: in ``/a%2Cb,c`` only one comma separates.
        """
        if not self.patterns:
            return {} if path == self.template else None
        for pattern in self.patterns:
            match = pattern.fullmatch(path)
            if match is not None:
                texts = match.groups()
                return {name: text for names in self.names for name, text in zip(names, texts, strict=True)}
        return None

    def meets(self, other: Route) -> bool:
        """Tell whether some path is of both this route and another with as many slashes."""
        pairs = zip(self.template.split("/"), other.template.split("/"), strict=True)
        return other is not self and all(
            "{" in segment or "{" in facing or segment == facing for segment, facing in pairs
        )

    def is_obeyed(self, method: str, parameters: Mapping[str, str]) -> bool:
        """Tell whether a path's parameters are what the operation of a method wants them to be."""
        violations = read_parameters(self.variants[method][0], parameters, b"", {})[1]
        return all(violation.location != "path" for violation in violations)
