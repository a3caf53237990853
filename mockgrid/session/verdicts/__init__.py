"""What the journal proves about a client's conduct."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from mockgrid.session.turns import all_at_once
from mockgrid.session.verdicts.attempts import REDIRECTS, attempts_of, chains_of
from mockgrid.session.verdicts.policy import RetryPolicy
from mockgrid.session.verdicts.retries import judge_end, judge_redirects, judge_retries
from mockgrid.session.verdicts.streams import SUCCESS, behaviour_of, judge_texts, read_stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mockgrid.session.exchange import KeptExchange
    from mockgrid.session.records import Verdict
    from mockgrid.session.turns import Turns
    from mockgrid.session.verdicts.streams import Stream, TranscriptOf


def verdicts(
    exchanges: Iterable[KeptExchange],
    retry: Mapping[str, Any],
    transcript_of: TranscriptOf,
    *,
    final: bool = False,
    epoch: float | None = None,
) -> list[Verdict]:
    """Return what exchanges prove about the client that made them; what they do not prove is not said.

    >>> verdicts(session.journal, contract.policy.retry, transcript_of, final=True)
    [Verdict(name='retry_after_ignored', code='MG310', message='Waited 0.02 s after …', exchanges=(1, 2))]

    Args:
        exchanges: of one session, in any order.
        retry: the contract's policy: by status, whether it may be retried, and after what.
        transcript_of: returns what reads the texts of a behaviour, by its name; None where it has none.
        final: whether no request is to come any more; without it no call is said to be given up.
        epoch: ``time.time() - time.monotonic()``, for a ``Retry-After`` that is a date; without it such a
            date is counted from the reply's ``Date``.

    Returns:
        In the order of the first exchange that each rests on, and then of their codes.
    """
    return all_at_once(judged(exchanges, retry, transcript_of, final=final, epoch=epoch))


def judged(
    exchanges: Iterable[KeptExchange],
    retry: Mapping[str, Any],
    transcript_of: TranscriptOf,
    *,
    final: bool = False,
    epoch: float | None = None,
) -> Turns[list[Verdict]]:
    """Find what ``verdicts`` returns, in turns."""
    ordered = sorted(exchanges, key=attrgetter("arrived", "number"))
    yield
    failed = {_asked_for(exchange) for exchange in ordered if not _went_well(exchange)}
    if not failed:
        return []
    # What went well tells something as the last try of what did not; a redirect may lead to any of it.
    yield
    telling = ordered
    if not any(exchange.answer.status in REDIRECTS for exchange in ordered):
        telling = [exchange for exchange in ordered if _asked_for(exchange) in failed]
    streams: dict[int, Stream] = {}
    for exchange in telling:
        stream = read_stream(exchange, transcript_of(behaviour_of(exchange)))
        if stream is not None:
            streams[exchange.number] = stream
        yield
    attempts = yield from attempts_of(telling, RetryPolicy(retry), streams, epoch)
    proofs: list[Verdict] = []
    for attempt in attempts:
        proofs += judge_redirects(attempt)
        yield
    for chain in (yield from chains_of(attempts)):
        proofs += judge_retries(chain)
        if final:
            proofs += judge_end(chain)
        yield
    proofs += yield from judge_texts(ordered, streams, transcript_of)
    return sorted(proofs, key=lambda verdict: (verdict.exchanges[0], verdict.code))


def _asked_for(exchange: KeptExchange) -> tuple[str, bytes]:
    """Return what all tries of one call have in common."""
    return exchange.head.path, exchange.body


def _went_well(exchange: KeptExchange) -> bool:
    """Tell whether a request got a whole reply at once, of which there is nothing to be made wrongly."""
    return exchange.answer.status in SUCCESS and exchange.whole and not exchange.chunks
