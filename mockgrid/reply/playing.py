"""Answering by a scenario: admit, select, compose, and count what was used."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from mockgrid.document.document import Document
from mockgrid.document.json_body import copied
from mockgrid.reply.behaviour import Turn
from mockgrid.reply.behaviours import UNKNOWN_FORM
from mockgrid.reply.delivery.delivery import script_of_body, script_of_stream, writing_time
from mockgrid.reply.delivery.form import Streaming
from mockgrid.reply.errors import lines_of
from mockgrid.reply.request import FORWARDED, RefusedError
from mockgrid.reply.scripted import retry_headers
from mockgrid.scenario.diagnostics import Origin
from mockgrid.scenario.reply import Auto, RetryAfter, ScriptedReply
from mockgrid.scenario.selection import NoStep
from mockgrid.schema.violation import FieldWarning
from mockgrid.session.play import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mockgrid.contract.limit_headers import LimitHeaders
    from mockgrid.reply.behaviours import Reading
    from mockgrid.reply.reply import Reply
    from mockgrid.reply.request import Request
    from mockgrid.reply.scripted import ScriptedReplies
    from mockgrid.scenario.delivery import Delivery
    from mockgrid.scenario.view import RequestView
    from mockgrid.session.clock import Clock
    from mockgrid.session.play import Play

_HEADER_LIMIT = 4096
_NONE: Final = "was to be inserted into the reply, and the request has no such thing"
# What is played where no step answers.
DEFAULT: Final = ScriptedReply(Auto(), Origin(Document(None, ""), ""))


class ScenarioReplies:
    """Answers the requests of sessions that play a scenario.

    Args:
        scripted: composes what scenarios say.
        default_model: the model of a request that names none.
        readings: how the requests of each operation are read, by its id.
        limit_headers: by which limits are told of, where the scenario does not say.
        forwards: whether a provider answers where no step does.
    """

    def __init__(
        self,
        scripted: ScriptedReplies,
        default_model: str,
        readings: Mapping[str, Reading],
        limit_headers: LimitHeaders,
        *,
        forwards: bool = False,
    ) -> None:
        self._forwards = forwards
        self._scripted = scripted
        self._default_model = default_model
        self._readings = readings
        self._limit_headers = limit_headers

    def concern(self, request: Request, play: Play) -> bool:
        """Tell whether a scenario answers requests like this one, whatever else its steps ask of them."""
        return play.scenario.concerns(self._readings[request.operation.id].view(request))

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
        view = self._readings[request.operation.id].view(request, attempt, self._default_model, session)
        turn = Turn(request, view, seed, attempt_id, play.clock)
        return self._counted(turn, play) if play.scenario.counts else self._answered(turn, play)

    def reply_to_broken(  # noqa: PLR0913, PLR0917 - all that a reply depends on
        self, request: Request, play: Play, attempt: int, seed: str, attempt_id: str, session: str
    ) -> Reply | None:
        """Return the reply to a request that breaks the contract; None where no step is for such.

        Raises:
            RefusedError: a limit is reached, or the balance is used up.
        """
        view = self._readings[request.operation.id].view(request, attempt, self._default_model, session)
        view.broken = True
        if not play.answers(view):
            return None
        turn = Turn(answerable(request, view), view, seed, attempt_id, play.clock)
        return self._counted(turn, play) if play.scenario.counts else self._answered(turn, play)

    def _counted(self, turn: Turn, play: Play) -> Reply:
        """Answer a request that limits and balance admit."""
        model = turn.view.model or ""
        admitted = play.admit(model)
        if isinstance(admitted, Refusal):
            raise _refused(admitted, play.standing(model, self._limit_headers), play.clock)
        reply = None
        try:
            reply = self._answered(turn, play)
        except RefusedError as refused:
            refused.headers = {**play.standing(model, self._limit_headers), **(refused.headers or {})}
            raise
        finally:
            if reply is None:
                admitted.leave()
        play.spend(admitted, reply.tokens)
        reply.admission = admitted
        standing = play.standing(model, self._limit_headers)
        if standing:
            own = {name for name, _ in reply.headers}.union(reply.decided)
            reply.headers = [*reply.headers, *(line for line in lines_of(standing) if line[0] not in own)]
        return reply

    def _answered(self, turn: Turn, play: Play) -> Reply:
        """Answer a request as the scenario does, or by default."""
        request, view, seed, attempt_id, _ = turn
        operation, scenario = request.operation, play.scenario
        selection = play.select(view)
        if isinstance(selection, NoStep):
            raise _no_step(selection)
        if selection is None and self._forwards:
            raise RefusedError(FORWARDED, "")
        if scenario.seed is not None:
            seed = f"{scenario.seed}:{seed}"
        paced = scenario.pace is not None
        if selection is None and not paced:
            reply = self._scripted.default(request, seed, attempt_id)
        else:
            scripted = selection.reply if selection is not None else DEFAULT
            if scripted.computed is not None:
                scripted = _computed(scripted.computed, self._own(request, view))
                play.cursors.state = scripted.go_to or play.cursors.state
            speaker = self._scripted.speakers.get(operation.behaviour)
            spoken = None
            if speaker is not None and scripted.plain and not paced:  # 6 µs in place of 11
                spoken = speaker.spoken(scripted, request, view, attempt_id)
            reply = spoken or self._scripted.compose(scripted, turn._replace(seed=seed))
            if selection is not None:
                reply.step = selection.step.label
            if paced or not scripted.direct:
                _deliver(reply, scripted.delivery, play, attempt_id)
            if view.lacking:
                reply.warnings = tuple(map(_lacking, view.lacking))
        return reply

    def _own(self, request: Request, view: RequestView) -> RequestView:
        """Return a view of a request with which a function may do as it likes: the same may come again."""
        request = replace(request, value=copied(request.value))
        reading = self._readings[request.operation.id]
        return reading.view(request, view.attempt, self._default_model, view.session)


def answerable(request: Request, view: RequestView) -> Request:
    """Return a request that breaks the contract as replies can be composed to it: its body is a sample."""
    if view.conversation is None:
        return request
    read = {"model": view.model, "stream": view.stream}
    sent = {key: value for key, value in read.items() if value}
    return replace(request, value={**view.conversation.sample, **sent})


def _computed(make: Callable[[RequestView], ScriptedReply], view: RequestView) -> ScriptedReply:
    try:
        return make(view)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a test does, pytest.fail() too, its client is told
        message = f"The reply could not be computed: {type(error).__name__}: {error}"
        raise RefusedError("internal", message, headers={"x-should-retry": "false"}) from error


def _deliver(reply: Reply, delivery: Delivery, play: Play, attempt_id: str) -> None:
    """Give a reply the script of its way."""
    seed = attempt_id if play.scenario.seed is None else f"{play.scenario.seed}:{attempt_id}"
    if delivery.early_fault is not None:
        reply.fault = f"fault={delivery.early_fault.kind}"
    elif delivery.fault is not None and reply.events is not None:
        reply.fault = f"stream.fault={delivery.fault.kind}"
    pace, streaming, virtual = play.scenario.pace, reply.streaming, play.clock.virtual
    if reply.events is None:
        # A whole reply comes when its stream would have ended, at the scenario's pace.
        tokens = streaming.tokens() if pace is not None and streaming is not None else 0
        held = writing_time(pace, tokens, seed) if pace is not None else 0.0
        reply.script = script_of_body(delivery, reply.body, seed, held=held, virtual=virtual)
        return
    form, opening, closing, _ = streaming or Streaming(UNKNOWN_FORM, 0, 0, int)
    if delivery.pace is None and pace is not None:
        delivery = replace(delivery, pace=pace)
    reply.script = script_of_stream(
        delivery,
        reply.events,
        seed,
        form,
        opening=opening,
        closing=closing,
        virtual=virtual,
        struck=partial(setattr, reply, "struck"),
    )


def _refused(refusal: Refusal, standing: dict[str, str], clock: Clock) -> RefusedError:
    wait = retry_headers(RetryAfter.of(refusal.seconds), clock) if refusal.seconds is not None else {}
    return RefusedError(refusal.failure, refusal.message, headers={**standing, **wait})


def _no_step(no_step: NoStep) -> RefusedError:
    near = json.dumps([miss.as_json() for miss in no_step.near_misses], separators=(",", ":"))
    others = "; ".join(str(miss) for miss in no_step.near_misses[1:])
    message = f"{no_step} Then: {others}." if others else str(no_step)
    headers = {"x-mockgrid-near-miss": near[:_HEADER_LIMIT]}
    return RefusedError("no_step", message, headers=headers, no_step=no_step)


def _lacking(place: str) -> FieldWarning:
    """Return the warning of a template that came to nothing."""
    pointer = place[len("${body:") : -1] if place.startswith("${body:") else ""
    return FieldWarning("MG142", pointer, place, _NONE)
