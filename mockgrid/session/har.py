"""A session as an HTTP archive (HAR 1.2), which browsers and other tools open."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote

from mockgrid import __version__
from mockgrid.contract.http_terms import phrase
from mockgrid.session.telling import IN_PATH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockgrid.session.records import ExchangeRecord, GivenReply, SentRequest
    from mockgrid.session.session import Session
    from mockgrid.session.telling import Teller

# A session knows no date; the archive's times are counted from here.
_BEGINNING = datetime(2025, 1, 1, tzinfo=UTC)


def har(session: Session, teller: Teller) -> dict[str, Any]:
    """Return the exchanges of a session as an archive, without credentials.

    Its dates begin on 1 January 2025, when the session began: what leaves the server holds no time of day.
    """
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "MockGrid", "version": __version__},
            "entries": [_entry(exchange) for exchange in teller.records(session)],
        }
    }


def _entry(exchange: ExchangeRecord) -> dict[str, Any]:
    request, reply = exchange.request, exchange.reply
    milliseconds = round((exchange.seconds or 0.0) * 1000, 3)
    started = _BEGINNING + timedelta(seconds=exchange.at)
    host = request.headers.get("host", "localhost")
    path, query = request.raw_path or quote(request.path, safe=f"/{IN_PATH}"), request.query
    content = _text(reply) if not reply.chunks else "".join(piece.data for piece in reply.chunks)
    entry: dict[str, Any] = {
        "startedDateTime": started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "time": milliseconds,
        "request": {
            "method": request.method,
            "url": f"http://{host}{path}" + (f"?{query}" if query else ""),
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _pairs(request.headers),
            "queryString": [
                {"name": name, "value": value} for name, value in parse_qsl(query, keep_blank_values=True)
            ],
            "headersSize": -1,
            "bodySize": request.size,
        },
        "response": {
            "status": exchange.status,
            "statusText": phrase(exchange.status),
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _pairs(reply.headers),
            "content": {
                "size": reply.size,
                "mimeType": reply.headers.get("content-type", ""),
                "text": content,
            },
            "redirectURL": reply.headers.get("location", ""),
            "headersSize": -1,
            "bodySize": reply.size,
        },
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "comment": " ".join(
            (
                f"step={exchange.step or ''}",
                f"attempt={exchange.attempt}",
                f"ended_by={exchange.ended_by or ''}",
            )
        ),
    }
    if request.size:
        kind = request.headers.get("content-type", "")
        entry["request"]["postData"] = {"mimeType": kind, "text": _text(request)}
    return entry


def _text(side: SentRequest | GivenReply) -> str:
    body = side.body
    if body is None:
        return side.base64 or ""
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _pairs(headers: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers.items()]
