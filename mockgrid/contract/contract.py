"""An OpenAPI document compiled once into what answering a request needs."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mockgrid.contract.extension import EXTENSION, Policy, policy_of
from mockgrid.contract.lint import (
    METHODS,
    ObjectReader,
    broken_examples,
    check_document,
    check_operations,
    check_parameter,
    check_path,
    check_template,
    repeated_ids,
)
from mockgrid.contract.operation import MediaType, Operation, Parameter, Response, is_json, plain_id
from mockgrid.contract.router import Router
from mockgrid.contract.security import Scheme, Security
from mockgrid.document.json_body import canonical_json
from mockgrid.document.pointer import join
from mockgrid.schema.schemas import Schemas, one_way
from mockgrid.schema.validator import SchemaValidator, check_compiling

if TYPE_CHECKING:
    from mockgrid.document.document import Document
    from mockgrid.schema.translate import Draft

__all__ = ["Contract", "MediaType", "Operation", "Parameter", "Response", "base_path_of", "is_json"]


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
        data = check_document(document)
        info = data.get("info") or {}
        self.title = str(info.get("title", "API"))
        self.version = str(info.get("version", ""))
        self.base_path = _clean(base_path) if base_path is not None else base_path_of(data)
        self.policy: Policy = policy_of(document)
        requests = Schemas(document, "request", lenient=lenient)
        same = not lenient and not one_way(data)
        self._responses = requests if same else Schemas(document, "response")
        self.draft: Draft = requests.draft
        self.operations: tuple[Operation, ...] = tuple(
            _Compiler(document, requests, self._responses).operations()
        )
        check_operations(document, self.operations)
        for schemas in dict.fromkeys((requests, self._responses)):
            check_compiling(schemas, document.where)
        self.router = Router(self.operations, self.base_path)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the document as canonical JSON: which contract a reply or a report was made from."""
        return hashlib.sha256(canonical_json(self.document.data)).hexdigest()

    @cached_property
    def warnings(self) -> tuple[tuple[str, str], ...]:
        """What is surely a mistake in the document and yet does no harm: where it stands, and a sentence."""
        return (*self.repeated_ids, *broken_examples(self.operations, self._responses, self.document))

    @cached_property
    def repeated_ids(self) -> tuple[tuple[str, str], ...]:
        """Operation ids that are given a second time, which OpenAPI forbids: where, and a sentence."""
        return tuple(repeated_ids(self.operations, self.document))

    def operation(self, operation_id: str) -> Operation | None:
        """Return an operation by its id."""
        return next((operation for operation in self.operations if operation.id == operation_id), None)

    def validator(self, at: str) -> SchemaValidator:
        """Return the validator of the schema under a JSON pointer, as a part of responses.

        Raises:
            KeyError: there is nothing under the pointer.
        """
        return SchemaValidator(self._responses, at)


def base_path_of(data: dict[str, Any]) -> str:
    """Return the path of a document's first server, its variables filled in: ``/v1``; empty for none."""
    servers = data.get("servers") or [{}]
    server = servers[0] if isinstance(servers, list) and isinstance(servers[0], dict) else {}
    url = str(server.get("url", ""))
    for name, variable in (server.get("variables") or {}).items():
        url = url.replace("{" + name + "}", str(variable.get("default", "")))
    try:
        return _clean(urlsplit(url).path)
    except ValueError:  # no host can be called so, and none is called
        return ""


def _clean(path: str) -> str:
    stripped = path.strip("/")
    return f"/{stripped}" if stripped else ""


def _schemes_of(objects: ObjectReader) -> dict[str, Scheme]:
    """Read the security schemes of a document; kinds that carry no credential in a request are left out.

    Raises:
        DocumentError: one is no mapping, or names no header, query or cookie parameter.
    """
    components = objects.mapping(objects.document.data.get("components"), "/components")
    at = "/components/securitySchemes"
    schemes: dict[str, Scheme] = {}
    for name, value in objects.mapping(components.get("securitySchemes"), at).items():
        entry, place = objects.follow(value, at + join((name,)))
        kind, where = entry.get("type"), entry.get("in")
        if kind == "http":
            basic = str(entry.get("scheme", "")).lower() == "basic"
            schemes[name] = Scheme(name, "basic" if basic else "bearer")
        elif kind == "apiKey" and where in ("header", "query", "cookie"):
            parameter = objects.text(entry.get("name"), f"{place}/name")
            if where == "header" and not parameter.isascii():
                raise objects.unexpected("the name of a header", parameter, f"{place}/name")
            schemes[name] = Scheme(name, where, parameter)
        elif kind in ("oauth2", "openIdConnect"):
            schemes[name] = Scheme(name, "bearer")
    return schemes


class _Compiler:
    """Compiles one document.

    Args:
        document: an OpenAPI document.
        requests: its schemas for what clients send.
        responses: its schemas for what they get.
    """

    def __init__(self, document: Document, requests: Schemas, responses: Schemas) -> None:
        self._document = document
        self._data = document.data
        self._requests = requests
        self._responses = responses
        self._objects = ObjectReader(document)
        self._schemes = _schemes_of(self._objects)
        self._ids: set[str] = set()

    def operations(self) -> list[Operation]:
        """Return all operations, in the document's order.

        Raises:
            DocumentError: a part of the document is not what it should be.
        """
        operations: list[Operation] = []
        for path, entry in self._objects.mapping(self._data.get("paths"), "/paths").items():
            if path.startswith("x-"):
                continue
            item, at = self._objects.follow({} if entry is None else entry, join(("paths", path)))
            check_path(self._document, path, item, at)
            operations += [self._operation(path, method, item, at) for method in METHODS if method in item]
        return operations

    def _operation(self, path: str, method: str, item: dict[str, Any], item_at: str) -> Operation:
        at = f"{item_at}/{method}"
        source = self._objects.mapping(item[method], at)
        body, body_at = self._objects.follow(source.get("requestBody") or {}, f"{at}/requestBody")
        media = self._media(body, body_at, self._requests)
        parameters = self._parameters(item.get("parameters"), f"{item_at}/parameters")
        parameters |= self._parameters(source.get("parameters"), f"{at}/parameters")
        check_template(self._document, path, parameters.values(), at)
        written = str(source.get("operationId") or "")
        known = written if written not in self._ids else ""
        self._ids.add(written)
        return Operation(
            id=known or plain_id(method, path),
            method=method.upper(),
            path=path,
            summary=str(source.get("summary", "")),
            behaviour=self._objects.mapping(source.get(EXTENSION), f"{at}/{EXTENSION}").get("behaviour"),
            deprecated=bool(source.get("deprecated")),
            security=self._required_security(source, at),
            parameters=tuple(parameters.values()),
            body=media,
            body_required=bool(body.get("required")),
            responses=self._answers(source.get("responses"), f"{at}/responses"),
            at=at,
            written_id=written,
            json_body=next((media_type for media_type in media.values() if media_type.is_json), None),
        )

    def _required_security(self, source: dict[str, Any], at: str) -> Security:
        holder, at = (source, at) if "security" in source else (self._data, "")
        alternatives = self._objects.listing(holder.get("security"), f"{at}/security")
        for index, alternative in enumerate(alternatives):
            if not isinstance(alternative, dict):
                raise self._objects.unexpected("a mapping", alternative, f"{at}/security/{index}")
        return Security(alternatives, self._schemes)

    def _answers(self, source: Any, at: str) -> dict[str, Response]:
        responses: dict[str, Response] = {}
        for status, entry in self._objects.mapping(source, at).items():
            if status.startswith("x-"):
                continue
            response, place = self._objects.follow(entry, at + join((status,)))
            headers: dict[str, dict[str, Any]] = {}
            for name, item in self._objects.mapping(response.get("headers"), f"{place}/headers").items():
                headers[name.lower()], header_at = self._objects.follow(item, place + join(("headers", name)))
                self._schema(f"{header_at}/schema", self._responses)
            media = self._media(response, place, self._responses)
            key = status if status == "default" else status.upper()
            responses[key] = Response(status, media, headers, response, place)
        return responses

    def _parameters(self, sources: Any, at: str) -> dict[tuple[str, str], Parameter]:
        parameters: dict[tuple[str, str], Parameter] = {}
        for index, entry in enumerate(self._objects.listing(sources, at)):
            source, place = self._objects.follow(entry, f"{at}/{index}")
            check_parameter(self._document, source, place)
            location, name = source["in"], str(source["name"])
            # The specification says that these three header parameters are described elsewhere.
            if location == "header" and name.lower() in ("accept", "content-type", "authorization"):
                continue
            usual = "form" if location in ("query", "cookie") else "simple"
            style = self._objects.text(source.get("style") or usual, f"{place}/style")
            content = next(iter(self._objects.mapping(source.get("content"), f"{place}/content")), None)
            holder = place if content is None else place + join(("content", content))
            parameters[location, name] = Parameter(
                name=name,
                location=location,
                required=bool(source.get("required")) or location == "path",
                schema=self._schema(f"{holder}/schema", self._requests),
                style=style,
                explode=bool(source.get("explode", style == "form")),
                content=content,
                source=source,
                at=place,
            )
        return parameters

    def _media(self, source: dict[str, Any], at: str, schemas: Schemas) -> dict[str, MediaType]:
        by_name: dict[str, MediaType] = {}
        for written, entry in self._objects.mapping(source.get("content"), f"{at}/content").items():
            place = at + join(("content", written))
            media = self._objects.mapping(entry, place)
            examples: dict[str, Any] = {}
            if "example" in media:
                examples[""] = media["example"]
            named = media.get("examples")
            for key, example in named.items() if isinstance(named, dict) else ():
                resolved, _ = self._objects.follow(example, place + join(("examples", key)))
                if "value" in resolved:
                    examples[key] = resolved["value"]
            name = written.partition(";")[0].strip().lower()
            by_name[name] = MediaType(name, self._schema(f"{place}/schema", schemas), examples, media, place)
            self._schema(f"{place}/itemSchema", schemas)
        return by_name

    def _schema(self, at: str, schemas: Schemas) -> SchemaValidator | None:
        try:
            return SchemaValidator(schemas, at)
        except KeyError:
            return None
