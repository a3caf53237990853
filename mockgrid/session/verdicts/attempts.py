"""Attempts: a request with those that followed its redirects, what came of it, and which are one call's."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote, urlsplit

from mockgrid.session.verdicts.policy import header, requested_wait

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mockgrid.session.exchange import KeptExchange
    from mockgrid.session.turns import Turns
    from mockgrid.session.verdicts.policy import RetryPolicy
    from mockgrid.session.verdicts.streams import Stream

    Chain = list["Attempt"]

Outcome = Literal["success", "status", "lost", "cut", "broken", "left", "open"]
"""What came of an attempt:

- ``success``: a whole reply, or one of which the client had read enough;
- ``status``: an error, or a redirect that was not followed;
- ``lost``: the connection failed before the first byte of the body;
- ``cut``: it failed within the body;
- ``broken``: a whole stream that reports an error, or holds what cannot be read;
- ``left``: the client left before the first byte: its timeout was over;
- ``open``: it is under way, or the server stopped.
"""
FAILED = frozenset({"status", "lost", "cut", "broken", "left"})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PATIENCE = 60.0
"""Seconds after which an equal request is a new one; what the reply asked to wait comes on top."""
LEAVING = 0.6
"""Seconds: the server may see so much later that a client has left; half a second is for those that close one
side only."""
_TO_FOLLOW = 60.0
_MOST_HOPS = 20
_CLOCKS = 0.002
_FIRST_ERROR, _NOT_MODIFIED = 300, 304
# A request that differs in one of these asks for something else, or for someone else.
_TELLING = (b"content-type", b"content-encoding", b"prefer")
_MARKER = b"x-stainless-retry-count"
AT_ONCE = 0.05
"""Seconds: who asks again within them has not waited."""


class Attempt:
    """One try of a call.

    Args:
        exchanges: the request, and each that followed the redirect before it.
        policy: what may be retried.
        streams: what streams gave, by the exchange's number.
        epoch: Unix time when the monotonic clock read zero, where known.

    Attributes:
        arrived: when its first request did.
        ended: when its last reply had.
        heard: when the client knew of that reply, at the earliest.
        status: of its last reply.
        outcome: what came of it.
        rule: what the policy says of its status.
        wait: how long its reply asked to wait; None for no wish.
        marker: which attempt its client says that it is, from 0; None where it does not say.
        key: equal for equal calls.
    """

    def __init__(
        self,
        exchanges: Sequence[KeptExchange],
        policy: RetryPolicy,
        streams: Mapping[int, Stream],
        epoch: float | None,
    ) -> None:
        first, last = exchanges[0], exchanges[-1]
        self.exchanges = tuple(exchanges)
        self.arrived, self.ended = first.arrived, last.ended
        # The end of a reply in one piece may be noted when the client has already read it, and gone on.
        in_one = last.whole and last.answer.body and last.replied and not last.chunks
        whole = last.replied if in_one else last.ended
        self.heard = last.chunks[0][0] if last.chunks else whole
        self._known = last.ended if last.chunks else whole
        self.status = last.answer.status
        self.outcome = _outcome(last, streams)
        self.rule = policy.rule(last.answer.status, last.answer.headers)
        self.wait = (
            requested_wait(last.answer.headers, self.heard, epoch) if self.outcome == "status" else None
        )
        marker = first.head.headers.get(_MARKER, b"")
        self.marker = int(marker) if marker.isdigit() and len(marker) < len(b"1000000") else None
        telling = tuple(first.head.headers.get(name) for name in (*_TELLING, *credentials_of(first)))
        self.key = (
            first.head.method,
            first.head.path,
            first.head.query,
            first.body_size,
            first.body,
            telling,
        )

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of its exchanges."""
        return tuple(exchange.number for exchange in self.exchanges)

    @property
    def failed(self) -> bool:
        """Whether there was a reason to try again."""
        return self.outcome in FAILED

    def may_precede(self, other: Attempt) -> bool:
        """Whether another attempt can be the next one after this one, by their times."""
        late = LEAVING if self.outcome == "left" else _CLOCKS
        return (
            self.failed
            and self.arrived < other.arrived
            and self._known - late <= other.arrived <= self.ended + self.patience
        )

    @property
    def patience(self) -> float:
        """Seconds after its end within which an equal request counts as the next attempt."""
        return PATIENCE + (self.wait.seconds if self.wait is not None else 0.0)


def attempts_of(
    exchanges: Sequence[KeptExchange],
    policy: RetryPolicy,
    streams: Mapping[int, Stream],
    epoch: float | None,
) -> Turns[list[Attempt]]:
    """Find the attempts among exchanges, which are in the order of their arrival; so are the attempts."""
    by_path: defaultdict[str, list[KeptExchange]] = defaultdict(list)
    for exchange in exchanges:
        by_path[exchange.head.path].append(exchange)
    taken: set[int] = set()
    attempts = []
    for exchange in exchanges:
        if exchange.number not in taken:
            hops = [exchange]
            while len(hops) < _MOST_HOPS and (hop := _followed(hops[-1], by_path, taken)) is not None:
                taken.add(hop.number)
                hops.append(hop)
            attempts.append(Attempt(hops, policy, streams, epoch))
        yield
    return attempts


def location_of(exchange: KeptExchange) -> str | None:
    """Return where a redirect leads; None for any other reply."""
    if exchange.answer.status not in REDIRECTS:
        return None
    location = header(exchange.answer.headers, b"location")
    return location.decode("utf-8", "replace") if location else None


def credentials_of(exchange: KeptExchange) -> tuple[bytes, ...]:
    """Return the names of the headers that may carry a request's credentials."""
    if exchange.operation is None:
        return (b"authorization",)
    return tuple(name.encode("latin-1") for name in exchange.operation.security.secret_headers)


def _followed(
    redirect: KeptExchange, by_path: Mapping[str, list[KeptExchange]], taken: set[int]
) -> KeptExchange | None:
    """Return the request that follows a redirect: the first to its address with the same body, else any."""
    location = location_of(redirect)
    if location is None or not redirect.replied:
        return None
    try:
        address = urlsplit(location)
    except ValueError:
        return None
    there = by_path.get(unquote(address.path), [])
    begin = bisect_left(there, redirect.replied - _CLOCKS, key=lambda exchange: exchange.arrived)
    other = None
    for exchange in there[begin:]:
        if exchange.arrived > redirect.replied + _TO_FOLLOW:
            break
        if exchange.number in taken or exchange is redirect or exchange.arrived <= redirect.arrived:
            continue
        if exchange.head.query == address.query.encode() and exchange.body == redirect.body:
            return exchange
        other = other or exchange
    return other


def _outcome(exchange: KeptExchange, streams: Mapping[int, Stream]) -> Outcome:
    if exchange.under_way or exchange.ended_by == "shutdown":
        return "open"
    if not exchange.whole and not exchange.chunks:
        return "lost" if exchange.ended_by == "server" else "left"
    if exchange.answer.status >= _FIRST_ERROR and exchange.answer.status != _NOT_MODIFIED:
        return "status"
    stream = streams.get(exchange.number)
    if stream is not None and (stream.error or stream.unreadable):
        return "broken"
    return "success" if exchange.whole or exchange.ended_by == "client" else "cut"


def chains_of(attempts: Sequence[Attempt]) -> Turns[list[Chain]]:
    """Find the attempts of each call.

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
        yield
    chains: list[Chain] = []
    for group in groups.values():
        chains += _chains(group)
        yield
    return sorted(chains, key=lambda chain: chain[0].exchanges[0].number)


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
            insort(waiting[attempt.marker], attempt, key=attrgetter("ended"))
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
    for failure in failed:
        if failure.ended > attempt.arrived + LEAVING:
            break
        if failure.arrived < begin and failure.may_precede(attempt):
            if failure.rule.may_retry is not False:
                return failure
            # What must not be retried hardly was, if there is something else that may have been.
            final = final or failure
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
            insort(failed, last, key=attrgetter("ended"))


def _side_by_side(heads: Sequence[Attempt], following: Mapping[Attempt, Attempt]) -> dict[Attempt, float]:
    """Return the requests that came in a burst and may well be calls side by side: when each burst began."""
    arrivals = [head.arrived for head in heads]
    begins: dict[Attempt, float] = {}
    place = 0
    while place < len(heads):
        begin, end = place, heads[place].arrived
        while place < len(heads) and heads[place].arrived < end + AT_ONCE:
            end = max(end, heads[place].arrived, heads[place].ended)
            place += 1
        burst = heads[begin:place]
        unexplained = [attempt for attempt in burst if attempt.failed and attempt not in following]
        if len(burst) > 1 and unexplained:
            last = bisect_right(
                arrivals, min(attempt.ended + attempt.patience for attempt in unexplained), lo=place
            )
            if last - place >= len(unexplained):
                begins.update(dict.fromkeys(burst, burst[0].arrived))
    return begins
