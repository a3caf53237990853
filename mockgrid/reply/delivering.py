"""From what a scenario says about a reply's way to what is done on the wire."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mockgrid.reply import delay as drawn
from mockgrid.reply.delivery import Delivery
from mockgrid.reply.error_event import ErrorEvent
from mockgrid.reply.faults import Fault
from mockgrid.reply.first_byte import EarlyFault
from mockgrid.reply.pace import Pace
from mockgrid.reply.wire import PLAIN, Wire
from mockgrid.scenario.delay import Fixed, LogNormal, Normal, Uniform

if TYPE_CHECKING:
    from mockgrid.reply.reply import Reply
    from mockgrid.scenario import delay as written
    from mockgrid.scenario.fault import StreamFault
    from mockgrid.scenario.pace import Pace as ScriptedPace
    from mockgrid.scenario.reply import ScriptedReply
    from mockgrid.scenario.stream import Wire as ScriptedWire


class Deliveries:
    """How the replies of scenarios are delivered; each is worked out when it is first given."""

    def __init__(self) -> None:
        # By identity, with what it is the identity of, so that neither can be taken for another.
        self._known: dict[int, tuple[ScriptedReply, ScriptedPace | None, Delivery | None]] = {}

    def of(self, scripted: ScriptedReply, pace: ScriptedPace | None) -> Delivery | None:
        """Return how a reply is delivered; None for the plain way.

        Args:
            scripted: the reply.
            pace: the scenario's, for a reply that has none of its own.
        """
        known = self._known.get(id(scripted))
        if known is None or known[0] is not scripted or known[1] is not pace:
            known = self._known[id(scripted)] = (scripted, pace, delivery_of(scripted, pace))
        return known[2]


def delivery_of(scripted: ScriptedReply | None, pace: ScriptedPace | None) -> Delivery | None:
    """Return how a reply is delivered; None for the plain way."""
    stream = scripted.stream if scripted is not None else None
    asked = stream.pace if stream is not None and stream.pace is not None else pace
    delivery = Delivery(
        delay=_delay(scripted.delay) if scripted is not None else None,
        pace=_pace(asked) if asked is not None else None,
        fault=_fault(stream.fault) if stream is not None and stream.fault is not None else None,
        early_fault=_early(scripted) if scripted is not None else None,
        wire=_wire(stream.wire) if stream is not None else PLAIN,
    )
    return None if delivery == Delivery() else delivery


def deliver(  # noqa: PLR0913 - what a way depends on, by name
    reply: Reply, delivery: Delivery, seed: str, *, choices: int, usage: bool, virtual: bool
) -> None:
    """Give a reply the script of its way.

    Args:
        reply: composed, and not yet sent.
        delivery: what is asked of its way.
        seed: text that all that varies is drawn from.
        choices: how many choices a stream has.
        usage: whether a stream ends with its usage.
        virtual: whether waits pass at once.
    """
    if delivery.fault is not None:
        # A scenario counts the chunks that say something; on the wire those that name the roles come first.
        fault = replace(delivery.fault, after=delivery.fault.after + choices)
        delivery = replace(delivery, fault=fault)
    if reply.events is not None:
        reply.script = delivery.stream(
            reply.events, seed, opening=choices, closing=1 + usage, virtual=virtual
        )
    else:
        reply.script = delivery.whole(reply.body, seed, virtual=virtual)


def _pace(pace: ScriptedPace) -> Pace:
    return Pace(
        first_token=_delay(pace.first_token) or drawn.Fixed(0.0),
        per_token=_delay(pace.per_token),
        jitter=pace.jitter,
    )


def _delay(delay: written.Delay | None) -> drawn.Delay | None:
    match delay:
        case None:
            return None
        case Fixed(seconds):
            return drawn.Fixed(seconds)
        case Uniform(shortest, longest):
            return drawn.Uniform(shortest, longest)
        case Normal(mean, deviation):
            return drawn.Normal(mean, deviation)
        case LogNormal(median, sigma):
            return drawn.Lognormal(median, sigma)


def _fault(fault: StreamFault) -> Fault:
    error = ErrorEvent()
    if fault.error is not None:
        error = ErrorEvent(**fault.error)
    if fault.data:
        error = ErrorEvent(data=fault.data)
    return Fault(kind=fault.kind, after=fault.after, seconds=fault.duration, error=error)


def _early(scripted: ScriptedReply) -> EarlyFault | None:
    fault = scripted.fault
    if fault is None:
        return None
    return EarlyFault(kind=fault.kind, seconds=fault.duration, after=fault.after)


def _wire(wire: ScriptedWire) -> Wire:
    comments = wire.comments
    return Wire(
        newline="crlf" if wire.newline == "\r\n" else "cr" if wire.newline == "\r" else "lf",
        comment=comments.text if comments is not None else "keep-alive",
        comment_every=comments.every if comments is not None else 0,
        keep_alive=(comments.idle or 0.0) if comments is not None else 0.0,
        split=wire.split or 0,
        coalesce=wire.coalesce or 1,
        bom=wire.bom,
    )
