"""OpenAPI documents that are served: the control interface's own, and the effective contract."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mockgrid import __version__
from mockgrid.contract.lint import METHODS
from mockgrid.control import CONTROL
from mockgrid.document.document import read_document
from mockgrid.reply.behaviours import UNKNOWN_FORM
from mockgrid.reply.delivery.form import data_of
from mockgrid.schema.event import event_schema
from mockgrid.schema.hints import SchemaHints
from mockgrid.session.records import schemas

if TYPE_CHECKING:
    from mockgrid.contract.contract import Contract

STREAM_FORMS = ("events", "checkable", "chunks")
"""How a stream is described: as events with a text in ``data``, which every OpenAPI 3.0 tool takes; the same
with ``contentSchema``, so that a tool can check what the text holds; or by the schema of the data alone."""

_STREAM = "text/event-stream"


@cache
def control_document() -> dict[str, Any]:
    """Return the document that describes the control interface, as OpenAPI 3.0."""
    data: dict[str, Any] = read_document(Path(__file__).with_name("openapi.yaml")).data
    components = data["components"]
    return {
        **data,
        "info": {**data["info"], "version": __version__},
        "components": {**components, "schemas": {**components["schemas"], **schemas()}},
    }


def control_index(mounted: str) -> dict[str, Any]:
    """Return where the control interface begins: what answers, which version, and what can simply be opened.

    Args:
        mounted: the prefix of all paths; empty for none.
    """
    document = control_document()
    pages = [path for path, item in document["paths"].items() if path != "/" and _can_be_opened(path, item)]
    links = {path.removeprefix("/"): f"{mounted}{CONTROL}{path}" for path in pages}
    info = document["info"]
    return {"name": info["title"], "version": info["version"], "links": links}


def _can_be_opened(path: str, item: dict[str, Any]) -> bool:
    """Tell whether a path answers to GET with nothing to fill in."""
    parameters = item.get("get", {}).get("parameters", ())
    return (
        "get" in item and "{" not in path and not any(parameter.get("required") for parameter in parameters)
    )


def served_document(contract: Contract, stream_form: str = "events", mounted: str = "") -> dict[str, Any]:
    """Return the effective contract, with this server first among its servers.

    Args:
        contract: what is served.
        stream_form: one of ``STREAM_FORMS``.
        mounted: the prefix of all paths; empty for none.
    """
    data: dict[str, Any] = dict(contract.document.data)
    here = {"url": f"{mounted}{contract.base_path}" or "/", "description": "This MockGrid"}
    data["servers"] = [here, *(data.get("servers") or [])]
    if "paths" in data:
        data["paths"] = {path: _here_first(item, here) for path, item in data["paths"].items()}
    if stream_form == "chunks":
        return data
    described: dict[str, Any] = _described(data, data, stream_form == "checkable")
    return described


def _here_first(item: Any, here: dict[str, str]) -> Any:
    """Return a path item, or an operation, with this server before those of its own."""
    if not isinstance(item, dict):
        return item
    item = {key: _here_first(value, here) if key in METHODS else value for key, value in item.items()}
    servers = item.get("servers")
    return {**item, "servers": [here, *servers]} if servers and isinstance(servers, list) else item


def _described(node: Any, document: dict[str, Any], checkable: bool) -> Any:  # noqa: FBT001 - passed down as it came
    if isinstance(node, list):
        return [_described(item, document, checkable) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _stream(value, document, checkable)
        if key == _STREAM and isinstance(value, dict) and "schema" in value
        else _described(value, document, checkable)
        for key, value in node.items()
    }


def _stream(media: dict[str, Any], document: dict[str, Any], checkable: bool) -> dict[str, Any]:  # noqa: FBT001
    names = SchemaHints(media["schema"], document).properties
    if "itemSchema" in media or ("data" in names and UNKNOWN_FORM.field not in names):
        return media  # it describes events already, rather than what their data holds
    done = data_of(UNKNOWN_FORM.done).decode()
    return {**media, "schema": event_schema(media["schema"], done, checkable=checkable)}
