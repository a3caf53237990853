"""A chat completion, and its JSON; a stream says the same in chunks."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

if TYPE_CHECKING:
    from mockgrid.reply.tokens import Tokenizer


class FinishedCall(NamedTuple):
    """A tool call; ``arguments`` is JSON text, cut where a limit cut it."""

    id: str
    name: str
    arguments: str


class Audio(NamedTuple):
    """Spoken content: base64 data, its transcript, and when it expires, in Unix seconds."""

    id: str
    data: str
    transcript: str
    expires_at: int
    tokens: int


class Choice(NamedTuple):
    """One choice of a completion.

    Attributes:
        content: the text; None beside tool calls, audio or a refusal.
        finish: the ``finish_reason``.
        reasoning: ``reasoning_content``, given before the content by models that show their reasoning.
    """

    content: str | None
    finish: str | None = "stop"
    calls: tuple[FinishedCall, ...] = ()
    audio: Audio | None = None
    refusal: str | None = None
    reasoning: str | None = None


class Completion(NamedTuple):
    """A whole completion.

    Attributes:
        created: Unix seconds.
        top_logprobs: how many alternatives each token lists; None for no ``logprobs`` at all.
        seed: hexadecimal text that all that varies is drawn from.
        usage: the ``usage`` object; None where none is reported.
    """

    id: str
    created: int
    model: str
    service_tier: str
    fingerprint: str
    choices: tuple[Choice, ...]
    usage: dict[str, Any] | None
    top_logprobs: int | None
    seed: str


def render_json(completion: Completion, tokenizer: Tokenizer) -> bytes:
    """Return the body of a ``chat.completion``."""
    body: dict[str, Any] = {
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
    if completion.usage is None:
        del body["usage"]
    return orjson.dumps(body)


def usage_of(
    *, prompt: int, prompt_audio: int = 0, written: int = 0, spoken: int = 0, reasoned: int = 0
) -> dict[str, Any]:
    """Return a ``usage`` object; all numbers are tokens, and ``prompt`` includes ``prompt_audio``."""
    completed = written + spoken + reasoned
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completed,
        "total_tokens": prompt + completed,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": prompt_audio},
        "completion_tokens_details": {
            "reasoning_tokens": reasoned,
            "audio_tokens": spoken,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def message_of(choice: Choice) -> dict[str, Any]:
    """Return the assistant's message."""
    message: dict[str, Any] = {"role": "assistant"}
    if choice.reasoning is not None:
        message["reasoning_content"] = choice.reasoning
    message |= {"content": choice.content, "refusal": choice.refusal, "annotations": []}
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


def call_of(call: FinishedCall) -> dict[str, Any]:
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


_ALTERNATIVES = (
    " the", " a", " and", " to", " of", " in", " is", " it", " for", " that",
    " on", " with", " as", " you", " this", " be", " are", " or", " at", " we", " not",
)  # fmt: skip


def logprobs_of(tokenizer: Tokenizer, text: str, top: int, seed: str) -> list[dict[str, Any]]:
    """Return one entry for each token of a text.

    The chosen token comes first among its alternatives, and the probabilities of all that are listed for one
    token sum to less than one.
    """
    rng = random.Random(f"logprobs:{seed}")  # noqa: S311 - drawn from the request, for repeatability
    entries = []
    for token in tokenizer.pieces(text):
        logprob = -round(0.01 + 0.5 * rng.random(), 6)
        listed = [_entry(token, logprob)] if top else []
        others = (other for other in _ALTERNATIVES if other != token)
        for place, other in zip(range(1, top), others, strict=False):
            listed.append(_entry(other, round(logprob - 5 - place - rng.random(), 6)))
        entries.append({**_entry(token, logprob), "top_logprobs": listed})
    return entries


def _entry(token: str, logprob: float) -> dict[str, Any]:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode("utf-8"))}
