"""Chat completions: the default reply, as JSON or as a stream."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from mockgrid.document.json_body import reread_integers
from mockgrid.document.nearest import did_you_mean
from mockgrid.reply.chat.chunks import BY_TOKEN, Options, render_events
from mockgrid.reply.chat.completion import Choice, Completion
from mockgrid.reply.chat.conversation import prompt_tokens
from mockgrid.reply.chat.plain import PlainReplies
from mockgrid.reply.chat.plan import Planner, Style
from mockgrid.reply.chat.render import render_json, usage_of
from mockgrid.reply.chat.strict import strict_violations
from mockgrid.reply.refused import RefusedError
from mockgrid.reply.reply import JSON, SSE, Reply
from mockgrid.schema.values import ValueMemory
from mockgrid.schema.violation import Violation

if TYPE_CHECKING:
    from mockgrid.contract.contract import Contract
    from mockgrid.contract.extension import Models
    from mockgrid.reply.chunking import Chunking
    from mockgrid.reply.request import Request
    from mockgrid.reply.tokens import Tokenizer

CREATED = 1_735_689_600
"""The instant at which a fixed clock stands still: 1 January 2025, 00:00 UTC."""

# Fields that shape a reply; a request without any of them gets one choice of text as JSON.
_SHAPING = frozenset(
    (
        "audio",
        "logprobs",
        "max_completion_tokens",
        "max_tokens",
        "modalities",
        "n",
        "response_format",
        "service_tier",
        "stop",
        "stream",
        "tool_choice",
        "tools",
    )
)
# Log probabilities in one reply, alternatives included: more than the longest reply of a real model has.
_MOST_LOGPROBS = 250_000
# Characters of an identity that stand in a completion's id.
_ID = 29
# Characters of an unknown name that are shown.
_SHOWN = 100
_LONG_INTEGER = re.compile(rb"\d{19}")
_TIERS = ("default", "flex", "scale", "priority")


class ChatReplies:
    """Answers ``POST /chat/completions``.

    Args:
        contract: whose models are known.
        tokenizer: counts usage, cuts at limits, and makes the pieces of streams.
        models: the known models; None accepts any.
        style: ``echo`` or ``prose``.
        prose_tokens: how long prose is.
        real_clock: whether ``created`` is the time of day.
        strict: whether OpenAI's rules between fields are enforced.

    Attributes:
        default_model: the model of a request that names none.
    """

    def __init__(  # noqa: PLR0913 - settings, by name
        self,
        contract: Contract,
        tokenizer: Tokenizer,
        *,
        models: Models | None,
        style: Style = "echo",
        prose_tokens: int = 64,
        real_clock: bool = False,
        strict: bool = False,
    ) -> None:
        self._tokenizer = tokenizer
        self._models = models
        self.default_model = models.default if models is not None else "default"
        self._planner = Planner(tokenizer, ValueMemory(), style, prose_tokens)
        self._real_clock = real_clock
        self._strict = strict
        self._fingerprint = f"fp_{contract.sha256[:10]}"
        self._plain = PlainReplies(self._fingerprint, tokenizer)
        # What needs no further look, spelt so.
        self._unquestioned = frozenset(
            (None, *(models.names if models is not None else ())) if not strict else ()
        )
        self._json_headers = [(b"content-type", JSON)]
        self._sse_headers = [(b"content-type", SSE), (b"cache-control", b"no-cache")]

    def check(self, request: Request) -> None:
        """Refuse an unknown model and, when strict, what OpenAI's rules between fields forbid."""
        body = request.value
        model, models = body.get("model"), request.models
        if models is None and model in self._unquestioned:
            return
        models = models or self._models
        if self._strict:
            limits = models.limits(model or self.default_model) if models is not None else {}
            violations = strict_violations(body, limits, self._tokenizer)
            if violations:
                raise RefusedError("invalid_request", "The request is not valid.", violations=violations)
        if model is not None and models is not None and models.find(model) is None:
            shown = model if len(model) <= _SHOWN else model[: _SHOWN - 1] + "…"
            hint = did_you_mean(model, models.names)
            message = f"Model not found: {shown}" + (f".{hint}" if hint else "")
            raise RefusedError("unknown_model", message)

    def reply(self, request: Request, seed: str, identity: str) -> Reply:
        """Compose the default reply as the body's ``stream`` asks; ``Accept`` does not count."""
        body = request.value
        if _SHAPING.isdisjoint(body):
            plain = self._plain.reply(
                body,
                body.get("model") or self.default_model,
                self._planner.sentence(body["messages"], seed),
                identity[:_ID],
                CREATED if not self._real_clock else int(time.time()),
            )
            if plain is not None:
                return plain
        if ("tools" in body or "response_format" in body) and _LONG_INTEGER.search(request.body) is not None:
            # The fast reader rounds integers beyond 64 bits, which the bounds of a schema must not be.
            body = reread_integers(request.body)
        return self.rendered(body, self.complete(body, seed, identity))

    def rendered(self, body: dict[str, Any], completion: Completion, chunking: Chunking = BY_TOKEN) -> Reply:
        """Return a completion as JSON, or as a stream whose texts are cut as ``chunking`` says."""
        if body.get("stream"):
            asked = body.get("stream_options") or {}
            options = Options(bool(asked.get("include_usage")), bool(asked.get("include_obfuscation")))
            events = render_events(completion, self._tokenizer, options, chunking)
            reply = Reply(200, self._sse_headers, events=events)
        else:
            reply = Reply(200, self._json_headers, render_json(completion, self._tokenizer))
        reply.tokens = completion.usage["total_tokens"] if completion.usage is not None else 0
        return reply

    def plain(self, body: dict[str, Any], content: str, identity: str) -> Reply | None:
        """Return the reply that says ``content``, made at once; None for a request that asks for more.

        The bytes are those of ``completion`` and ``rendered``.
        """
        if not _SHAPING.isdisjoint(body):
            return None
        model = body.get("model") or self.default_model
        return self._plain.reply(body, model, content, identity[:_ID], self._created())

    def _created(self) -> int:
        return int(time.time()) if self._real_clock else CREATED

    def complete(self, body: dict[str, Any], seed: str, identity: str) -> Completion:
        """Return the default completion for a valid request.

        Raises:
            RefusedError: the request asks for what cannot be made, or for more than is made.
        """
        choices = self._planner.choices(body, seed, self._created())
        completion = self.completion(body, choices, seed, identity)
        if completion.top_logprobs is not None:
            _check_size(completion)
        return completion

    def completion(
        self, body: dict[str, Any], choices: tuple[Choice, ...], seed: str, identity: str
    ) -> Completion:
        """Return the completion that has these choices; calls get their ids here."""
        if choices[0].calls:
            choices = tuple(_named(choice, identity, index) for index, choice in enumerate(choices))
        tier = body.get("service_tier")
        return Completion(
            id=f"chatcmpl-{identity[:_ID]}",
            created=self._created(),
            model=body.get("model") or self.default_model,
            service_tier=tier if tier in _TIERS else "default",
            fingerprint=self._fingerprint,
            choices=choices,
            usage=self._usage(body, choices),
            top_logprobs=(body.get("top_logprobs") or 0) if body.get("logprobs") else None,
            seed=seed,
        )

    def _usage(self, body: dict[str, Any], choices: tuple[Choice, ...]) -> dict[str, Any]:
        count = self._tokenizer.count
        prompt, prompt_audio = prompt_tokens(self._tokenizer, body)
        written = spoken = reasoned = 0
        for choice in choices:
            if choice.content:
                written += count(choice.content)
            for call in choice.calls:
                written += count(call.arguments)
            if choice.audio is not None:
                written += count(choice.audio.transcript)
                spoken += choice.audio.tokens
            if choice.refusal:
                written += count(choice.refusal)
            if choice.reasoning:
                reasoned += count(choice.reasoning)
        return usage_of(
            prompt=prompt, prompt_audio=prompt_audio, written=written, spoken=spoken, reasoned=reasoned
        )


def _check_size(completion: Completion) -> None:
    """Refuse log probabilities beyond reason: each token with alternatives takes up to 3 kB."""
    usage = completion.usage or {}
    entries = usage.get("completion_tokens", 0) * (1 + (completion.top_logprobs or 0))
    if entries > _MOST_LOGPROBS:
        message = f"asks for {entries} log probabilities in all; at most {_MOST_LOGPROBS} are made"
        violation = Violation(
            "MG137", "/logprobs", "logprobs", message, f"at most {_MOST_LOGPROBS}", "true", "true"
        )
        raise RefusedError("invalid_request", f"logprobs {message}", violations=[violation])


def _named(choice: Choice, identity: str, index: int) -> Choice:
    """Give each call its id, which differs between attempts, choices and calls."""
    # The middle of a number that differs in each place; 24 characters as OpenAI's ids have.
    start = int(identity[29:61], 16) + (index << 64)
    calls = tuple(
        call._replace(id=f"call_{(start + place) % (1 << 96):024x}")
        for place, call in enumerate(choice.calls)
    )
    return choice._replace(calls=calls)
