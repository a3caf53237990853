"""A chat completion before it is bytes: JSON and stream both say what stands here."""

from __future__ import annotations

from typing import Any, NamedTuple


class Call(NamedTuple):
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
    calls: tuple[Call, ...] = ()
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
