"""The behaviours that there are, by the names that documents give them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from mockgrid.reply.chat.behaviour import ChatBehaviour
from mockgrid.reply.chat.chunks import FORM
from mockgrid.reply.embeddings import EmbeddingReplies
from mockgrid.reply.models import ModelReplies

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mockgrid.contract.contract import Operation
    from mockgrid.reply.behaviour import Behaviour
    from mockgrid.scenario.view import Conversation
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


def _of(name: str | None) -> type[Behaviour]:
    return BEHAVIOURS.get(name, USUAL) if name is not None else USUAL


def conversation_of(name: str | None) -> Conversation | None:
    """Return what reads the conversation in an operation's requests, by the name of its behaviour."""
    return _of(name).conversation


def transcript_of(name: str | None) -> Transcript | None:
    """Return what finds the assistant's words of an operation, by the name of its behaviour."""
    return _of(name).transcript()


def speaks(name: str | None) -> bool:
    """Tell whether scenarios can speak by a behaviour of this name."""
    return name in BEHAVIOURS and BEHAVIOURS[name].conversation is not None


def speaking_operations(operations: Iterable[Operation]) -> dict[str, Conversation]:
    """Return what reads the requests of the operations that hold a conversation, by the operation's id."""
    known = ((operation.id, operation.behaviour) for operation in operations)
    return {
        name: conversation
        for name, behaviour in known
        if behaviour in BEHAVIOURS and (conversation := BEHAVIOURS[behaviour].conversation) is not None
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


def readings(operations: Sequence[Operation]) -> dict[str, Reading]:
    """Return how the requests of a contract's operations are read, by the operation's id."""
    silent = not speaking_operations(operations)
    known = ((operation, conversation_of(operation.behaviour)) for operation in operations)
    return {
        operation.id: Reading(
            conversation,
            conversation.sending if conversation is not None else (),
            silent or speaks(operation.behaviour),
        )
        for operation, conversation in known
    }
