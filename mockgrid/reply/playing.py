"""Answering by a scenario: admit, select, compose, and count what was used."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mockgrid.document.document import Document
from mockgrid.reply.behaviour import Turn
from mockgrid.reply.behaviours import UNKNOWN_FORM
from mockgrid.reply.delivery.delivery import script_of_body, script_of_stream, writing_time
from mockgrid.reply.delivery.form import Streaming
from mockgrid.reply.request import RefusedError
from mockgrid.reply.scripted import retry_headers
from mockgrid.scenario.diagnostics import Origin
from mockgrid.scenario.reply import Auto, ScriptedReply
from mockgrid.scenario.selection import NoStep
from mockgrid.scenario.view import RequestView
from mockgrid.session.play import Exhausted, Replenishing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockgrid.reply.behaviours import Reading
    from mockgrid.reply.reply import Reply
    from mockgrid.reply.request import Request
    from mockgrid.reply.scripted import ScriptedReplies
    from mockgrid.scenario.delivery import Delivery
    from mockgrid.session.play import Play

_HEADER_LIMIT = 4096
# What is played where no step answers.
_DEFAULT: Final = ScriptedReply(Auto(), Origin(Document(None, ""), ""))


class ScenarioReplies:
    """Answers the requests of sessions that play a scenario.

    Args:
        scripted: composes what scenarios say.
        default_model: the model of a request that names none.
        readings: how the requests of each operation are read, by its id.
    """

    def __init__(
        self, scripted: ScriptedReplies, default_model: str, readings: Mapping[str, Reading]
    ) -> None:
        self._scripted = scripted
        self._default_model = default_model
        self._readings = readings

    def concern(self, request: Request, play: Play) -> bool:
        """Tell whether a scenario answers requests like this one, whatever else its steps ask of them."""
        operation = request.operation
        usual = self._readings[operation.id].usual
        return play.scenario.concerns(RequestView(operation.id, operation.method, request.path, usual=usual))

    def reply(  # noqa: PLR0913, PLR0917 - all that a reply depends on
        self, request: Request, play: Play, attempt: int, seed: str, attempt_id: str, session: str = ""
    ) -> Reply:
        """Return the reply to a valid request.

        Args:
            request: a valid one.
            play: the scenario that its session plays.
            attempt: how often the session has now seen it.
            seed: hexadecimal text from what it asks.
            attempt_id: the same, with the attempt.
            session: the session's name.

        Raises:
            RefusedError: a limit is reached, the balance is used up, or no step answers.
        """
        operation, scenario = request.operation, play.scenario
        conversation, _, usual = self._readings[operation.id]
        view = RequestView(
            operation.id,
            operation.method,
            request.path,
            request.query,
            request.headers,
            request.value,
            attempt,
            self._default_model,
            session,
            conversation,
            usual,
        )
        if scenario.counts:
            _admit(play, view.model or "")
        selection = play.select(view)
        if isinstance(selection, NoStep):
            raise _no_step(selection)
        if scenario.seed is not None:
            seed = f"{scenario.seed}:{seed}"
        paced = scenario.pace is not None
        if selection is None and not paced:
            reply = self._scripted.default(request, seed, attempt_id)
        else:
            scripted = selection.reply if selection is not None else _DEFAULT
            speaker = self._scripted.speakers.get(operation.behaviour)
            spoken = None
            if speaker is not None and scripted.plain and not paced:  # 6 µs in place of 11
                spoken = speaker.spoken(scripted, view, attempt_id)
            reply = spoken or self._scripted.compose(scripted, Turn(request, view, seed, attempt_id))
            if selection is not None:
                reply.step = selection.step.label
            if paced or not scripted.direct:
                _deliver(reply, scripted.delivery, play, attempt_id)
        if scenario.counts:
            play.spend(view.model or "", reply.tokens)
        return reply


def _deliver(reply: Reply, delivery: Delivery, play: Play, attempt_id: str) -> None:
    """Give a reply the script of its way."""
    seed = attempt_id if play.scenario.seed is None else f"{play.scenario.seed}:{attempt_id}"
    pace, streaming, virtual = play.scenario.pace, reply.streaming, play.clock.virtual
    if reply.events is None:
        # A whole reply comes when its stream would have ended, at the scenario's pace.
        tokens = streaming.tokens() if pace is not None and streaming is not None else 0
        held = writing_time(pace, tokens, seed) if pace is not None else 0.0
        reply.script = script_of_body(delivery, reply.body, seed, held=held, virtual=virtual)
        return
    form, opening, closing, _ = streaming or Streaming(UNKNOWN_FORM, 1, 1, int)
    if delivery.pace is None and pace is not None:
        delivery = replace(delivery, pace=pace)
    reply.script = script_of_stream(
        delivery, reply.events, seed, form, opening=opening, closing=closing, virtual=virtual
    )


def _admit(play: Play, model: str) -> None:
    admitted = play.admit(model)
    if isinstance(admitted, Replenishing):
        message = "The balance is being replenished. Retry the request after a short delay."
        raise RefusedError("balance_replenishing", message, headers=_retry_after(admitted.seconds))
    if isinstance(admitted, Exhausted):
        raise RefusedError("insufficient_balance", "The balance does not cover this request.")
    if admitted > 0:
        message = "Too many requests. Try again later."
        raise RefusedError("rate_limited", message, headers=_retry_after(admitted))


def _retry_after(seconds: float) -> dict[str, str]:
    return {name.decode("ascii"): value.decode("ascii") for name, value in retry_headers(seconds)}


def _no_step(no_step: NoStep) -> RefusedError:
    near = json.dumps(no_step.as_json()["near_misses"], separators=(",", ":"))
    others = "; ".join(str(miss) for miss in no_step.near_misses[1:])
    message = f"{no_step} Then: {others}." if others else str(no_step)
    headers = {"x-mockgrid-near-miss": near[:_HEADER_LIMIT]}
    return RefusedError("no_step", message, headers=headers, no_step=no_step)
