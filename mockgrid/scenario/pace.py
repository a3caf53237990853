"""How fast a reply comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mockgrid.scenario.delay import Delay


@dataclass(frozen=True, slots=True)
class Pace:
    """The waits of one reply.

    Attributes:
        first_token: from the request to the first token; None for no wait.
        per_token: from one token to the next; None for no wait.
        jitter: how far each wait may lie from its length, both ways, as a part of it: 0.2 is 20 %.
    """

    first_token: Delay | None = None
    per_token: Delay | None = None
    jitter: float = 0.0
