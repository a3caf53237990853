"""Holding a request to the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockgrid.contract.bodies import UNREAD, media_type_for, read_body, unsupported_sentence
from mockgrid.contract.encodings import MalformedBodyError
from mockgrid.contract.parameters import read_parameters
from mockgrid.document.json_body import MalformedJsonError, read_json, reread_integers
from mockgrid.reply.request import RefusedError, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mockgrid.app.read import BodyReader
    from mockgrid.contract.contract import MediaType, Operation
    from mockgrid.http.incoming import Head
    from mockgrid.schema.violation import Violation

    Noted = Callable[[Head, Operation, MediaType, Any], None]

_JSON_NAME = "application/json"
_JSON = _JSON_NAME.encode()
# A value of the wrong JSON type, and a parameter whose text cannot be read as the type that it should have.
_WRONG_TYPE = ("MG110", "MG122")
_NO_PARAMETERS: dict[tuple[str, str], Any] = {}


class Validator:
    """Makes requests of what was sent, or refuses it.

    Args:
        reader: undoes encodings.
        max_depth: deepest nesting of a body.
        noted: told of each valid body.
    """

    def __init__(self, reader: BodyReader, max_depth: int, noted: Noted) -> None:
        self._reader = reader
        self._max_depth = max_depth
        self._noted = noted

    def request(
        self, head: Head, operation: Operation, path_parameters: dict[str, str], body: bytes
    ) -> Request:
        """Read the parameters and the body, and hold both to the contract.

        Raises:
            RefusedError: they break it, or cannot be read.
        """
        parameters: Mapping[tuple[str, str], Any] = _NO_PARAMETERS
        violations: list[Violation] = []
        if operation.parameters:
            parameters, violations = read_parameters(operation, path_parameters, head.query, head.headers)
        value = None
        if operation.body and (body or operation.body_required):
            headers, media = head.headers, operation.json_body
            if media is None or headers.get(b"content-type") != _JSON or media.name != _JSON_NAME:
                media = _media(head, operation, body)
            if b"content-encoding" in headers:
                body = self._reader.decoded(body, head)
            value = self._value(media, head, body)
            schema = media.schema
            if schema is not None and value is not UNREAD:
                if not schema.accepts(value):
                    # The fast reader knows no integers beyond 64 bits; the explanation has the last word.
                    value = reread_integers(body) if media.is_json else value
                    violations = [*violations, *schema.explain(value)]
                if not violations:
                    self._noted(head, operation, media, value)
        if violations:
            raise _invalid(violations)
        sent = head.path, head.query, head.headers
        return Request(operation, *sent, parameters, value, body, mounted=head.mounted)

    def _value(self, media: MediaType, head: Head, body: bytes) -> Any:
        try:
            if media.is_json:
                return read_json(body, self._max_depth)
            return read_body(media, head.text(b"content-type") or "", body, self._max_depth)
        except (MalformedJsonError, MalformedBodyError) as error:
            raise RefusedError("malformed_body", error.message) from None


def _media(head: Head, operation: Operation, body: bytes) -> MediaType:
    """Return the media type of a body, as the operation declares it."""
    sent = head.text(b"content-type")
    if sent is None and not body:
        raise RefusedError("malformed_body", "The request body is empty; a body was expected.")
    media = media_type_for(operation, sent)
    if media is None:
        raise RefusedError("unsupported_media_type", unsupported_sentence(operation, sent))
    return media


def _invalid(violations: list[Violation]) -> RefusedError:
    """Tell apart parameters that merely have the wrong JSON type from any other breach."""
    failure = "wrong_type" if all(v.code in _WRONG_TYPE for v in violations) else "invalid_request"
    first = violations[0]
    more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
    return RefusedError(failure, f"{first.path} {first.message}{more}", violations=violations)
