"""What is told of a session and its exchanges, without credentials: to tests, reports and people."""

from __future__ import annotations

import base64
import codecs
import json
import math
from dataclasses import replace
from time import monotonic, time
from typing import TYPE_CHECKING, Any, Final

from mockgrid.contract.bodies import media_type_for
from mockgrid.contract.http_terms import media_name
from mockgrid.document.json_body import MalformedJsonError, read_json
from mockgrid.schema.violation import FieldWarning, Violation
from mockgrid.session.exchange import request_body
from mockgrid.session.manners import misuses, odd_fields
from mockgrid.session.records import (
    Chunk,
    ClockState,
    ExchangePage,
    ExchangeRecord,
    GivenReply,
    PlayedScenario,
    PlayedStep,
    SentRequest,
    Summary,
    Unmatched,
)
from mockgrid.session.verdicts import verdicts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mockgrid.session.exchange import KeptExchange
    from mockgrid.session.manners import MannersOf
    from mockgrid.session.records import Verdict
    from mockgrid.session.redaction import Hidden, Redaction
    from mockgrid.session.session import Session
    from mockgrid.session.verdicts.streams import TranscriptOf

# Deeper bodies are told as text.
_DEEPEST: Final = 200
_LACKING: Final = "MG142"
_NONE: Final = "was to be inserted into the reply, and the request has no such thing"
_DIGITS: Final = 6


def exchange_page(
    session: Session, redaction: Redaction, manners_of: MannersOf, *, after: int = 0
) -> ExchangePage:
    """Return the exchanges of a session that come after a number."""
    journal = session.journal
    exchanges = tuple(exchange_records(session, redaction, manners_of, after=after))
    return ExchangePage(
        session=session.name,
        count=journal.count,
        dropped=journal.dropped,
        dropped_violations=journal.dropped_violations,
        exchanges=exchanges,
    )


def exchange_records(
    session: Session,
    redaction: Redaction,
    manners_of: MannersOf,
    *,
    after: int = 0,
    until: float = math.inf,
) -> Iterator[ExchangeRecord]:
    """Yield the exchanges of a session as they are told, in order; see ``exchange_record``.

    Args:
        session: whose journal is read.
        redaction: hides credentials.
        manners_of: returns what a behaviour knows of good requests, by its name.
        after: the number of the last exchange before those that are wanted.
        until: the number of the last one that is.
    """
    ends: dict[tuple[str, str, bytes, bytes], float] = {}
    for exchange in session.journal:
        request = (exchange.head.method, exchange.head.path, exchange.head.query, exchange.body)
        if exchange.number > until:
            break
        if exchange.number > after:
            yield exchange_record(exchange, session, redaction, manners_of, ends.get(request))
        ends[request] = exchange.ended or exchange.arrived


def exchange_record(
    exchange: KeptExchange,
    session: Session,
    redaction: Redaction,
    manners_of: MannersOf,
    last_attempt: float | None = None,
) -> ExchangeRecord:
    """Return one exchange as it is told, without credentials. Times are seconds, to the microsecond.

    Args:
        exchange: what to tell.
        session: whose it is; ``at`` is counted from its beginning.
        redaction: hides credentials.
        manners_of: returns what a behaviour knows of good requests, by its name.
        last_attempt: when the reply to the same request before this one had ended; None where there is none.
    """
    body = request_body(exchange)
    hidden = redaction.of(exchange.head, body)
    play, ended = session.play, exchange.ended
    sent = _body(body, exchange.head.headers.get(b"content-type", b""), hidden)
    given = _body(exchange.reply_body, dict(exchange.answer.headers).get(b"content-type", b""), hidden)
    return ExchangeRecord(
        number=exchange.number,
        session=session.name,
        at=_seconds(max(exchange.arrived - session.opened, 0.0)),
        operation=exchange.operation.id if exchange.operation is not None else None,
        request=SentRequest(
            method=exchange.head.method,
            path=hidden.text(exchange.head.path),
            query=redaction.query(exchange.head.query, hidden),
            headers=redaction.headers(exchange.head.headers.items(), hidden),
            size=exchange.body_size,
            **sent,
        ),
        violations=violations(exchange, hidden),
        warnings=warnings(exchange, hidden, manners_of),
        failure=exchange.answer.failure or None,
        attempt=exchange.answer.attempt,
        since_last_attempt=None if last_attempt is None else _seconds(exchange.arrived - last_attempt),
        scenario=play.scenario.name if play is not None else None,
        step=exchange.answer.step or None,
        unmatched=unmatched(exchange, hidden),
        status=exchange.answer.status,
        reply=GivenReply(
            headers=redaction.headers(exchange.answer.headers, hidden),
            chunks=_chunks(exchange, hidden),
            size=exchange.chunks_size or len(exchange.reply_body),
            **given,
        ),
        seconds=_seconds(ended - exchange.arrived) if ended else None,
        ended_by=exchange.ended_by if ended else None,
        whole=exchange.whole if ended else None,
        virtual_seconds=_seconds(exchange.virtual_seconds),
        degraded=exchange.degraded or None,
    )


def violations(exchange: KeptExchange, hidden: Hidden, number: int = 0) -> tuple[Violation, ...]:
    """Return how a request broke the contract, without its secrets.

    Args:
        exchange: with the request.
        hidden: its secrets.
        number: of the exchange, where that is not told beside them.
    """
    return tuple(
        Violation.from_json({**hidden.value(violation.as_json()), "exchange": number})
        for violation in exchange.answer.violations
    )


def unmatched(exchange: KeptExchange, hidden: Hidden, number: int = 0) -> Unmatched | None:
    """Return why no step matched, without the request's secrets; None where one did, or none had to."""
    if exchange.answer.no_step is None:
        return None
    return Unmatched.from_json({**hidden.value(exchange.answer.no_step.as_json()), "exchange": number})


def warnings(
    exchange: KeptExchange, hidden: Hidden, manners_of: MannersOf, number: int = 0
) -> tuple[FieldWarning, ...]:
    """Return what is worth a word about a request: fields unknown, deprecated or missed, and what is odd."""
    missed = (
        FieldWarning(
            _LACKING, place[len("${body:") : -1] if place.startswith("${body:") else "", place, _NONE
        )
        for place in exchange.answer.lacking
    )
    odd = _odd(exchange, hidden, manners_of, number)
    return (*(replace(warning, exchange=number) for warning in missed), *odd)


def _odd(
    exchange: KeptExchange, hidden: Hidden, manners_of: MannersOf, number: int
) -> tuple[FieldWarning, ...]:
    operation = exchange.operation
    if operation is None or not operation.body or exchange.answer.violations or not exchange.body:
        return ()
    content_type = exchange.head.headers.get(b"content-type")
    media = media_type_for(operation, content_type.decode("latin-1") if content_type is not None else None)
    if media is None or media.schema is None or not media.is_json:
        return ()
    try:
        value = read_json(request_body(exchange), _DEEPEST)
    except MalformedJsonError:
        return ()
    manners = manners_of(operation.behaviour)
    return tuple(
        FieldWarning.from_json({**hidden.value(warning.as_json()), "exchange": number})
        for warning in (*odd_fields(media, value, manners), *misuses(value, manners))
    )


def _body(body: bytes, content_type: bytes, hidden: Hidden) -> dict[str, Any]:
    """Return a body as a JSON value, as text, or as base64: the first that it can be told as."""
    if not body:
        return {"body": None}
    named = media_name(content_type.decode("latin-1"))
    if named is None or named.name.endswith("json"):
        try:
            value = read_json(body, _DEEPEST)
            json.dumps(value)
        except (MalformedJsonError, ValueError, RecursionError):
            pass
        else:
            return {"body": hidden.value(value)}
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        hidden_bytes = hidden.text(body.decode("latin-1")).encode("latin-1", "replace")
        return {"body": None, "base64": base64.b64encode(hidden_bytes).decode("ascii")}
    return {"body": hidden.text(text)}


def _chunks(exchange: KeptExchange, hidden: Hidden) -> tuple[Chunk, ...]:
    """Return the pieces of a reply as text; one that ends within a character gives the rest to the next."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    last = len(exchange.chunks) - 1
    return tuple(
        Chunk(_seconds(at - exchange.replied), hidden.text(decoder.decode(data, place == last)))
        for place, (at, data) in enumerate(exchange.chunks)
    )


def _seconds(seconds: float) -> float:
    return round(seconds, _DIGITS)


def summary(  # noqa: PLR0913 - what is known of a session, of its contract and of its behaviours
    session: Session,
    redaction: Redaction,
    retry: Mapping[str, Any],
    transcript_of: TranscriptOf,
    manners_of: MannersOf,
    *,
    final: bool = False,
) -> Summary:
    """Return a session's state and all that its journal shows.

    Args:
        session: whose.
        redaction: hides credentials.
        retry: which statuses may be retried, and when, as the contract's policy says.
        transcript_of: returns what reads the texts of a behaviour, by its name; None where it has none.
        manners_of: returns what a behaviour knows of good requests, by its name.
        final: whether no more requests will come.
    """
    journal = session.journal
    epoch = time() - monotonic()  # only to read dates that a reply asked to wait for
    secrets = {exchange.number: redaction.of(exchange.head, request_body(exchange)) for exchange in journal}
    numbered = [(exchange, secrets[exchange.number], exchange.number) for exchange in journal]
    missed = (unmatched(*each) for each in numbered)
    return Summary(
        session=session.name,
        scenario=_scenario(session),
        clock=clock_state(session),
        exchanges=journal.count,
        kept=len(journal),
        dropped=journal.dropped,
        dropped_violations=journal.dropped_violations,
        violations=tuple(violation for each in numbered for violation in violations(*each)),
        warnings=tuple(
            warning
            for exchange, hidden, number in numbered
            for warning in warnings(exchange, hidden, manners_of, number)
        ),
        unmatched=tuple(each for each in missed if each is not None),
        unused_steps=(*session.left_unused, *(session.play.unused() if session.play is not None else ())),
        verdicts=tuple(
            redacted_verdict(verdict, secrets)
            for verdict in verdicts(journal, retry, transcript_of, final=final, epoch=epoch)
        ),
    )


def redacted_verdict(verdict: Verdict, secrets: Mapping[int, Hidden]) -> Verdict:
    """Return a verdict without the secrets of the exchanges that prove it, given by their numbers."""
    message = verdict.message
    for number in verdict.exchanges:
        message = secrets[number].text(message)
    return replace(verdict, message=message)


def clock_state(session: Session) -> ClockState:
    """Return a session's time, in seconds since it began, and what waits a virtual clock has spared it."""
    clock = session.clock
    now = clock.now() if clock.virtual else clock.now() - session.opened
    return ClockState(clock.virtual, round(now, 6), round(clock.spared, 6))


def _scenario(session: Session) -> PlayedScenario | None:
    play = session.play
    if play is None:
        return None
    scenario, cursors = play.scenario, play.cursors
    steps = tuple(
        PlayedStep(step.index, step.label, step.where, cursors.given[step.index]) for step in scenario.steps
    )
    return PlayedScenario(scenario.name, scenario.where, scenario.strict, cursors.state, steps)
