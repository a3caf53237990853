"""Logs of request and response, an object in each line, as OpenAI's batches and many programs write them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from mockgrid.recording.exchange import RecordedExchange, RecordedRequest
from mockgrid.recording.sources.pairs import (
    NotRecordedError,
    headers_of,
    milliseconds,
    reply_of,
    request_of,
    typed,
)
from mockgrid.reply.delivery.form import json_or_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mockgrid.recording.exchange import Headers, RecordedReply

__all__ = ["LoggedLine", "is_logged", "logged", "paired"]

_JSON: Final = "application/json"
_STREAM: Final = "text/event-stream"
_STATUSES: Final = ("status_code", "status", "statusCode")
_ADDRESSES: Final = ("url", "uri", "path")
# What programs call the two halves of a pair, and the body of either.
_REQUESTS: Final = ("request", "req", "request_body", "requestBody", "kwargs", "input")
_RESPONSES: Final = ("response", "res", "response_body", "responseBody", "output")
_BODIES: Final = ("body", "json", "data", "content", "text")
_FAILED: Final = 500
_MILLISECONDS: Final = ("duration_ms", "latency_ms", "elapsed_ms")


@dataclass(slots=True)
class LoggedLine:
    """One line: a request, a reply, or both.

    Attributes:
        key: what a batch calls it (``custom_id``); empty for none.
        request: what was sent; None where the line has only the reply.
        reply: what came back; None where the line has only the request.
        where: its place.
    """

    key: str
    request: RecordedRequest | None
    reply: RecordedReply | None
    where: str = ""


def is_logged(data: Any) -> bool:
    """Tell whether an object is one of such a log."""
    if not isinstance(data, dict):
        return False
    certain = {"request", "response", "custom_id"}
    return not data.keys().isdisjoint(certain) or (
        _named(data, _REQUESTS) is not None and _named(data, _RESPONSES) is not None
    )


def logged(data: Any) -> LoggedLine:
    """Return what a line holds.

    Raises:
        NotRecordedError: it is no line of such a log.
    """
    if not is_logged(data):
        raise NotRecordedError("A line has neither `request` and `response` nor a `custom_id`.")
    key = data.get("custom_id")
    sent = _named(data, _REQUESTS)
    if sent is None and ("url" in data or "method" in data):
        sent = data
    answered = _named(data, _RESPONSES)
    beside = {name: data[name] for name in _STATUSES if name in data}
    if beside and isinstance(answered, dict) and beside.keys().isdisjoint(answered):
        answered = {**beside, "body": answered}
    seconds = next((milliseconds(data[name]) / 1000 for name in _MILLISECONDS if name in data), 0.0)
    error = data.get("error")
    if answered is None and isinstance(error, dict):
        status = next((error[name] for name in _STATUSES if str(error.get(name)).isdecimal()), _FAILED)
        answered = {"status_code": status, "body": {"error": error}}
    request = _request(sent) if sent is not None else None
    reply = _reply(answered, seconds) if answered is not None else None
    name = key.encode("utf-8", "replace").decode() if isinstance(key, str) else ""
    return LoggedLine(name, request, reply)


def _named(data: dict[str, Any], names: Iterable[str]) -> Any:
    """Return the first of several fields that is there, and not null."""
    return next((data[name] for name in names if data.get(name) is not None), None)


def paired(lines: Iterable[LoggedLine], left_out: list[str]) -> Iterator[RecordedExchange]:
    """Yield exchanges; the request and the reply of one batch item may stand in different files.

    Args:
        lines: of all files.
        left_out: gets a sentence for each reply that has no request.
    """
    requests: dict[str, LoggedLine] = {}
    replies: dict[str, LoggedLine] = {}
    listed = list(lines)
    for line in listed:
        if line.key and (line.request is None) != (line.reply is None):
            (requests if line.request is not None else replies).setdefault(line.key, line)
    for line in listed:
        request, reply = line.request, line.reply
        if reply is None and line.key in replies:
            reply = replies[line.key].reply
        if request is None:
            if line.key in requests:
                continue  # it comes with its request
            of = f" of custom_id {line.key}" if line.key else ""
            left_out.append(f"{line.where}: The request{of} is missing.")
            continue
        yield RecordedExchange(request, reply, line.where)


def _request(data: Any) -> RecordedRequest:
    if isinstance(data, str):  # as columns of tables have it
        data = json_or_text(data.encode("utf-8", "replace"))
    if not isinstance(data, dict):
        raise NotRecordedError("`request` is not a mapping.")
    address = next((data[name] for name in _ADDRESSES if isinstance(data.get(name), str)), None)
    if address is None:
        body = _named(data, _BODIES) if "method" in data or "body" in data else data
        # Which operation takes such a body is for the contract to tell.
        return RecordedRequest("POST", "", typed((), _JSON), _bytes(body))
    headers = headers_of(data.get("headers"))
    body = _named(data, _BODIES)
    headers = typed(headers, _JSON if body is not None else None)
    return request_of(
        data.get("method", "POST" if body is not None else "GET"), address, headers, _bytes(body)
    )


def _reply(data: Any, seconds: float) -> RecordedReply:
    """Return a reply that is given with its status, or by its body alone."""
    statuses = [data[name] for name in _STATUSES if name in data] if isinstance(data, dict) else []
    status = next((value for value in statuses if str(value).isdecimal()), None)
    if status is None:
        return _of_body(200, (), data, seconds)
    return _of_body(status, headers_of(data.get("headers")), _named(data, _BODIES), seconds)


def _of_body(status: Any, headers: Headers, body: Any, seconds: float) -> RecordedReply:
    if isinstance(body, list) and all(isinstance(item, (dict, str)) for item in body):
        return reply_of(status, headers or typed((), _STREAM), _framed(body), 0.0, seconds)
    content = _bytes(body)
    media = _STREAM if content.startswith((b"data:", b"event:")) else _JSON
    return reply_of(status, typed(headers, media), content, seconds, seconds)


def _framed(chunks: list[Any]) -> bytes:
    """Return a list of chunks as the stream that they came in."""
    texts = [chunk if isinstance(chunk, str) else _bytes(chunk).decode() for chunk in chunks]
    if texts and not texts[-1].endswith("[DONE]"):
        texts.append("[DONE]")
    return b"".join(
        b"data: " + text.removeprefix("data: ").strip().encode("utf-8", "replace") + b"\n\n" for text in texts
    )


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode("utf-8", "replace")
    try:
        return orjson.dumps(body)
    except TypeError:  # half a character, or an integer beyond 64 bits
        return json.dumps(body).encode()
