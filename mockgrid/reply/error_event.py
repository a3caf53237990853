"""An error inside a stream whose status was 200, in the shapes that servers in the field give it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from mockgrid.scenario.fault import ErrorEvent

_NAMED = ("named", "bare")


def framed(event: ErrorEvent, chunk: bytes) -> bytes:
    """Return an error event as bytes.

    Args:
        event: what it says.
        chunk: a framed event of the same stream, for the shape that is a chunk too; empty for none.
    """
    name = event.event or ("error" if event.shape in _NAMED else "")
    line = b"event: " + name.encode() + b"\n" if name else b""
    return line + b"data: " + orjson.dumps(_data(event, chunk)) + b"\n\n"


def _data(event: ErrorEvent, chunk: bytes) -> Any:
    if event.data:
        return event.data[0]
    error = {"message": event.message, "type": event.type, "param": event.param, "code": event.code}
    match event.shape:
        case "text":
            return {"error": event.message}
        case "beside_choices":
            return _chunk(chunk, error)
        case "vendor":
            return {"errors": {"detail": event.message}}
        case "bare":
            return error
        case _:
            return {"error": error}


def _chunk(chunk: bytes, error: dict[str, Any]) -> dict[str, Any]:
    envelope: dict[str, Any] = orjson.loads(chunk.removeprefix(b"data: ")) if chunk else {}
    choice = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": "error"}
    return {**envelope, "error": error, "choices": [choice]}
