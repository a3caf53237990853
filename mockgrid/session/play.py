"""A scenario as one session plays it: how far it has come, and what it has used up of limits and balance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mockgrid.scenario.scenario import Cursors
from mockgrid.scenario.selection import select

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockgrid.contract.extension import Models
    from mockgrid.scenario.scenario import Limit, Scenario, TopUp
    from mockgrid.scenario.selection import NoStep
    from mockgrid.scenario.step import Selection
    from mockgrid.scenario.view import RequestView
    from mockgrid.session.clock import Clock

# So many models have buckets of their own in a session; a client that makes names up does not grow it.
_MOST_BUCKETS = 1000
# A bucket that lacks less than this is full enough: sums of floats do not come out even.
_NEARLY = 1e-9


class Play:
    """A scenario under way. A session keeps the version of the scenario that it began with.

    Args:
        scenario: what is played.
        clock: what limits and balance run on.
        models: the models that the scenario knows; None for the server's.
    """

    def __init__(self, scenario: Scenario, clock: Clock, models: Models | None = None) -> None:
        self.scenario = scenario
        self.clock = clock
        self.cursors = Cursors(scenario)
        self.models = models
        self._limits = RateLimits(scenario.limits)
        balance = scenario.balance
        self._counts = bool(scenario.limits) or balance is not None
        self._balance = TokenBalance(balance.tokens, balance.top_up) if balance is not None else None

    def anew(self, clock: Clock) -> Play:
        """Return the same scenario at its beginning."""
        return Play(self.scenario, clock, self.models)

    def admit(self, model: str) -> float | Exhausted | Replenishing:
        """Count a request against limits and balance.

        Returns:
            0 where it is admitted; the seconds to wait where a limit is reached; or the balance's trouble.
        """
        if not self._counts:
            return 0.0
        now = self.clock.now()
        if self._balance is not None:
            state = self._balance.admit(now)
            if state is not None:
                return state
        return self._limits.admit(model, now)

    def select(self, view: RequestView) -> Selection | NoStep | None:
        """Return the reply that the scenario has for a request, and count it as given."""
        return select(self.scenario, self.cursors, view)

    def spend(self, model: str, tokens: int) -> None:
        """Count the tokens that a reply used."""
        if not self._counts:
            return
        now = self.clock.now()
        self._limits.spend(model, tokens, now)
        if self._balance is not None:
            self._balance.spend(tokens, now)


@dataclass(frozen=True, slots=True)
class Replenishing:
    """The balance is being topped up; it will be there in so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Exhausted:
    """The balance is used up, and no top-up will come."""


class TokenBalance:
    """The balance of one session.

    Args:
        tokens: what there is at first.
        top_up: what comes when it is used up; None for nothing.
    """

    def __init__(self, tokens: int, top_up: TopUp | None = None) -> None:
        self.left = tokens
        self._top_up = top_up
        self._due: float | None = None

    def admit(self, now: float) -> Replenishing | Exhausted | None:
        """Return why a request may not be served, None where it may; a top-up that is due is credited first.

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
        return None if self.left > 0 else Exhausted()

    def spend(self, tokens: int, now: float) -> None:
        """Draw tokens; the request that uses up the balance is still served, and orders the top-up."""
        self.left -= tokens
        if self.left <= 0 and self._top_up is not None and self._due is None:
            self._due = now + self._top_up.after


class _Bucket:
    __slots__ = ("left", "since")

    def __init__(self, left: float, since: float) -> None:
        self.left = left
        self.since = since

    def fill(self, limit: Limit, now: float) -> None:
        if now > self.since:
            self.left = min(limit.amount, self.left + (now - self.since) * limit.amount / limit.per)
        self.since = max(self.since, now)

    def wait(self, limit: Limit) -> float:
        """Return the seconds until one request or token is there; 0 where it is."""
        lacking = 1 - self.left
        return lacking * limit.per / limit.amount if lacking > _NEARLY else 0.0


class RateLimits:
    """The limits of one session."""

    def __init__(self, limits: Sequence[Limit]) -> None:
        self._limits = tuple(limits)
        self._buckets: dict[tuple[int, str], _Bucket] = {}

    def admit(self, model: str, now: float) -> float:
        """Count a request, and return 0; or return the seconds to wait, and count nothing.

        Args:
            model: the model that is asked for.
            now: the session's time, in seconds.
        """
        buckets = [self._bucket(place, limit, model, now) for place, limit in enumerate(self._limits)]
        waits = (bucket.wait(limit) for bucket, limit in zip(buckets, self._limits, strict=True))
        longest = max(waits, default=0.0)
        if longest:
            return longest
        for bucket, limit in zip(buckets, self._limits, strict=True):
            if limit.counts == "requests":
                bucket.left -= 1
        return 0.0

    def spend(self, model: str, tokens: int, now: float) -> None:
        """Count the tokens that a request has used; a bucket may owe some."""
        for place, limit in enumerate(self._limits):
            if limit.counts == "tokens":
                self._bucket(place, limit, model, now).left -= tokens

    def _bucket(self, place: int, limit: Limit, model: str, now: float) -> _Bucket:
        name = (place, model if limit.scope == "model" else "")
        bucket = self._buckets.get(name)
        if bucket is None:
            if len(self._buckets) >= _MOST_BUCKETS:
                del self._buckets[next(iter(self._buckets))]
            bucket = self._buckets[name] = _Bucket(limit.amount, now)
        bucket.fill(limit, now)
        return bucket
