"""Holding a request to the contract."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from mockgrid.contract.bodies import (
    UNREAD,
    encoding_violations,
    media_type_for,
    read_body,
    unsupported_sentence,
    value_as_sent,
)
from mockgrid.contract.encodings import MalformedBodyError
from mockgrid.contract.parameters import read_parameters
from mockgrid.document.json_body import MalformedJsonError, read_and_write, reread_integers
from mockgrid.errors import MockgridError
from mockgrid.reply.preferences import choose_media
from mockgrid.reply.request import RefusedError, RepeatedRequest, Request
from mockgrid.schema.hints import SchemaHints
from mockgrid.schema.values import Recent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockgrid.app.read import BodyReader
    from mockgrid.app.record import Recorder
    from mockgrid.contract.contract import MediaType, Operation
    from mockgrid.contract.variants import Variants
    from mockgrid.http.incoming import Head
    from mockgrid.schema.violation import Violation

_JSON_NAME = "application/json"
_JSON = _JSON_NAME.encode()
# A value of the wrong JSON type, and a parameter whose text cannot be read as the type that it should have.
_WRONG_TYPE = ("MG110", "MG122")
REPEATS_KEPT: Final = 8 * 1024 * 1024
"""Bytes that requests which came again may take, and what was worked out of them."""

# What the largest of them may take; what each does besides its bytes, its replies included; and each item.
_LARGEST = 1024 * 1024
_OVERHEAD, _ITEM = 16 * 1024, 80
# Different lengths of theirs that are known. When there are more, all come again as if they were new.
_MOST_LENGTHS = 10_000
_STREAM = "text/event-stream"
_NO_PARAMETERS: dict[tuple[str, str], Any] = {}


class Validator:
    """Makes requests of what was sent, or refuses it.

    Args:
        reader: undoes encodings.
        max_depth: deepest nesting of a body.
        recorder: told of each valid body.
        variants: by their ids, the operations that share method, path and query with others, and those.

    Attributes:
        repeats: requests that came again, by operation, path, query and body.
    """

    def __init__(
        self,
        reader: BodyReader,
        max_depth: int,
        recorder: Recorder,
        variants: Mapping[str, Variants],
    ) -> None:
        self._reader = reader
        self._max_depth = max_depth
        self._recorder = recorder
        self.repeats: Recent[RepeatedRequest] = Recent(REPEATS_KEPT)
        # How long their bodies are: one of another length need not be looked up, which reads all of it.
        self._lengths: set[int] = set()
        self._variants = variants

    @property
    def remembered(self) -> dict[str, Recent[RepeatedRequest] | int]:
        """The requests that came again, and how many lengths their bodies have."""
        return {"lengths": len(self._lengths), "requests": self.repeats}

    def request(
        self, head: Head, operation: Operation, path_parameters: dict[str, str], body: bytes
    ) -> Request:
        """Read the parameters and the body, and hold both to the contract.

        Where a fragment tells several operations apart, the request is of the one that it fits best.

        Raises:
            RefusedError: they break it, or cannot be read.
        """
        if operation.id in self._variants:
            return self._best(head, self._variants[operation.id], path_parameters, body)
        return self._read(head, operation, path_parameters, body)

    def _best(self, head: Head, variants: Variants, path_parameters: dict[str, str], body: bytes) -> Request:
        requests: list[Request] = []
        refusals: list[RefusedError] = []
        for variant in variants.possible(head.query, head.headers):
            try:
                requests.append(self._read(head, variant, path_parameters, body))
            except RefusedError as refused:
                refusals.append(refused)
        if not requests:
            raise refusals[0]
        accept = head.text(b"accept")
        return max(requests, key=lambda request: _fitness(request, accept))

    def _read(
        self, head: Head, operation: Operation, path_parameters: dict[str, str], body: bytes
    ) -> Request:
        parameters: Mapping[tuple[str, str], Any] = _NO_PARAMETERS
        violations: list[Violation] = []
        if operation.parameters:
            parameters, violations = read_parameters(operation, path_parameters, head.query, head.headers)
        value = canonical = repeat = None
        alike = False
        if operation.body and (body or operation.body_required):
            headers, media = head.headers, operation.json_body
            if media is None or headers.get(b"content-type") != _JSON or media.name != _JSON_NAME:
                media = _media(head, operation, body)
            else:
                alike = b"content-encoding" not in headers
            if not alike and b"content-encoding" in headers:
                body = self._reader.decoded(body, head)
            seen = alike and len(body) in self._lengths
            repeat = self.repeats.get((operation.id, head.path, head.query, body)) if seen else None
            value, canonical = self._value(media, head, body) if repeat is None else (repeat.value, None)
            schema = media.schema
            if schema is not None and value is not UNREAD:
                if repeat is None and not schema.accepts(value):
                    # The fast reader knows no integers beyond 64 bits; the explanation has the last word.
                    value, canonical = reread_integers(body) if media.is_json else value, None
                    violations += schema.explain(value)
                violations += () if media.is_json else _of_encodings(media, head, body)
                if not violations:
                    self._recorder.note_body(head, operation, media, value, repeat)
        if violations:
            raise _invalid(violations)
        request = Request(operation, head.path, head.query, head.headers, parameters, value, body)
        request.canonical, request.alike, request.repeat = canonical, alike, repeat
        if head.mounted:
            request.mounted = head.mounted
        return request

    def as_sent(self, head: Head, operation: Operation, body: bytes) -> Request:
        """Return a request that breaks the contract, as far as it can be read."""
        value = None
        with suppress(MockgridError, RefusedError):
            if b"content-encoding" in head.headers:
                body = self._reader.decoded(body, head)
            value = value_as_sent(operation, head.text(b"content-type"), body, self._max_depth)
        return Request(operation, head.path, head.query, head.headers, _NO_PARAMETERS, value, body)

    def remember(self, request: Request) -> None:
        """Remember a valid request that a session has sent again; most never come again."""
        if request.repeat is not None or not request.alike:
            return
        body = request.body
        key = request.operation.id, request.path, request.query, body
        if len(self._lengths) >= _MOST_LENGTHS:
            self._lengths.clear()
        self._lengths.add(len(body))
        if self.repeats.get(key) is None:
            # A list in a list is three bytes, and a hundred in memory; texts take about what they are.
            size = _OVERHEAD + 2 * len(body) + _ITEM * sum(map(body.count, (b",", b"[", b"{")))
            if size <= _LARGEST:
                self.repeats.keep(key, RepeatedRequest(request.value), size)

    def _value(self, media: MediaType, head: Head, body: bytes) -> tuple[Any, bytes | None]:
        """Return the value of a body and, where it has been written already, its canonical JSON."""
        try:
            if media.is_json:
                return read_and_write(body, self._max_depth)
            return _read_other(media, head.text(b"content-type") or "", body, self._max_depth), None
        except (MalformedJsonError, MalformedBodyError) as error:
            raise RefusedError("malformed_body", error.message) from None


def _of_encodings(media: MediaType, head: Head, body: bytes) -> list[Violation]:
    return encoding_violations(media, head.text(b"content-type"), body)


def _read_other(media: MediaType, content_type: str, body: bytes, max_depth: int) -> Any:
    value = read_body(media, content_type, body, max_depth)
    if value is UNREAD:
        from mockgrid.contract.well_formed import check_well_formed  # noqa: PLC0415 - with expat, for XML alone

        check_well_formed(content_type, body)
    return value


def _media(head: Head, operation: Operation, body: bytes) -> MediaType:
    """Return the media type of a body, as the operation declares it."""
    sent = head.text(b"content-type")
    if sent is None and not body:
        raise RefusedError("malformed_body", "The request body is empty; a body was expected.")
    media = media_type_for(operation, sent)
    if media is None:
        raise RefusedError("unsupported_media_type", unsupported_sentence(operation, sent))
    return media


def _fitness(request: Request, accept: str | None) -> tuple[bool, bool, int]:
    """Tell how well a request fits its operation: by what it gives, and by how much of the body it knows."""
    given = [name for response in request.operation.responses.values() for name in response.media]
    value = request.value if isinstance(request.value, dict) else {}
    streams = value.get("stream") is True or _STREAM in (accept or "")
    body = request.operation.json_body
    known = SchemaHints.of(body.schema).properties if body is not None else ()
    return (
        not given or choose_media(accept, given) is not None,
        streams == (_STREAM in given),
        len(value.keys() & {*known}),
    )


def _invalid(violations: list[Violation]) -> RefusedError:
    """Tell apart parameters that merely have the wrong JSON type from any other breach."""
    failure = "wrong_type" if all(v.code in _WRONG_TYPE for v in violations) else "invalid_request"
    first = violations[0]
    more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
    return RefusedError(failure, f"{first.path} {first.message}{more}", violations=violations)
