"""From OpenAPI schemas to the JSON Schema that the validators run, keyword by keyword.

OpenAPI 3.0 schemas become draft-04, in which integers have no fraction and ``exclusiveMaximum`` is a
boolean, just as in 3.0; OpenAPI 3.1 schemas become draft 2020-12, those in an older draft included. Two
readings follow what APIs and their clients do rather than the letter:

* ``nullable: true`` always admits null, also beside an ``enum`` without null or a ``oneOf`` without ``type``.
* where branches of a ``oneOf`` overlap, one match is enough.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal

from mockgrid.schema.keywords import KNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.document.document import Document
    from mockgrid.schema.keywords import Dialect

__all__ = ["Draft", "admit_null", "dialect_named", "draft_of", "keywords", "loosen"]

Draft = Literal["draft4", "draft2020-12"]
"""What the validators run."""

_DRAFT: Final = re.compile(r"https?://json-schema\.org/draft[-/](0[467]|2019-09|2020-12)/schema#?")
_OPENAPI: Final = re.compile(r"https?://spec\.openapis\.org/oas/3\.1/dialect/[^#]*#?")
_COMBINING: Final = ("allOf", "anyOf", "not", "$ref", "const")
# Keywords that a draft does not have yet, and which therefore say nothing in it.
_LATER: Final = {
    "draft-04": {"const", "contains", "propertyNames", "if", "then", "else"},
    "draft-06": {"if", "then", "else"},
    "draft-07": set[str](),
}
_SINCE_2019: Final = frozenset(
    {
        *("dependentSchemas", "dependentRequired", "unevaluatedItems", "unevaluatedProperties"),
        *("minContains", "maxContains", "$recursiveRef", "$dynamicRef", "prefixItems"),
    }
)


def draft_of(document: dict[str, Any]) -> Draft:
    """Return the JSON Schema draft that an OpenAPI document's schemas are brought to."""
    return "draft4" if str(document.get("openapi", "")).startswith("3.0") else "draft2020-12"


def dialect_named(uri: Any, document: Document, at: str) -> Dialect:
    """Return the dialect that ``$schema`` or ``jsonSchemaDialect`` names; for an unknown one, the newest."""
    if isinstance(uri, str):
        match = _DRAFT.fullmatch(uri)
        if match is not None:
            name: Any = match[1] if match[1].startswith("20") else f"draft-{match[1]}"
            return name  # type: ignore[no-any-return]
        if _OPENAPI.fullmatch(uri):
            return "2020-12"
    hint = "JSON Schema's drafts 04, 06, 07, 2019-09 and 2020-12, and OpenAPI's own dialect, are."
    document.mistakes.tell(document.error(f"the dialect {uri!r} is not known.", at, hint))
    return "2020-12"


def keywords(schema: dict[str, Any], dialect: Dialect) -> Iterator[tuple[str, str, Any]]:
    """Return the keywords of a schema as ``(name to the validators, name in the document, value)``.

    What an older draft writes otherwise than 2020-12 is renamed, and what it does not have is left out.
    """
    if dialect == "3.0":
        for key, value in schema.items():
            # Validators pass over what draft 4 has not, but older ones let the first change what ``items`` is
            # for, and nobody has seen that the second holds schemas.
            if key in KNOWN and key not in ("prefixItems", "dependentSchemas"):
                yield key, key, value
        return
    old = dialect not in ("2019-09", "2020-12")
    if old and isinstance(schema.get("$ref"), str):
        yield "$ref", "$ref", schema["$ref"]  # what stands beside it says nothing
        return
    later = _SINCE_2019 | _LATER[dialect] if old else frozenset[str]()
    for key, value in schema.items():
        if key not in KNOWN or key in later:
            continue
        if key == "dependencies" and isinstance(value, dict):
            yield from _dependencies(value)
        elif dialect == "2020-12" or key == "dependencies":
            yield key, key, value
        else:
            yield from _renamed(key, value, schema, dialect)


def _renamed(
    key: str, value: Any, schema: dict[str, Any], dialect: Dialect
) -> Iterator[tuple[str, str, Any]]:
    if key == "items" and isinstance(value, list):
        yield "prefixItems", key, value
    elif key == "additionalItems":
        if isinstance(schema.get("items"), list):
            yield "items", key, value
    elif dialect == "draft-04" and key in ("exclusiveMinimum", "exclusiveMaximum"):
        bound = "minimum" if key == "exclusiveMinimum" else "maximum"
        if value is True and bound in schema:
            yield key, key, schema[bound]
    elif key != "prefixItems":
        yield key, key, value


def _dependencies(value: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    names = {key: item for key, item in value.items() if isinstance(item, list)}
    schemas = {key: item for key, item in value.items() if not isinstance(item, list)}
    if names:
        yield "dependentRequired", "dependencies", names
    if schemas:
        yield "dependentSchemas", "dependencies", schemas


def loosen(schema: dict[str, Any]) -> None:
    """Take away a list of texts: newer versions of an API have further ones."""
    enum = schema.get("enum")
    # A list of one tells branches apart (`role`, `type`); only longer ones grow with the API.
    if isinstance(enum, list) and len(enum) > 1 and all(isinstance(item, str) for item in enum):
        del schema["enum"]
        schema["type"] = "string"


def admit_null(schema: dict[str, Any], null: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that accepts what ``schema`` accepts, and what ``null`` does: null."""
    if set(schema) <= {"anyOf", "description", "title", "default"} and "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], null]}
    if any(key in schema for key in _COMBINING):
        return {"anyOf": [schema, null]}
    widened = dict(schema)
    if "enum" in schema and None not in schema["enum"]:
        widened["enum"] = [*schema["enum"], None]
    if "type" in schema:
        types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        widened["type"] = types if "null" in types else [*types, "null"]
    return widened
