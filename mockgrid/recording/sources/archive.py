"""HTTP archives (HAR 1.2), as browsers and proxies export them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from mockgrid.recording.exchange import RecordedExchange
from mockgrid.recording.sources.pairs import (
    NotRecordedError,
    body_of,
    from_base64,
    headers_of,
    milliseconds,
    reply_of,
    request_of,
    typed,
)
from mockgrid.reply.delivery.form import framed

if TYPE_CHECKING:
    from pathlib import Path

    from mockgrid.recording.exchange import Headers

__all__ = ["entry"]

_EVENTS: Final = "_eventSourceMessages"
_WITHOUT: Final = "The archive lacks the body of the reply; save it with content."
# What an event has where the stream said nothing.
_USUAL: Final = (None, "", "message")
_GZIP: Final = b"\x1f\x8b"
_BEFORE_FIRST = ("blocked", "dns", "connect", "send", "wait")


def entry(data: Any, folder: Path | None = None) -> RecordedExchange:
    """Return the exchange that an entry of an archive holds.

    Args:
        data: the entry.
        folder: where the archive lies; bodies may lie beside it, in files of their own.

    Raises:
        NotRecordedError: it holds none.
    """
    if not isinstance(data, dict) or not isinstance(data.get("request"), dict):
        raise NotRecordedError("An entry has no `request` that is a mapping.")
    request = data["request"]
    posted = request.get("postData")
    body = _posted(posted, folder)
    headers = _decoded(_headers(request, b"cookie"), body)
    headers = typed(headers, posted.get("mimeType") if isinstance(posted, dict) else None)
    sent = request_of(request.get("method"), request.get("url"), headers, body)
    response = data.get("response")
    if not isinstance(response, dict) or response.get("status") in (0, None):
        return RecordedExchange(sent, None)  # blocked, or broken off
    content = response.get("content")
    content = content if isinstance(content, dict) else {}
    headers = typed(_headers(response, b"set-cookie"), content.get("mimeType"))
    first, last = _times(data)
    events = data.get(_EVENTS)
    if not content.get("text") and isinstance(events, list) and events:
        reply = reply_of(response["status"], headers, _stream(events), first, last)
        return RecordedExchange(sent, reply)
    try:
        body = _content(content, folder)
    except NotRecordedError as error:  # nothing depends on the body where the contract has no such operation
        return RecordedExchange(sent, None, lacking=error.message)
    if not body and sent.method != "HEAD" and _is_left_out(content):
        return RecordedExchange(sent, None, lacking=_WITHOUT)
    return RecordedExchange(sent, reply_of(response["status"], _decoded(headers, body), body, first, last))


def _headers(side: dict[str, Any], cookie: bytes) -> Headers:
    """Return the headers of a request or a reply, with the cookies that are listed beside them alone."""
    headers, cookies = headers_of(side.get("headers")), side.get("cookies")
    if not isinstance(cookies, list) or any(name == cookie for name, _ in headers):
        return headers
    pairs = (f"{each.get('name')}={each.get('value')}" for each in cookies if isinstance(each, dict))
    return (*headers, *((cookie, pair.encode("latin-1", "replace")) for pair in pairs))


def _content(content: dict[str, Any], folder: Path | None) -> bytes:
    """Return a body that an archive holds, or a file that it names."""
    name, text = content.get("_file"), content.get("text")
    if text or not isinstance(name, str) or folder is None:
        return from_base64(text) if content.get("encoding") == "base64" and text else body_of(text)
    file = folder / name
    with suppress(OSError, ValueError):  # no name that a file may have, or not to be read
        if file.parent == folder and file.resolve().parent == folder.resolve() and file.is_file():
            return file.read_bytes()
    raise NotRecordedError(f"Its body is in a file {name[:80]!r}, which is not beside the archive.")


def _is_left_out(content: dict[str, Any]) -> bool:
    """Tell whether a reply had a body, or may have had one, that the archive has not."""
    size = content.get("size")
    return isinstance(size, (int, float)) and size != 0 and not content.get("text")


def _stream(events: list[Any]) -> bytes:
    """Return the stream of which a browser has kept the events."""
    framing = (("eventId", "id"), ("eventName", "event"))
    framed_events = []
    for event in events:
        if isinstance(event, dict) and isinstance(event.get("data"), str):
            lines = [f"{word}: {event[name]}" for name, word in framing if event.get(name) not in _USUAL]
            framed_events.append(framed(event["data"].encode("utf-8", "replace"), lines))
    return b"".join(framed_events)


def _decoded(headers: Headers, body: bytes) -> Headers:
    """Return headers without the encoding that an archive has undone; some have not."""
    if body.startswith(_GZIP):
        return headers
    return tuple((name, value) for name, value in headers if name != b"content-encoding")


def _posted(posted: Any, folder: Path | None) -> bytes:
    if not isinstance(posted, dict):
        return b""
    params = posted.get("params")
    if not posted.get("text") and isinstance(params, list) and params:
        pairs = [(item.get("name", ""), item.get("value", "")) for item in params if isinstance(item, dict)]
        return urlencode(pairs).encode()
    return _content(posted, folder)


def _times(data: dict[str, Any]) -> tuple[float, float]:
    """Return the seconds from a request to the first and to the last byte of its reply."""
    timings = data.get("timings")
    timings = timings if isinstance(timings, dict) else {}
    first = sum(milliseconds(timings.get(name)) for name in _BEFORE_FIRST) / 1000
    return first, max(first, milliseconds(data.get("time")) / 1000)
