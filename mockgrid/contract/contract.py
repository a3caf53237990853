"""An OpenAPI document compiled once into what answering a request needs."""

from __future__ import annotations

import hashlib
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from mockgrid.contract.examples import broken_examples
from mockgrid.contract.extension import EXTENSION, UNDRAWN, Policy, policy_of
from mockgrid.contract.gaps import gaps
from mockgrid.contract.http_terms import MediaName
from mockgrid.contract.lint import (
    check_document,
    check_servers,
    check_unlike,
    checked_path,
    fitted,
    location_of,
    methods_of,
    parts_of,
    repeated_ids,
)
from mockgrid.contract.object_reader import ObjectReader
from mockgrid.contract.operation import MediaType, Operation, Parameter, Response, is_json, plain_id
from mockgrid.contract.router import Router
from mockgrid.contract.security import SCHEMES, Security, schemes_of
from mockgrid.document.json_body import canonical_json
from mockgrid.document.pointer import join
from mockgrid.schema.contradictions import contradictory_schemas
from mockgrid.schema.endless import endless_schemas
from mockgrid.schema.schemas import Schemas, one_way
from mockgrid.schema.validator import SchemaValidator, check_compiling
from mockgrid.schema.values import DocumentValues
from mockgrid.schema.violation import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockgrid.contract.compiled import Compiled
    from mockgrid.document.document import Document
    from mockgrid.errors import DocumentError
    from mockgrid.schema.translate import Draft

__all__ = ["Contract", "MediaType", "Operation", "Parameter", "Response", "base_path_of", "is_json"]

_STATUS: Final = re.compile(r"[1-5](?:[0-9]{2}|XX)|default")
_ENDLESS: Final = (
    "every value of this schema contains another of the same, without end, so replies are cut short."
)
_LEFT_OUT: Final = "Replies leave the part out; correct it."
_CUT: Final = "Make the part that comes back optional or nullable."
# Methods whose bodies mean nothing in HTTP: many clients cannot send one.
_BODILESS: Final = ("get", "head", "trace")
# Headers that OpenAPI describes elsewhere than among parameters.
_ELSEWHERE: Final = ("accept", "content-type", "authorization")


class Contract:
    """A compiled OpenAPI document.

    Args:
        document: the effective document, overlays applied.
        base_path: replaces the path of the document's first server.
        lenient: also accept null for optional fields, and texts that a list of texts does not name.
        webhooks: also serve the document's webhooks, each at its name.
        compiled: what compiling the same document gave before.

    Raises:
        DocumentError: there is nothing in the document that can be served, or it has a mistake and is not to
            have any.
    """

    def __init__(
        self,
        document: Document,
        *,
        base_path: str | None = None,
        lenient: bool = False,
        webhooks: bool = False,
        compiled: Compiled | None = None,
    ) -> None:
        self.document = document
        self.learned: Callable[[tuple[tuple[str, str], ...]], None] = lambda _: None
        self._compiled = compiled
        if compiled is not None:
            compiled.tell(document.mistakes, document)
        data = check_document(document, webhooks=webhooks)
        info = data.get("info") or {}
        self.title = str(info.get("title", "API"))
        self.version = str(info.get("version", ""))
        self.base_path = _clean(base_path) if base_path is not None else base_path_of(data)
        self.policy: Policy = policy_of(document)
        self.one_way = frozenset(one_way(data) if compiled is None else compiled.one_way)
        requests = Schemas(document, "request", lenient=lenient, one_way=self.one_way)
        same = not lenient and not self.one_way
        self._responses = requests if same else Schemas(document, "response", one_way=self.one_way)
        self._requests = requests
        self.draft: Draft = requests.draft
        self.operations: tuple[Operation, ...] = tuple(
            _Compiler(document, data, requests, self._responses).operations(webhooks=webhooks)
        )
        if not self.operations:
            # A mistake that was told before is why, or comes first.
            message = "no path has a method, so there is nothing to serve."
            nothing = document.error(message, "/paths", "Give each path a method such as get.", key=True)
            raise next(iter(document.mistakes), nothing)
        if compiled is None:
            self._check_schemas()
        self.router = Router(self.operations, self.base_path, self.policy.absent)

    def _check_schemas(self) -> None:
        document = self.document
        if document.mistakes.strict:
            self.check_compiling()
        else:
            for node in endless_schemas(self._responses.shared):
                document.mistakes.tell(document.error(_ENDLESS, node.at, _CUT))
            for node, sentence in contradictory_schemas(self._responses):
                document.mistakes.tell(document.error(sentence, node.at, _LEFT_OUT))

    def check_compiling(self) -> None:
        """Compile all schemas, to find out that they can be; a request compiles those alone that it needs."""
        for schemas in dict.fromkeys((self._requests, self._responses)):
            check_compiling(schemas)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the document as canonical JSON: which contract a reply or a report was made from.

        Replies are drawn from it, so that what is said of paths that it lacks, or of prices, is left out.
        """
        if self._compiled is not None:
            return self._compiled.sha256
        data = self.document.data
        extension = data.get(EXTENSION)
        if isinstance(extension, dict):
            drawn = {name: value for name, value in extension.items() if name not in UNDRAWN}
            data = {**data, EXTENSION: drawn}
        return hashlib.sha256(canonical_json(data)).hexdigest()

    @cached_property
    def warnings(self) -> tuple[tuple[str, str], ...]:
        """Mistakes in the document that cost no more than their part: where each stands, and a sentence."""
        if self._compiled is not None and self._compiled.warned:
            return tuple((where, sentence) for where, sentence in self._compiled.warnings)
        mistakes = tuple(
            (error.where, f"{error.message} {error.hint}".rstrip()) for error in self.document.mistakes
        )
        warnings = (*mistakes, *self.repeated_ids, *self.broken_examples)
        self.learned(warnings)
        return warnings

    @cached_property
    def broken_examples(self) -> tuple[tuple[str, str], ...]:
        """Examples that break their schema: where each stands, and a sentence."""
        return tuple(broken_examples(self.operations, self._responses, self.values, self.document))

    @cached_property
    def repeated_ids(self) -> tuple[tuple[str, str], ...]:
        """Operation ids that are given a second time, which OpenAPI forbids: where, and a sentence."""
        return tuple(repeated_ids(self.operations, self.document))

    @property
    def gaps(self) -> Iterator[DocumentError]:
        """What OpenAPI requires of the document that can be served without it."""
        return gaps(self.document, self.operations, dict.fromkeys((self._requests, self._responses)))

    @cached_property
    def values(self) -> DocumentValues:
        """What makes values for the schemas of responses."""
        return DocumentValues(self._responses, self.document.data)

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
    url, variables = str(server.get("url", "")), server.get("variables")
    for name, variable in variables.items() if isinstance(variables, dict) else ():
        default = variable.get("default", "") if isinstance(variable, dict) else ""
        url = url.replace("{" + name + "}", str(default))
    try:
        return _clean(urlsplit(url).path)
    except ValueError:  # no host can be called so, and none is called
        return ""


def _clean(path: str) -> str:
    stripped = path.strip("/")
    return f"/{stripped}" if stripped else ""


class _Compiler:
    """Compiles one document.

    Args:
        document: an OpenAPI document.
        data: its outermost fields.
        requests: its schemas for what clients send.
        responses: its schemas for what they get.
    """

    def __init__(
        self, document: Document, data: dict[str, Any], requests: Schemas, responses: Schemas
    ) -> None:
        self._document = document
        self._data = data
        self._requests = requests
        self._responses = responses
        self._objects = ObjectReader(document)
        self._schemes = schemes_of(self._objects, data["components"])
        self._ids: set[str] = set()

    def operations(self, *, webhooks: bool) -> list[Operation]:
        """Return all operations, in the document's order; of webhooks what no path of their name has."""
        operations: list[Operation] = []
        templates: dict[str, str] = {}
        entries = [(path, entry, join(("paths", path))) for path, entry in self._data["paths"].items()]
        for name, entry in self._data["webhooks"].items() if webhooks else ():
            entries.append((f"/{name.removeprefix('/')}", entry, join(("webhooks", name))))
        known: dict[str, set[str]] = {}
        for written, entry, pointer in entries:
            if written.startswith("x-"):
                continue
            item, at = self._objects.follow(entry, pointer)
            path = checked_path(self._document, written)
            check_unlike(self._document, written, path, templates)
            methods = methods_of(self._document, item, at)
            for method, key in methods.items():
                if method in known.get(written, ()):
                    continue
                with self._document.mistakes:
                    operations.append(self._operation(path, method, key, item, at))
            known.setdefault(written, set()).update(methods)
        return operations

    def _operation(
        self, written: str, method: str, key: str, item: dict[str, Any], item_at: str
    ) -> Operation:
        parts = parts_of(written)
        source, at = self._objects.follow(item[key], f"{item_at}/{key}", referring=False)
        body, body_at = self._objects.follow(source.get("requestBody"), f"{at}/requestBody")
        media = self._media(body, body_at, self._requests)
        parameters = self._parameters(item.get("parameters"), f"{item_at}/parameters")
        parameters |= self._parameters(source.get("parameters"), f"{at}/parameters")
        written_id = str(source.get("operationId") or "")
        known = written_id if written_id not in self._ids else ""
        self._ids.add(written_id)
        return Operation(
            id=known or plain_id(method, written),
            method=method.upper(),
            path=parts.template,
            summary=str(source.get("summary", "")),
            behaviour=self._behaviour(source, f"{at}/{EXTENSION}"),
            deprecated=self._objects.flag(source.get("deprecated"), f"{at}/deprecated"),
            security=self._required_security(source, at),
            parameters=tuple(fitted(self._document, parts, list(parameters.values()), at)),
            body=media,
            body_required=self._objects.flag(body.get("required"), f"{body_at}/required")
            and method not in _BODILESS,
            responses=self._answers(source.get("responses"), f"{at}/responses"),
            at=at,
            written_id=written_id,
            base_path=self._base_path(source, at, item, item_at),
            query=parts.query,
            json_body=media.get("application/json")
            or next((media_type for media_type in media.values() if media_type.is_json), None),
        )

    def _base_path(self, source: dict[str, Any], at: str, item: dict[str, Any], item_at: str) -> str | None:
        holder, at = (source, at) if source.get("servers") else (item, item_at)
        if not holder.get("servers"):
            return None
        check_servers(self._document, holder["servers"], f"{at}/servers")
        return base_path_of(holder)

    def _behaviour(self, source: dict[str, Any], at: str) -> str | None:
        name = self._objects.mapping(source.get(EXTENSION), at).get("behaviour")
        with self._document.mistakes:
            return None if name is None else self._objects.text(name, f"{at}/behaviour")
        return None

    def _required_security(self, source: dict[str, Any], at: str) -> Security:
        holder, at = (source, at) if "security" in source else (self._data, "")
        alternatives: list[dict[str, Any]] = []
        for index, value in enumerate(self._objects.listing(holder.get("security"), f"{at}/security")):
            place = f"{at}/security/{index}"
            if isinstance(value, dict):
                alternatives.append(value)
                self._check_declared(value, place)
            else:
                self._document.mistakes.tell(self._objects.unexpected("a mapping", value, place))
        return Security(alternatives, self._schemes)

    def _check_declared(self, alternative: dict[str, Any], at: str) -> None:
        declared = self._objects.mapping(self._data["components"].get("securitySchemes"), SCHEMES)
        for name in alternative:
            if name not in declared:
                message = f"the security scheme {shown(name)} is not declared."
                hint = f"Declare it under {SCHEMES[1:].replace('/', '.')}."
                self._document.mistakes.tell(
                    self._document.error(message, at + join((name,)), hint, key=True)
                )

    def _answers(self, source: Any, at: str) -> dict[str, Response]:
        responses: dict[str, Response] = {}
        entries, at = self._objects.follow(source, at, referring=False)
        for status, entry in entries.items():
            if status.startswith("x-"):
                continue
            key = status.lower() if status.lower() == "default" else status.upper()
            if not _STATUS.fullmatch(key):
                message = f"{shown(status)} is no status; a number such as 200, 4XX or default was expected."
                self._document.mistakes.tell(self._document.error(message, at + join((status,)), key=True))
                continue
            response, place = self._objects.follow(entry, at + join((status,)))
            headers: dict[str, dict[str, Any]] = {}
            items, headers_at = self._objects.follow(
                response.get("headers"), f"{place}/headers", referring=False
            )
            for name, item in items.items():
                headers[name.lower()], header_at = self._objects.follow(item, headers_at + join((name,)))
                self._schema(headers[name.lower()], header_at, self._responses)
            media = self._media(response, place, self._responses)
            responses[key] = Response(status, media, headers, response, place)
        return responses

    def _parameters(self, sources: Any, at: str) -> dict[tuple[str, str], Parameter]:
        parameters: dict[tuple[str, str], Parameter] = {}
        for index, entry in enumerate(self._objects.listing(sources, at)):
            with self._document.mistakes:
                parameter = self._parameter(*self._objects.led_to(entry, f"{at}/{index}"))
                # The specification says that these three header parameters are described elsewhere.
                if parameter.location != "header" or parameter.name.lower() not in _ELSEWHERE:
                    parameters[parameter.location, parameter.name] = parameter
        return parameters

    def _parameter(self, source: dict[str, Any], at: str) -> Parameter:
        location = location_of(self._document, source, at)
        style = usual = "form" if location in ("query", "cookie") else "simple"
        with self._document.mistakes:
            style = self._objects.text(source.get("style") or usual, f"{at}/style")
        media, media_at = self._objects.follow(source.get("content"), f"{at}/content", referring=False)
        content = next(iter(media), None)
        holder, holder_at = source, at
        if content is not None:
            holder_at = media_at + join((content,))
            holder, holder_at = self._objects.follow(media[content], holder_at, referring=False)
        return Parameter(
            name=str(source["name"]),
            location=location,
            required=self._objects.flag(source.get("required"), f"{at}/required") or location == "path",
            schema=self._schema(holder, holder_at, self._requests),
            style=style,
            explode=self._objects.flag(source.get("explode"), f"{at}/explode", default=style == "form"),
            content=content,
            source=source,
            at=at,
        )

    def _media(self, source: dict[str, Any], at: str, schemas: Schemas) -> dict[str, MediaType]:
        by_name: dict[str, MediaType] = {}
        content, content_at = self._objects.follow(source.get("content"), f"{at}/content", referring=False)
        names = [MediaName.of(written) for written in content]
        for name, (written, entry) in zip(names, content.items(), strict=True):
            media, place = self._objects.follow(entry, content_at + join((written,)), referring=False)
            examples: dict[str, Any] = {}
            if "example" in media:
                examples[""] = media["example"]
            named = media.get("examples")
            for key, example in named.items() if isinstance(named, dict) else ():
                resolved, _ = self._objects.follow(example, place + join(("examples", key)))
                if "value" in resolved:
                    examples[key] = resolved["value"]
            # Parameters count where they tell two apart.
            apart = sum(name.name == other.name for other in names) > 1
            called = str(name) if apart else name.name
            by_name[called] = MediaType(called, self._schema(media, place, schemas), examples, media, place)
            self._schema(media, place, schemas, "itemSchema")
        return by_name

    def _schema(
        self, holder: dict[str, Any], at: str, schemas: Schemas, key: str = "schema"
    ) -> SchemaValidator | None:
        return SchemaValidator(schemas, f"{at}/{key}") if key in holder else None
