"""Answering by a scenario: admit, select, compose, and count what was used."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mockgrid.reply.delivering import deliver, delivery_of, writing_time
from mockgrid.reply.refused import RefusedError
from mockgrid.reply.scripted import retry_headers
from mockgrid.scenario.near_miss import NoStep
from mockgrid.scenario.view import RequestView
from mockgrid.session.limits import Exhausted, Replenishing

if TYPE_CHECKING:
    from mockgrid.reply.reply import Reply
    from mockgrid.reply.request import Request
    from mockgrid.reply.scripted import ScriptedReplies
    from mockgrid.scenario.reply import ScriptedReply
    from mockgrid.session.play import Play

_HEADER_LIMIT = 4096


class ScenarioReplies:
    """Answers the requests of sessions that play a scenario.

    Args:
        scripted: composes what scenarios say.
        default_model: the model of a request that names none.
    """

    def __init__(self, scripted: ScriptedReplies, default_model: str) -> None:
        self._scripted = scripted
        self._default_model = default_model

    def concern(self, request: Request, play: Play) -> bool:
        """Tell whether a scenario answers requests like this one, whatever else its steps ask of them."""
        operation = request.operation
        view = RequestView(operation.id, operation.method, request.path, aside=operation.aside)
        return play.scenario.concerns(view)

    def reply(  # noqa: PLR0913, PLR0917 - all that a reply depends on
        self, request: Request, play: Play, attempt: int, seed: str, identity: str, session: str = ""
    ) -> Reply:
        """Return the reply to a valid request.

        Args:
            request: a valid one.
            play: the scenario that its session plays.
            attempt: how often the session has now seen it.
            seed: hexadecimal text from what it asks.
            identity: the same, with the attempt.
            session: the session's name.

        Raises:
            RefusedError: a limit is reached, the balance is used up, or no step answers.
        """
        operation, scenario = request.operation, play.scenario
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
            aside=operation.aside,
        )
        if scenario.counts:
            _admit(play, view.model or "")
        selection = play.select(view)
        if isinstance(selection, NoStep):
            raise _no_step(selection)
        if scenario.seed is not None:
            seed = f"{scenario.seed}:{seed}"
        if selection is None:
            scripted = None
            reply = self._scripted.default(request, seed, identity)
        else:
            scripted = selection.reply
            reply = self._scripted.compose(scripted, request, view, seed, identity)
            reply.step = selection.step.label
        if scenario.pace is not None or not (scripted is None or scripted.direct):
            self._deliver(reply, scripted, request, view, play, seed, identity)
        if scenario.counts:
            play.spend(view.model or "", reply.tokens)
        return reply

    def _deliver(  # noqa: PLR0913, PLR0917 - what a way depends on
        self,
        reply: Reply,
        scripted: ScriptedReply | None,
        request: Request,
        view: RequestView,
        play: Play,
        seed: str,
        identity: str,
    ) -> None:
        """Give a reply the script of its way."""
        pace, held = play.scenario.pace, 0.0
        drawn = identity if play.scenario.seed is None else f"{play.scenario.seed}:{identity}"
        if pace is not None and reply.events is None:
            tokens = self._scripted.tokens(scripted, request, view, seed, identity)
            held = writing_time(pace, tokens, drawn)
        body = request.value if isinstance(request.value, dict) else {}
        options = body.get("stream_options") or {}
        omitted = scripted is not None and scripted.usage is not None and scripted.usage.omitted
        deliver(
            reply,
            delivery_of(scripted, pace),
            drawn,
            choices=body.get("n") or 1,
            usage=bool(options.get("include_usage")) and not omitted,
            held=held,
            virtual=play.clock.virtual,
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


def _no_step(found: NoStep) -> RefusedError:
    near = json.dumps(found.as_json()["near_misses"], separators=(",", ":"))
    others = "; ".join(str(miss) for miss in found.near_misses[1:])
    message = f"{found} Then: {others}." if others else str(found)
    headers = {"x-mockgrid-near-miss": near[:_HEADER_LIMIT]}
    return RefusedError("no_step", message, headers=headers, no_step=found)
