"""A request that a stage refuses, or that nothing can answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockgrid.errors import MockgridError
from mockgrid.schema.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mockgrid.scenario.explanation import NoStep
    from mockgrid.schema.violation import Location


class RefusedError(MockgridError):
    """Raised by a stage to end a request with an error in the vendor's shape.

    Args:
        failure: the kind of failure in the contract's policy, such as ``unknown_model``.
        message: one sentence for the client.
        violations: what was wrong, in order.
        headers: headers that the answer carries besides, such as ``Allow``.
        code: what ``mockgrid explain`` tells of it; empty for the failure's usual code.
        no_step: why no step of a scenario answered.
        attempt: how many times the session has seen the request; 0 where it was refused before it counted.
    """

    def __init__(  # noqa: PLR0913 - each says one thing about the refusal, by name
        self,
        failure: str,
        message: str,
        *,
        violations: Sequence[Violation] = (),
        headers: Mapping[str, str] | None = None,
        code: str = "",
        no_step: NoStep | None = None,
        attempt: int = 0,
    ) -> None:
        super().__init__(message)
        self.failure = failure
        self.violations = tuple(violations)
        self.headers = headers
        self.code = code
        self.no_step = no_step
        self.attempt = attempt


_CODES: Final[dict[str, tuple[str, Location]]] = {
    "unknown_path": ("MG101", "path"),
    "method_not_allowed": ("MG102", "path"),
    "unauthorized": ("MG104", "header"),
    "body_too_large": ("MG106", "body"),
    "unsupported_media_type": ("MG107", "header"),
    "malformed_body": ("MG108", "body"),
    "request_timeout": ("MG109", "body"),
    "unknown_model": ("MG126", "body"),
}


def breach_of(refused: RefusedError) -> Violation | None:
    """Return the violation that a refusal means by itself, where it lists none; None where it means none.

    A client that meets a limit has broken nothing.
    """
    if refused.failure not in _CODES or refused.violations:
        return None
    code, location = _CODES[refused.failure]
    pointer, path = ("/model", "model") if refused.failure == "unknown_model" else ("", "$")
    return Violation(refused.code or code, path, refused.message, pointer, location)


class UnanswerableError(MockgridError):
    """The contract asks for a reply that no value satisfies; ``where`` is the schema's place."""
