"""The limits of one session: what has been used up of each, what is left, and how replies tell that."""

from __future__ import annotations

import math
from string import Template
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockgrid.contract.limit_headers import LimitHeaders
    from mockgrid.scenario.scenario import Limit

# So many models have buckets of their own in a session; a client that makes names up does not grow it.
_MOST_BUCKETS = 1000
# A bucket that lacks less than this is full enough: sums of floats do not come out even.
_NEARLY = 1e-9
_MINUTE: Final = 60_000
_HOUR: Final = 3_600_000


class Standing(NamedTuple):
    """How a limit stands: what is left of it, and the seconds until it is whole again if nothing comes."""

    limit: Limit
    left: int
    reset: float


class _Bucket:
    __slots__ = ("left", "limit", "since")

    def __init__(self, limit: Limit, since: float) -> None:
        self.limit = limit
        self.left = float(limit.amount)
        self.since = since

    def fill(self, now: float) -> None:
        limit = self.limit
        if limit.per and now > self.since:
            self.left = min(limit.amount, self.left + (now - self.since) * limit.amount / limit.per)
        self.since = max(self.since, now)

    def wait(self) -> float:
        """Return the seconds until one request or token is there: 0 if it is, no end where nobody knows."""
        lacking = 1 - self.left
        if lacking <= _NEARLY:
            return 0.0
        return lacking * self.limit.per / self.limit.amount if self.limit.per else math.inf

    def standing(self) -> Standing:
        lacking = self.limit.amount - self.left
        reset = lacking * self.limit.per / self.limit.amount if lacking > _NEARLY else 0.0
        return Standing(self.limit, max(math.floor(self.left + _NEARLY), 0), reset)


class Admission:
    """What one request takes of the limits, from when it is admitted until its reply has ended.

    Args:
        buckets: those that count it.
    """

    __slots__ = ("_buckets",)

    def __init__(self, buckets: Sequence[_Bucket]) -> None:
        self._buckets = buckets
        self._count(-1, "requests", "concurrent")

    def spend(self, tokens: int) -> None:
        """Count the tokens that the reply has; a bucket may owe some."""
        self._count(-tokens, "tokens")

    def leave(self) -> None:
        """Note that the reply has ended; to be called once."""
        self._count(1, "concurrent")

    def _count(self, amount: int, *counts: str) -> None:
        for bucket in self._buckets:
            if bucket.limit.counts in counts:
                bucket.left += amount


class Limits:
    """The limits of one session."""

    def __init__(self, limits: Sequence[Limit]) -> None:
        self._limits = tuple(limits)
        self._buckets: dict[tuple[int, str], _Bucket] = {}

    def admit(self, model: str, now: float) -> Admission | float:
        """Count a request; or return the seconds to wait, without end where nobody knows, and count nothing.

        Args:
            model: the model that is asked for.
            now: the session's time, in seconds.
        """
        buckets = self._filled(model, now)
        waits = [bucket.wait() for bucket in buckets]
        longest = max((wait for wait in waits if wait < math.inf), default=0.0)
        return longest or (math.inf if math.inf in waits else Admission(buckets))

    def standing(self, model: str, now: float) -> list[Standing]:
        """Return how each limit stands, in their order."""
        return [bucket.standing() for bucket in self._filled(model, now)]

    def standings(self, now: float) -> list[tuple[str | None, Standing]]:
        """Return how each limit stands, in order; of one of models, for each that has asked, by its name."""
        standings: list[tuple[str | None, Standing]] = []
        for place, limit in enumerate(self._limits):
            by_model = limit.scope == "model"
            buckets = [(name, bucket) for (own, name), bucket in self._buckets.items() if own == place]
            for name, bucket in buckets or ([] if by_model else [("", _Bucket(limit, now))]):
                bucket.fill(now)
                standings.append((name if by_model else None, bucket.standing()))
        return standings

    def _filled(self, model: str, now: float) -> list[_Bucket]:
        buckets = []
        for place, limit in enumerate(self._limits):
            name = (place, model if limit.scope == "model" else "")
            bucket = self._buckets.get(name)
            if bucket is None:
                if len(self._buckets) >= _MOST_BUCKETS:
                    # One of a model's: that of the session is no client's to renew.
                    self._buckets.pop(next((known for known in self._buckets if known[1]), name), None)
                bucket = self._buckets[name] = _Bucket(limit, now)
            bucket.fill(now)
            buckets.append(bucket)
        return buckets


def limit_headers(style: LimitHeaders, standings: Sequence[Standing]) -> dict[str, str]:
    """Return headers by lower-case name, without those that have nothing to say.

    Args:
        style: their templates.
        standings: how each limit stands.
    """
    headers: dict[str, str] = {}
    for counts, templates in style.items():
        counting = [standing for standing in standings if standing.limit.counts == counts]
        if not counting:
            continue
        nearest = min(counting, key=lambda standing: (standing.left, -standing.reset))
        for name, template in templates.items():
            if isinstance(template, str):
                headers[name] = _filled(template, nearest)
            else:
                items = [headers[name]] if name in headers else []
                headers[name] = ", ".join([*items, *(_filled(template[0], each) for each in counting)])
    return headers


def _filled(template: str, standing: Standing) -> str:
    limit, window = standing.limit, math.ceil(standing.limit.per)
    scope = "-by-model" if limit.scope == "model" else ""
    return Template(template).substitute(
        limit=limit.amount,
        remaining=standing.left,
        reset=math.ceil(standing.reset),
        reset_duration=duration(standing.reset),
        window=window,
        name=f"{limit.counts}{f'-per-{window}s' if window else ''}{scope}",
    )


def duration(seconds: float) -> str:
    """Return a time as Go writes it, rounded up to milliseconds: ``12ms``, ``1.5s``, ``6m0s``, ``1h0m2s``."""
    ms = math.ceil(round(seconds * 1000, 6))
    if 0 < ms < 1000:  # noqa: PLR2004 - of a second
        return f"{ms}ms"
    minutes = f"{ms % _HOUR // _MINUTE}m" if ms >= _MINUTE else ""
    hours = f"{ms // _HOUR}h" if ms >= _HOUR else ""
    return f"{hours}{minutes}{ms % _MINUTE / 1000:g}s"
