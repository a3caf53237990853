"""A balance of tokens that requests draw down, with or without a top-up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mockgrid.scenario.limit import TopUp


@dataclass(frozen=True, slots=True)
class Admitted:
    """There are tokens left."""


@dataclass(frozen=True, slots=True)
class Replenishing:
    """The balance is being topped up; it will be there in so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Exhausted:
    """The balance is used up, and no top-up will come."""


class Balance:
    """The balance of one session.

    Args:
        tokens: what there is at first.
        top_up: what comes when it is used up; None for nothing.
    """

    def __init__(self, tokens: int, top_up: TopUp | None = None) -> None:
        self.left = tokens
        self._top_up = top_up
        self._due: float | None = None

    def admit(self, now: float) -> Admitted | Replenishing | Exhausted:
        """Tell whether a request may be served; a top-up that is due is credited first.

        Args:
            now: the session's time, in seconds.
        """
        top_up = self._top_up
        if self.left <= 0 and top_up is not None:
            due = now + top_up.after if self._due is None else self._due
            # One that owes more than a top-up waits for the next, which is ordered when this one comes.
            # A debt may take millions: they are counted and not made one by one. Where the quotient was
            # rounded down, what is due by now is seen to in a second round.
            while self.left <= 0 and now >= due:
                owed = -self.left // top_up.tokens + 1
                come = min(owed, 1 + int((now - due) // top_up.after))
                self.left += come * top_up.tokens
                due += come * top_up.after
            self._due = None if self.left > 0 else due
            if self.left <= 0:
                return Replenishing(due - now)
        return Admitted() if self.left > 0 else Exhausted()

    def spend(self, tokens: int, now: float) -> None:
        """Draw tokens; the request that uses up the balance is still served, and orders the top-up."""
        self.left -= tokens
        if self.left <= 0 and self._top_up is not None and self._due is None:
            self._due = now + self._top_up.after
