"""Mistakes of a document outside its schemas, found before a request finds them.

Most refuse the document; a warning is surely a mistake and yet does no harm.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import orjson

from mockgrid.contract.operation import plain_id
from mockgrid.document.nearest import nearest
from mockgrid.document.pointer import join, resolve
from mockgrid.errors import DocumentError
from mockgrid.schema.validator import indices_broken
from mockgrid.schema.violation import shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from mockgrid.contract.operation import Operation, Parameter
    from mockgrid.document.document import Document
    from mockgrid.schema.schemas import Schemas
    from mockgrid.schema.validator import SchemaValidator

__all__ = [
    "METHODS",
    "ObjectReader",
    "broken_examples",
    "check_document",
    "check_operations",
    "check_parameter",
    "check_path",
    "check_template",
    "repeated_ids",
]

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_LOCATIONS: Final = ("path", "query", "header", "cookie")
_VERSION: Final = re.compile(r"3\.[01](?:\.[0-9][^ ]*)?")
_NAME: Final = re.compile(r"\{([^{}]*)\}")
# Keys that a path item has, or that belong one level deeper: none of them is a misspelt method.
_NO_METHODS: Final = (
    *("$ref", "summary", "description", "servers", "parameters", "query", "additionalOperations", "headers"),
    *("tags", "responses", "requestBody", "operationId", "deprecated", "security", "callbacks"),
)
_START: Final = "Start it with openapi: 3.1.0, or 3.0.3, whichever it is written in."
_LONGEST_CHAIN: Final = 32


def check_document(document: Document) -> dict[str, Any]:
    """Return an OpenAPI document's data, its outermost fields checked.

    Raises:
        DocumentError: it is no OpenAPI 3.0 or 3.1 document, or there is nothing in it that could be served.
    """
    data = document.data
    if not isinstance(data, dict):
        raise DocumentError(
            f"the document is {_kind(data)}; a mapping was expected.",
            where=document.where(""),
            hint="Is it an OpenAPI document?",
        )
    _check_version(document, data)
    for name in ("info", "paths", "components", "webhooks"):
        if not isinstance(data.get(name) or {}, dict) or data.get(name) == []:
            raise ObjectReader(document).unexpected("a mapping", data[name], f"/{name}")
    _check_servers(document, data.get("servers"))
    if "paths" in data:
        return data
    if data["openapi"].startswith("3.1") and ("components" in data or "webhooks" in data):
        message = "the document has no paths, so there is nothing to serve."
    else:
        message = "the field paths is missing."
    raise DocumentError(message, where=document.where(""), hint="List the API's paths under paths.")


def check_operations(document: Document, operations: Collection[Operation]) -> None:
    """Check that there are any.

    Raises:
        DocumentError: no path has a method.
    """
    if not operations:
        raise DocumentError(
            "no path has a method, so there is nothing to serve.",
            where=document.where_key("/paths"),
            hint="Give each path a method such as get.",
        )


def _check_version(document: Document, data: dict[str, Any]) -> None:
    if "openapi" not in data:
        if "swagger" in data:
            raise DocumentError(
                f"This is Swagger {str(data['swagger'])[:20]}; convert it to OpenAPI 3.0 or 3.1 first.",
                where=document.where_key("/swagger"),
                hint="swagger2openapi and editor.swagger.io do that.",
            )
        meant = next((key for key in data if nearest(key, ["openapi"])), None)
        raise DocumentError(
            "the field openapi is missing.",
            where=document.where("") if meant is None else document.where_key(join((meant,))),
            hint=_START if meant is None else f"Is {meant} a misspelling of it?",
        )
    version = data["openapi"]
    if isinstance(version, str) and _VERSION.fullmatch(version):
        return
    hint = _START
    if isinstance(version, (int, float)) and not isinstance(version, bool):
        hint = f'This is a number; write it as a text, such as "{version}.0".'
    elif str(version).startswith("3.2"):
        hint = "Write 3.1.1 if the document uses nothing that is new in 3.2; convert it otherwise."
    message = f"openapi is {shown(version)}; an OpenAPI 3.0 or 3.1 document was expected."
    raise DocumentError(message, where=document.where("/openapi"), hint=hint)


def _check_servers(document: Document, servers: Any) -> None:
    if servers is None:
        return
    if not isinstance(servers, list):
        raise ObjectReader(document).unexpected("a list", servers, "/servers")
    for index, server in enumerate(servers[:1]):  # the others are not used
        variables = server.get("variables") or {} if isinstance(server, dict) else None
        if not isinstance(variables, dict) or not all(isinstance(item, dict) for item in variables.values()):
            at = f"/servers/{index}" + ("" if variables is None else "/variables")
            raise DocumentError(f"a mapping was expected in {at}.", where=document.where(at))


def check_path(document: Document, path: str, item: Mapping[str, Any], at: str) -> None:
    """Check the name of a path, and the keys of its path item.

    Raises:
        DocumentError: the path has no leading slash or no proper templates, or a method is misspelt.
    """
    where = document.where_key(join(("paths", path)))
    if not path.startswith("/"):
        raise DocumentError(
            f"the path {shown(path)} must begin with a slash.",
            where=where,
            hint=f"Write {shown('/' + path)}.",
        )
    names = _NAME.findall(path)
    if "" in names or any(bracket in _NAME.sub("", path) for bracket in "{}"):
        raise DocumentError(
            f"the path {shown(path)} has a bracket without a name in it, or without its other half.",
            where=where,
            hint="A parameter is written {name}.",
        )
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DocumentError(f"the path {shown(path)} has the parameter {twice} twice.", where=where)
    for key in item:
        if key in METHODS or key in _NO_METHODS or key.startswith("x-"):
            continue
        meant = nearest(key, (*METHODS, *_NO_METHODS))
        if meant in METHODS:
            raise DocumentError(
                f"{shown(key)} is not a method.",
                where=document.where_key(at + join((key,))),
                hint=f"Did you mean {meant}?",
            )


def check_parameter(document: Document, source: Mapping[str, Any], at: str) -> None:
    """Check a parameter's name, and where it stands in a request.

    Raises:
        DocumentError: either is missing, or no request has such a place.
    """
    expected = "path, query, header or cookie"
    for field, hint in (("name", ""), ("in", f"It is {expected}.")):
        if field not in source:
            raise DocumentError(f"this parameter has no field {field}.", where=document.where(at), hint=hint)
    location = source["in"]
    if location in _LOCATIONS:
        return
    meant = nearest(location, _LOCATIONS) if isinstance(location, str) else None
    hint = f"Did you mean {meant}?" if meant else ""
    if location in ("body", "formData"):
        hint = "From OpenAPI 3.0 on, bodies are described by requestBody."
    message = f"in is {shown(location)}; {expected} was expected."
    raise DocumentError(message, where=document.where(f"{at}/in"), hint=hint)


def check_template(document: Document, path: str, parameters: Iterable[Parameter], at: str) -> None:
    """Check that an operation declares the parameters in its path, and no others there.

    Args:
        document: where the operation stands.
        path: the path's template.
        parameters: the operation's own and those of its path item.
        at: JSON pointer to the operation.

    Raises:
        DocumentError: one is missing, or one too many.
    """
    written = _NAME.findall(path)
    declared = {parameter.name: parameter for parameter in parameters if parameter.location == "path"}
    for name, parameter in declared.items():
        if name not in written:
            meant = nearest(name, [other for other in written if other not in declared])
            raise DocumentError(
                f"the path parameter {shown(name)} is not in the path {path}.",
                where=document.where(parameter.at),
                hint=f"Did you mean {meant}?" if meant else "Write it there in braces, or remove it here.",
            )
    for name in written:
        if name not in declared:
            raise DocumentError(
                f"the path {path} has the parameter {name}, which is not declared.",
                where=document.where_key(at),
                hint=f"Add it to parameters: {{name: {name}, in: path, required: true, schema: …}}.",
            )


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    return "text" if isinstance(value, str) else "a list"


class ObjectReader:
    """Takes values of one document for what they should be.

    Each method takes the value and the JSON pointer to it, and raises a DocumentError for another kind.
    """

    def __init__(self, document: Document) -> None:
        self.document = document

    def mapping(self, value: Any, at: str) -> dict[str, Any]:
        """Return a mapping; one that was left empty, as in ``image/png:``, has no keys."""
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.unexpected("a mapping", value, at)
        return value

    def listing(self, value: Any, at: str) -> list[Any]:
        """Return a list; one that was left empty has no items."""
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.unexpected("a list", value, at)
        return value

    def text(self, value: Any, at: str) -> str:
        """Return a text that is not empty."""
        if not isinstance(value, str) or not value:
            raise self.unexpected("a text", value, at)
        return value

    def follow(self, value: Any, at: str) -> tuple[dict[str, Any], str]:
        """Follow references to a mapping; return it with its own place."""
        for _ in range(_LONGEST_CHAIN):
            if not isinstance(value, dict):
                raise self.unexpected("a mapping", value, at)
            reference = value.get("$ref")
            if not isinstance(reference, str):
                return value, at
            where = self.document.where(f"{at}/$ref")
            if not reference.startswith("#"):
                raise DocumentError(f"the reference {reference!r} leads out of the document.", where=where)
            at = unquote(reference)[1:]
            if not self.document.holds(at):
                raise DocumentError(f"the reference {reference!r} leads to nothing.", where=where)
            value = resolve(self.document.data, at)
        raise DocumentError("references lead in a circle.", where=self.document.where(at))

    def unexpected(self, expected: str, value: Any, at: str) -> DocumentError:
        """Return the error for a value of another kind."""
        message = f"{expected} was expected, got {shown(value)}."
        return DocumentError(message, where=self.document.where(at))


def repeated_ids(operations: Iterable[Operation], document: Document) -> Iterator[tuple[str, str]]:
    """Yield the operation ids that were given before: where each stands, and a sentence.

    Args:
        operations: of one document, in its order.
        document: gives the places.
    """
    first: dict[str, Operation] = {}
    for operation in operations:
        known = first.setdefault(operation.written_id, operation)
        if known is operation or not operation.written_id:
            continue
        own = plain_id(operation.method, operation.path)
        of = f"{plain_id(known.method, known.path)} ({_place(known, document)})"
        if known.at == operation.at:  # two paths refer to one path item
            where = document.where_key(join(("paths", operation.path)))
        else:
            where = _place(operation, document)
        yield (
            where,
            f"the operationId {operation.written_id} is already that of {of}; this one is called {own!r}.",
        )


def _place(operation: Operation, document: Document) -> str:
    return document.where(f"{operation.at}/operationId")


def broken_examples(
    operations: Iterable[Operation], schemas: Schemas, document: Document
) -> Iterator[tuple[str, str]]:
    """Yield the JSON examples of responses that break their schema: where each stands, and a sentence.

    Args:
        operations: of one document.
        schemas: those that the responses' validators are of.
        document: gives the places.
    """
    examples = list(_examples(operations))
    for index in indices_broken(schemas, [(schema, value) for _, _, schema, value in examples]):
        name, at, schema, written = examples[index]
        violation = next(iter(schema.explain(_read(written))), None)
        if violation is not None:  # the explanation has the last word
            called = f"the example {name}" if name else "this example"
            effect = "" if name else ", so it is not used"
            sentence = f"{called} breaks its own schema{effect}: {violation.sentence}"
            yield document.where(at), sentence


def _examples(operations: Iterable[Operation]) -> Iterator[tuple[str, str, SchemaValidator, Any]]:
    """Yield each example once: its name, its place, and its value with the schema."""
    seen: set[str] = set()
    for operation in operations:
        for response in operation.responses.values():
            for media in response.media.values():
                if media.schema is None or not media.is_json or media.at in seen:
                    continue
                seen.add(media.at)
                for name, example in media.examples.items():
                    at = media.at + join(("examples", name) if name else ("example",))
                    yield name, at, media.schema, example


def _read(example: Any) -> Any:
    """Return an example's value; many documents give objects and lists as a text."""
    if isinstance(example, str) and example.lstrip()[:1] in ("{", "["):
        with contextlib.suppress(orjson.JSONDecodeError):
            return orjson.loads(example)
    return example
