"""The behaviours that there are, by the names that documents give them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from mockgrid.reply.chat.behaviour import ChatBehaviour
from mockgrid.reply.chat.chunks import FORM
from mockgrid.reply.embeddings import EmbeddingReplies
from mockgrid.reply.models import ModelReplies
from mockgrid.scenario.view import RequestView

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mockgrid.contract.contract import Operation
    from mockgrid.reply.behaviour import Behaviour, Habits
    from mockgrid.reply.request import Request
    from mockgrid.scenario.view import Conversation
    from mockgrid.session.manners import Manners
    from mockgrid.session.verdicts.streams import Transcript


BEHAVIOURS: Final[dict[str, type[Behaviour]]] = {
    "chat-completions": ChatBehaviour,
    "embeddings": EmbeddingReplies,
    "models": ModelReplies,
}
"""A line for each; the class takes a ``Kit``."""

USUAL: Final = ChatBehaviour
"""As which requests and streams are read of whose behaviour the document says nothing."""

UNKNOWN_FORM: Final = FORM
"""The form of streams that no behaviour has made."""


def conversation_of(name: str | None) -> Conversation | None:
    """Return what reads the conversation in an operation's requests, by the name of its behaviour."""
    return BEHAVIOURS.get(name or "", USUAL).conversation


def transcript_of(name: str | None) -> Transcript | None:
    """Return what finds the assistant's words of an operation, by the name of its behaviour."""
    return BEHAVIOURS.get(name or "", USUAL).transcript()


def stream_end(name: str | None) -> bytes:
    """Return the framed event by which the streams of a behaviour end, by its name; empty for none."""
    behaviour = BEHAVIOURS.get(name or "")
    return UNKNOWN_FORM.done if behaviour is not None and behaviour.conversation is not None else b""


def habits_of(name: str | None) -> Habits | None:
    """Return what the replies of a behaviour are like beyond their schema, by its name."""
    return BEHAVIOURS[name].habits() if name in BEHAVIOURS else None


def manners_of(name: str | None) -> Manners | None:
    """Return what a behaviour knows of good requests, by its name; None where there is none."""
    return BEHAVIOURS.get(name or "")


def speaking_operations(operations: Iterable[Operation]) -> dict[str, Conversation]:
    """Return what reads the requests of the operations by whose behaviour scenarios speak, by their ids."""
    return {
        operation.id: conversation
        for operation in operations
        if operation.behaviour in BEHAVIOURS
        and (conversation := BEHAVIOURS[operation.behaviour].conversation) is not None
    }


class Reading(NamedTuple):
    """How the requests of an operation are read.

    Attributes:
        conversation: reads the conversation in them; None where they hold none.
        sending: the keys of a body by which they say how the reply is sent.
        usual: whether steps are for it that do not say for which they are: it speaks, or none does.
    """

    conversation: Conversation | None
    sending: tuple[str, ...]
    usual: bool

    def view(
        self, request: Request, attempt: int = 1, default_model: str = "default", session: str = ""
    ) -> RequestView:
        """Return a request as scenarios see it, seen for the nth time."""
        operation = request.operation
        return RequestView(
            operation.id,
            operation.method,
            request.path,
            request.query,
            request.headers,
            request.value,
            attempt,
            default_model,
            session,
            self.conversation,
            self.usual,
        )


def readings(operations: Sequence[Operation]) -> dict[str, Reading]:
    """Return how the requests of a contract's operations are read, by the operation's id."""
    speaking = speaking_operations(operations)
    known = {operation.id: conversation_of(operation.behaviour) for operation in operations}
    return {
        name: Reading(conversation, getattr(conversation, "sending", ()), not speaking or name in speaking)
        for name, conversation in known.items()
    }
