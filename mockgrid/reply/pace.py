"""When each chunk of a stream is due."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from mockgrid.reply.delay import Fixed
from mockgrid.reply.script import Wait, Write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mockgrid.reply.delay import Delay

_AT_ONCE = Fixed(0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast a stream goes.

    Attributes:
        first_token: from the head of the reply to the first token.
        per_token: from each token to the next; None for what ``tokens_per_second`` gives.
        tokens_per_second: the rate, in place of ``per_token``.
        jitter: from 0 to 1; each step varies evenly by up to this part of it.
    """

    first_token: Delay = _AT_ONCE
    per_token: Delay | None = None
    tokens_per_second: float | None = None
    jitter: float = 0.0

    def __post_init__(self) -> None:
        if self.per_token is not None and self.tokens_per_second is not None:
            raise ValueError("per_token and tokens_per_second say the same; give one")
        rate = self.tokens_per_second
        if rate is not None and not (math.isfinite(rate) and rate > 0):
            raise ValueError(f"tokens_per_second is {rate:g}; it must be above zero")
        if not 0 <= self.jitter <= 1:
            raise ValueError(f"jitter is {self.jitter:g}; it must be from 0 to 1")

    @property
    def step(self) -> Delay:
        """From each token to the next."""
        if self.tokens_per_second is not None:
            return Fixed(1.0 / self.tokens_per_second)
        return self.per_token or _AT_ONCE


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
        seconds = (step if place else pace.first_token).draw(random)
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
