"""A request that a stage refuses, or that nothing can answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockgrid.errors import MockgridError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mockgrid.contract.violation import Violation


class RefusedError(MockgridError):
    """Raised by a stage to end a request with an error in the vendor's shape.

    Args:
        failure: the kind of failure in the contract's policy, such as ``unknown_model``.
        message: one sentence for the client.
        violations: what was wrong, in order.
        headers: headers that the answer carries besides, such as ``Allow``.
        code: what ``mockgrid explain`` tells of it; empty for the failure's usual code.
    """

    def __init__(
        self,
        failure: str,
        message: str,
        *,
        violations: Sequence[Violation] = (),
        headers: Mapping[str, str] | None = None,
        code: str = "",
    ) -> None:
        super().__init__(message)
        self.failure = failure
        self.violations = tuple(violations)
        self.headers = headers
        self.code = code


class UnanswerableError(MockgridError):
    """The contract asks for a reply that no value satisfies; ``where`` is the schema's place."""
