"""What a session may use up: requests and tokens in a time, and a balance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Balance", "Limit", "TopUp"]


@dataclass(frozen=True, slots=True)
class Limit:
    """A token bucket that holds ``amount`` and fills again in ``per`` seconds.

    Attributes:
        counts: what is counted.
        amount: how much the bucket holds.
        per: seconds in which an empty bucket is full again; more than 0.
        scope: one bucket for the session (``key``), or one for each model.
    """

    counts: Literal["requests", "tokens"]
    amount: int
    per: float
    scope: Literal["key", "model"] = "key"


@dataclass(frozen=True, slots=True)
class TopUp:
    """What is added to a balance that is used up, and after how many seconds, more than 0."""

    tokens: int
    after: float


@dataclass(frozen=True, slots=True)
class Balance:
    """Tokens that replies draw down; without a top-up it stays at zero once it is used up."""

    tokens: int
    top_up: TopUp | None = None
