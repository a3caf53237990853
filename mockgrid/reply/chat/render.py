"""A completion as one JSON body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from mockgrid.reply.chat.logprobs import logprobs_of

if TYPE_CHECKING:
    from mockgrid.reply.chat.completion import Call, Choice, Completion
    from mockgrid.reply.tokens import Tokenizer


def render_json(completion: Completion, tokenizer: Tokenizer) -> bytes:
    """Return the body of a ``chat.completion``."""
    return orjson.dumps(
        {
            "id": completion.id,
            "object": "chat.completion",
            "created": completion.created,
            "model": completion.model,
            "choices": [
                {
                    "index": index,
                    "message": message_of(choice),
                    "logprobs": None
                    if completion.top_logprobs is None
                    else choice_logprobs(completion, tokenizer, index),
                    "finish_reason": choice.finish,
                }
                for index, choice in enumerate(completion.choices)
            ],
            "usage": completion.usage,
            "service_tier": completion.service_tier,
            "system_fingerprint": completion.fingerprint,
        }
    )


def message_of(choice: Choice) -> dict[str, Any]:
    """Return the assistant's message."""
    message: dict[str, Any] = {
        "role": "assistant",
        "content": choice.content,
        "refusal": choice.refusal,
        "annotations": [],
    }
    if choice.reasoning is not None:
        message["reasoning_content"] = choice.reasoning
    if choice.calls:
        message["tool_calls"] = [call_of(call) for call in choice.calls]
    if choice.audio is not None:
        spoken = choice.audio
        message["audio"] = {
            "id": spoken.id,
            "data": spoken.data,
            "expires_at": spoken.expires_at,
            "transcript": spoken.transcript,
        }
    return message


def call_of(call: Call) -> dict[str, Any]:
    """Return one entry of ``tool_calls``."""
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def choice_logprobs(completion: Completion, tokenizer: Tokenizer, index: int) -> dict[str, Any] | None:
    """Return the ``logprobs`` of a choice: of its text or its refusal; None where it has neither."""
    choice = completion.choices[index]
    top, seed = completion.top_logprobs or 0, f"{completion.seed}:{index}"
    if choice.refusal is not None:
        return {"content": None, "refusal": logprobs_of(tokenizer, choice.refusal, top, seed)}
    if choice.content is not None:
        return {"content": logprobs_of(tokenizer, choice.content, top, seed), "refusal": None}
    return None
