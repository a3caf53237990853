"""What a client should do after each status: by the contract's policy, else by HTTP's own rules."""

from __future__ import annotations

import math
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mockgrid.findings.codes import find
from mockgrid.fixed import fixed
from mockgrid.session.records import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Headers = Sequence[tuple[bytes, bytes]]

# A date has no fraction, and clients cut theirs off.
_DATE_STEP = 1.0


@fixed
class Rule:
    """What is known of a status.

    Attributes:
        may_retry: None where nothing is known.
        after: what to wait for: ``location``, ``retry_after`` or ``backoff``; empty where nothing is known.
        passes: whether waiting helps, so that a client should try again.
    """

    may_retry: bool | None = None
    after: str = ""
    passes: bool = True


@fixed
class RequestedWait:
    """How long a reply asks to wait.

    Attributes:
        seconds: from the reply on; not negative.
        slack: seconds by which a wait may be shorter and still be that long.
    """

    seconds: float
    slack: float

    @property
    def least(self) -> float:
        """The shortest wait that counts as long enough, in seconds."""
        return self.seconds - self.slack


_NOTHING = Rule()
_NEVER = Rule(may_retry=False)
# What RFC 9110 and RFC 6585 say, as far as it is beyond dispute: a client may well poll a 404.
_BY_HTTP: Mapping[int, Rule] = MappingProxyType(
    {
        **dict.fromkeys((400, 401, 403, 405, 413, 414, 415, 422, 431), _NEVER),
        **dict.fromkeys((408, 500, 502, 504), Rule(may_retry=True, after="backoff")),
        **dict.fromkeys((429, 503), Rule(may_retry=True, after="retry_after")),
        **dict.fromkeys((307, 308), Rule(may_retry=True, after="location")),
    }
)


class RetryPolicy:
    """The rules for all statuses.

    Args:
        entries: of the contract's ``retry_policy``, by status: ``{"503": {may_retry: true, after: …}}``.
            For a status that is not among them, what HTTP says holds.
    """

    def __init__(self, entries: Mapping[str, Any]) -> None:
        self._rules = dict(_BY_HTTP)
        for status, entry in entries.items():
            if str(status).isdecimal() and isinstance(entry, dict):
                self._rules[int(status)] = _rule(entry)

    def rule(self, status: int, headers: Headers) -> Rule:
        """Return what is known of a reply; ``x-should-retry`` has the last word on whether to retry it."""
        rule = self._rules.get(status, _NOTHING)
        word = header(headers, b"x-should-retry")
        if word == b"true":
            return Rule(may_retry=True, after=rule.after or "backoff")
        return _NEVER if word == b"false" else rule


def _rule(entry: Mapping[str, Any]) -> Rule:
    may_retry = entry.get("may_retry")
    if not isinstance(may_retry, bool):
        return _NOTHING
    after = str(entry.get("after", "backoff")) if may_retry else ""
    return Rule(may_retry, after, passes=entry.get("passes") is not False)


def proved(name: str, exchanges: Iterable[int], message: str) -> Verdict:
    """Return a verdict with the code that its name has."""
    return Verdict(name=name, code=find(name).code, message=message, exchanges=tuple(exchanges))


def header(headers: Headers, name: bytes) -> bytes | None:
    """Return the value of a reply's header; None where it has none."""
    return next((value.strip() for key, value in headers if key.lower() == name), None)


def requested_wait(headers: Headers, at: float, epoch: float | None) -> RequestedWait | None:
    """Return how long a reply asks to wait, by ``retry-after-ms`` or by ``Retry-After``; None for no wish.

    Where it says both, a client may obey either.

    Args:
        headers: of the reply.
        at: when it left, by the monotonic clock.
        epoch: what Unix time was when that clock read zero; without it, dates are counted from the reply's
            ``Date``, and not at all if it has none.
    """
    seconds = [
        value / unit
        for name, unit in ((b"retry-after-ms", 1000), (b"retry-after", 1))
        if (value := _number(header(headers, name))) is not None
    ]
    if seconds:
        shortest = min(seconds)
        return RequestedWait(shortest, 0.05 * shortest + 0.005)
    date = _date(header(headers, b"retry-after"))
    sent = at + epoch if epoch is not None else _date(header(headers, b"date"))
    return None if date is None or sent is None else RequestedWait(max(date - sent, 0.0), _DATE_STEP)


def _number(value: bytes | None) -> float | None:
    try:
        number = float(value or b"")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _date(value: bytes | None) -> float | None:
    if value is None:
        return None
    try:
        return parsedate_to_datetime(value.decode("latin-1")).timestamp()
    except (TypeError, ValueError, OverflowError, OSError):
        return None
