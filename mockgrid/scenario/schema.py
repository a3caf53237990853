"""The language as a JSON Schema (draft-07): what editors complete from, and what the loader checks with."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from mockgrid.document.document import Document
from mockgrid.schema.schemas import Schemas
from mockgrid.schema.validator import SchemaValidator

__all__ = ["schema", "validator"]


def schema() -> dict[str, Any]:
    """Return the schema; the caller may change it."""
    content: dict[str, Any] = json.loads(files(__package__).joinpath("scenario.schema.json").read_bytes())
    return content


@cache
def validator() -> SchemaValidator:
    """Return the schema compiled; it is a part of the program, so compiling it once is enough."""
    document = Document({"openapi": "3.1.0", **schema()}, "scenario.schema.json")
    return SchemaValidator(Schemas(document, "request"), "")
