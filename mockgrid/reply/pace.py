"""When each token of a reply is due."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from mockgrid.reply.delay import draw
from mockgrid.reply.script import Wait, Write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mockgrid.scenario.pace import Pace

__all__ = ["paced", "schedule"]


def schedule(pace: Pace, count: int, seed: str) -> list[float]:
    """Return when each of ``count`` tokens is due, in seconds from the head of the reply, ascending.

    >>> schedule(Pace(first_token=Fixed(0.3), per_token=Fixed(0.25)), 3, "seed")
    [0.3, 0.55, 0.8]
    """
    random = Random(f"{seed}:pace")  # noqa: S311 - drawn to be repeated, not to be secret
    step, jitter = pace.step, pace.jitter
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
            yield Write(event, 1)
        return
    whole = list(events)
    tokens = max(len(whole) - opening - closing, 1)
    due = 0.0
    offsets = schedule(pace, tokens, seed)
    for place, event in enumerate(whole):
        offset = offsets[min(max(place - opening, 0), tokens - 1)]
        if offset > due:
            yield Wait(offset - due)
            due = offset
        yield Write(event, 1)
