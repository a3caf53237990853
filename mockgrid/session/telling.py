"""What is told of a session and its exchanges, without credentials: to tests, reports and people."""

from __future__ import annotations

import base64
import codecs
import json
import math
import re
from contextlib import suppress
from dataclasses import replace
from time import monotonic, time
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote, unquote

from mockgrid.contract.bodies import media_type_for
from mockgrid.contract.http_terms import media_name
from mockgrid.document.json_body import MalformedJsonError, json_bytes, read_json
from mockgrid.schema.violation import FieldWarning, Violation
from mockgrid.session.exchange import request_body
from mockgrid.session.manners import misuses, odd_fields
from mockgrid.session.records import (
    Chunk,
    ClockState,
    ExchangePage,
    ExchangeRecord,
    ExchangeRow,
    GivenReply,
    SentRequest,
    Summary,
    Unmatched,
)
from mockgrid.session.verdicts import judged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mockgrid.session.exchange import KeptExchange, RequestHead
    from mockgrid.session.manners import MannersOf
    from mockgrid.session.records import Verdict
    from mockgrid.session.redaction import Hidden, Redaction
    from mockgrid.session.session import Session
    from mockgrid.session.turns import Turns
    from mockgrid.session.verdicts.streams import TranscriptOf

# Deeper bodies are told as text.
_DEEPEST: Final = 200
# Members whose order a browser changes.
_NUMBERED: Final = re.compile(rb'"\d+":')
_DIGITS: Final = 6

IN_PATH: Final = ":@!$&'()*+,;=~"
"""What stands in a part of a path as it is."""


class Complaints(NamedTuple):
    """What is to be said against one request, without its secrets."""

    violations: tuple[Violation, ...] = ()
    warnings: tuple[FieldWarning, ...] = ()
    unmatched: Unmatched | None = None


_NO_COMPLAINTS: Final = Complaints()


class Teller:
    """Tells of sessions.

    Args:
        redaction: hides credentials.
        retry: which statuses may be retried, and when, as the contract's policy says.
        transcript_of: returns what reads the texts of a behaviour, by its name; None where it has none.
        manners_of: returns what a behaviour knows of good requests, by its name; None where it has none.
    """

    def __init__(
        self,
        redaction: Redaction,
        retry: Mapping[str, Any],
        transcript_of: TranscriptOf,
        manners_of: MannersOf,
    ) -> None:
        self._redaction = redaction
        self._retry = retry
        self._transcript_of = transcript_of
        self._manners_of = manners_of

    def page(self, session: Session, *, after: int = 0) -> ExchangePage:
        """Return the exchanges of a session that come after a number."""
        journal = session.journal
        exchanges = tuple(self.records(session, after=after))
        return ExchangePage(
            session=session.name,
            count=journal.count,
            dropped=journal.dropped,
            dropped_violations=journal.dropped_violations,
            exchanges=exchanges,
        )

    def records(
        self, session: Session, *, after: int = 0, until: float = math.inf
    ) -> Iterator[ExchangeRecord]:
        """Yield the exchanges of a session, in order.

        Args:
            session: whose journal is read.
            after: the number of the last exchange before those that are wanted.
            until: the number of the last one that is.
        """
        ends: dict[tuple[str, str, bytes, bytes], float] = {}
        for exchange in session.journal:
            request = (exchange.head.method, exchange.head.path, exchange.head.query, exchange.body)
            if exchange.number > until:
                break
            if exchange.number > after:
                yield self.record(exchange, session, ends.get(request))
            ends[request] = exchange.ended or exchange.arrived

    def record(
        self, exchange: KeptExchange, session: Session, last_attempt: float | None = None
    ) -> ExchangeRecord:
        """Return one exchange. Times are seconds, to the microsecond.

        Args:
            exchange: what to tell.
            session: whose it is; ``at`` is counted from its beginning.
            last_attempt: when the reply to the same request before this one had ended; None for the first.
        """
        body = request_body(exchange)
        hidden = self._redaction.of(exchange.head, body, exchange)
        ended = exchange.ended
        complaints = self._complaints(exchange)
        missed = complaints.unmatched
        sent = _body(body, exchange.head.headers.get(b"content-type", b""), hidden)
        given = _body(exchange.reply_body, dict(exchange.answer.headers).get(b"content-type", b""), hidden)
        return ExchangeRecord(
            number=exchange.number,
            session=session.name,
            label=session.label,
            key=session.key,
            at=_seconds(max(exchange.arrived - session.opened, 0.0)),
            operation=exchange.operation.id if exchange.operation is not None else None,
            request=SentRequest(
                method=exchange.head.method,
                path=hidden.text(exchange.head.path),
                query=self._redaction.query(exchange.head.query, hidden),
                headers=self._redaction.headers(exchange.head.headers.items(), hidden),
                size=exchange.body_size,
                raw_path=_raw_path(exchange.head, hidden),
                text=_as_written(sent["body"], body, hidden),
                **sent,
            ),
            violations=tuple(replace(each, exchange=0) for each in complaints.violations),
            warnings=tuple(replace(each, exchange=0) for each in complaints.warnings),
            provider_violations=tuple(
                Violation.from_json(hidden.value(each.as_json())) for each in exchange.answer.own_violations
            ),
            failure=exchange.answer.failure or None,
            fault=exchange.answer.fault,
            struck=exchange.answer.struck,
            attempt=exchange.answer.attempt,
            since_last_attempt=None if last_attempt is None else _seconds(exchange.arrived - last_attempt),
            scenario=_scenario(exchange, session),
            step=exchange.answer.step or None,
            unmatched=None if missed is None else replace(missed, exchange=0),
            status=exchange.answer.status,
            reply=GivenReply(
                headers=self._redaction.headers(exchange.answer.headers, hidden),
                chunks=_chunks(exchange, hidden),
                size=exchange.reply_size,
                **given,
            ),
            seconds=_seconds(ended - exchange.arrived) if ended else None,
            ended_by=exchange.ended_by if ended else None,
            whole=exchange.whole if ended else None,
            virtual_seconds=_seconds(exchange.virtual_seconds),
            degraded=exchange.degraded or None,
        )

    def row(self, exchange: KeptExchange, session: Session, now: float) -> ExchangeRow:
        """Return what a list says of an exchange; it may be made for each of many thousands.

        Args:
            exchange: what to tell.
            session: whose it is.
            now: seconds of the machine's monotonic clock.
        """
        operation, answer, ended = exchange.operation, exchange.answer, exchange.ended
        path = exchange.head.path
        if operation is None or "{" in operation.path:  # any other holds no key
            path = self._redaction.of(exchange.head).text(path)
        return ExchangeRow(
            session=session.name,
            number=exchange.number,
            ago=_seconds(now - exchange.arrived),
            arrived=_seconds(exchange.arrived),
            method=exchange.head.method,
            path=path,
            operation=operation.id if operation is not None else None,
            step=answer.step or None,
            attempt=answer.attempt,
            status=answer.status,
            failure=answer.failure or None,
            violations=tuple(dict.fromkeys(violation.code for violation in answer.violations)),
            seconds=_seconds(ended - exchange.arrived) if ended else None,
            ended_by=exchange.ended_by if ended else None,
            whole=exchange.whole if ended else None,
            label=session.label,
            key=session.key,
        )

    def summary(self, session: Session, *, final: bool = False) -> Turns[Summary]:
        """Return a session's state and all that its journal shows, worked out in turns.

        What is counted is counted first: whoever comes meanwhile may be judged, and is not said to be.

        Args:
            session: whose.
            final: whether no more requests will come.
        """
        journal = session.journal
        play = session.play
        summary = Summary(
            session=session.name,
            scenario=play.state() if play is not None else None,
            clock=clock_state(session),
            exchanges=journal.count,
            under_way=journal.under_way,
            kept=len(journal),
            dropped=journal.dropped,
            dropped_violations=journal.dropped_violations,
            unused_steps=(*session.left_unused, *(play.unused() if play is not None else ())),
            label=session.label,
            key=session.key,
        )
        complaints: list[Complaints] = []
        for exchange in journal:
            complaints.append(self._complaints(exchange))
            yield
        proved = yield from self.verdicts(session, final=final)
        return replace(
            summary,
            violations=tuple(each for of_one in complaints for each in of_one.violations),
            warnings=tuple(each for of_one in complaints for each in of_one.warnings),
            unmatched=tuple(of_one.unmatched for of_one in complaints if of_one.unmatched is not None),
            verdicts=proved,
        )

    def verdicts(self, session: Session, *, final: bool = False) -> Turns[tuple[Verdict, ...]]:
        """Find what a session's journal proves of its client, in turns.

        Args:
            session: whose.
            final: whether no more requests will come.
        """
        journal = session.journal
        epoch = time() - monotonic()  # only to read dates that a reply asked to wait for
        proved = yield from judged(journal, self._retry, self._transcript_of, final=final, epoch=epoch)
        return tuple(redacted_verdict(verdict, journal.get, self._redaction) for verdict in proved)

    def _complaints(self, exchange: KeptExchange) -> Complaints:
        if exchange.blameless:
            return _NO_COMPLAINTS
        answer, number = exchange.answer, exchange.number
        odd = [] if answer.violations else self._odd(exchange)
        odd = [*answer.warnings, *odd]
        if not (odd or answer.violations or answer.no_step):
            exchange.blameless = exchange.settled
            return _NO_COMPLAINTS
        hidden = self._redaction.of(exchange.head, request_body(exchange))
        no_step = answer.no_step

        def told(item: Any) -> dict[str, Any]:
            return {**hidden.value(item.as_json()), "exchange": number}

        return Complaints(
            tuple(Violation.from_json(told(violation)) for violation in answer.violations),
            tuple(FieldWarning.from_json(told(warning)) for warning in odd),
            Unmatched.from_json(told(no_step)) if no_step is not None else None,
        )

    def _odd(self, exchange: KeptExchange) -> list[FieldWarning]:
        """Return what is odd in a valid body."""
        operation = exchange.operation
        if operation is None or not operation.body or not exchange.body:
            return []
        content_type = exchange.head.headers.get(b"content-type")
        name = content_type.decode("latin-1") if content_type is not None else None
        media = media_type_for(operation, name)
        if media is None or media.schema is None or not media.is_json:
            return []
        try:
            value = read_json(request_body(exchange), _DEEPEST)
        except MalformedJsonError:
            return []
        manners = self._manners_of(operation.behaviour)
        return [*odd_fields(media, value, manners), *misuses(value, manners)]


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
    return {"body": hidden.pieces([text], streamed=True)[0]}


def _as_written(as_read: Any, body: bytes, hidden: Hidden) -> str:
    """Return JSON as it was sent, where its value does not tell that: for white space, escapes, order."""
    shortest = as_read.encode("utf-8", "surrogatepass") if isinstance(as_read, str) else json_bytes(as_read)
    if as_read is None or (shortest == body and not _NUMBERED.search(body)):
        return ""
    text = hidden.pieces([body.decode("utf-8")], streamed=True)[0]
    with suppress(ValueError):
        return text if json.loads(text, object_pairs_hook=_each_once) == as_read else ""
    return ""


def _each_once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; raises ValueError for what has a member twice, of which but one is read."""
    if len(value := dict(members)) < len(members):
        raise ValueError
    return value


def _chunks(exchange: KeptExchange, hidden: Hidden) -> tuple[Chunk, ...]:
    """Return the pieces of a reply as text; one that ends within a character gives the rest to the next.

    Those of an encoded body are no text: it is told of as a whole.
    """
    if any(name == b"content-encoding" for name, _ in exchange.answer.headers):
        return ()
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    began, late = exchange.replied, exchange.late
    last = len(exchange.chunks) - 1
    texts = hidden.pieces(
        [decoder.decode(data, place == last) for place, (_, data) in enumerate(exchange.chunks)],
        streamed=True,
    )
    return tuple(
        Chunk(
            _seconds(at - began),
            texts[place],
            _seconds(at - began - late[place]) if place < len(late) else None,
        )
        for place, (at, _) in enumerate(exchange.chunks)
    )


def _raw_path(head: RequestHead, hidden: Hidden) -> str:
    """Return a path with its escapes where it has more parts once they are undone."""
    if b"%2f" not in head.raw_path.lower():
        return ""
    parts = (unquote(part) for part in head.raw_path.decode("latin-1").split("/"))
    return hidden.text("/".join(quote(hidden.text(part), safe=IN_PATH) for part in parts))


def _seconds(seconds: float) -> float:
    return round(seconds, _DIGITS)


def redacted_verdict(
    verdict: Verdict, exchange_of: Callable[[int], KeptExchange | None], redaction: Redaction
) -> Verdict:
    """Return a verdict without the secrets of the exchanges that prove it, each found by its number."""
    message = verdict.message
    for exchange in map(exchange_of, verdict.exchanges):
        if exchange is not None:
            message = redaction.of(exchange.head, request_body(exchange)).text(message)
    return replace(verdict, message=message)


def clock_state(session: Session) -> ClockState:
    """Return a session's time, in seconds since it began, and what waits a virtual clock has spared it."""
    clock = session.clock
    now = clock.now() if clock.virtual else clock.now() - session.opened
    return ClockState(clock.virtual, round(now, 6), round(clock.spared, 6))


def _scenario(exchange: KeptExchange, session: Session) -> str | None:
    """Return the name of the scenario that an exchange met; of what plays now where it met none."""
    met = exchange.met.cursors() if exchange.met is not None else None
    play = session.play
    return met.scenario.name if met is not None else play.scenario.name if play is not None else None
