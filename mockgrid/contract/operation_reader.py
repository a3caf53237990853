"""The operations of an OpenAPI document, read into what answering a request needs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from mockgrid.contract.extension import EXTENSION
from mockgrid.contract.http_terms import MediaName
from mockgrid.contract.lint import (
    METHODS,
    STATUS,
    check_unlike,
    checked_path,
    fitted,
    location_of,
    methods_of,
    parts_of,
)
from mockgrid.contract.object_reader import ObjectReader
from mockgrid.contract.operation import MediaType, Operation, Parameter, Response, plain_id
from mockgrid.contract.scheme_reader import schemes_of
from mockgrid.contract.security import SCHEMES, Security
from mockgrid.contract.servers import base_path_of, check_servers
from mockgrid.document.nearest import nearest
from mockgrid.document.pointer import join
from mockgrid.schema.discriminators import BUNDLED
from mockgrid.schema.validator import SchemaValidator
from mockgrid.schema.violation import shown

if TYPE_CHECKING:
    from mockgrid.document.document import Document
    from mockgrid.schema.schemas import Schemas

__all__ = ["OperationReader"]

_STYLES: Final = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form", "cookie"),
}
# What media types are called for short.
_SHORT: Final = {
    "json": "application/json",
    "xml": "application/xml",
    "text": "text/plain",
    "html": "text/html",
}
# Methods whose bodies mean nothing in HTTP: many clients cannot send one.
_BODILESS: Final = ("get", "head", "trace")
# Headers that OpenAPI describes elsewhere than among parameters.
_ELSEWHERE: Final = ("accept", "content-type", "authorization")


class OperationReader:
    """Reads the operations of one document, with what answering them needs.

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
        self._unread = 0  # parameters of one operation of which a mistake was told

    def operations(self, *, webhooks: bool) -> list[Operation]:
        """Return all operations, in the document's order; of webhooks what no path of their name has."""
        operations: list[Operation] = []
        templates: dict[str, str] = {}
        entries = [(path, entry, join(("paths", path))) for path, entry in self._data["paths"].items()]
        for name, entry in self._data["webhooks"].items() if webhooks else ():
            entries.append((f"/{name.removeprefix('/')}", entry, join(("webhooks", name))))
        known: dict[str, set[str]] = {}
        above = ""
        for written, entry, pointer in entries:
            if written.startswith("x-"):
                continue
            if written in METHODS and above:
                # A path whose methods stand beside it is left empty.
                message = f"{written} is a method; a path was expected."
                hint = f"Indent it further, to be of the path {shown(above)}."
                self._document.mistakes.tell(self._document.error(message, pointer, hint, key=True))
                with self._document.mistakes:
                    operations.append(self._operation(above, written, written, {written: entry}, "/paths"))
                continue
            item, at = self._objects.follow(entry, pointer)
            above = written if not item else ""
            path = checked_path(self._document, written, partial(self._names_in_path, item, at))
            check_unlike(self._document, written, path, templates)
            methods = methods_of(self._document, item, at)
            for method, key in methods.items():
                if method in known.get(written, ()):
                    continue
                with self._document.mistakes:
                    operations.append(self._operation(path, method, key, item, at))
            known.setdefault(written, set()).update(methods)
        return operations

    def _names_in_path(self, item: dict[str, Any], at: str) -> set[str]:
        """Return the names of the parameters in the path that a path item and its operations declare."""
        names: set[str] = set()
        for key, holder in (("", item), *((f"/{method}", item.get(method)) for method in METHODS)):
            listed = holder.get("parameters") if isinstance(holder, dict) else None
            for index, entry in enumerate(listed if isinstance(listed, list) else ()):
                source, _ = self._objects.follow(entry, f"{at}{key}/parameters/{index}")
                if source.get("in") == "path":
                    names.add(str(source.get("name")))
        return names

    def _operation(
        self, written: str, method: str, key: str, item: dict[str, Any], item_at: str
    ) -> Operation:
        parts = parts_of(written)
        source, at = self._objects.follow(item[key], f"{item_at}/{key}", referring=False)
        body, body_at = self._objects.follow(source.get("requestBody"), f"{at}/requestBody")
        # What stands a level too high, as is told of it, is read where there is nothing else.
        beside = not body.get("content") and isinstance(source.get("content"), dict)
        media = self._media(source if beside else body, at if beside else body_at, self._requests)
        responses = self._answers({key: source[key] for key in source if STATUS.fullmatch(key)}, at)
        methods = {method: item[method] for method in METHODS if isinstance(item.get(method), dict)}
        lacking = [method for method, value in methods.items() if "responses" not in value]
        above = "responses" in item and lacking == [key]
        responses |= self._answers(
            *(
                (item["responses"], f"{item_at}/responses")
                if above
                else (source.get("responses"), f"{at}/responses")
            )
        )
        self._unread = 0
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
            parameters=tuple(
                fitted(self._document, parts, list(parameters.values()), at, unread=self._unread)
            ),
            body=media,
            body_required=self._objects.flag(body.get("required"), f"{body_at}/required")
            and method not in _BODILESS,
            responses=responses,
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
        required = holder.get("security")
        if isinstance(required, dict):  # one way, without the list around it
            hint = "Begin it with a dash, as in - api_key: []."
            error = self._document.error(
                f"a list was expected, got {shown(required)}.", f"{at}/security", hint
            )
            self._document.mistakes.tell(error)
            required = [required]
            at = f"{at}/security"
        for index, value in enumerate(self._objects.listing(required, f"{at}/security")):
            place = at if required is not holder.get("security") else f"{at}/security/{index}"
            if isinstance(value, dict):
                alternatives.append(value)
                self._check_declared(value, place)
                continue
            hint = f"Write {value}: []." if isinstance(value, str) else ""
            error = self._document.error(f"a mapping was expected, got {shown(value)}.", place, hint)
            self._document.mistakes.tell(error)
            if isinstance(value, str) and value in self._schemes:
                alternatives.append({value: []})
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
            if not STATUS.fullmatch(key):
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
            self._unread += 1
            with self._document.mistakes:
                source, place = self._objects.led_to(entry, f"{at}/{index}")
                if not source and place.startswith(f"/{BUNDLED}/"):
                    continue  # of a file that cannot be read, as was told
                if place != f"{at}/{index}" and not {"name", "in"} & source.keys():
                    message = f"the reference {entry['$ref']!r} leads to no parameter."
                    raise self._document.error(message, f"{at}/{index}/$ref")
                parameter = self._parameter(source, place)
                self._unread -= 1
                # The specification says that these three header parameters are described elsewhere.
                if parameter.location != "header" or parameter.name.lower() not in _ELSEWHERE:
                    parameters[parameter.location, parameter.name] = parameter
        return parameters

    def _parameter(self, source: dict[str, Any], at: str) -> Parameter:
        location = location_of(self._document, source, at)
        style = usual = "form" if location in ("query", "cookie") else "simple"
        with self._document.mistakes:
            style = self._objects.text(source.get("style") or usual, f"{at}/style")
            if style not in _STYLES[location]:
                *others, last = _STYLES[location]
                styles = f"{', '.join(others)} or {last}" if others else last
                message = f"style is {shown(style)}; {styles} was expected in the {location}."
                style = nearest(style, _STYLES[location]) or usual
                raise self._document.error(message, f"{at}/style", f"It is taken for {style}.")
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
        names = [MediaName.of(self._media_name(written, content_at)) for written in content]
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

    def _media_name(self, written: str, at: str) -> str:
        """Return the media type that is meant by a key of ``content``."""
        if "/" in written or written.startswith("x-"):
            return written
        meant = _SHORT.get(written.lower(), "")
        hint = f"Write {meant}." if meant else "It is written as in application/json."
        message = f"{shown(written)} is no media type."
        self._document.mistakes.tell(self._document.error(message, at + join((written,)), hint, key=True))
        return meant or written

    def _schema(
        self, holder: dict[str, Any], at: str, schemas: Schemas, key: str = "schema"
    ) -> SchemaValidator | None:
        return SchemaValidator(schemas, f"{at}/{key}") if key in holder else None
