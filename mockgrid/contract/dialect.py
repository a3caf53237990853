"""From OpenAPI schemas to the JSON Schema that the validators run.

OpenAPI 3.0 schemas become draft-04, in which integers have no fraction and ``exclusiveMaximum`` is a
boolean, just as in 3.0; OpenAPI 3.1 schemas already are draft 2020-12. Two readings follow what APIs and
their clients do rather than the letter:

* ``nullable: true`` always admits null, also beside an ``enum`` without null or a ``oneOf`` without ``type``.
* where branches of a ``oneOf`` overlap, one match is enough.

Pointers keep their meaning wherever no wrapper is needed, so that an error can name its place in the document.
"""

from __future__ import annotations

from typing import Any, Literal

Draft = Literal["draft4", "draft2020-12"]

_ONE = ("additionalProperties", "items", "not", "additionalItems", "contains", "propertyNames", "if", "then", "else")
_ONE_MORE = ("unevaluatedItems", "unevaluatedProperties")
_LIST = ("allOf", "anyOf", "oneOf", "prefixItems")
_MAP = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_COMBINING = ("allOf", "anyOf", "not", "$ref")
# Keywords of the OpenAPI dialect that no validator needs; examples may be large.
_NOISE = frozenset(("nullable", "discriminator", "xml", "externalDocs", "example"))


def draft_of(document: dict[str, Any]) -> Draft:
    """Return the JSON Schema draft that gives an OpenAPI document's schemas their meaning."""
    return "draft4" if str(document.get("openapi", "")).startswith("3.0") else "draft2020-12"


def translate(document: dict[str, Any], *, lenient: bool = False) -> dict[str, Any]:
    """Return a copy of a document in which each schema is JSON Schema.

    Args:
        document: an OpenAPI 3.0 or 3.1 document.
        lenient: also admit null for every optional property, and any text where several texts are listed.
    """
    translation = _Translation(old=draft_of(document) == "draft4", lenient=lenient)
    copied: dict[str, Any] = translation.document(document)
    return copied


class _Translation:
    def __init__(self, *, old: bool, lenient: bool) -> None:
        self.old = old
        self.lenient = lenient

    def document(self, node: Any, *, inside_components: bool = False) -> Any:
        """Walk what is not a schema, and hand over at each place where a schema stands."""
        if isinstance(node, list):
            return [self.document(item) for item in node]
        if not isinstance(node, dict):
            return node
        copied: dict[str, Any] = {}
        for key, value in node.items():
            if key in ("example", "examples") or key.startswith("x-"):
                copied[key] = value
            elif key == "schema" or (key == "itemSchema" and isinstance(value, dict)):
                copied[key] = self.schema(value)
            elif key == "schemas" and inside_components and isinstance(value, dict):
                copied[key] = {name: self.schema(schema) for name, schema in value.items()}
            else:
                copied[key] = self.document(value, inside_components=key == "components")
        return copied

    def schema(self, schema: Any) -> Any:
        if not isinstance(schema, dict):
            return schema
        if self.old and "$ref" in schema:
            return {"$ref": schema["$ref"]}
        out = {key: self._keyword(key, value) for key, value in schema.items() if key not in _NOISE}
        self._join_branches(out)
        if self.lenient:
            self._loosen(out)
        if self.old and schema.get("nullable") is True:
            return admit_null(out)
        return out

    def _keyword(self, key: str, value: Any) -> Any:
        if key in _ONE or key in _ONE_MORE:
            if isinstance(value, list):
                return [self.schema(item) for item in value]
            return self.schema(value)
        if key in _LIST and isinstance(value, list):
            return [self.schema(item) for item in value]
        if key in _MAP and isinstance(value, dict):
            return {name: self.schema(item) for name, item in value.items()}
        return value

    @staticmethod
    def _join_branches(schema: dict[str, Any]) -> None:
        if "oneOf" not in schema:
            return
        branches = schema.pop("oneOf")
        if "anyOf" in schema:
            schema["allOf"] = [*schema.get("allOf", ()), {"anyOf": branches}]
        else:
            schema["anyOf"] = branches

    @staticmethod
    def _loosen(schema: dict[str, Any]) -> None:
        enum = schema.get("enum")
        # A list of one tells branches apart (`role`, `type`); only longer ones grow with the API.
        if isinstance(enum, list) and len(enum) > 1 and all(isinstance(item, str) for item in enum):
            del schema["enum"]
            schema["type"] = "string"
        properties = schema.get("properties")
        if isinstance(properties, dict):
            required = schema.get("required", ())
            schema["properties"] = {
                name: item if name in required or not isinstance(item, dict) else admit_null(item)
                for name, item in properties.items()
            }


def admit_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that accepts what ``schema`` accepts, and null."""
    if set(schema) <= {"anyOf", "description", "title", "default"} and "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    if any(key in schema for key in _COMBINING):
        return {"anyOf": [schema, {"type": "null"}]}
    widened = dict(schema)
    if "enum" in schema and None not in schema["enum"]:
        widened["enum"] = [*schema["enum"], None]
    if "const" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    if "type" in schema:
        types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        widened["type"] = types if "null" in types else [*types, "null"]
    return widened
