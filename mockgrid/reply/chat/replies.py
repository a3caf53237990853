"""Chat completions: the default reply, as JSON or as a stream."""

from __future__ import annotations

import re
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import orjson

from mockgrid.document.json_body import reread_integers
from mockgrid.reply.behaviour import CREATED
from mockgrid.reply.chat.chunks import FORM, Options, count_tokens, render_events
from mockgrid.reply.chat.completion import Choice, Completion, render_json, usage_of
from mockgrid.reply.chat.conversation import prompt_tokens
from mockgrid.reply.chat.made import ID, KnownReply, can_be_made_again, named, plain_template
from mockgrid.reply.chat.plan import Planner
from mockgrid.reply.delivery.form import Streaming
from mockgrid.reply.reply import JSON, SSE, Reply
from mockgrid.reply.request import RefusedError
from mockgrid.schema.values import as_text
from mockgrid.schema.violation import violation_at

if TYPE_CHECKING:
    from mockgrid.reply.behaviour import Kit, Turn
    from mockgrid.reply.chat.completion import FinishedCall
    from mockgrid.reply.request import Request
    from mockgrid.reply.tokens import Chunks

# Log probabilities in one reply, alternatives included: more than the longest reply of a real model has.
_MOST_LOGPROBS = 250_000
# A number of which the fast reader may have made a float: none below 2 to the power of 63 is.
_ROUNDED = re.compile(r"\de\+?(?:1[89]|[2-9]\d|\d{3})")
# Default replies that are remembered of one request, which differ in what is preferred.
_MOST_MADE = 2
_TIERS = ("default", "flex", "scale", "priority")


class ChatReplies:
    """Makes completions, and replies of them.

    Args:
        kit: what replies are made from.

    Attributes:
        default_model: the model of a request that names none.
    """

    def __init__(self, kit: Kit) -> None:
        tokenizer, models = kit.tokenizer, kit.models
        self._tokenizer = tokenizer
        self.default_model = models.default if models is not None else "default"
        self._planner = Planner(tokenizer, kit.memory, kit.style, kit.prose_tokens)
        self._created = _now if kit.real_clock else lambda: CREATED
        self._fingerprint = f"fp_{kit.contract.sha256[:10]}"
        self._models = models
        self._serves = models is not None and models.serves
        self._template = plain_template(self._fingerprint, tokenizer)
        self._json_headers = [(b"content-type", JSON)]
        self._sse_headers = [(b"content-type", SSE), (b"cache-control", b"no-cache")]

    def reply(self, request: Request, seed: str, attempt_id: str) -> Reply:
        """Compose the default reply as the body's ``stream`` asks; ``Accept`` does not count."""
        body, repeat = request.value, request.repeat if request.models is None else None
        if repeat is not None:
            made: KnownReply | None = repeat.made.get(seed)
            if made is not None:
                return made.reply(attempt_id, self._created())
            if body.get("stream") or len(repeat.made) >= _MOST_MADE:
                repeat = None
        if repeat is None and is_plain(body):
            sentence = self._planner.sentence(body["messages"], seed)
            plain = self.plain(request, sentence, attempt_id)
            if plain is not None:
                return plain
        completion = self.complete(request, seed, attempt_id)
        reply = self.rendered(body, completion)
        if repeat is not None and can_be_made_again(completion, reply):
            repeat.made[seed] = KnownReply(completion, reply)
        return reply

    def plain(self, request: Request, content: str, attempt_id: str) -> Reply | None:
        """Return the reply that says ``content`` in one choice; None to a prompt of which a part is audio.

        Args:
            request: one that asks for no more than text, as ``is_plain`` tells.
            content: the text.
            attempt_id: hexadecimal text that differs between attempts.
        """
        tokenizer = self._tokenizer
        body = request.value
        prompt, prompt_audio = prompt_tokens(tokenizer, body)
        if prompt_audio:
            return None
        named = self._serves or request.models is not None
        model = self._model(request) if named else body.get("model") or self.default_model
        written = tokenizer.count(content)
        made = self._template % (
            attempt_id[:ID].encode(),
            self._created(),
            orjson.dumps(model),
            orjson.dumps(content),
            prompt,
            written,
            prompt + written,
        )
        return Reply(200, self._json_headers, made, tokens=prompt + written)

    def _model(self, request: Request) -> str:
        """Return the model that a reply is from."""
        name: str = request.value.get("model") or self.default_model
        models = request.models or self._models
        return models.served(name) if models is not None else name

    def rendered(
        self,
        body: dict[str, Any],
        completion: Completion,
        chunks: Chunks = "token",
        *,
        interleave: bool = False,
    ) -> Reply:
        """Return a completion as JSON, or as a stream; ``render_events`` says how."""
        closing = 1
        if body.get("stream"):
            wanted = body.get("stream_options") or {}
            options = Options(bool(wanted.get("include_usage")), bool(wanted.get("include_obfuscation")))
            closing += options.usage and completion.usage is not None
            events = render_events(completion, self._tokenizer, options, chunks, interleave=interleave)
            reply = Reply(200, self._sse_headers, events=events)
        else:
            reply = Reply(200, self._json_headers, render_json(completion, self._tokenizer))
        tokens = partial(count_tokens, completion, self._tokenizer, chunks)
        reply.streaming = Streaming(FORM, len(completion.choices), closing, tokens)
        reply.tokens = completion.usage["total_tokens"] if completion.usage is not None else 0
        return reply

    def complete(self, request: Request, seed: str, attempt_id: str, edges: int | None = None) -> Completion:
        """Return the default completion for a valid request.

        Args:
            request: it.
            seed: hexadecimal text from what it asks.
            attempt_id: the same, which differs between attempts too.
            edges: draws values at the edges of the schemas that it brings; None for usual ones.

        Raises:
            RefusedError: the request asks for what cannot be made, or for more than is made.
        """
        # What is at the edges is the same whatever the request says.
        own = seed if edges is None else ""
        choices = self._planner.choices(_exact(request), own, self._created(), edges)
        completion = self.completion(request, choices, seed, attempt_id)
        if completion.top_logprobs is not None:
            _check_size(completion)
        return completion

    def offered(self, request: Request, count: int, seed: str, edges: int | None) -> tuple[FinishedCall, ...]:
        """Return calls of so many of the tools that a request offers; none where it wants none called.

        Raises:
            RefusedError: the schema of a tool admits no arguments.
        """
        return self._planner.offered(_exact(request), count, seed, edges)

    def sentence(self, turn: Turn) -> str:
        """Return what the default reply says."""
        return self._planner.sentence(turn.request.value["messages"], turn.seed)

    def completion(
        self, request: Request, choices: tuple[Choice, ...], seed: str, attempt_id: str
    ) -> Completion:
        """Return the completion that has these choices; calls get their ids here."""
        body = request.value
        if any(choice.calls for choice in choices):
            choices = tuple(named(choice, attempt_id, index) for index, choice in enumerate(choices))
        tier = body.get("service_tier")
        return Completion(
            id=f"chatcmpl-{attempt_id[:ID]}",
            created=self._created(),
            model=self._model(request),
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
            written += count(choice.content or "") + count(choice.refusal or "")
            for call in choice.calls:
                written += count(call.arguments)
            if choice.audio is not None:
                written += count(choice.audio.transcript)
                spoken += choice.audio.tokens
            if choice.reasoning:
                reasoned += count(choice.reasoning)
        return usage_of(
            prompt=prompt, prompt_audio=prompt_audio, written=written, spoken=spoken, reasoned=reasoned
        )


def _exact(request: Request) -> dict[str, Any]:
    """Return a body whose schemas have all their digits.

    The fast reader rounds integers beyond 64 bits, which the bounds of a schema must not be.
    """
    body: dict[str, Any] = request.value
    shaping = as_text((body.get("tools"), body.get("response_format")))
    if _ROUNDED.search(shaping) is not None:
        return reread_integers(request.body)  # type: ignore[no-any-return]
    return body


def _now() -> int:
    return int(time.time())


def _check_size(completion: Completion) -> None:
    """Refuse log probabilities beyond reason: each token with alternatives takes up to 3 kB."""
    usage = completion.usage or {}
    entries = usage.get("completion_tokens", 0) * (1 + (completion.top_logprobs or 0))
    if entries > _MOST_LOGPROBS:
        message = f"asks for {entries} log probabilities in all; at most {_MOST_LOGPROBS} are made"
        violation = violation_at(("logprobs",), "MG137", message, f"at most {_MOST_LOGPROBS}", value=True)
        raise RefusedError("invalid_request", f"logprobs {message}", violations=[violation])


# Fields that shape a reply, each with the values by which it does not.
_UNSHAPED: Final[dict[str, tuple[Any, ...]]] = {
    "logprobs": (None, False),
    "max_completion_tokens": (None,),
    "max_tokens": (None,),
    "modalities": (None, ["text"]),
    "n": (None, 1),
    "response_format": (None, {"type": "text"}),
    "service_tier": (None, "auto", "default"),
    "stop": (None,),
    "stream": (None, False),
    "tool_choice": (None, "auto", "none"),
}
_SHAPING: Final = frozenset(_UNSHAPED)


def is_plain(body: dict[str, Any]) -> bool:
    """Tell whether a request gets one choice of text as JSON, and no more, whatever it offers besides.

    >>> is_plain({"messages": [], "n": 1, "tools": [...]}), is_plain({"messages": [], "n": 2})
    (True, False)
    """
    return _SHAPING.isdisjoint(body) or all(
        body[name] in _UNSHAPED[name] for name in _SHAPING.intersection(body)
    )
