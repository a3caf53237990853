"""Cassettes: of vcrpy and pytest-recording, of go-vcr, and of VCR for Ruby and Betamax."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockgrid.recording.exchange import RecordedExchange
from mockgrid.recording.sources.pairs import (
    NotRecordedError,
    body_of,
    go_seconds,
    headers_of,
    reply_of,
    request_of,
)

if TYPE_CHECKING:
    from mockgrid.recording.exchange import RecordedReply, RecordedRequest

__all__ = ["INTERACTIONS", "interaction"]

INTERACTIONS = ("interactions", "http_interactions")
"""The keys under which cassettes have their exchanges."""


def interaction(data: Any) -> RecordedExchange:
    """Return the exchange that an item of a cassette holds.

    Raises:
        NotRecordedError: it holds none.
    """
    request, response = _part(data, "request"), _part(data, "response")
    return RecordedExchange(_request(request), _reply(response))


def _part(data: Any, name: str) -> dict[str, Any]:
    part = data.get(name) if isinstance(data, dict) else None
    if not isinstance(part, dict):
        raise NotRecordedError(f"An interaction has no `{name}` that is a mapping.")
    return part


def _request(request: dict[str, Any]) -> RecordedRequest:
    headers = headers_of(request.get("headers"))
    url = request.get("uri", request.get("url"))
    return request_of(request.get("method"), url, headers, body_of(request.get("body")))


def _reply(response: dict[str, Any]) -> RecordedReply:
    status = response.get("status")
    # vcrpy has {code, message}; go-vcr "200 OK", and a code beside it; vcrpy's httpx had status_code.
    code = (
        status.get("code") if isinstance(status, dict) else response.get("code", response.get("status_code"))
    )
    body = body_of(response["body"] if "body" in response else response.get("content"))
    seconds = go_seconds(response.get("duration"))
    return reply_of(code, headers_of(response.get("headers")), body, seconds, seconds)
