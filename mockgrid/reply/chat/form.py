"""What the chunks of a chat completion look like to faults and pace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from mockgrid.reply.delivery.form import StreamForm, data_of

if TYPE_CHECKING:
    from mockgrid.scenario.delivery import ErrorEvent

__all__ = ["DONE", "FORM"]

DONE: Final = b"data: [DONE]\n\n"
# A quotation mark inside a JSON string is escaped, so this stands for the key and nothing else.
_FINISH: Final = b'"finish_reason":"'


class _Chunks(StreamForm):
    done = DONE
    field = "choices"
    texts = (b'"content":"', b'"refusal":"', b'"reasoning_content":"', b'"arguments":"', b'":"')

    def is_finish(self, event: bytes) -> bool:
        return _FINISH in event

    def error_data(self, error: ErrorEvent, chunk: bytes) -> Any:
        if error.shape != "beside_choices":
            return super().error_data(error, chunk)
        envelope: dict[str, Any] = orjson.loads(data_of(chunk)) if chunk else {}
        choice = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": "error"}
        whole = {"message": error.message, "type": error.type, "param": error.param, "code": error.code}
        return {**envelope, "error": whole, "choices": [choice]}


FORM: Final = _Chunks()
"""The form of all streams of chat completion chunks."""
