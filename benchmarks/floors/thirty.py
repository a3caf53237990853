"""What a team writes for itself in an afternoon: a fake in some thirty lines of FastAPI."""

import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

VALUE = json.dumps({"city": "Oslo", "days": 3, "units": "metric"})
BASE = {"id": "chatcmpl-1", "created": 1735689600, "model": "text-prime"}
USAGE = {"prompt_tokens": 15, "completion_tokens": 9, "total_tokens": 24}
app = FastAPI()


class Body(BaseModel):
    """A request."""

    messages: list[dict[str, Any]]
    stream: bool = False
    tool_choice: Any = None
    response_format: dict[str, Any] | None = None


async def events(event: str) -> AsyncIterator[str]:
    """Stream."""
    for _ in range(200):
        yield event
    yield "data: [DONE]\n\n"


@app.post("/v1/chat/completions", response_model=None)
async def completion(body: Body) -> StreamingResponse | dict[str, Any]:
    """Answer."""
    if body.stream:
        delta = {"index": 0, "delta": {"content": "word "}}
        event = f"data: {json.dumps({**BASE, 'object': 'chat.completion.chunk', 'choices': [delta]})}\n\n"
        return StreamingResponse(events(event), media_type="text/event-stream")
    message: dict[str, Any] = {"role": "assistant", "content": f"You said: {body.messages[-1]['content']}"}
    if isinstance(body.tool_choice, dict):
        function = {"name": body.tool_choice["function"]["name"], "arguments": VALUE}
        call = {"id": "call_1", "type": "function", "function": function}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
    elif body.response_format:
        message["content"] = VALUE
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {**BASE, "object": "chat.completion", "choices": [choice], "usage": USAGE}
