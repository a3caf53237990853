"""An error inside a stream whose status was 200, in the shapes that servers in the field give it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import orjson

Shape = Literal["openai", "named", "text", "beside_choices", "vendor", "bare"]
"""What each looks like:

- ``openai``: ``{"error": {message, type, param, code}}``, which every client knows;
- ``named``: the same, under ``event: error``;
- ``text``: ``{"error": "message"}``;
- ``beside_choices``: a chunk with an ``error`` beside its choices;
- ``vendor``: ``{"errors": {"detail": "message"}}``;
- ``bare``: ``{message, type, param, code}`` under ``event: error``.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorEvent:
    """What an error event says.

    Attributes:
        data: one value, sent as the event's whole data in place of all else; empty for none.
    """

    message: str = "The server had an error while processing your request."
    type: str = "server_error"
    param: str | None = None
    code: str | int | None = "server_error"
    shape: Shape = "openai"
    data: tuple[Any, ...] = ()

    def framed(self, chunk: bytes) -> bytes:
        """Return the event.

        Args:
            chunk: a framed event of the same stream, for the shape that is a chunk too; empty for none.
        """
        if self.data:
            return b"data: " + orjson.dumps(self.data[0]) + b"\n\n"
        error = {"message": self.message, "type": self.type, "param": self.param, "code": self.code}
        name, value = b"", dict[str, Any](error=error)
        match self.shape:
            case "named":
                name = b"event: error\n"
            case "text":
                value = {"error": self.message}
            case "beside_choices":
                value = self._chunk(chunk, error)
            case "vendor":
                value = {"errors": {"detail": self.message}}
            case "bare":
                name, value = b"event: error\n", error
            case _:
                pass
        return name + b"data: " + orjson.dumps(value) + b"\n\n"

    @staticmethod
    def _chunk(chunk: bytes, error: dict[str, Any]) -> dict[str, Any]:
        envelope: dict[str, Any] = orjson.loads(chunk.removeprefix(b"data: ")) if chunk else {}
        choice = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": "error"}
        return {**envelope, "error": error, "choices": [choice]}
