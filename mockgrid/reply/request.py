"""A request as the stages see it, and the error by which a stage refuses it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from mockgrid.document.json_body import canonical_json
from mockgrid.errors import MockgridError
from mockgrid.schema.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mockgrid.contract.contract import Operation
    from mockgrid.contract.extension import Models
    from mockgrid.scenario.selection import NoStep
    from mockgrid.schema.violation import Location


@dataclass(slots=True, eq=False)
class RepeatedRequest:
    """What was worked out of a request whose bytes come again, as with retries and under load.

    Attributes:
        value: the body as a JSON value, which nobody may change.
        noted: what the report counts of it each time; None where it has to look at it.
        drawn: the digest of what is asked, itself and in hexadecimal, and how the reply is to be sent.
        made: default replies by their seeds, in the words of their behaviour.
    """

    value: Any
    noted: Any = None
    drawn: tuple[Any, str, bytes] | None = None
    made: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Request:
    """A valid request, read once.

    Attributes:
        operation: what was called.
        path: the path as it was sent.
        query: the query as it was sent.
        headers: by lower-case name; the last of several with one name.
        parameters: path, query, header and cookie parameters by location and name.
        value: the body as a JSON value; None where there is none.
        body: the body's bytes.
        models: the models that are known in its session, in place of the server's; None for those.
        mounted: the prefix under which the application is mounted, quoted.
        funded: those of them for which its key has balance; None for all.
        canonical: the value as ``canonical_json`` writes it; None where nobody has written it yet.
        alike: whether another with the same bytes is read in the same way.
        repeat: what is remembered of it; None where it is new.
    """

    operation: Operation
    path: str
    query: bytes
    headers: Mapping[bytes, bytes]
    parameters: Mapping[tuple[str, str], Any]
    value: Any
    body: bytes
    models: Models | None = None
    mounted: str = ""
    funded: Models | None = None
    canonical: bytes | None = None
    alike: bool = False
    repeat: RepeatedRequest | None = None

    def drawn(self, digest: Any, sending_keys: Sequence[str]) -> tuple[Any, str, bytes]:
        """Return the digest of what the request asks, itself and in hexadecimal, and how the reply is sent.

        Two requests that differ only in how the reply is sent ask the same: a stream says what JSON would
        have said. White space and the order of keys never count.

        Args:
            digest: what goes before; it is not changed.
            sending_keys: the keys of the body that say how; it is whole unless the first is there.
        """
        repeat = self.repeat
        if repeat is not None and repeat.drawn is not None:
            own, text, sending = repeat.drawn
            return own.copy(), text, sending
        value, sending = self.value, b""
        if value is None:
            requested = self.body
        elif sending_keys and isinstance(value, dict) and sending_keys[0] in value:
            sending = canonical_json({key: value[key] for key in sending_keys if key in value})
            requested = canonical_json({key: value[key] for key in value if key not in sending_keys})
        else:
            requested = self.canonical or canonical_json(value)
        try:
            path = self.path.encode()
        except UnicodeEncodeError:  # it has half a surrogate pair
            path = self.path.encode("utf-8", "surrogatepass")
        own = digest.copy()
        own.update(b"%b?%b" % (path, self.query))
        own.update(requested)
        text = own.hexdigest()
        if repeat is not None:
            repeat.drawn = own.copy(), text, sending
        return own, text, sending


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
        harmless: whether the client has broken nothing by it, although others would.
        location: where in the request it is; None for where the failure usually is.
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
        harmless: bool = False,
        location: Location | None = None,
    ) -> None:
        super().__init__(message)
        self.failure = failure
        self.location = location
        self.violations = tuple(violations)
        self.headers = headers
        self.code = code
        self.no_step = no_step
        self.attempt = attempt
        self.harmless = harmless


FORWARDED: Final = "forwarded"
"""The failure of a request that is no failure: it goes to the provider, as no step answers it."""

UNMET_PREFERENCE: Final = "MG129"
"""The code of a ``Prefer`` that cannot be honoured."""

_CODES: Final[dict[str, tuple[str, Location]]] = {
    "unknown_path": ("MG101", "path"),
    "method_not_allowed": ("MG102", "path"),
    "unauthorized": ("MG104", "header"),
    "body_too_large": ("MG106", "body"),
    "unsupported_media_type": ("MG107", "header"),
    "not_acceptable": ("MG150", "header"),
    "malformed_body": ("MG108", "body"),
    "not_declared": (UNMET_PREFERENCE, "header"),
    "request_timeout": ("MG109", "body"),
    "unknown_model": ("MG126", "body"),
}


def breach_of(refused: RefusedError) -> Violation | None:
    """Return the violation that a refusal means by itself, where it lists none; None where it means none.

    A client that meets a limit has broken nothing, and neither has a browser that looks at the server's root.
    """
    if refused.failure not in _CODES or refused.violations or refused.harmless:
        return None
    code, location = _CODES[refused.failure]
    pointer, path = ("/model", "model") if refused.failure == "unknown_model" else ("", "$")
    if refused.location is not None:
        location = refused.location
        path = f"{location}.{path}" if pointer else path
    return Violation(refused.code or code, path, refused.message, pointer, location)


class UnanswerableError(MockgridError):
    """A step asks an operation for a reply that it does not give."""
