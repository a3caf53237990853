"""Which attempts belong to one call: retries told apart from equal calls side by side."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from mockgrid.session.verdicts.attempts import LEAVING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mockgrid.session.verdicts.attempts import Attempt

    Chain = list[Attempt]

AT_ONCE = 0.05
"""Seconds: who asks again within them has not waited."""


def chains_of(attempts: Sequence[Attempt]) -> list[Chain]:
    """Return the attempts of each call.

    Each attempt comes after the one before has failed. Where several could be the one before, the official
    clients' count of retries decides, and after it the time: the one that failed first. What comes within
    ``AT_ONCE`` of a failure is its retry, unless so many equal requests come after that burst that each
    failure in it may have one of those: then the client made equal calls side by side, and waited in each.

    Args:
        attempts: of all calls, in the order in which they arrived.
    """
    groups: defaultdict[Any, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        groups[attempt.key].append(attempt)
    found = [chain for group in groups.values() for chain in _chains(group)]
    return sorted(found, key=lambda chain: chain[0].exchanges[0].number)


def _chains(group: Sequence[Attempt]) -> list[Chain]:
    if not any(attempt.failed for attempt in group):
        return [[attempt] for attempt in group]
    following = _by_count(group)
    followers = set(following.values())
    heads = [attempt for attempt in group if attempt not in followers]
    _by_time(heads, following)
    followers = set(following.values())
    chains = []
    for attempt in group:
        if attempt not in followers:
            chain = [attempt]
            while chain[-1] in following:
                chain.append(following[chain[-1]])
            chains.append(chain)
    return chains


def _by_count(group: Sequence[Attempt]) -> dict[Attempt, Attempt]:
    """Link attempts that say that they are retries: what follows each."""
    following: dict[Attempt, Attempt] = {}
    waiting: defaultdict[int, list[Attempt]] = defaultdict(list)
    for attempt in group:
        if attempt.marker:
            failed = waiting[attempt.marker - 1]
            chosen = _first_before(attempt, failed, attempt.arrived)
            if chosen is not None:
                following[chosen] = attempt
                failed.remove(chosen)
        if attempt.failed and attempt.marker is not None:
            insort(waiting[attempt.marker], attempt, key=_ended)
    return following


def _first_before(attempt: Attempt, failed: list[Attempt], begin: float) -> Attempt | None:
    """Return the failure that an attempt retries: the first to end of those that arrived before a time.

    Args:
        attempt: what came later.
        failed: sorted by their end; those that were too long ago are taken out.
        begin: that time.
    """
    while failed and attempt.arrived > failed[0].ended + failed[0].patience:
        failed.pop(0)
    final = None
    for one in failed:
        if one.ended > attempt.arrived + LEAVING:
            break
        if one.arrived < begin and one.may_precede(attempt):
            if one.rule.may_retry is not False:
                return one
            # What must not be retried hardly was, if there is something else that may have been.
            final = final or one
    return final


def _by_time(heads: Sequence[Attempt], following: dict[Attempt, Attempt]) -> None:
    """Link what is left: the first attempts of each chain so far to the last ones of others."""
    beside = _side_by_side(heads, following)
    # Those of clients that count their attempts, and those of others.
    waiting: dict[bool, list[Attempt]] = {True: [], False: []}
    for head in heads:
        failed = waiting[head.marker is not None]
        chosen = _first_before(head, failed, beside.get(head, head.arrived))
        if chosen is not None:
            following[chosen] = head
            failed.remove(chosen)
        last = head
        while last in following:
            last = following[last]
        if last.failed:
            insort(failed, last, key=_ended)


def _side_by_side(heads: Sequence[Attempt], following: Mapping[Attempt, Attempt]) -> dict[Attempt, float]:
    """Return the requests that came in a burst and may well be calls side by side: when each burst began."""
    arrivals = [head.arrived for head in heads]
    found: dict[Attempt, float] = {}
    place = 0
    while place < len(heads):
        begin, end = place, heads[place].arrived
        while place < len(heads) and heads[place].arrived < end + AT_ONCE:
            end = max(end, heads[place].arrived, heads[place].ended)
            place += 1
        burst = heads[begin:place]
        unexplained = [one for one in burst if one.failed and one not in following]
        if len(burst) > 1 and unexplained:
            last = bisect_right(arrivals, min(one.ended + one.patience for one in unexplained), lo=place)
            if last - place >= len(unexplained):
                found.update(dict.fromkeys(burst, burst[0].arrived))
    return found


def _ended(attempt: Attempt) -> float:
    return attempt.ended
