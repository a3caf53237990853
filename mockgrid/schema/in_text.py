"""A schema that stands in a text, as frameworks write it to models that take none.

instructor, LangChain and the AI SDK write it as JSON, dspy as an object of placeholders with notes.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["schema_in"]

_OBJECT: Final = re.compile(r'\{\s*"')
# So many characters of a text are read in vain, and so many count for what nests too deeply.
_MOST: Final = 1_000_000
_DEEP: Final = 10_000
_DEFINITIONS: Final = ("$defs", "definitions")
_NOTE: Final = re.compile(r"\{[^{}]*\}\s*(?:# note: the value you produce (.*))?", re.DOTALL)
_TYPES: Final = {
    "must be a single int value": {"type": "integer"},
    "must be a single float value": {"type": "number"},
    "must be True or False": {"type": "boolean"},
}


def schema_in(text: str) -> Any:
    r"""Return the schema of the object that a text asks for; None where it describes none.

    The last one counts: examples come before what they explain.

    >>> schema_in('JSON schema:\n{"properties": {"name": {}}}')
    {'properties': {'name': {}}}
    """
    schema = None
    for value in _objects(text):
        schema = _schema(value) or schema
    return schema


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects in a text, those inside others left out."""
    decoder = json.JSONDecoder()
    end = vain = 0
    for match in _OBJECT.finditer(text):
        start = match.start()
        if start < end or vain > _MOST:
            continue
        try:
            value, end = decoder.raw_decode(text, start)
        except json.JSONDecodeError as error:
            # What says so counts the lines before it, which are read some hundred times as fast.
            vain += error.pos - start + error.pos // 200
        except (RecursionError, ValueError):  # the latter for an integer of thousands of digits
            vain += _DEEP
        else:
            yield value


def _schema(value: dict[str, Any]) -> dict[str, Any] | None:
    """Return the schema that an object is, or stands for; None for any other."""
    properties, kind = value.get("properties"), value.get("type")
    if isinstance(properties, dict) and kind in (None, "object") and (properties or kind):
        return value if all(isinstance(part, (dict, bool)) for part in properties.values()) else None
    refers = any(key in value for key in ("$ref", "allOf", "anyOf", "oneOf"))
    if refers and any(isinstance(value.get(key), dict) for key in _DEFINITIONS):
        return value
    if not all(isinstance(item, str) and item.startswith(f"{{{name}}}") for name, item in value.items()):
        return None
    parts = {name: _part(item) for name, item in value.items()}
    # References of a part begin at its own root, which is no root any more.
    shared: dict[str, dict[str, Any]] = {}
    for part in parts.values():
        for key in _DEFINITIONS:
            if isinstance(part.get(key), dict):
                shared.setdefault(key, {}).update(part.pop(key))
    whole = {"type": "object", "properties": parts, "required": list(parts), "additionalProperties": False}
    return {**shared, **whole}


def _part(placeholder: str) -> dict[str, Any]:
    """Return the schema that a note beside a placeholder asks for."""
    match = _NOTE.fullmatch(placeholder)
    note = (match[1] or "").strip() if match is not None else ""
    _, choices, several = note.partition("one of: ")
    if choices:
        return {"enum": several.split("; ")}
    _, adheres, schema = note.partition("must adhere to the JSON schema: ")
    if adheres:
        try:
            read = json.loads(schema)
        except (ValueError, RecursionError):
            read = None
        return read if isinstance(read, dict) else {}
    return _TYPES.get(note, {"type": "string"})
