"""What the files of all tools have in common: headers, addresses, bodies, and times."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from mockgrid.errors import MockgridError
from mockgrid.recording.events import events_in
from mockgrid.recording.exchange import RecordedReply, RecordedRequest
from mockgrid.reply.delivery.form import framed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.recording.exchange import Headers

__all__ = [
    "NotRecordedError",
    "body_of",
    "from_base64",
    "go_seconds",
    "headers_of",
    "milliseconds",
    "reply_of",
    "request_of",
    "typed",
]

_FRAMING: Final = frozenset(
    (b"content-length", b"transfer-encoding", b"connection", b"keep-alive", b"trailer")
)
_STREAM: Final = b"text/event-stream"
_GO_PART: Final = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|μs|ms|s|m|h)")
_GO_UNITS: Final = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "μs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
}
_LEAST_STATUS, _MOST_STATUS = 100, 599


class NotRecordedError(MockgridError):
    """A part of a file is not as its kind has it; the message says how, without the place."""


def headers_of(headers: Any) -> Headers:
    """Return headers that are a mapping to texts, pairs, or mappings with ``name`` and ``value``."""
    return tuple(
        (name.lower().encode("latin-1", "replace"), text.strip().encode("latin-1", "replace"))
        for name, text in _pairs(headers)
        if not name.startswith(":") and name.lower().encode("latin-1", "replace") not in _FRAMING
    )


def typed(headers: Headers, media: Any) -> Headers:
    """Return headers with a media type, where they have none and it is a text."""
    if not isinstance(media, str) or not media or any(name == b"content-type" for name, _ in headers):
        return headers
    return (*headers, (b"content-type", media.encode("latin-1", "replace")))


def _pairs(headers: Any) -> Iterator[tuple[str, str]]:
    items: Any = (
        headers.items() if isinstance(headers, dict) else headers if isinstance(headers, list) else ()
    )
    for item in items:
        if isinstance(item, dict):
            name, value = item.get("name"), item.get("value")
        elif isinstance(item, (list, tuple)) and len(item) == 2:  # noqa: PLR2004 - a name and a value
            name, value = item
        else:
            continue
        for text in value if isinstance(value, list) else [value]:
            if name is not None and text is not None:
                yield _text(name), _text(text)


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def body_of(body: Any) -> bytes:
    """Return a body that is a text, bytes, or a mapping to one of them; nothing for none.

    Raises:
        NotRecordedError: it is something else.
    """
    if isinstance(body, dict) and not body.keys().isdisjoint({"string", "base64_string"}):
        if isinstance(body.get("base64_string"), (str, bytes)):
            return from_base64(body["base64_string"])
        body = body["string"]
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode("utf-8", "surrogatepass")
    raise NotRecordedError(f"A body is {_kind(body)}; a text was expected.")


def from_base64(text: str | bytes) -> bytes:
    """Return what a text is the base64 of.

    Raises:
        NotRecordedError: of nothing.
    """
    try:
        return base64.b64decode(text, validate=False)
    except (binascii.Error, TypeError, ValueError):
        raise NotRecordedError(f"A body that should be base64 is {_kind(text)}.") from None


def request_of(method: Any, url: Any, headers: Headers, body: bytes) -> RecordedRequest:
    """Return a request to an address.

    Raises:
        NotRecordedError: the method or the address is none.
    """
    if not isinstance(method, str) or not method.strip():
        raise NotRecordedError(
            f"The method of a request is {_kind(method)}; a text such as POST was expected."
        )
    if not isinstance(url, str) or not url.strip():
        raise NotRecordedError(f"The address of a request is {_kind(url)}; a URL was expected.")
    try:
        parts = urlsplit(url.strip().encode("utf-8", "replace").decode())
        host = parts.netloc.rpartition("@")[2]
    except ValueError as error:
        raise NotRecordedError(f"The address of a request is no URL: {error}.") from None
    origin = f"{parts.scheme}://{host}" if parts.scheme and host else ""
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return RecordedRequest(method.strip().upper(), target, _true(headers, body), body, origin)


def reply_of(
    status: Any, headers: Headers, body: bytes, first: float = 0.0, last: float = 0.0
) -> RecordedReply:
    """Return a reply; the events of a stream came evenly between its first byte and its last.

    Args:
        status: the HTTP status.
        headers: of it.
        body: all of it.
        first: seconds from the request to its first byte; 0 where that is not known.
        last: the same to its last.

    Raises:
        NotRecordedError: the status is none.
    """
    try:
        number = int(status)
    except (OverflowError, TypeError, ValueError):
        number = 0
    if not _LEAST_STATUS <= number <= _MOST_STATUS:
        raise NotRecordedError(
            f"The status of a reply is {_kind(status)}; a number such as 200 was expected."
        )
    headers = _true(headers, body)
    last = max(first, last)
    chunks: tuple[tuple[float, bytes], ...] = ((last, body),) if body else ()
    if last and any(name == b"content-type" and value.startswith(_STREAM) for name, value in headers):
        events, tail = events_in([(0.0, body)] if body else [])
        step = (last - first) / max(len(events) - 1, 1)
        chunks = tuple(
            (round(first + place * step, 6), framed(event.data, event.lines))
            for place, event in enumerate(events)
        )
        chunks += ((last, tail),) if tail else ()
    return RecordedReply(number, headers, chunks, "whole", last)


def _true(headers: Headers, body: bytes) -> Headers:
    """Return headers without an encoding that the body has not: many recorders undo it, and keep its name."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return headers
    return tuple((name, value) for name, value in headers if name != b"content-encoding")


def milliseconds(value: Any) -> float:
    """Return a time that a file holds; 0 for what is none: -1 there means that it does not apply."""
    return float(value) if isinstance(value, (int, float)) and 0 < value < 1e9 else 0.0  # noqa: PLR2004 - no time


def go_seconds(duration: Any) -> float:
    """Return a duration as Go writes it, in seconds; 0 for what is none.

    >>> go_seconds("1m2.5s"), go_seconds("247.5ms"), go_seconds("")
    (62.5, 0.2475, 0.0)
    """
    parts = _GO_PART.findall(duration) if isinstance(duration, str) else []
    return float(sum(float(number) * _GO_UNITS[unit] for number, unit in parts))


def _kind(value: Any) -> str:
    if value is None:
        return "missing"
    return f"the text {value[:40]!r}" if isinstance(value, str) else f"a {type(value).__name__}"
