"""From what is asked of a reply's way to its script: how long it is held back, and when each token is due.

Every draw uses ``random.Random.random`` alone, whose numbers are the same in every version of Python, and is
rounded to microseconds, since the last bit of a logarithm differs between machines.
"""

from __future__ import annotations

import math
from itertools import accumulate, chain, repeat
from random import Random
from typing import TYPE_CHECKING, Final

from mockgrid.reply.delivery.faults import BARE, faulty, faulty_from_the_first
from mockgrid.reply.delivery.wire import shaped
from mockgrid.reply.script import Begin, Script, Wait, Write
from mockgrid.scenario.delivery import Fixed, LogNormal, Normal, Uniform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mockgrid.reply.delivery.form import StreamForm
    from mockgrid.reply.script import Instruction
    from mockgrid.scenario.delivery import Delay, Delivery, Pace

__all__ = ["draw", "paced", "schedule", "script_of_body", "script_of_stream", "writing_time"]


def script_of_stream(  # noqa: PLR0913 - what a stream is, by name
    delivery: Delivery,
    events: Iterable[bytes],
    seed: str,
    form: StreamForm,
    *,
    opening: int = 1,
    closing: int = 1,
    virtual: bool = False,
    struck: Callable[[int], None] = lambda _: None,
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
        struck: told how many events have left when the fault strikes.
    """
    steps: Iterator[Instruction] = paced(events, delivery.pace, seed, opening=opening, closing=closing)
    if delivery.fault is not None:
        steps = faulty(steps, delivery.fault, seed, form, opening=opening, struck=struck)
    if delivery.linger:
        steps = chain(steps, (Wait(delivery.linger, stall=True),))
    return _script(delivery, shaped(chain((Begin(),), steps), delivery.wire), seed, virtual=virtual)


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
    steps.append(Begin(len(body)))
    steps += (Write(body[start : start + _PIECE]) for start in range(0, len(body), _PIECE))
    return _script(delivery, iter(steps), seed, virtual=virtual)


def _script(delivery: Delivery, steps: Iterable[Instruction], seed: str, *, virtual: bool) -> Script:
    fault = delivery.early_fault
    if fault is not None:
        steps = faulty_from_the_first(steps, fault, seed)
    random = Random(f"{seed}:delay")  # noqa: S311 - drawn to be repeated, not to be secret
    if (seconds := draw(delivery.delay, random)) > 0:
        steps = chain((Wait(seconds),), steps)
    return Script(steps, bare=fault is not None and fault.kind in BARE, virtual=virtual)


# Bytes of a body that leave together: as much as a client may miss of what is told to have left.
_PIECE: Final = 65_536
# Draws stay within so many deviations: a test that waits for ever once in a million runs helps nobody.
_DEVIATIONS: Final = 4.0
_DIGITS: Final = 6


def schedule(pace: Pace, count: int, seed: str) -> list[float]:
    """Return when each of ``count`` tokens is due, in seconds from the head of the reply, ascending.

    >>> schedule(Pace(first_token=Fixed(0.3), per_token=Fixed(0.25)), 3, "seed")
    [0.3, 0.55, 0.8]
    """
    random = Random(f"{seed}:pace")  # noqa: S311 - drawn to be repeated, not to be secret
    step, jitter = pace.step, pace.jitter
    if not jitter and (step is None or isinstance(step, Fixed)):  # nothing more is drawn
        first = (draw(pace.first_token, random),) if count else ()
        return list(accumulate(chain(first, repeat(draw(step, random), max(count - 1, 0)))))
    due = 0.0
    offsets: list[float] = []
    for place in range(count):
        seconds = draw(step if place else pace.first_token, random)
        if jitter:
            seconds *= 1.0 + jitter * (2.0 * random.random() - 1.0)
        due += seconds
        offsets.append(due)
    return offsets


def paced(
    events: Iterable[bytes], pace: Pace | None, seed: str, *, opening: int = 1, closing: int = 1
) -> Iterator[Wait | Write]:
    """Yield the writes of a stream, one for each event, and the waits between them.

    Args:
        events: framed events, ``[DONE]`` included.
        pace: how fast; None for no waits.
        seed: text that all that varies is drawn from.
        opening: how many events leave together with the first token: those that name the roles.
        closing: how many leave together with the finish: usage and ``[DONE]``.
    """
    if pace is None:
        for event in events:
            yield Write(event, _counted(event))
        return
    whole = list(events)
    tokens = max(len(whole) - opening - closing, 1)
    offsets = schedule(pace, tokens, seed)
    due = 0.0
    # The opening leaves with the first token, the closing with the last.
    last = [offsets[-1]] * max(len(whole) - opening - tokens, 0)
    for event, offset in zip(whole, chain(offsets[:1] * opening, offsets, last), strict=False):
        if offset > due:
            yield Wait(offset - due)
            due = offset
        yield Write(event, _counted(event))


def _counted(event: bytes) -> int:
    return 0 if event.startswith(b":") else 1  # a comment is none


def writing_time(pace: Pace, tokens: int, seed: str) -> float:
    """Return the seconds that a reply takes until its end, at a pace and with the draws of its stream.

    Args:
        pace: the scenario's.
        tokens: how many events its stream has between its opening and its closing.
        seed: text that all that varies is drawn from.
    """
    return schedule(pace, tokens, seed)[-1] if tokens else 0.0


def draw(delay: Delay | None, random: Random) -> float:
    """Return a time in seconds, never negative; none at all where there is no delay."""
    match delay:
        case None:
            return 0.0
        case Fixed(seconds):
            return seconds
        case Uniform(shortest, longest):
            return round(shortest + (longest - shortest) * random.random(), _DIGITS)
        case Normal(mean, deviation):
            return max(0.0, round(mean + deviation * _standard(random), _DIGITS))
        case LogNormal(median, sigma):
            return round(median * math.exp(sigma * _standard(random)), _DIGITS)


def _standard(random: Random) -> float:
    """A number from the standard normal distribution, by Box and Muller."""
    radius = math.sqrt(-2.0 * math.log(1.0 - random.random()))
    drawn = radius * math.cos(2.0 * math.pi * random.random())
    return min(max(drawn, -_DEVIATIONS), _DEVIATIONS)
