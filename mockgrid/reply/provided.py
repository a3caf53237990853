"""Holding what a provider answered to the contract: status, headers, body, and each event of a stream."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import orjson

from mockgrid.contract.coverage import bare, declared_media
from mockgrid.contract.encodings import MalformedBodyError, decode_content
from mockgrid.contract.http_terms import NEVER
from mockgrid.errors import MockgridError
from mockgrid.reply.behaviours import stream_end
from mockgrid.reply.delivery.form import data_of, events_of, readings_of
from mockgrid.schema.violation import Violation, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockgrid.contract.contract import Contract
    from mockgrid.contract.operation import MediaType, Operation, Response
    from mockgrid.schema.validator import SchemaValidator
    from mockgrid.schema.violation import Location
    from mockgrid.session.turns import Turns

UNDECLARED_STATUS: Final = "MG240"
UNDECLARED_MEDIA: Final = "MG241"
UNREADABLE: Final = "MG242"
UNFINISHED: Final = "MG243"
NO_REPLY: Final = "MG244"
MISSING_HEADER: Final = "MG245"

_STREAM: Final = "text/event-stream"
_INDEX: Final = re.compile(r"(?<=/)\d+(?=/|$)")
# A reply that breaks its schema in a hundred places is told of by the first.
_MOST: Final = 20
# Of a stream in which every event breaks it, so many are looked through.
_MOST_BROKEN: Final = 100
_LARGEST: Final = 16 * 1024 * 1024


def decoded(headers: Sequence[tuple[bytes, bytes]], body: bytes) -> bytes | None:
    """Return a body with its Content-Encoding undone; None where that is not known here.

    Raises:
        MalformedBodyError: it is not in the encoding.
    """
    coding = b",".join(value for name, value in headers if name == b"content-encoding")
    try:
        return decode_content(body, coding.decode("latin-1"), _LARGEST) if coding else body
    except MalformedBodyError:
        raise
    except MockgridError:
        return None


class ProviderContract:
    """What a contract says of replies.

    Args:
        contract: the contract.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract

    def violations(
        self,
        operation: Operation,
        status: int,
        headers: Sequence[tuple[bytes, bytes]],
        body: bytes | None,
        *,
        whole: bool,
    ) -> Turns[tuple[Violation, ...]]:
        """Find how a reply breaks the contract: of alike places, the first, and of all, the first twenty.

        In a stream, a JSON pointer begins with the number of the event.

        Args:
            operation: that was called.
            status: of the reply.
            headers: of the reply, with lower-case names.
            body: as it was before it was encoded; None where it cannot be read.
            whole: whether it has come to its end.
        """
        declared = operation.response(status)
        if declared is None:
            if status in self._contract.policy.gateway:
                return ()
            known = ", ".join(sorted(operation.responses)) or "no status"
            message = f"the status {status} is not declared for {operation.id}; it declares {known}"
            return (_violation(UNDECLARED_STATUS, "status", message, f"one of {known}", status),)
        broken: dict[tuple[str, str], Violation] = {}
        for violation in self._each(operation, declared, status, headers, body, whole=whole):
            if violation is not None:
                broken.setdefault((violation.code, _INDEX.sub("*", violation.pointer)), violation)
                if len(broken) >= _MOST:
                    break
            yield
        return tuple(broken.values())

    def _each(  # noqa: PLR0913 - a reply, and what is said of such
        self,
        operation: Operation,
        declared: Response,
        status: int,
        headers: Sequence[tuple[bytes, bytes]],
        body: bytes | None,
        *,
        whole: bool,
    ) -> Iterator[Violation | None]:
        """Yield what breaks the contract, and None after each piece of the work."""
        sent = dict(headers)
        for name, header in declared.headers.items():
            lowered = name.lower()
            if header.get("required") is True and lowered not in NEVER and lowered.encode() not in sent:
                message = f"the header {lowered} is missing, which the contract requires"
                yield _violation(MISSING_HEADER, f"headers.{lowered}", message, "the header")
        # A redirect says where to go by a header, whatever is declared.
        silent = operation.method == "HEAD" or status // 100 == 3 or not declared.media  # noqa: PLR2004
        if body is None or (silent and not body):
            return
        content_type = sent.get(b"content-type", b"").decode("latin-1")
        media = declared.media.get(declared_media(bare(content_type), declared.media) or "")
        if media is None or not body:
            if whole or body:
                yield _undeclared(declared, content_type if body else "", body)
        elif bare(content_type) == _STREAM:
            yield from self._of_stream(operation, media, body, whole=whole)
        elif media.is_json and whole:
            yield from _of_json(media, body)

    def _of_stream(
        self, operation: Operation, media: MediaType, body: bytes, *, whole: bool
    ) -> Iterator[Violation | None]:
        schema, end = self._contract.event_validator(media), data_of(stream_end(operation.behaviour))
        events = [event for event in events_of(body) if event.strip()]
        if not whole:
            events = events[:-1]
        broken = 0
        for number, event in enumerate(events):
            data = data_of(event)
            if data != end and schema is not None and broken < _MOST_BROKEN:
                violations = _of_event(schema, event, data)
                broken += bool(violations)
                yield from (violation.moved((number,)) for violation in violations)
            yield None
        ended = not end or any(data_of(event) == end for event in events)
        if whole and not ended:
            message = f"the stream ends without its last event, {end.decode()}"
            yield _violation(UNFINISHED, "$", message, f"data: {end.decode()}")


def _of_event(schema: SchemaValidator, event: bytes, data: bytes) -> list[Violation]:
    values = list(readings_of(event))
    violations = explained(schema, values)
    is_text = violations and values[0] == data.decode("utf-8", "replace")
    return [_unreadable(data, "the data of an event")] if is_text else violations


def _of_json(media: MediaType, body: bytes) -> Iterator[Violation | None]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        yield _unreadable(body, "the body")
        return
    if media.schema is not None:
        yield from explained(media.schema, [value])


def explained(schema: SchemaValidator, values: list[Any]) -> list[Violation]:
    """Return how the first of the values that a text may be read as breaks a schema, unless one obeys it."""
    return [] if any(map(schema.accepts, values)) or not values else schema.explain(values[0])


def _undeclared(declared: Response, content_type: str, body: bytes) -> Violation:
    known = ", ".join(declared.media) or "no body"
    got = content_type or ("a body without a content type" if body else "no body")
    message = f"is {got}, where {declared.status} declares {known}"
    return _violation(UNDECLARED_MEDIA, "headers.content-type", message, known, got)


def _unreadable(data: bytes, what: str) -> Violation:
    return _violation(UNREADABLE, "$", f"{what} is not JSON", "JSON", data.decode("utf-8", "replace"))


def _violation(code: str, path: str, message: str, expected: str = "", got: Any = None) -> Violation:
    location: Location = "body" if path == "$" else "header"
    text = "" if got is None else shown(got)
    return Violation(code, path, message, location=location, expected=expected, got=text)


def unfinished(message: str) -> Violation:
    """Return what is said of a reply that broke off."""
    return _violation(UNFINISHED, "$", message.rstrip("."))


def unanswered(message: str) -> Violation:
    """Return what is said of a provider that gave no reply."""
    return _violation(NO_REPLY, "$", message.rstrip("."))


def miscoded(message: str) -> Violation:
    """Return what is said of a body that is not in its Content-Encoding."""
    return _violation(UNREADABLE, "$", message.replace("The request body", "the body").rstrip("."))
