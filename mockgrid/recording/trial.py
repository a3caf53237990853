"""Composing what was written of a recording, to see whether it says what was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mockgrid.errors import MockgridError
from mockgrid.reply.behaviour import Kit, Turn
from mockgrid.reply.behaviours import BEHAVIOURS
from mockgrid.reply.errors import Errors
from mockgrid.reply.generic import GenericReplies
from mockgrid.reply.scripted import ScriptedReplies
from mockgrid.reply.tokens import ShortWords
from mockgrid.scenario.loading import build

if TYPE_CHECKING:
    from mockgrid.contract.contract import Contract
    from mockgrid.contract.extension import Models
    from mockgrid.recording.reading import ReadRequest
    from mockgrid.reply.behaviour import Behaviour, Hearer
    from mockgrid.reply.errors import ErrorShape

__all__ = ["Composed", "Trial"]


class Composed(NamedTuple):
    """A reply that was composed: a body, or framed events.

    Attributes:
        status: the HTTP status.
        content_type: of the body; empty for none.
        body: of a reply that is no stream.
        events: those of a stream, the one that ends it included; None for any other.
        opening: how many of them leave together with the first that counts.
    """

    status: int
    content_type: str
    body: bytes
    events: list[bytes] | None
    opening: int


class Trial:
    """Composes replies as a server does that serves a contract.

    Args:
        contract: it.
        shape: of its errors.
        models: those that it knows; None for those of the contract.

    Attributes:
        scripted: composes what scenarios script.
    """

    def __init__(
        self, contract: Contract, shape: ErrorShape = "vendor", models: Models | None = None
    ) -> None:
        kit = Kit(contract=contract, tokenizer=ShortWords(), models=models or contract.policy.models)
        behaviours: dict[str | None, Behaviour] = {
            name: behaviour(kit) for name, behaviour in BEHAVIOURS.items()
        }
        self.scripted = ScriptedReplies(Errors(contract, shape), GenericReplies(contract), behaviours)

    def hearer(self, behaviour: str | None) -> Hearer | None:
        """Return what says the replies of a behaviour in words; None where nothing does."""
        known = BEHAVIOURS.get(behaviour or "")
        return known.hearer() if known is not None else None

    def done(self, behaviour: str | None) -> bytes:
        """Return the framed event that ends the streams of a behaviour; empty where none does."""
        speaker = self.scripted.speakers.get(behaviour)
        return speaker.form.done if speaker is not None else b""

    def compose(self, reply: dict[str, Any], request: ReadRequest) -> Composed | None:
        """Return what a reply, in the words of scenarios, comes to; None where it cannot be composed."""
        free = {**reply, "contract": "off"}
        data = {"steps": [{"when": {"operation": request.operation.id}, "reply": free}]}
        try:
            scripted = build(data).steps[0].replies[0]
            turn = Turn(request.request, request.view, "0" * 32, "0" * 128)
            made = self.scripted.compose(scripted, turn)
            events = None if made.events is None else list(made.events)
        except MockgridError:
            return None
        types = (value.decode("latin-1") for name, value in made.headers if name == b"content-type")
        opening = made.streaming.opening if made.streaming is not None else 0
        return Composed(made.status, next(types, ""), made.body, events, opening)
