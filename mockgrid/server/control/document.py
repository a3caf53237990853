"""The control interface's own OpenAPI document."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from mockgrid import __version__
from mockgrid.contract.document import read_document


@cache
def control_document() -> dict[str, Any]:
    """Return the document that describes the control interface, as OpenAPI 3.0."""
    data: dict[str, Any] = read_document(Path(__file__).with_name("openapi.yaml")).data
    return {**data, "info": {**data["info"], "version": __version__}}
