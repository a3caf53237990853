"""The schema of a server-sent event, whose data is a text."""

from __future__ import annotations

from typing import Any


def event_schema(data: Any, done: str, *, checkable: bool) -> dict[str, Any]:
    """Return the schema of an event.

    Args:
        data: the schema of what its data holds, as JSON.
        done: the data of the event that ends a stream.
        checkable: whether the schema says what the text holds, by ``contentSchema``.
    """
    text: dict[str, Any] = {"type": "string", "description": f"JSON, or {done} at the end of the stream"}
    if checkable:
        content = {"contentMediaType": "application/json", "contentSchema": data}
        text["anyOf"] = [{"enum": [done]}, content]
    return {
        "type": "object",
        "required": ["data"],
        "properties": {"data": text, "event": {"type": "string"}},
    }
