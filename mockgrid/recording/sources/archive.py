"""HTTP archives (HAR 1.2), as browsers and proxies export them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from mockgrid.recording.exchange import RecordedExchange
from mockgrid.recording.sources.pairs import (
    NotRecordedError,
    body_of,
    from_base64,
    headers_of,
    reply_of,
    request_of,
)

if TYPE_CHECKING:
    from mockgrid.recording.exchange import Headers, RecordedRequest

__all__ = ["entry"]

_BEFORE_FIRST = ("blocked", "dns", "connect", "send", "wait")


def entry(data: Any) -> RecordedExchange:
    """Return the exchange that an entry of an archive holds.

    Raises:
        NotRecordedError: it holds none.
    """
    if not isinstance(data, dict) or not isinstance(data.get("request"), dict):
        raise NotRecordedError("An entry has no `request` that is a mapping.")
    request = data["request"]
    headers = _decoded(headers_of(request.get("headers")))
    posted = request.get("postData")
    sent = request_of(request.get("method"), request.get("url"), headers, _posted(posted))
    if isinstance(posted, dict) and isinstance(posted.get("mimeType"), str) and posted["mimeType"]:
        sent = _typed(sent, posted["mimeType"])
    response = data.get("response")
    if not isinstance(response, dict) or response.get("status") in (0, None):
        return RecordedExchange(sent, None)  # blocked, or broken off
    content = response.get("content")
    content = content if isinstance(content, dict) else {}
    headers = _decoded(headers_of(response.get("headers")))
    if not any(name == b"content-type" for name, _ in headers) and isinstance(content.get("mimeType"), str):
        headers = (*headers, (b"content-type", content["mimeType"].encode("latin-1", "replace")))
    text = content.get("text")
    body = from_base64(text) if content.get("encoding") == "base64" and text else body_of(text)
    first, last = _times(data)
    return RecordedExchange(sent, reply_of(response["status"], headers, body, first, last))


def _decoded(headers: Headers) -> Headers:
    """Return headers without the encoding that an archive has undone."""
    return tuple((name, value) for name, value in headers if name != b"content-encoding")


def _typed(request: RecordedRequest, media: str) -> RecordedRequest:
    if any(name == b"content-type" for name, _ in request.headers):
        return request
    return replace(request, headers=(*request.headers, (b"content-type", media.encode("latin-1", "replace"))))


def _posted(posted: Any) -> bytes:
    if not isinstance(posted, dict):
        return b""
    text, params = posted.get("text"), posted.get("params")
    if not text and isinstance(params, list):
        pairs = [(item.get("name", ""), item.get("value", "")) for item in params if isinstance(item, dict)]
        return urlencode(pairs).encode()
    return from_base64(text) if posted.get("encoding") == "base64" and text else body_of(text)


def _times(data: dict[str, Any]) -> tuple[float, float]:
    """Return the seconds from a request to the first and to the last byte of its reply."""
    timings = data.get("timings")
    timings = timings if isinstance(timings, dict) else {}
    first = sum(_milliseconds(timings.get(name)) for name in _BEFORE_FIRST) / 1000
    return first, max(first, _milliseconds(data.get("time")) / 1000)


def _milliseconds(value: Any) -> float:
    """Return a time of an archive; -1 there means that it does not apply."""
    return float(value) if isinstance(value, (int, float)) and 0 < value < 1e9 else 0.0  # noqa: PLR2004 - no time
