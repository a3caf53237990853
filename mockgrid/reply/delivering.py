"""From what a scenario says about a reply's way to the script of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockgrid.reply.delivery import Delivery
from mockgrid.reply.pace import schedule
from mockgrid.scenario.stream import Stream

if TYPE_CHECKING:
    from mockgrid.reply.reply import Reply
    from mockgrid.scenario.pace import Pace
    from mockgrid.scenario.reply import ScriptedReply

_PLAIN = Stream()


def delivery_of(scripted: ScriptedReply | None, pace: Pace | None) -> Delivery:
    """Return what is asked of a reply's way.

    Args:
        scripted: the reply; None for the default one.
        pace: the scenario's, for a reply whose stream has none of its own.
    """
    if scripted is None:
        return Delivery(pace=pace)
    stream = scripted.stream or _PLAIN
    return Delivery(
        delay=scripted.delay,
        pace=stream.pace or pace,
        fault=stream.fault,
        early_fault=scripted.fault,
        wire=stream.wire,
    )


def deliver(  # noqa: PLR0913 - what a way depends on, by name
    reply: Reply, delivery: Delivery, seed: str, *, choices: int, usage: bool, held: float, virtual: bool
) -> None:
    """Give a reply the script of its way.

    Args:
        reply: composed, and not yet sent.
        delivery: what is asked of its way.
        seed: text that all that varies is drawn from.
        choices: how many choices a stream has.
        usage: whether a stream ends with its usage.
        held: seconds for which a whole reply is held back.
        virtual: whether waits pass at once.
    """
    if reply.events is not None:
        reply.script = delivery.stream(
            reply.events, seed, opening=choices, closing=1 + usage, virtual=virtual
        )
    else:
        reply.script = delivery.whole(reply.body, seed, held=held, virtual=virtual)


def writing_time(pace: Pace, tokens: int, seed: str) -> float:
    """Return the seconds that a reply takes until its end, at a pace and with the draws of its stream.

    Args:
        pace: the scenario's.
        tokens: how many chunks its stream has, the finish of each choice counted.
        seed: text that all that varies is drawn from.
    """
    return schedule(pace, tokens, seed)[-1] if tokens else 0.0
