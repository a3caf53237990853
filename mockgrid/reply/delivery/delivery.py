"""From what is asked of a reply's way to the script of it."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from mockgrid.reply.delivery.faults import faulty, faulty_from_the_first
from mockgrid.reply.delivery.pace import draw, paced
from mockgrid.reply.delivery.wire import shaped
from mockgrid.reply.script import Head, Script, Wait, Write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mockgrid.reply.delivery.form import StreamForm
    from mockgrid.reply.script import Instruction
    from mockgrid.scenario.delivery import Delay, Delivery

__all__ = ["script_of_body", "script_of_stream"]


def script_of_stream(  # noqa: PLR0913 - what a stream is, by name
    delivery: Delivery,
    events: Iterable[bytes],
    seed: str,
    form: StreamForm,
    *,
    opening: int = 1,
    closing: int = 1,
    virtual: bool = False,
) -> Script:
    """Return the script of a stream.

    Args:
        delivery: what is asked of its way.
        events: framed with LF, the one that ends it included.
        seed: text that all that varies is drawn from.
        form: what the events look like.
        opening: how many events leave together with the first token.
        closing: how many leave together with the last.
        virtual: whether waits pass at once.
    """
    steps: Iterator[Instruction] = paced(events, delivery.pace, seed, opening=opening, closing=closing)
    if delivery.fault is not None:
        steps = faulty(steps, delivery.fault, seed, form, opening=opening)
    return _script(delivery, shaped(_headed(Head(), steps), delivery.wire), seed, virtual=virtual)


def script_of_body(
    delivery: Delivery, body: bytes, seed: str, *, held: float = 0.0, virtual: bool = False
) -> Script:
    """Return the script of a plain body.

    Args:
        delivery: what is asked of its way.
        body: all of it.
        seed: text that all that varies is drawn from.
        held: seconds for which the whole reply is held back, its head included.
        virtual: whether waits pass at once.
    """
    steps: list[Instruction] = [Wait(held)] if held > 0 else []
    steps.append(Head(len(body)))
    if body:
        steps.append(Write(body))
    return _script(delivery, iter(steps), seed, virtual=virtual)


def _script(delivery: Delivery, steps: Iterator[Instruction], seed: str, *, virtual: bool) -> Script:
    fault = delivery.early_fault
    if fault is not None:
        steps = faulty_from_the_first(steps, fault, seed)
    bare = fault is not None and fault.bare
    return Script(_delayed(steps, delivery.delay, seed), bare=bare, virtual=virtual)


def _headed(head: Head, steps: Iterable[Instruction]) -> Iterator[Instruction]:
    yield head
    yield from steps


def _delayed(steps: Iterator[Instruction], delay: Delay | None, seed: str) -> Iterator[Instruction]:
    if delay is not None:
        seconds = draw(delay, Random(f"{seed}:delay"))  # noqa: S311 - drawn to be repeated, not to be secret
        if seconds > 0:
            yield Wait(seconds)
    yield from steps
