"""How fast a reply comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mockgrid.scenario.delay import Fixed

if TYPE_CHECKING:
    from mockgrid.scenario.delay import Delay

__all__ = ["Pace"]


@dataclass(frozen=True, slots=True)
class Pace:
    """The waits of one reply.

    Attributes:
        first_token: from the request to the first token; None for no wait.
        per_token: from one token to the next; None for what ``tokens_per_second`` gives.
        jitter: how far each wait may lie from its length, both ways, as a part of it: 0.2 is 20 %.
        tokens_per_second: the rate, in place of ``per_token``; None for no wait.
    """

    first_token: Delay | None = None
    per_token: Delay | None = None
    jitter: float = 0.0
    tokens_per_second: float | None = None

    @property
    def step(self) -> Delay | None:
        """From one token to the next; None for no wait."""
        return self.per_token if self.tokens_per_second is None else Fixed(1.0 / self.tokens_per_second)
