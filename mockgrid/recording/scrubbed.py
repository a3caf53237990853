"""Recorded exchanges without what must not reach a file."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote, unquote

import orjson

from mockgrid.contract.security import is_private_name
from mockgrid.document.json_body import MalformedJsonError, read_json
from mockgrid.errors import MockgridError
from mockgrid.recording.content import content_of, decoded
from mockgrid.recording.events import events_in
from mockgrid.recording.exchange import header
from mockgrid.recording.scrubbing import Scrubber
from mockgrid.reply.delivery.form import framed
from mockgrid.session.key_shapes import REDACTED, is_secret_parameter
from mockgrid.session.redaction import Hidden
from mockgrid.session.secret_fields import redacted
from mockgrid.session.streamed import cleaned, joined

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from mockgrid.recording.exchange import Headers, RecordedExchange, RecordedReply, RecordedRequest
    from mockgrid.recording.scrubbing import ScrubRules
    from mockgrid.session.redaction import Redaction

__all__ = ["scrubbed", "scrubbed_value"]

_ENCODING: Final = b"content-encoding"
_DEEPEST: Final = 200
_PATH: Final = "/:@!$&'()*+,;=~[]"


def scrubbed(
    exchanges: Sequence[RecordedExchange],
    redaction: Redaction,
    rules: ScrubRules,
    taken: Counter[str],
    placeholders: dict[str, str],
) -> list[RecordedExchange]:
    """Return exchanges without credentials, without what looks like one, and without what rules name.

    What is a credential in one of them is hidden in all. Bodies are without Content-Encoding then.

    Args:
        exchanges: as they were recorded.
        redaction: knows what is never shown.
        rules: what else is taken out.
        taken: gets how often each of the rules found something.
        placeholders: knows what stands for what was taken out before, and gets more.
    """
    plain = [_decoded(exchange) for exchange in exchanges]
    secrets: set[str] = set()
    for exchange in plain:
        request, reply = exchange.request, exchange.reply
        secrets |= redaction.secrets(
            request.headers, request.query.encode("latin-1", "replace"), request.body
        )
        if reply is not None:
            secrets |= redaction.secrets(reply.headers, b"", reply.body)
            values = [event.value for event in events_in(reply.chunks)[0]] if _is_stream(reply) else []
            for text in joined(values):
                secrets |= redaction.secrets((), b"", text.encode("utf-8", "replace"))
    scrub = _Scrub(Scrubber(rules, Hidden(secrets, redaction.shapes), taken, placeholders))
    return [scrub.exchange(exchange) for exchange in plain]


def _is_stream(reply: RecordedReply) -> bool:
    return header(reply.headers, b"content-type").lower().startswith("text/event-stream")


def scrubbed_value(
    value: Any, redaction: Redaction, rules: ScrubRules, taken: Counter[str], placeholders: dict[str, str]
) -> Any:
    """Return a JSON value without what looks like a credential, and without what rules name."""
    text = orjson.dumps(value)
    hidden = Hidden(redaction.secrets((), b"", text), redaction.shapes)
    return _Scrub(Scrubber(rules, hidden, taken, placeholders)).value(orjson.loads(text))


def _decoded(exchange: RecordedExchange) -> RecordedExchange:
    """Return an exchange without Content-Encoding; a body in one that cannot be undone stays as it is."""
    request, reply = exchange.request, exchange.reply
    with suppress(MockgridError):
        body = decoded(request.headers, request.body)
        request = replace(request, body=body, headers=_without(request.headers))
    if reply is not None:
        with suppress(MockgridError):
            reply = replace(reply, chunks=tuple(content_of(reply)), headers=_without(reply.headers))
    return replace(exchange, request=request, reply=reply)


def _without(headers: Headers) -> Headers:
    return tuple((name, value) for name, value in headers if name != _ENCODING)


class _Scrub:
    def __init__(self, scrubber: Scrubber) -> None:
        self._scrubber = scrubber

    def exchange(self, exchange: RecordedExchange) -> RecordedExchange:
        reply = exchange.reply
        return replace(
            exchange,
            request=self._request(exchange.request),
            reply=self._reply(reply) if reply is not None else None,
            test=self._scrubber.text(exchange.test),
        )

    def _request(self, request: RecordedRequest) -> RecordedRequest:
        path, mark, query = request.target.partition("?")
        plain = unquote(path)
        clean = self._scrubber.text(plain)
        target = (path if clean == plain else quote(clean, safe=_PATH)) + mark + self._query(query)
        return replace(
            request,
            target=target,
            headers=self._headers(request.headers),
            body=self._body(request.body),
            origin=self._scrubber.text(request.origin),
        )

    def _query(self, query: str) -> str:
        pairs = []
        for pair in query.split("&"):
            name, equals, _ = pair.partition("=")
            ((_, value),) = parse_qsl(pair, keep_blank_values=True) or [("", "")]
            clean = REDACTED if equals and is_secret_parameter(unquote(name)) else self._scrubber.text(value)
            pairs.append(pair if clean == value else f"{name}={quote(clean, safe='')}")
        return "&".join(pairs)

    def _headers(self, headers: Headers) -> Headers:
        """Return headers without those that carry credentials by their name."""
        clean = []
        for name, value in headers:
            if not is_private_name(name.decode("latin-1")) or name == b"www-authenticate":
                text = self._scrubber.text(value.decode("latin-1"))
                clean.append((name, text.encode("latin-1", "replace")))
        return tuple(clean)

    def _body(self, body: bytes) -> bytes:
        value: Any = None
        if body.lstrip()[:1] in {b"{", b"["}:
            with suppress(MalformedJsonError):
                value = read_json(body, _DEEPEST)
        if value is not None:
            clean = self.value(value)
            return body if clean == value else orjson.dumps(clean)
        text = body.decode("utf-8", "surrogateescape")
        return self._scrubber.text(text).encode("utf-8", "surrogateescape")

    def value(self, value: Any) -> Any:
        """Return a JSON value without what is to be taken out."""
        return redacted(value, lambda text, _: self._scrubber.text(text))

    def _reply(self, reply: RecordedReply) -> RecordedReply:
        headers = self._headers(reply.headers)
        if _is_stream(reply):
            return replace(reply, headers=headers, chunks=self._stream(reply))
        body = reply.body
        clean = self._body(body)
        if clean == body:
            return replace(reply, headers=headers)
        return replace(reply, headers=headers, chunks=((reply.chunks[-1][0], clean),))

    def _stream(self, reply: RecordedReply) -> Sequence[tuple[float, bytes]]:
        """Return the pieces of a stream: those of the events that change are made anew, all others stay."""
        events, cut = events_in(reply.chunks)
        values = [event.value if event.data is not None else None for event in events]
        clean = cleaned(values, self._scrubber)
        before = [(event.at, framed(event.data, event.lines)) for event in events]
        pieces: list[tuple[float, bytes]] = []
        for event, value, own in zip(events, values, clean, strict=True):
            lines = tuple(self._scrubber.text(line) for line in event.lines)
            data = event.data
            if data is not None and own != value:
                data = own.encode() if isinstance(own, str) else orjson.dumps(own)
            pieces.append((event.at, framed(data, lines)))
        text = cut.decode("utf-8", "replace")
        tail = self._scrubber.text(text)
        if pieces == before and tail == text:
            return reply.chunks
        last = pieces[-1][0] if pieces else 0.0
        return [*pieces, (last, tail.encode())] if cut else pieces
