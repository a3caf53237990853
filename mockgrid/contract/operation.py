"""What a contract says about one operation."""

from __future__ import annotations

from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mockgrid.fixed import fixed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockgrid.contract.security import Security
    from mockgrid.schema.validator import SchemaValidator
    from mockgrid.schema.violation import Location

__all__ = ["MediaType", "Operation", "Parameter", "Response", "is_json", "plain_id"]


@fixed(slots=False)
class MediaType:
    """One media type of a request or response body.

    Attributes:
        name: such as ``application/json``; may be a range such as ``image/*``; with its parameters where
            another of the same operation differs in them alone.
        schema: the validator, or None where the document gives no schema.
        examples: the named examples in the document's order; an unnamed one is called ``""``.
        source: the media type object as it stands in the document, references followed.
        at: JSON pointer to it.
    """

    name: str
    schema: SchemaValidator | None
    examples: Mapping[str, Any]
    source: Mapping[str, Any]
    at: str

    @cached_property
    def is_json(self) -> bool:
        """Whether bodies of this type are JSON."""
        return is_json(self.name.partition(";")[0])


@fixed(slots=False)
class Parameter:
    """A parameter in the path, the query, a header or a cookie."""

    name: str
    location: Location
    required: bool
    schema: SchemaValidator | None
    style: str
    explode: bool
    content: str | None
    source: Mapping[str, Any]
    at: str


@fixed(slots=False)
class Response:
    """What the contract declares for one status: ``200``, ``4XX`` or ``default``."""

    status: str
    media: Mapping[str, MediaType]
    headers: Mapping[str, Mapping[str, Any]]
    source: Mapping[str, Any]
    at: str


@fixed(slots=False)
class Operation:
    """One method on one path.

    Attributes:
        id: the ``operationId``, or ``METHOD path`` where there is none, or one before it has the same.
        path: its template, without the query or the fragment that the document may have behind it.
        base_path: the path of the first server of its own, or of its path's; None where neither has any.
        query: the pairs that its key in the document has behind a question mark.
        written_id: the ``operationId`` as it stands in the document; empty for none.
        behaviour: what answers it beyond examples and synthesis: ``chat-completions``, ``models``, or None.
        body: the media types that it takes; empty where it takes no body.
        body_required: whether there has to be one; never for GET, HEAD and TRACE.
    """

    id: str
    method: str
    path: str
    summary: str
    behaviour: str | None
    deprecated: bool
    security: Security
    parameters: tuple[Parameter, ...]
    body: Mapping[str, MediaType]
    body_required: bool
    responses: Mapping[str, Response]
    at: str
    written_id: str = ""
    base_path: str | None = None
    query: frozenset[tuple[str, str]] = frozenset()
    # The validator of JSON bodies, found once: the common case of every request.
    json_body: MediaType | None = field(default=None)

    def response(self, status: int) -> Response | None:
        """Return what is declared for a status: exactly, as a range such as ``4XX``, or as the default."""
        declared = self.responses.get(str(status)) or self.responses.get(f"{status // 100}XX")
        return declared or self.responses.get("default")

    def declares(self, status: int) -> bool:
        """Tell whether a status is declared, exactly or as a range."""
        return str(status) in self.responses or f"{status // 100}XX" in self.responses


def is_json(media_type: str) -> bool:
    """Tell whether a media type is JSON: ``application/json``, ``text/json`` or anything ``+json``."""
    return media_type in ("application/json", "text/json") or media_type.endswith("+json")


def plain_id(method: str, path: str) -> str:
    """Return what an operation is called that has no id of its own: ``GET /pets``."""
    return f"{method.upper()} {path}"
