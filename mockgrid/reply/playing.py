"""Answering by a scenario: admit, select, compose, and count what was used."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mockgrid.reply.delivering import deliver, delivery_of, writing_time
from mockgrid.reply.refused import RefusedError
from mockgrid.reply.scripted import retry_headers
from mockgrid.scenario.near_miss import NoStep
from mockgrid.scenario.view import RequestView
from mockgrid.session.balance import Exhausted, Replenishing

if TYPE_CHECKING:
    from mockgrid.reply.reply import Reply
    from mockgrid.reply.request import Request
    from mockgrid.reply.scripted import ScriptedReplies
    from mockgrid.scenario.selection import Selection
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

    def reply(self, request: Request, play: Play, attempt: int, seed: str, identity: str) -> Reply:
        """Return the reply to a valid request.

        Raises:
            RefusedError: a limit is reached, the balance is used up, or no step answers.
        """
        view = RequestView(
            operation=request.operation.id,
            method=request.operation.method,
            path=request.path,
            query=request.query,
            headers=request.headers,
            body=request.value,
            attempt=attempt,
            default_model=self._default_model,
        )
        model = view.model or ""
        _admit(play, model)
        selection = play.select(view)
        if isinstance(selection, NoStep):
            raise _no_step(selection)
        seed = f"{play.scenario.seed}:{seed}" if play.scenario.seed is not None else seed
        reply = self._composed(selection, request, view, play, seed, identity)
        play.spend(model, reply.tokens)
        return reply

    def _composed(  # noqa: PLR0913, PLR0917 - what a reply is made from
        self,
        selection: Selection | None,
        request: Request,
        view: RequestView,
        play: Play,
        seed: str,
        identity: str,
    ) -> Reply:
        scripted = selection.reply if selection is not None else None
        if selection is None or scripted is None:
            reply = self._scripted.default(request, seed, identity)
        else:
            reply = self._scripted.compose(scripted, request, view, seed, identity)
            reply.step = selection.step.label
        pace = play.scenario.pace
        if pace is None and (scripted is None or scripted.direct):
            return reply
        held = 0.0
        if pace is not None and reply.events is None:
            tokens = self._scripted.tokens(scripted, request, view, seed, identity)
            held = writing_time(pace, tokens, identity)
        body = request.value if isinstance(request.value, dict) else {}
        options = body.get("stream_options") or {}
        deliver(
            reply,
            delivery_of(scripted, pace),
            identity,
            choices=body.get("n") or 1,
            usage=bool(options.get("include_usage")),
            held=held,
            virtual=play.clock.virtual,
        )
        return reply


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
