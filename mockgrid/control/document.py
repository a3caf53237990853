"""The control interface's own OpenAPI document."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from mockgrid import __version__
from mockgrid.control import CONTROL
from mockgrid.document.document import read_document


@cache
def control_document() -> dict[str, Any]:
    """Return the document that describes the control interface, as OpenAPI 3.0."""
    data: dict[str, Any] = read_document(Path(__file__).with_name("openapi.yaml")).data
    return {**data, "info": {**data["info"], "version": __version__}}


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
    return "get" in item and "{" not in path and not any(one.get("required") for one in parameters)
