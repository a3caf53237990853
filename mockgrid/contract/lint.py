"""Mistakes of a document outside its schemas, found before a request finds them, and what is meant instead.

A warning is surely a mistake and yet does no harm.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import parse_qsl

from mockgrid.contract.object_reader import ObjectReader
from mockgrid.contract.operation import Parameter
from mockgrid.contract.router import bare_name, shape_of
from mockgrid.contract.servers import check_servers
from mockgrid.document.nearest import nearest
from mockgrid.document.pointer import join, split
from mockgrid.schema.keywords import DATA, NAMED
from mockgrid.schema.violation import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

    from mockgrid.document.document import Document
    from mockgrid.schema.violation import Location

__all__ = [
    "METHODS",
    "STATUS",
    "WEBHOOKS",
    "check_document",
    "check_unlike",
    "checked_path",
    "fitted",
    "location_of",
    "methods_of",
    "parts_of",
]

WEBHOOKS: Final = "Its webhooks are calls that the API itself makes; --webhooks serves them, each at /NAME."
"""What to do where a document has nothing else."""
METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
STATUS: Final = re.compile(r"[1-5](?:[0-9]{2}|XX)|default")
_LOCATIONS: Final[tuple[Location, ...]] = ("path", "query", "header", "cookie")
_VERSION: Final = re.compile(r"3\.[01](?:\.[0-9][^ ]*)?")
_NAME: Final = re.compile(r"\{([^{}]*)\}")
# Keys that a path item has, or that belong one level deeper: none of them is a misspelt method.
_NO_METHODS: Final = (
    *("$ref", "summary", "description", "servers", "parameters", "query", "additionalOperations", "headers"),
    *("tags", "responses", "requestBody", "operationId", "deprecated", "security", "callbacks"),
)
# Where no name begins with a slash.
_LISTING: Final = ("/responses", "/content")
_AROUND: Final = (*METHODS, "requestBody", "responses", "content")
# Where path items of another kind stand, or what is none; these may be called like paths.
_OF_OTHERS: Final = ("webhooks", "pathItems", "callbacks", *NAMED, *DATA)
_ADDRESS: Final = re.compile(r"https?://[^/]+(?=/)")
# Parameters with a pattern or a mark in the braces, behind a colon or in angle brackets.
_FOREIGN: Final = re.compile(
    r"\{\s*([\w.-]+)(?:\s*[:=](?:[^{}]|\{[^{}]*\})*|\?|\s+)\}|\{\s+([\w.-]+)\}"
    r"|(?<=/):(\w+)(?=/|$)|(?<=/)<(?:\w+:)?(\w+)>(?=/|$)"
)
# RFC 6570's way to write a query, as in /pets{?page,size}.
_URI_TEMPLATE: Final = re.compile(r"\{[?&#][^{}]*\}")
_START: Final = "Start it with openapi: 3.1.0, or 3.0.3, whichever it is written in."


def check_document(document: Document, *, webhooks: bool = False) -> dict[str, Any]:
    """Return an OpenAPI document's data, its outermost fields what they should be.

    Args:
        document: an OpenAPI document.
        webhooks: whether these are served, too.

    Raises:
        DocumentError: there is nothing in it that could be served.
    """
    data = document.data
    if not isinstance(data, dict):
        message = f"the document is {_kind(data)}; a mapping was expected."
        raise document.error(message, "", "Is it an OpenAPI document?")
    _check_version(document, data)
    objects = ObjectReader(document)
    _find_paths(document, data)
    _lift_paths(document, data)
    for at in ("/paths", "/webhooks", "/components"):
        _put_in_place(objects, data, at)
    if isinstance(components := data.get("components"), dict):
        for name in components:
            _put_in_place(objects, components, join(("components", name)))
    fields = {
        name: objects.mapping(data.get(name), f"/{name}") for name in ("info", "components", "webhooks")
    }
    paths = objects.mapping(data.get("paths"), "/paths")
    fields["paths"] = paths
    check_servers(document, data.get("servers"), "/servers")
    for name, kind in (*dict.fromkeys(fields, dict).items(), ("servers", list)):
        if not isinstance(data.get(name), kind):
            data.pop(name, None)  # nor is it in the document that clients get
    if paths or "paths" in data or (webhooks and fields["webhooks"]):
        return {**data, **fields}
    if str(data["openapi"]).startswith("3.1") and ("components" in data or "webhooks" in data):
        message = "the document has no paths, so there is nothing to serve."
    else:
        message = "the field paths is missing."
    hint = "List the API's paths under paths."
    if fields["webhooks"]:
        hint = WEBHOOKS
    raise document.error(message, "", hint)


def _find_paths(document: Document, data: dict[str, Any]) -> None:
    """Put the paths where paths stand, if they are under another name, or inside of what is above them."""
    if data.get("paths") is not None:
        return
    waiting: list[tuple[str, dict[str, Any], dict[str, Any]]] = [("", data, {})]
    for at, holder, around in waiting:  # grows; what is further out goes first
        beginning = [path for path, item in holder.items() if path[:1] == "/" and isinstance(item, dict)]
        listed = [path for path in beginning if any(name in holder[path] for name in (*METHODS, "$ref"))]
        if listed:
            *_, name = ("", *split(at))
            alone = at and len(listed) == len(holder)
            message, hint = f"{name} does not stand where paths do.", "Write it in the first column."
            if not alone:
                message = f"the path {shown(listed[0])} does not stand where paths do."
                hint = "Write it right under paths; it is read so."
            elif around is data:
                message, hint = f"{name} is no field of the document.", "Did you mean paths?"
            place = at if alone else at + join(listed[:1])
            document.mistakes.tell(document.error(message, place, hint, key=True))
            data["paths"] = {path: holder.pop(path) for path in listed}
            document.moved["/paths"] = at
            if alone:
                del around[name]
            return
        waiting += [
            (at + join((key,)), item, holder)
            for key, item in holder.items()
            if isinstance(item, dict) and key not in _OF_OTHERS and not key.startswith("x-")
        ]


def _lift_paths(document: Document, data: dict[str, Any]) -> None:
    """Put paths that stand inside of others, beside them all, or in a list, where paths stand."""
    paths = data.get("paths")
    listed = [*enumerate(paths)] if isinstance(paths, list) else []
    if listed:
        paths = data["paths"] = ObjectReader(document).mapping(paths, "/paths")  # which is told
    if not isinstance(paths, dict):
        return
    within = [(join(("paths", key)), item) for key, item in listed or paths.items()]
    waiting = [*within[::-1], ("", data)]
    while waiting:
        at, holder = waiting.pop()
        for key, item in [*holder.items()] if isinstance(holder, dict) else ():
            place = at + join((key,))
            if key.startswith("/") and isinstance(item, dict):
                if not listed or at.rpartition("/")[0] != "/paths":
                    message = f"the path {shown(key)} does not stand where paths do."
                    hint = "Write it right under paths; it is read so."
                    document.mistakes.tell(document.error(message, place, hint, key=True))
                del holder[key]
                if not isinstance(paths.get(key), dict):
                    paths[key], document.moved[join(("paths", key))] = item, place
                for name, value in item.items():
                    paths[key].setdefault(name, value)
                waiting.append((place, item))
            elif at and (key in _AROUND or (at.endswith(_LISTING) and not key.startswith("x-"))):
                waiting.append((place, item))


def _put_in_place(objects: ObjectReader, holder: dict[str, Any], at: str) -> None:
    """Put what a reference leads to in its place, where OpenAPI has none."""
    name = split(at)[-1]
    value = holder.get(name)
    if isinstance(value, dict) and isinstance(value.get("$ref"), str):
        target, written = objects.follow(value, at, referring=False)
        holder[name] = {**target, **{key: item for key, item in value.items() if key != "$ref"}}
        objects.document.moved[at] = written


def _check_version(document: Document, data: dict[str, Any]) -> None:
    tell = document.mistakes.tell
    if "openapi" not in data:
        if "swagger" in data:
            raise document.error(
                f"This is Swagger {str(data['swagger'])[:20]}; convert it to OpenAPI 3.0 or 3.1 first.",
                "/swagger",
                "swagger2openapi and editor.swagger.io do that.",
                key=True,
            )
        meant = next((key for key in data if nearest(key, ["openapi"])), None)
        at = "" if meant is None else join((meant,))
        hint = _START if meant is None else f"Is {meant} a misspelling of it?"
        error = document.error("the field openapi is missing.", at, hint, key=True)
        if "paths" not in data:
            raise error
        tell(error)
        return
    version = data["openapi"]
    if isinstance(version, str) and _VERSION.fullmatch(version):
        return
    hint = _START
    if isinstance(version, (int, float)) and not isinstance(version, bool):
        hint = f'This is a number; write it as a text, such as "{version}.0".'
    elif str(version).startswith("3.2"):
        hint = "Write 3.1.1 if the document uses nothing that is new in 3.2; convert it otherwise."
    message = f"openapi is {shown(version)}; an OpenAPI 3.0 or 3.1 document was expected."
    tell(document.error(message, "/openapi", hint))


def checked_path(document: Document, path: str, declared: Callable[[], Container[str]]) -> str:
    """Return a path as it is meant: with a slash before it, and parameters as OpenAPI writes them.

    Args:
        document: where it stands.
        path: as it is written.
        declared: returns the names of the parameters in the path that its operations declare.
    """
    at = join(("paths", path))
    meant = _ADDRESS.sub("", path.strip())
    if not meant.startswith("/"):
        meant = f"/{meant}"
    if meant != path:
        message = f"the path {shown(path)} must begin with a slash."
        if path.startswith("/"):
            message = f"the path {shown(path)} has blanks around it."
        document.mistakes.tell(document.error(message, at, f"Write {shown(meant)}.", key=True))
    path = meant
    if _FOREIGN.search(path):
        names = declared()
        meant = _FOREIGN.sub(lambda match: _as_declared(match, names), path)
        if meant != path:
            message = f"the path {shown(path)} has a parameter as other tools write it."
            document.mistakes.tell(document.error(message, at, f"Write {shown(meant)}.", key=True))
    path = meant
    names = _NAME.findall(path)
    if "" in names or any(bracket in _NAME.sub("", path) for bracket in "{}"):
        message = f"the path {shown(path)} has a bracket without a name in it, or without its other half."
        document.mistakes.tell(document.error(message, at, "A parameter is written {name}.", key=True))
    twice = next((name for name in names if name and names.count(name) > 1), None)
    if twice is not None:
        message = f"the path {shown(path)} has the parameter {twice} twice."
        document.mistakes.tell(document.error(message, at, key=True))
    return path


def _as_declared(match: re.Match[str], declared: Container[str]) -> str:
    name = next(filter(None, match.groups()))
    return f"{{{name}}}" if name in declared and match[0].strip("{}") not in declared else match[0]


class Parts(NamedTuple):
    """A path as it stands in a document, taken apart.

    Attributes:
        template: without the query and the fragment.
        query: the pairs that a request must have.
        braced: the names in the query of what stands there in braces.
    """

    template: str
    query: frozenset[tuple[str, str]]
    braced: Mapping[str, str]


def parts_of(path: str) -> Parts:
    """Take a path apart.

    >>> parts_of("/m/{id}?beta=true&q={query}#stream")
    Parts(template='/m/{id}', query=frozenset({('beta', 'true')}), braced={'query': 'q'})
    """
    template, _, query = _URI_TEMPLATE.sub("", path).partition("#")[0].partition("?")
    pairs = [
        (name, value, _NAME.fullmatch(value)) for name, value in parse_qsl(query, keep_blank_values=True)
    ]
    return Parts(
        template,
        frozenset((name, value) for name, value, braced in pairs if braced is None),
        {braced[1]: name for name, _, braced in pairs if braced is not None},
    )


def check_unlike(document: Document, written: str, path: str, known: dict[str, str]) -> None:
    """Check that a path differs from those before it in more than the names of its parameters.

    Args:
        document: where it stands.
        written: the path as it stands there.
        path: as it is meant.
        known: the paths before it, by their shapes; this one is added.
    """
    other = known.setdefault(shape_of(path), path)
    if other != path:
        message = f"the path {shown(path)} differs from {shown(other)} in the names of its parameters alone."
        hint = "Both are one path; put their methods under one of them."
        document.mistakes.tell(document.error(message, join(("paths", written)), hint, key=True))


def methods_of(document: Document, item: Mapping[str, Any], at: str) -> dict[str, str]:
    """Return the keys of a path item under which methods stand, by the methods in their order."""
    written = {method: method for method in METHODS if method in item}
    for key in item:
        if key in METHODS or key in _NO_METHODS or key.startswith("x-"):
            continue
        meant = nearest(key, (*METHODS, *_NO_METHODS))
        if meant in METHODS:
            message = f"{shown(key)} is not a method."
            document.mistakes.tell(
                document.error(message, at + join((key,)), f"Did you mean {meant}?", key=True)
            )
            if key.lower() == meant:
                written.setdefault(meant, key)
    return {method: written[method] for method in METHODS if method in written}


def location_of(document: Document, source: Mapping[str, Any], at: str) -> Location:
    """Return where in a request a parameter stands.

    Raises:
        DocumentError: it has no name, or no request has such a place.
    """
    expected = "path, query, header or cookie"
    for field, hint in (("name", ""), ("in", f"It is {expected}.")):
        if field not in source:
            raise document.error(f"this parameter has no field {field}.", at, hint)
    location = source["in"]
    for known in _LOCATIONS:
        if location == known:
            return known
    meant = nearest(location, _LOCATIONS) if isinstance(location, str) else None
    hint = f"Did you mean {meant}?" if meant else ""
    if location in ("body", "formData"):
        hint = "From OpenAPI 3.0 on, bodies are described by requestBody."
    error = document.error(f"in is {shown(location)}; {expected} was expected.", f"{at}/in", hint)
    if meant is None:
        raise error
    document.mistakes.tell(error)
    return location_of(document, {**source, "in": meant}, at)


def fitted(
    document: Document, parts: Parts, parameters: list[Parameter], at: str, *, unread: int = 0
) -> list[Parameter]:
    """Return an operation's parameters, in its path those that its template has, and no others.

    One that is not declared there is a text.

    Args:
        document: where the operation stands.
        parts: of the path.
        parameters: the operation's own and those of its path item.
        at: JSON pointer to the operation.
        unread: how many of the parameters could not be read, which was told.
    """
    tell, path = document.mistakes.tell, parts.template
    written = dict.fromkeys(bare_name(name) for name in _NAME.findall(path) if name)
    parameters = [
        replace(parameter, name=bare_name(parameter.name)) if parameter.location == "path" else parameter
        for parameter in parameters
    ]
    fitting = [
        parameter for parameter in parameters if parameter.location != "path" or parameter.name in written
    ]
    declared = {parameter.name for parameter in fitting if parameter.location == "path"}
    for parameter in parameters:
        if parameter.location == "path" and parameter.name not in written:
            meant = nearest(parameter.name, [name for name in written if name not in declared])
            hint = f"Did you mean {meant}?" if meant else "Write it there in braces, or remove it here."
            if parameter.name in parts.braced:
                meant, hint = None, "It is in the query; write in: query."
                name = parts.braced[parameter.name]
                fitting.append(replace(parameter, name=name, location="query", style="form"))
            message = f"the path parameter {shown(parameter.name)} is not in the path {path}."
            tell(document.error(message, parameter.at, hint))
            if meant is not None:
                declared.add(meant)
                fitting.append(replace(parameter, name=meant))
    for name in written:
        if name not in declared:
            message = f"the path {path} has the parameter {name}, which is not declared."
            hint = f"Add it to parameters: {{name: {name}, in: path, required: true, schema: …}}."
            if unread:
                unread -= 1  # that is this one
            else:
                tell(document.error(message, at, hint, key=True))
            fitting.append(Parameter(name, "path", True, None, "simple", False, None, {}, at))
    return fitting


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    return "text" if isinstance(value, str) else "a list"
