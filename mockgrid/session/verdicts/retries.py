"""Verdicts on how a client tries again, whether it does, and how it follows redirects."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from mockgrid.session.verdicts.attempts import AT_ONCE, REDIRECTS, credentials_of, location_of
from mockgrid.session.verdicts.policy import proved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mockgrid.session.records import Verdict
    from mockgrid.session.verdicts.attempts import Attempt, Chain

MOST_ATTEMPTS = 5
"""More attempts of one call are a storm, however long they wait."""
MOST_AT_ONCE = 3
"""More attempts within ``BURST`` are a storm."""
BURST = 0.1
"""Seconds."""
ENOUGH_ATTEMPTS = 3
"""Who has tried so often has not given up too early."""
LONGEST_WAIT = 60.0
"""Seconds; nobody need wait longer because a reply asks for it."""
# From such a delay on, a backoff may have reached its limit: that of OpenAI's clients is 6 s to 8 s.
_GROWN = 6.0
_ENOUGH_DELAYS = 2
_LISTED_DELAYS = 3
_PLACES = 2
_UNAUTHORIZED = 401


class _Retry(NamedTuple):
    """An attempt, and the one after it."""

    before: Attempt
    after: Attempt

    @property
    def delay(self) -> float:
        """Seconds that the client waited, once it knew of the failure."""
        return self.after.arrived - self.before.heard

    @property
    def is_early(self) -> bool:
        """Whether it came sooner than the reply had asked for."""
        return self.before.wait is not None and self.delay < self.before.wait.least

    @property
    def is_asked(self) -> bool:
        """Whether the client waited for as long as the reply had asked it to wait."""
        return self.before.wait is not None and not self.is_early

    @property
    def has_own_delay(self) -> bool:
        """Whether the client chose how long to wait."""
        rule = self.before.rule
        if self.before.outcome != "status" or not rule.may_retry:
            return False
        if self.before.wait is None:
            return rule.after in {"backoff", "retry_after"}
        # Obeying Retry-After is right even where nothing obliges a client to.
        return rule.after == "backoff" and self.is_early


def judge_retries(chain: Chain) -> Iterator[Verdict]:
    """Yield what the attempts of one call prove, whatever comes after them."""
    retries = [_Retry(before, after) for before, after in pairwise(chain)]
    for name, holds, tell in _RULES:
        matching = [retry for retry in retries if holds(retry)]
        if matching:
            times = f" ({len(matching)} times)" if len(matching) > 1 else ""
            yield proved(name, _numbers(matching), f"{tell(matching[0])}{times}.")
    yield from _constant_delay([retry for retry in retries if retry.has_own_delay])
    yield from _nested_retry(chain) or _retry_storm(chain, retries)


def _asked_too_early(retry: _Retry) -> bool:
    rule = retry.before.rule
    return retry.is_early and rule.after == "retry_after" and rule.may_retry is True


def _tell_wait(retry: _Retry) -> str:
    wish = retry.before.wait.seconds if retry.before.wait is not None else 0.0
    return f"Waited {_seconds(retry.delay)} after a {retry.before.status} that asked for {_seconds(wish)}"


_RULES: tuple[tuple[str, Callable[[_Retry], bool], Callable[[_Retry], str]], ...] = (
    ("retry_after_ignored", _asked_too_early, _tell_wait),
    (
        "retried_non_retryable",
        lambda retry: retry.before.outcome == "status" and retry.before.rule.may_retry is False,
        lambda retry: (
            f"Sent the same request again {_seconds(retry.delay)} after a {retry.before.status} "
            "that is not to be retried; expected no further attempt"
        ),
    ),
    (
        "no_backoff",
        lambda retry: retry.has_own_delay and retry.delay < AT_ONCE,
        lambda retry: (
            f"Waited {_seconds(retry.delay)} after a {retry.before.status}; "
            "expected a short delay that grows from one attempt to the next"
        ),
    ),
)
"""What one retry proves by itself: a verdict, when it holds, and what is said of the first such retry."""


def _constant_delay(retries: Sequence[_Retry]) -> Iterator[Verdict]:
    """Hold a client to delays that grow, where no reply says how long to wait.

    They must be so much alike that delays drawn at random, which are a backoff too, hardly ever are.
    """
    delays = [retry.delay for retry in retries]
    if len(delays) < _ENOUGH_DELAYS:
        return
    shortest = min(delays)
    if AT_ONCE <= shortest < _GROWN and max(delays) - shortest <= 0.05 * shortest + 0.005:
        listed = ", ".join(_seconds(delay) for delay in delays[:_LISTED_DELAYS])
        yield proved(
            "no_backoff",
            _numbers(retries),
            f"Waited as long after each of {len(delays)} failures ({listed}); "
            "expected a delay that grows from one attempt to the next.",
        )


def _nested_retry(chain: Chain) -> list[Verdict]:
    """Return what the client's own count proves: it began anew, once it had given up, in a loop around it."""
    begins = [place for place, attempt in enumerate(chain) if attempt.marker == 0]
    tries = [end - begin for begin, end in pairwise([*begins, len(chain)])]
    if len(chain) <= MOST_ATTEMPTS or len(tries) <= 1 or max(tries) <= 1:
        return []
    each = f"{max(tries)}" if len(set(tries)) == 1 else f"up to {max(tries)}"
    message = (
        f"Made {len(chain)} attempts of one call: {len(tries)} times {each}, since a loop around the client "
        "tries again what the client has tried again; expected one of the two to."
    )
    return [proved("nested_retry", _numbers([chain]), message)]


def _retry_storm(chain: Chain, retries: Sequence[_Retry]) -> Iterator[Verdict]:
    # Who waits as long as each reply asks cannot wait longer.
    bursts = (retries[place : place + MOST_AT_ONCE] for place in range(len(chain) - MOST_AT_ONCE))
    quickest = min(
        (
            burst[-1].after.arrived - burst[0].before.arrived
            for burst in bursts
            if not all(retry.is_asked for retry in burst)
        ),
        default=BURST,
    )
    if len(chain) > MOST_ATTEMPTS:
        count, seconds = len(chain), chain[-1].arrived - chain[0].arrived
        limit = f"{MOST_ATTEMPTS}"
    elif quickest < BURST:
        count, seconds = MOST_AT_ONCE + 1, quickest
        limit = f"{MOST_AT_ONCE} within {_seconds(BURST)}"
    else:
        return
    message = f"Made {count} attempts of one call within {_seconds(seconds)}; expected at most {limit}."
    yield proved("retry_storm", _numbers([chain]), message)


def judge_end(chain: Chain) -> Iterator[Verdict]:
    """Yield what the last attempt of one call proves, if none comes after it."""
    last = chain[-1]
    if last.outcome == "lost":
        failure = "a connection that failed before the first byte"
    elif last.outcome == "status" and last.rule.may_retry and last.rule.passes:
        failure = f"a {last.status}, which may be retried"
    else:
        return
    if last.outcome == "status" and last.status in REDIRECTS:
        if location_of(last.exchanges[-1]) is None:
            return
        message = (
            f"A {last.status} was not followed; expected a request to its Location "
            "with the same method, body and credentials."
        )
    elif len(chain) < ENOUGH_ATTEMPTS and (last.wait is None or last.wait.seconds <= LONGEST_WAIT):
        message = (
            f"Gave up after {len(chain)} attempt{'s' * (len(chain) != 1)}, at {failure}; "
            f"expected {ENOUGH_ATTEMPTS} attempts before giving up."
        )
    else:
        return
    yield proved("gave_up", _numbers([chain]), message)


def _numbers(groups: Iterable[Iterable[Attempt]]) -> tuple[int, ...]:
    """Return the numbers of all exchanges of some attempts, each once."""
    return tuple(dict.fromkeys(number for group in groups for attempt in group for number in attempt.numbers))


def _seconds(value: float) -> str:
    """Say a time, to two places: ``0.02 s``."""
    return f"{round(max(value, 0.0), _PLACES):g} s"


def judge_redirects(attempt: Attempt) -> Iterator[Verdict]:
    """Yield what the requests that followed redirects prove."""
    for before, after in pairwise(attempt.exchanges):
        if after.answer.status != _UNAUTHORIZED:
            continue
        sent, came = before.head.headers, after.head.headers
        lost = [name for name in credentials_of(before) if name in sent and sent[name] != came.get(name)]
        if lost:
            name = lost[0]
            how = f"with another `{name.decode()}`" if name in came else f"without `{name.decode()}`"
            host = came.get(b"host")
            where = " on another host" if host != sent.get(b"host") else ""
            yield proved(
                "redirect_dropped_credentials",
                (before.number, after.number),
                f"Followed a {before.answer.status} to {after.head.path}{where} {how}, and met a 401; "
                "expected the same credentials as before.",
            )
