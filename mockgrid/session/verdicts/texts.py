"""Verdicts on what a client makes of a broken stream, proved by what it sends on as the assistant's words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mockgrid.session.verdicts.streams import behaviour_of
from mockgrid.session.verdicts.verdict import proved

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mockgrid.session.exchange import KeptExchange
    from mockgrid.session.verdicts.streams import Stream, TranscriptOf
    from mockgrid.session.verdicts.verdict import Verdict, VerdictName

# Characters of a text that a message shows.
_SHOWN = 60
_SUCCESS = range(200, 300)


def judge_texts(
    exchanges: Sequence[KeptExchange], streams: Mapping[int, Stream], transcript_of: TranscriptOf
) -> Iterator[Verdict]:
    """Yield what later requests prove of streams that were broken.

    Args:
        exchanges: in the order in which they arrived.
        streams: what streams gave, by the exchange's number.
        transcript_of: returns what reads the texts of an operation's behaviour; None where it has none.
    """
    broken = _broken(exchanges, streams)
    if not broken:
        return
    said = {exchange.number: _said(exchange, transcript_of) for exchange in exchanges}
    reported: set[tuple[int, VerdictName]] = set()
    for later in exchanges:
        for text in sorted(said[later.number]):
            found = [
                (exchange, name, stream)
                for exchange, name, texts, stream in broken
                if text in texts and text not in said[exchange.number] and _before(exchange, later)
            ]
            if not found or _given_whole(text, later, exchanges, streams, transcript_of):
                continue
            exchange, name, stream = max(found, key=lambda one: one[0].arrived)
            if (exchange.number, name) not in reported:
                reported.add((exchange.number, name))
                yield proved(
                    name, (exchange.number, later.number), _told(name, exchange, stream, later, text)
                )


def _broken(
    exchanges: Sequence[KeptExchange], streams: Mapping[int, Stream]
) -> list[tuple[KeptExchange, VerdictName, set[str], Stream]]:
    """Return the broken streams: what a client may wrongly make of each, and what that proves."""
    found: list[tuple[KeptExchange, VerdictName, set[str], Stream]] = []
    for exchange in exchanges:
        stream = streams.get(exchange.number)
        if stream is None or exchange.ended_by == "shutdown":
            continue
        mended = stream.mended()
        # A client that leaves a stream knows that it has not got all of it, unless it could not read it.
        cut = stream.cut() if exchange.ended_by == "server" or stream.unreadable or stream.error else set()
        if mended:
            found.append((exchange, "malformed_chunk_ignored", mended, stream))
        if cut - mended:
            found.append((exchange, "truncated_stream_accepted", cut - mended, stream))
    return found


def _before(exchange: KeptExchange, later: KeptExchange) -> bool:
    return exchange.number != later.number and exchange.arrived < later.arrived >= exchange.replied


def _given_whole(
    text: str,
    later: KeptExchange,
    exchanges: Sequence[KeptExchange],
    streams: Mapping[int, Stream],
    transcript_of: TranscriptOf,
) -> bool:
    """Whether a whole reply gave a text before a request says it."""
    earlier = (exchange for exchange in exchanges if _before(exchange, later))
    return any(text in _given(exchange, streams, transcript_of) for exchange in earlier)


def _given(exchange: KeptExchange, streams: Mapping[int, Stream], transcript_of: TranscriptOf) -> set[str]:
    stream = streams.get(exchange.number)
    if stream is not None:
        good = exchange.whole and not (stream.error or stream.unreadable)
        return stream.whole() if good else set()
    transcript = transcript_of(behaviour_of(exchange))
    if transcript is None or exchange.status not in _SUCCESS or not exchange.whole:
        return set()
    # A scripted body is kept as the pieces in which it left.
    return transcript.given(exchange.reply_body or b"".join(piece for _, piece in exchange.chunks))


def _said(exchange: KeptExchange, transcript_of: TranscriptOf) -> set[str]:
    """Return what a request says as the assistant's words."""
    transcript = transcript_of(behaviour_of(exchange))
    return transcript.repeated(exchange.body) if transcript is not None else set()


def _told(name: VerdictName, exchange: KeptExchange, stream: Stream, later: KeptExchange, text: str) -> str:
    if name == "malformed_chunk_ignored":
        what = "has a chunk that cannot be read"
    elif stream.error:
        what = "reports an error"
    elif stream.unreadable:
        what = "breaks off at a chunk that cannot be read"
    elif not exchange.whole:
        what = f"was cut after {stream.chunks} chunks"
    else:
        what = "has no finish reason"
    shown = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
    return (
        f"Exchange {later.number} sends {json.dumps(shown, ensure_ascii=False)} as the assistant's words, "
        f"taken from a stream that {what}; expected an error, or another attempt."
    )
