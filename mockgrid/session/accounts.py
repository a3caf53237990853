"""Exchanges as data: what the journal tells of them to tests, reports and people."""

from __future__ import annotations

import base64
import codecs
import json
import math
from typing import TYPE_CHECKING, Any

from mockgrid.contract.bodies import media_type_for
from mockgrid.contract.encodings import decode_content
from mockgrid.contract.media_types import media_name
from mockgrid.document.json_body import MalformedJsonError, read_json
from mockgrid.errors import MockgridError
from mockgrid.schema.warnings import field_warnings
from mockgrid.session.exchange import MOST_KEPT
from mockgrid.session.redaction import redacted_violation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockgrid.session.exchange import Exchange
    from mockgrid.session.redaction import Hidden, Redaction
    from mockgrid.session.session import Session

# Deeper bodies are told as text.
_DEEPEST = 200
_DIGITS = 6


def accounts(
    session: Session, redaction: Redaction, *, after: int = 0, until: float = math.inf
) -> list[dict[str, Any]]:
    """Return the exchanges of a session as JSON, in order; see ``account``.

    Args:
        session: whose journal is read.
        redaction: hides credentials.
        after: the number of the last exchange before those that are wanted.
        until: the number of the last one that is.
    """
    last: dict[tuple[str, str, bytes, bytes], float] = {}
    told = []
    for exchange in session.journal:
        asked = (exchange.method, exchange.path, exchange.query, exchange.body)
        if exchange.number > until:
            break
        if exchange.number > after:
            told.append(account(exchange, session, redaction, last.get(asked)))
        last[asked] = exchange.ended or exchange.arrived
    return told


def account(
    exchange: Exchange, session: Session, redaction: Redaction, last_attempt: float | None = None
) -> dict[str, Any]:
    """Return one exchange as JSON, without credentials. Times are seconds, to the microsecond.

    Args:
        exchange: what to tell.
        session: whose it is; ``at`` is counted from its beginning.
        redaction: hides credentials.
        last_attempt: when the reply to the same request before this one had ended; None where there is none.
    """
    hidden = redaction.of(exchange, request_body(exchange))
    play = session.play
    no_step = exchange.no_step.as_json() if exchange.no_step is not None else None
    ended = exchange.ended
    return {
        "number": exchange.number,
        "session": session.name,
        "at": _seconds(max(exchange.arrived - session.opened, 0.0)),
        "operation": exchange.operation.id if exchange.operation is not None else None,
        "request": {
            "method": exchange.method,
            "path": hidden.text(exchange.path),
            "query": redaction.query(exchange.query, hidden),
            "headers": redaction.headers(exchange.headers.items(), hidden),
            **_body(request_body(exchange), exchange.headers.get(b"content-type", b""), hidden),
            "bytes": exchange.body_size,
        },
        "violations": [redacted_violation(found.as_json(), hidden) for found in exchange.violations],
        "warnings": warnings(exchange, hidden),
        "failure": exchange.failure or None,
        "attempt": exchange.attempt,
        "since_last_attempt": None if last_attempt is None else _seconds(exchange.arrived - last_attempt),
        "scenario": play.scenario.name if play is not None else None,
        "step": exchange.step or None,
        "no_step": None if no_step is None else hidden.value(no_step),
        "status": exchange.status,
        "reply": {
            "headers": redaction.headers(exchange.reply_headers, hidden),
            **_body(exchange.reply_body, dict(exchange.reply_headers).get(b"content-type", b""), hidden),
            "chunks": _chunks(exchange, hidden),
            "bytes": exchange.chunks_size or len(exchange.reply_body),
        },
        "seconds": _seconds(ended - exchange.arrived) if ended else None,
        "ended_by": exchange.ended_by if ended else None,
        "whole": exchange.whole if ended else None,
        "virtual_seconds": _seconds(exchange.virtual_seconds),
        "degraded": exchange.degraded or None,
    }


def request_body(exchange: Exchange) -> bytes:
    """Return a request's body with its Content-Encoding undone; as it was sent where that cannot be done."""
    encoding = exchange.headers.get(b"content-encoding")
    if encoding is None:
        return exchange.body
    try:
        return decode_content(exchange.body, encoding.decode("latin-1"), MOST_KEPT)
    except MockgridError:
        return exchange.body


def request_value(exchange: Exchange) -> Any:
    """Return a request's JSON body as a value; None where it is no JSON."""
    body = request_body(exchange)
    try:
        return read_json(body, _DEEPEST)
    except MalformedJsonError:
        return None


def warnings(exchange: Exchange, hidden: Hidden) -> list[dict[str, str]]:
    """Return what is worth a word about a valid request: unknown fields, and deprecated ones."""
    operation = exchange.operation
    if operation is None or not operation.body or exchange.violations or not exchange.body:
        return []
    sent = exchange.headers.get(b"content-type")
    media = media_type_for(operation, sent.decode("latin-1") if sent is not None else None)
    if media is None or media.schema is None or not media.is_json:
        return []
    value = request_value(exchange)
    if value is None:
        return []
    return [
        {
            "code": found.code,
            "pointer": hidden.text(found.pointer),
            "path": hidden.text(found.path),
            "message": hidden.text(found.message),
            "meant": found.meant,
            "contract": found.contract,
        }
        for found in field_warnings(media.schema, value)
    ]


def _body(body: bytes, content_type: bytes, hidden: Hidden) -> Mapping[str, Any]:
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


def _chunks(exchange: Exchange, hidden: Hidden) -> list[dict[str, Any]]:
    """Return the pieces of a reply as text; one that ends within a character gives the rest to the next."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    last = len(exchange.chunks) - 1
    return [
        {"at": _seconds(at - exchange.replied), "data": hidden.text(decoder.decode(data, place == last))}
        for place, (at, data) in enumerate(exchange.chunks)
    ]


def _seconds(seconds: float) -> float:
    return round(seconds, _DIGITS)
