"""Verdicts on how a client tries again, whether it does, and how it follows redirects."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from mockgrid.session.verdicts.attempts import AT_ONCE, REDIRECTS, credentials_of, location_of
from mockgrid.session.verdicts.verdict import proved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mockgrid.session.verdicts.attempts import Attempt, Chain
    from mockgrid.session.verdicts.verdict import Verdict, VerdictName

    Link = tuple[Attempt, Attempt]

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
_SHOWN_DELAYS = 3
_PLACES = 2
_UNAUTHORIZED = 401


def judge_retries(chain: Chain) -> Iterator[Verdict]:
    """Yield what the attempts of one call prove, whatever comes after them."""
    links = list(pairwise(chain))
    for judge in (_retry_after_ignored, _retried_non_retryable, _no_backoff):
        yield from judge(links)
    yield from _retry_storm(chain)


def judge_end(chain: Chain) -> Iterator[Verdict]:
    """Yield what the last attempt of one call proves, if none comes after it."""
    last = chain[-1]
    if last.outcome == "lost":
        what = "a connection that failed before the first byte"
    elif last.outcome == "status" and last.rule.may_retry and last.rule.passes:
        what = f"a {last.status}, which may be retried"
    else:
        return
    numbers = tuple(number for attempt in chain for number in attempt.numbers)
    if last.outcome == "status" and last.status in REDIRECTS:
        if location_of(last.exchanges[-1]) is not None:
            yield proved(
                "gave_up",
                numbers,
                f"A {last.status} was not followed; expected a request to its Location "
                "with the same method, body and credentials.",
            )
    elif len(chain) < ENOUGH_ATTEMPTS and (last.wait is None or last.wait.seconds <= LONGEST_WAIT):
        yield proved(
            "gave_up",
            numbers,
            f"Gave up after {_attempts(len(chain))}, at {what}; "
            f"expected {ENOUGH_ATTEMPTS} attempts before giving up.",
        )


def _retry_after_ignored(links: Sequence[Link]) -> Iterator[Verdict]:
    yield from _first_of("retry_after_ignored", links, _too_early, _told_too_early)


def _too_early(link: Link) -> bool:
    before, after = link
    rule = before.rule
    return (
        before.wait is not None
        and rule.after == "retry_after"
        and rule.may_retry is True
        and after.arrived - before.heard < before.wait.least
    )


def _told_too_early(link: Link) -> str:
    before, after = link
    wished = before.wait.seconds if before.wait is not None else 0.0
    waited = _seconds(after.arrived - before.heard)
    return f"waited {waited} after a {before.status} that asked for {_seconds(wished)}"


def _retried_non_retryable(links: Sequence[Link]) -> Iterator[Verdict]:
    yield from _first_of(
        "retried_non_retryable",
        links,
        lambda link: link[0].outcome == "status" and link[0].rule.may_retry is False,
        lambda link: (
            f"sent the same request again {_seconds(link[1].arrived - link[0].heard)} after a "
            f"{link[0].status} that is not to be retried; expected no further attempt"
        ),
    )


def _no_backoff(links: Sequence[Link]) -> Iterator[Verdict]:
    """Hold a client to delays that grow, where no reply says how long to wait."""
    own = [link for link in links if _chooses_delay(link)]
    yield from _first_of(
        "no_backoff",
        own,
        lambda link: link[1].arrived - link[0].heard < AT_ONCE,
        lambda link: (
            f"waited {_seconds(link[1].arrived - link[0].heard)} after a {link[0].status}; "
            "expected a short delay that grows from one attempt to the next"
        ),
    )
    delays = [after.arrived - before.heard for before, after in own]
    if len(delays) >= _ENOUGH_DELAYS and _constant(delays):
        listed = ", ".join(_seconds(delay) for delay in delays[:_SHOWN_DELAYS])
        yield proved(
            "no_backoff",
            _numbers(own),
            f"Waited as long after each of {len(delays)} failures ({listed}); "
            "expected a delay that grows from one attempt to the next.",
        )


def _constant(delays: Sequence[float]) -> bool:
    """Whether delays do not grow, though they could.

    They must be so much alike that delays drawn at random, which are a backoff too, hardly ever are.
    """
    shortest = min(delays)
    return AT_ONCE <= shortest < _GROWN and max(delays) - shortest <= 0.05 * shortest + 0.005


def _chooses_delay(link: Link) -> bool:
    before, after = link
    rule = before.rule
    if before.outcome != "status" or not rule.may_retry or rule.after not in {"backoff", "retry_after"}:
        return False
    if before.wait is None:
        return True
    # Obeying Retry-After is right even where nothing obliges a client to.
    return rule.after == "backoff" and after.arrived - before.heard < before.wait.least


def _retry_storm(chain: Chain) -> Iterator[Verdict]:
    numbers = tuple(number for attempt in chain for number in attempt.numbers)
    quickest = min(
        (after.arrived - before.arrived for before, after in zip(chain, chain[MOST_AT_ONCE:], strict=False)),
        default=BURST,
    )
    if len(chain) > MOST_ATTEMPTS:
        yield proved(
            "retry_storm",
            numbers,
            f"Made {len(chain)} attempts of one call within "
            f"{_seconds(chain[-1].arrived - chain[0].arrived)}; expected at most {MOST_ATTEMPTS}.",
        )
    elif quickest < BURST:
        yield proved(
            "retry_storm",
            numbers,
            f"Made {MOST_AT_ONCE + 1} attempts of one call within {_seconds(quickest)}; "
            f"expected at most {MOST_AT_ONCE} within {_seconds(BURST)}.",
        )


def _first_of(
    name: VerdictName, links: Sequence[Link], holds: Callable[[Link], bool], tell: Callable[[Link], str]
) -> Iterator[Verdict]:
    """Yield one verdict for all links of a call for which something holds; the first is told."""
    matching = [link for link in links if holds(link)]
    if matching:
        times = f" ({len(matching)} times)" if len(matching) > 1 else ""
        sentence = tell(matching[0])
        yield proved(name, _numbers(matching), f"{sentence[0].upper()}{sentence[1:]}{times}.")


def _numbers(links: Sequence[Link]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(number for link in links for attempt in link for number in attempt.numbers))


def _attempts(count: int) -> str:
    return f"{count} attempt{'s' * (count != 1)}"


def _seconds(value: float) -> str:
    """Say a time, to two places: ``0.02 s``."""
    return f"{round(max(value, 0.0), _PLACES):g} s"


def judge_redirects(attempt: Attempt) -> Iterator[Verdict]:
    """Yield what the requests that followed redirects prove."""
    for before, after in pairwise(attempt.exchanges):
        if after.status != _UNAUTHORIZED:
            continue
        sent, came = before.headers, after.headers
        lost = [name for name in credentials_of(before) if name in sent and sent[name] != came.get(name)]
        if lost:
            name = lost[0]
            how = f"with another `{name.decode()}`" if name in came else f"without `{name.decode()}`"
            host = came.get(b"host")
            where = " on another host" if host != sent.get(b"host") else ""
            yield proved(
                "redirect_dropped_credentials",
                (before.number, after.number),
                f"Followed a {before.status} to {after.path}{where} {how}, and met a 401; "
                "expected the same credentials as before.",
            )
