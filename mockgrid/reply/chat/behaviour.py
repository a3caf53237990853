"""What answers ``POST /chat/completions``."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from mockgrid.reply.behaviour import Behaviour
from mockgrid.reply.chat.conversation import ChatRequests
from mockgrid.reply.chat.replies import ChatReplies
from mockgrid.reply.chat.strict import strict_violations
from mockgrid.reply.request import RefusedError, unknown_model

if TYPE_CHECKING:
    from mockgrid.reply.behaviour import Kit
    from mockgrid.reply.chat.scripted import ChatSpeaker
    from mockgrid.reply.chat.transcript import ChatTranscript
    from mockgrid.reply.request import Request


class ChatBehaviour(ChatReplies, Behaviour):
    """Makes completions, and refuses what is asked of models that are not known.

    Args:
        kit: what replies are made from.
    """

    conversation = ChatRequests()

    def __init__(self, kit: Kit) -> None:
        super().__init__(kit)
        models = kit.models
        self._models = models
        self._strict = kit.strict
        # What needs no further look, spelt so.
        self._unquestioned = frozenset(
            (None, *(models.names if models is not None else ())) if not kit.strict else ()
        )

    @staticmethod
    def transcript() -> ChatTranscript:
        """Return what finds the assistant's words for verdicts."""
        from mockgrid.reply.chat.transcript import ChatTranscript  # noqa: PLC0415 - 5 ms, and for verdicts alone

        return ChatTranscript()

    @cached_property
    def speaker(self) -> ChatSpeaker:
        """What says what scenarios script."""
        from mockgrid.reply.chat.scripted import ChatSpeaker  # noqa: PLC0415 - 10 ms, and for scenarios alone

        return ChatSpeaker(self)

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
            raise unknown_model(model, models)
