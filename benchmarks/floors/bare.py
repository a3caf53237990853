"""What MockGrid is measured against: Starlette routes that return constants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from starlette.applications import Starlette
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

EVENTS = 200
"""How many events the constant stream has."""

BODY = orjson.dumps(
    {
        "id": "chatcmpl-0123456789abcdefghijklmnopqrs",
        "object": "chat.completion",
        "created": 1735689600,
        "model": "text-prime",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "You said: Say hello to the world",
                    "refusal": None,
                },
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 15, "completion_tokens": 9, "total_tokens": 24},
    }
)
EVENT = (
    b'data: {"id":"chatcmpl-0123456789abcdefghijklmnopqrs","object":"chat.completion.chunk",'
    b'"created":1735689600,"model":"text-prime","choices":[{"index":0,"delta":{"content":" word"},'
    b'"logprobs":null,"finish_reason":null}]}\n\n'
)


async def completion(_request: Request) -> Response:
    """Return a constant, whatever was asked."""
    return Response(BODY, media_type="application/json")


async def stream(_request: Request) -> Response:
    """Stream constant events."""

    async def events() -> AsyncIterator[bytes]:
        for _ in range(EVENTS):
            yield EVENT

    return StreamingResponse(events(), media_type="text/event-stream")


app = Starlette(
    routes=[
        Route("/v1/chat/completions", completion, methods=["POST"]),
        Route("/stream", stream, methods=["POST"]),
    ]
)
