"""What the objects of an OpenAPI document are made of, and which of their fields OpenAPI does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import unquote

from mockgrid.contract.lint import STATUS
from mockgrid.document.nearest import misspelt
from mockgrid.document.pointer import join, resolve
from mockgrid.schema.branches import with_article
from mockgrid.schema.discriminators import BUNDLED
from mockgrid.schema.keywords import KNOWN
from mockgrid.schema.violation import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.document.document import Document
    from mockgrid.errors import DocumentError

__all__ = ["Flaw", "flaws"]

# The fields of each object with what they hold: an object of this table, a list [] or a mapping {} of them,
# text, a flag, or data. A field with ! is required, one with + is new in OpenAPI 3.1.
_FIELDS: Final = {
    "document": "openapi:text info!:info jsonSchemaDialect+:text servers:[server] paths:{path_item} "
    "webhooks+:{path_item} components:components security:data tags:[tag] externalDocs:documentation",
    "info": "title!:text summary+:text description:text termsOfService:text contact:contact license:license "
    "version!:text",
    "contact": "name:text url:text email:text",
    "license": "name!:text identifier+:text url:text",
    "server": "url!:text description:text variables:{server_variable}",
    "server_variable": "enum:data default!:data description:text",
    "components": "schemas:data responses:{response} parameters:{parameter} examples:{example} "
    "requestBodies:{request_body} headers:{header} securitySchemes:{security_scheme} links:{link} "
    "callbacks:{callback} pathItems+:{path_item}",
    "path_item": "summary:text description:text get:operation put:operation post:operation delete:operation "
    "options:operation head:operation patch:operation trace:operation query:operation "
    "additionalOperations:data servers:[server] parameters:[parameter]",
    "operation": "tags:data summary:text description:text externalDocs:documentation operationId:text "
    "parameters:[parameter] requestBody:request_body responses:{response} callbacks:{callback} "
    "deprecated:flag security:data servers:[server]",
    "documentation": "description:text url!:text",
    "parameter": "name:text in:text description:text required:flag deprecated:flag allowEmptyValue:flag "
    "style:text explode:flag allowReserved:flag schema:data example:data examples:{example} "
    "content:{media_type}",
    "request_body": "description:text content!:{media_type} required:flag",
    "media_type": "schema:data itemSchema:data example:data examples:{example} encoding:{encoding} "
    "prefixEncoding:data itemEncoding:data",
    "encoding": "contentType:text headers:{header} style:text explode:flag allowReserved:flag encoding:data "
    "prefixEncoding:data itemEncoding:data",
    "response": "description:text summary:text headers:{header} content:{media_type} links:{link}",
    "callback": "",
    "example": "summary:text description:text value:data externalValue:text dataValue:data "
    "serializedValue:text",
    "link": "operationRef:text operationId:text parameters:data requestBody:data description:text "
    "server:server",
    "header": "description:text required:flag deprecated:flag allowEmptyValue:flag style:text explode:flag "
    "allowReserved:flag schema:data example:data examples:{example} content:{media_type}",
    "tag": "name!:text summary:text description:text externalDocs:documentation parent:text kind:text",
    "security_scheme": "type:text description:text name:text in:text scheme:text bearerFormat:text "
    "flows:flows openIdConnectUrl:text oauth2MetadataUrl:text deprecated:flag",
    "flows": "implicit:flow password:flow clientCredentials:flow authorizationCode:flow "
    "deviceAuthorization:flow",
    "flow": "authorizationUrl:text tokenUrl:text refreshUrl:text scopes!:data deviceAuthorizationUrl:text",
}
# What there is one of has no article.
_ONLY: Final = {"document": "the document", "components": "components", "info": "info", "flows": "flows"}
_EXPECTED: Final = {"text": (str, "a text"), "flag": (bool, "true or false")}
# What holds a schema, and does not take its keywords; and what holds its schemas by media types.
_WITH_SCHEMA: Final = ("parameter", "header", "media_type")
_WITH_CONTENT: Final = ("request_body", "response")


class _Field(NamedTuple):
    holds: str
    around: str  # [ for a list, { for a mapping
    required: bool
    new: bool


def _field(written: str) -> tuple[str, _Field]:
    name, _, kind = written.partition(":")
    around = kind[0] if kind[0] in "[{" else ""
    field = _Field(kind.strip("[]{}"), around, "!" in name, "+" in name)
    return name.rstrip("!+"), field


_OBJECTS: Final = {name: dict(map(_field, fields.split())) for name, fields in _FIELDS.items()}


# What belongs a level or two up or down, by where it stands, with where to write it.
_METHODS: Final = dict.fromkeys(
    (name for name, field in _OBJECTS["path_item"].items() if field.holds == "operation"),
    "Write it under a path, beside its other methods.",
)
_OF_OPERATION: Final = dict.fromkeys(("requestBody", "responses", "parameters"), "Write it under a method.")
_MISPLACED: Final = {
    "document": dict.fromkeys(("schemas", "securitySchemes", "requestBodies"), "Write it under components."),
    "path_item": _OF_OPERATION,
    "operation": _METHODS | {"content": "Write it under requestBody."},
    "request_body": _METHODS | _OF_OPERATION,
    "response": _METHODS | _OF_OPERATION,
}


class Flaw(NamedTuple):
    """What is odd about one object of a document.

    Attributes:
        at: JSON pointer to the object.
        error: says what, and where.
        costs: whether a part of the document is not read for it, which was surely meant to be.
    """

    at: str
    error: DocumentError
    costs: bool


def flaws(document: Document) -> Iterator[Flaw]:
    """Yield the fields that objects of a document have and OpenAPI does not know, lack, or have wrong.

    Schemas and what is said of security are not looked into.
    """
    old = str(document.data.get("openapi", "")).startswith("3.0")
    mended = {document.pointer_of(mistake)[0] for mistake in document.mistakes.told}
    for kind, value, at in _objects(document):
        spoilt = False
        for flaw in _of_object(document, kind, value, at, old=old):
            spoilt = spoilt or flaw.costs
            yield flaw
        for name in () if spoilt else _missing(kind, value):
            if f"{at}/{name}" not in mended:
                message = f"{'this ' if kind not in _ONLY else ''}{kind.replace('_', ' ')} has no {name}."
                yield Flaw(at, document.error(message, at, key=True), costs=False)


def _objects(document: Document) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield the kind of each object of a document with the object and the pointer to it, in its order."""
    waiting: list[tuple[str, Any, str]] = [("document", document.data, "")]
    followed: set[str] = set()
    while waiting:
        kind, value, at = waiting.pop()
        if not isinstance(value, dict):
            continue
        if isinstance(reference := value.get("$ref"), str):
            # What stands in the document itself is met there.
            if (
                reference.startswith(f"#/{BUNDLED}/")
                and reference not in followed
                and document.holds(reference)
            ):
                followed.add(reference)
                waiting.append((kind, resolve(document.data, reference), unquote(reference)[1:]))
        elif kind == "callback":
            waiting += [("path_item", item, at + join((key,))) for key, item in value.items() if _named(key)]
        else:
            yield kind, value, at
            for name, field in reversed(_OBJECTS[kind].items()):
                if name in value and field.holds in _OBJECTS:
                    waiting += reversed([*_inside(field, value[name], f"{at}/{name}", name)])


def _named(key: str) -> bool:
    return not key.startswith("x-")


def _inside(field: _Field, value: Any, at: str, name: str) -> Iterator[tuple[str, Any, str]]:
    if not field.around:
        yield field.holds, value, at
    elif field.around == "[":
        for index, item in enumerate(value if isinstance(value, list) else ()):
            yield field.holds, item, at + join((index,))
    else:
        for key, item in value.items() if isinstance(value, dict) else ():
            if name not in ("paths", "responses", "callbacks") or _named(key):
                # A method may stand beside its path.
                beside = name == "paths" and key in _OBJECTS["path_item"]
                yield "operation" if beside else field.holds, item, at + join((key,))


def _of_object(document: Document, kind: str, value: dict[str, Any], at: str, *, old: bool) -> Iterator[Flaw]:
    fields = _OBJECTS[kind]
    for key, item in value.items():
        field, place = fields.get(key), at + join((key,))
        if field is None:
            if _named(key) and key not in (BUNDLED, "swagger"):
                message, hint, costs = _unknown(kind, key)
                yield Flaw(at, document.error(message, place, hint, key=True), costs)
        elif field.new and old:
            message = f"{key} is no field of {_called(kind)} in OpenAPI 3.0."
            yield Flaw(at, document.error(message, place, "It is new in 3.1.", key=True), costs=False)
        elif item is not None and not _fits(field, item):
            expected = {"[": "a list", "{": "a mapping"}.get(field.around)
            expected = expected or _EXPECTED.get(field.holds, (dict, "a mapping"))[1]
            message = f"{key} is {shown(item)}; {expected} was expected."
            yield Flaw(at, document.error(message, place), costs=False)


def _missing(kind: str, value: dict[str, Any]) -> list[str]:
    return [name for name, field in _OBJECTS[kind].items() if field.required and value.get(name) is None]


def _fits(field: _Field, item: Any) -> bool:
    if field.around:
        return isinstance(item, list if field.around == "[" else dict)
    return field.holds == "data" or isinstance(item, _EXPECTED.get(field.holds, (dict, ""))[0])


def _unknown(kind: str, key: str) -> tuple[str, str, bool]:
    """Return what is wrong with a field, what to do, and whether it was surely meant to be read."""
    message = f"{key} is no field of {_called(kind)}."
    meant = misspelt(key, _OBJECTS[kind])
    if meant is not None:
        return message, f"Did you mean {meant}?", True
    if kind in _WITH_SCHEMA and key in KNOWN:
        return message, "Write it under schema.", True
    if kind in _WITH_CONTENT and key == "schema":
        return message, "Write it under content, as in content: {application/json: {schema: …}}.", True
    if kind in _WITH_CONTENT and "/" in key:
        return message, "Write it under content.", True
    if kind == "operation" and STATUS.fullmatch(key):
        return message, "Write it under responses.", True
    level = _MISPLACED.get(kind, {}).get(key)
    return (message, level, True) if level else (message, "Extensions begin with x-.", False)


def _called(kind: str) -> str:
    return _ONLY.get(kind) or with_article(kind.replace("_", " "))
