"""Rate limits: token buckets that fill evenly, and say truly when the next request will be admitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockgrid.scenario.limit import Limit

# So many models have buckets of their own in a session; a client that makes names up does not grow it.
_MOST_BUCKETS = 1000
# A bucket that lacks less than this is full enough: sums of floats do not come out even.
_NEARLY = 1e-9


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


class Limits:
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
