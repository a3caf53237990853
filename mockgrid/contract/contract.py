"""An OpenAPI document compiled once into what answering a request needs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import orjson

from mockgrid.contract.dialect import Draft, draft_of, translate
from mockgrid.contract.pointer import join, resolve
from mockgrid.contract.policy import EXTENSION, Policy, policy_of
from mockgrid.contract.routing import Router
from mockgrid.contract.security import Security, schemes_of
from mockgrid.contract.validation import SchemaValidator
from mockgrid.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockgrid.contract.document import Document

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass(frozen=True)
class MediaType:
    """One media type of a request or response body.

    Attributes:
        name: such as ``application/json``; may be a range such as ``image/*``.
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

    @property
    def is_json(self) -> bool:
        """Whether bodies of this type are JSON."""
        return is_json(self.name)


@dataclass(frozen=True)
class Parameter:
    """A parameter in the path, the query, a header or a cookie."""

    name: str
    location: str
    required: bool
    schema: SchemaValidator | None
    style: str
    explode: bool
    content: str | None
    source: Mapping[str, Any]
    at: str


@dataclass(frozen=True)
class Response:
    """What the contract declares for one status: ``200``, ``4XX`` or ``default``."""

    status: str
    media: Mapping[str, MediaType]
    headers: Mapping[str, Mapping[str, Any]]
    source: Mapping[str, Any]
    at: str


@dataclass(frozen=True)
class Operation:
    """One method on one path.

    Attributes:
        id: the ``operationId``, or ``METHOD path``.
        behaviour: what answers it beyond examples and synthesis: ``chat-completions``, ``models``, or None.
        body: the media types that it takes; empty where it takes no body.
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
    # The validator of JSON bodies, found once: the common case of every request.
    json_body: MediaType | None = field(default=None)

    def response(self, status: int) -> Response | None:
        """Return what is declared for a status: exactly, as a range such as ``4XX``, or as the default."""
        found = self.responses.get(str(status)) or self.responses.get(f"{status // 100}XX")
        return found or self.responses.get("default")

    def declares(self, status: int) -> bool:
        """Tell whether a status is declared, exactly or as a range."""
        return str(status) in self.responses or f"{status // 100}XX" in self.responses


class Contract:
    """A compiled OpenAPI document.

    Args:
        document: the effective document, overlays applied.
        base_path: replaces the path of the document's first server.
        lenient: also accept null for optional fields, and texts that a list of texts does not name.

    Raises:
        DocumentError: the document is not OpenAPI 3.0 or 3.1, or a part of it cannot be used.
    """

    def __init__(self, document: Document, *, base_path: str | None = None, lenient: bool = False) -> None:
        self.document = document
        data = document.data
        version = data.get("openapi") if isinstance(data, dict) else None
        if not isinstance(version, str) or not version.startswith(("3.0", "3.1")):
            raise DocumentError(
                f"openapi is {version!r}; an OpenAPI 3.0 or 3.1 document was expected.",
                where=document.where("/openapi"),
            )
        self.draft: Draft = draft_of(data)
        self.title = str(data.get("info", {}).get("title", "API"))
        self.version = str(data.get("info", {}).get("version", ""))
        self.base_path = _clean(base_path) if base_path is not None else base_path_of(data)
        self.policy: Policy = policy_of(document)
        self.translated = translate(data, lenient=lenient)
        self.operations = tuple(_Compiler(self).operations())
        self.router = Router(self.operations, self.base_path)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the document as canonical JSON: which contract a reply or a report was made from."""
        return hashlib.sha256(orjson.dumps(self.document.data, option=orjson.OPT_SORT_KEYS)).hexdigest()

    def operation(self, operation_id: str) -> Operation | None:
        """Return an operation by its id."""
        return next((operation for operation in self.operations if operation.id == operation_id), None)

    def validator(self, at: str) -> SchemaValidator:
        """Return the validator of the schema under a JSON pointer."""
        return SchemaValidator(resolve(self.translated, at), self.translated, self.draft, at=at)


class _Compiler:
    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._document = contract.document
        self._data = contract.document.data
        components = self._data.get("components") or {}
        self._schemes = schemes_of(components)
        self._security = self._data.get("security", [])

    def operations(self) -> list[Operation]:
        paths = self._data.get("paths") or {}
        if not isinstance(paths, dict):
            raise DocumentError("paths is not a mapping.", where=self._document.where("/paths"))
        found: list[Operation] = []
        for path in paths:
            if str(path).startswith("x-"):
                continue
            item, at = self._follow(paths[path], join(["paths", path]))
            for method in METHODS:
                if isinstance(item, dict) and method in item:
                    found.append(self._operation(path, method, item, at))
        return found

    def _operation(self, path: str, method: str, item: dict[str, Any], at: str) -> Operation:
        source = item[method]
        at = f"{at}/{method}"
        if not isinstance(source, dict):
            raise DocumentError("an operation is not a mapping.", where=self._document.where(at))
        extension = source.get(EXTENSION) or {}
        body, body_at = self._follow(source.get("requestBody") or {}, f"{at}/requestBody")
        media = self._media(body, body_at)
        parameters = self._parameters(item.get("parameters", []), at.rpartition("/")[0])
        parameters |= self._parameters(source.get("parameters", []), at)
        responses: dict[str, Response] = {}
        for status in source.get("responses") or {}:
            if str(status).startswith("x-"):
                continue
            response, response_at = self._follow(source["responses"][status], f"{at}/responses/{status}")
            headers = {
                name.lower(): self._follow(header, f"{response_at}/headers/{name}")[0]
                for name, header in (response.get("headers") or {}).items()
            }
            responses[str(status).upper() if str(status) != "default" else "default"] = Response(
                str(status), self._media(response, response_at), headers, response, response_at
            )
        return Operation(
            id=source.get("operationId") or f"{method.upper()} {path}",
            method=method.upper(),
            path=path,
            summary=str(source.get("summary", "")),
            behaviour=extension.get("behaviour"),
            deprecated=bool(source.get("deprecated")),
            security=Security(source.get("security", self._security), self._schemes),
            parameters=tuple(parameters.values()),
            body=media,
            body_required=bool(body.get("required")),
            responses=responses,
            at=at,
            json_body=next((found for found in media.values() if found.is_json), None),
        )

    def _parameters(self, sources: list[Any], at: str) -> dict[tuple[str, str], Parameter]:
        found: dict[tuple[str, str], Parameter] = {}
        for index, entry in enumerate(sources):
            source, place = self._follow(entry, f"{at}/parameters/{index}")
            location, name = str(source.get("in", "")), str(source.get("name", ""))
            # The specification says that these three header parameters are described elsewhere.
            if location == "header" and name.lower() in ("accept", "content-type", "authorization"):
                continue
            style = source.get("style") or ("form" if location in ("query", "cookie") else "simple")
            content = next(iter(source.get("content") or {}), None)
            schema_at = f"{place}/content/{content.replace('/', '~1')}/schema" if content else f"{place}/schema"
            found[location, name] = Parameter(
                name=name,
                location=location,
                required=bool(source.get("required")) or location == "path",
                schema=self._schema(schema_at),
                style=style,
                explode=bool(source.get("explode", style == "form")),
                content=content,
                source=source,
                at=place,
            )
        return found

    def _media(self, source: dict[str, Any], at: str) -> dict[str, MediaType]:
        found: dict[str, MediaType] = {}
        for name, entry in (source.get("content") or {}).items():
            place = f"{at}/content/{name.replace('~', '~0').replace('/', '~1')}"
            media = {} if entry is None else entry  # `image/png:` with nothing after it
            if not isinstance(media, dict):
                raise DocumentError("a media type is not a mapping.", where=self._document.where(place))
            examples: dict[str, Any] = {}
            if "example" in media:
                examples[""] = media["example"]
            named = media.get("examples")
            for key, example in named.items() if isinstance(named, dict) else ():
                resolved, _ = self._follow(example, f"{place}/examples/{key}")
                if "value" in resolved:
                    examples[key] = resolved["value"]
            found[name.partition(";")[0].strip().lower()] = MediaType(
                name.partition(";")[0].strip().lower(), self._schema(f"{place}/schema"), examples, media, place
            )
        return found

    def _schema(self, at: str) -> SchemaValidator | None:
        try:
            schema = resolve(self._contract.translated, at)
        except KeyError:
            return None
        return SchemaValidator(schema, self._contract.translated, self._contract.draft, at=at)

    def _follow(self, value: Any, at: str) -> tuple[dict[str, Any], str]:
        """Follow references to an object; return it with its own place."""
        for _ in range(32):
            if not isinstance(value, dict):
                raise DocumentError(
                    f"a mapping was expected, found {type(value).__name__}.", where=self._document.where(at)
                )
            reference = value.get("$ref")
            if not isinstance(reference, str):
                return value, at
            if not reference.startswith("#"):
                raise DocumentError(
                    f"the reference {reference} leads out of the document.", where=self._document.where(f"{at}/$ref")
                )
            try:
                value = resolve(self._data, unquote(reference))
            except KeyError:
                raise DocumentError(
                    f"the reference {reference} leads to nothing.", where=self._document.where(f"{at}/$ref")
                ) from None
            at = unquote(reference)[1:]
        raise DocumentError("references lead in a circle.", where=self._document.where(at))


def is_json(media_type: str) -> bool:
    """Tell whether a media type is JSON: ``application/json``, ``text/json`` or anything ``+json``."""
    return media_type in ("application/json", "text/json") or media_type.endswith("+json")


def base_path_of(data: dict[str, Any]) -> str:
    """Return the path of a document's first server, its variables filled in: ``/v1``; empty for none."""
    servers = data.get("servers") or [{}]
    server = servers[0] if isinstance(servers, list) and isinstance(servers[0], dict) else {}
    url = str(server.get("url", ""))
    for name, variable in (server.get("variables") or {}).items():
        url = url.replace("{" + name + "}", str(variable.get("default", "")))
    return _clean(urlsplit(url).path)


def _clean(path: str) -> str:
    stripped = path.strip("/")
    return f"/{stripped}" if stripped else ""
