"""What answers ``POST /chat/completions``."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mockgrid.reply.behaviour import Behaviour
from mockgrid.reply.chat.conversation import ChatRequests
from mockgrid.reply.chat.replies import ChatReplies
from mockgrid.reply.chat.strict import OUTPUT_LIMITS, misuses, most_input, overflow, strict_violations
from mockgrid.reply.models import unknown_model
from mockgrid.reply.request import RefusedError

# Tokens of a byte of JSON, at most: those of an image are more than the characters that name it.
_DENSEST = 3
# What replies have beyond the contract's requests, and clients send back.
_SENT_BACK = re.compile(r"/messages/(\d+)/(?:reasoning_content|annotations)")

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockgrid.contract.extension import Models
    from mockgrid.reply.behaviour import Kit
    from mockgrid.reply.chat.habits import ChatHabits
    from mockgrid.reply.chat.hearing import ChatHearer
    from mockgrid.reply.chat.scripted import ChatSpeaker
    from mockgrid.reply.chat.transcript import ChatTranscript
    from mockgrid.reply.request import Request
    from mockgrid.schema.violation import Violation


class ChatBehaviour(ChatReplies, Behaviour):
    """Makes completions, and refuses what is asked of models that are not known.

    Args:
        kit: what replies are made from.
    """

    conversation = ChatRequests()

    def __init__(self, kit: Kit) -> None:
        super().__init__(kit)
        models = kit.models
        self._contract = kit.contract
        self._strict = kit.strict
        # What needs no further look, spelt so.
        self._unquestioned = frozenset(
            (None, *(models.names if models is not None else ())) if not kit.strict else ()
        )
        # Only where the API has an answer to it is a conversation too long; a shorter body never is.
        self._overflows = "context_overflow" in kit.contract.policy.failures
        inputs = map(most_input, models.known.values() if models is not None else ())
        self._shortest = min((most for most in inputs if most is not None), default=0) / _DENSEST

    @staticmethod
    def transcript() -> ChatTranscript:
        """Return what finds the assistant's words for verdicts."""
        from mockgrid.reply.chat.transcript import ChatTranscript  # noqa: PLC0415 - 5 ms, and for verdicts alone

        return ChatTranscript()

    @staticmethod
    def habits() -> ChatHabits:
        """Return what completions are like beyond their schema."""
        from mockgrid.reply.chat.habits import ChatHabits  # noqa: PLC0415 - 5 ms, and for `mockgrid verify` alone

        return ChatHabits()

    @staticmethod
    def hearer() -> ChatHearer:
        """Return what says completions in the words of scenarios."""
        from mockgrid.reply.chat.hearing import ChatHearer  # noqa: PLC0415 - for recordings alone

        return ChatHearer()

    @staticmethod
    def misuses(body: Any) -> Iterable[Violation]:
        """Yield what agents break most of the rules that only a strict server enforces."""
        return misuses(body)

    @staticmethod
    def expects(body: Any, pointer: str) -> bool:
        """Tell whether a field of an assistant's message is one that its reply may have had."""
        field = _SENT_BACK.fullmatch(pointer)
        return field is not None and body["messages"][int(field[1])]["role"] == "assistant"

    @cached_property
    def speaker(self) -> ChatSpeaker:
        """What says what scenarios script."""
        from mockgrid.reply.chat.scripted import ChatSpeaker  # noqa: PLC0415 - 10 ms, and for scenarios alone

        return ChatSpeaker(self)

    def check(self, request: Request) -> None:
        """Refuse an unknown model and, when strict, what OpenAI's rules between fields forbid."""
        body = request.value
        model, models = body.get("model"), request.models
        if self._overflows and (len(request.body) > self._shortest or not OUTPUT_LIMITS.isdisjoint(body)):
            self._check_length(body, models or self._models)
        if models is None and model in self._unquestioned:
            return
        models = models or self._models
        if self._strict:
            limits = models.limits(model or self.default_model) if models is not None else {}
            violations = strict_violations(body, limits, self._tokenizer)
            if violations:
                raise RefusedError("invalid_request", "The request is not valid.", violations=violations)
        if model is not None and models is not None and models.find(model) is None:
            raise unknown_model(model, request.models, self._models, self._contract)

    def _check_length(self, body: Any, models: Models | None) -> None:
        limits = models.limits(body.get("model") or self.default_model) if models is not None else {}
        message = overflow(body, limits, self._tokenizer)
        if message:
            raise RefusedError("context_overflow", message)
