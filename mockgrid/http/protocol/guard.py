"""How a connection ends when what arrives on it is not a request."""

from __future__ import annotations

import http
import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio
    import logging

    from mockgrid.http.protocol.known_heads import KnownHeads
    from mockgrid.http.protocol.whole import Writes

ErrorBody = Callable[[str, str], tuple[int, list[tuple[bytes, bytes]], bytes]]
"""``(failure, message) -> (status, headers, body)``; failure is ``headers_too_large``, ``malformed_body``,
``overloaded`` or ``request_timeout``; headers carry at least the content type and the request id."""

STATUS = {"headers_too_large": 431, "malformed_body": 400, "overloaded": 503, "request_timeout": 408}

LINGER = 1.0
"""Seconds for which a refused connection is still read, and what arrives thrown away: a socket closed with
unread bytes resets the connection, and the client would lose the reply that says what was wrong."""

HALF_CLOSED = 0.5
"""Seconds for which a client that has closed its sending side still gets its reply. TCP does not tell it from
a client that has left, and those should be noticed soon."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on a request before the application sees it."""

    max_headers: int
    """Bytes of the request line and all header fields; also of trailers, and of chunk framing."""

    header_timeout: float
    """Seconds in which they must arrive."""

    max_connections: int = 10_000
    """Connections that are open at a time."""

    body_timeout: float = 60.0
    """Seconds in which a body must arrive, though its request has been answered."""


def detail_error(failure: str, message: str) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """The error body of a server whose application brings none: ``{"errors": {"detail": message}}``."""
    body = json.dumps({"errors": {"detail": message}}).encode()
    # One failure, one id: there is no request yet that an id could be drawn from.
    request_id = b"req_" + sha256(f"{failure}:{message}".encode()).hexdigest()[:24].encode()
    return STATUS[failure], [(b"content-type", b"application/json"), (b"x-request-id", request_id)], body


def response_bytes(status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> bytes:
    """A whole HTTP/1.1 response that ends its connection."""
    try:
        phrase = http.HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    framing = ((b"content-length", b"%d" % len(body)), (b"connection", b"close"))
    kept = [pair for pair in headers if pair[0].lower() not in {b"content-length", b"connection"}]
    lines = [b"HTTP/1.1 %d %s" % (status, phrase.encode()), *(b"%s: %s" % pair for pair in (*kept, *framing))]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


class Guard:
    """Mixed into a protocol class of uvicorn: refuses what is not a request, in JSON, and only once.

    The class that mixes it in says by ``_head_begun`` and ``_body_begun`` where the parser stands.
    """

    limits: Limits
    error_body: ErrorBody
    error_log: logging.Logger
    heads: KnownHeads
    writes: Writes

    # Uvicorn's side.
    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    timeout_keep_alive: float
    timeout_keep_alive_task: asyncio.TimerHandle | None
    connections: set[Any]
    cycle: Any
    flow: Any

    on_stop: Callable[[], None] | None = None
    """What the reply under way does when the server is told to stop, beside coming to its end."""

    _refused = False
    _hung_up = False
    _half_closed = False
    _head_timer: asyncio.TimerHandle | None = None

    _body_since: float | None = None
    """When the first of a body had arrived without the rest."""

    _rest_timer: asyncio.TimerHandle | None = None

    _used = 0.0
    """When a request was answered without uvicorn, which then did not set its timer anew."""

    def _head_begun(self) -> bool:
        """Some but not all of a request's head has arrived."""
        raise NotImplementedError

    def _body_begun(self) -> bool:
        """A request's head has arrived, and its body not to the end."""
        raise NotImplementedError

    def _replying(self) -> bool:
        """A request is being answered, or waits for its turn."""
        return self.cycle is not None and not self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Begin to wait for a request."""
        super().connection_made(transport)  # type: ignore[misc]  # uvicorn's, behind this mixin
        if self._too_many():
            most = self.limits.max_connections
            message = f"{most} connections are open, and no more may be (--max-connections, `ulimit -n`)."
            self._refuse("overloaded", message)
        else:
            self._start_head_timer()

    def _too_many(self) -> bool:
        """Whether this connection is one more than there may be."""
        return len(self.connections) > self.limits.max_connections

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave no timer behind."""
        self._stop_timers()
        super().connection_lost(exc)  # type: ignore[misc]  # uvicorn's, behind this mixin
        self.cycle = None  # it refers to this connection: without the circle both are freed at once

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, though its client may never read what it was sent."""
        left = self._used + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)
            return
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        super().timeout_keep_alive_handler()  # type: ignore[misc]  # uvicorn's, behind this mixin

    def shutdown(self) -> None:
        """The server stops."""
        self.writes.flush()
        if self.on_stop is not None:
            self.on_stop()
        super().shutdown()  # type: ignore[misc]  # uvicorn's, behind this mixin

    def eof_received(self) -> bool:
        """The client sends no more. True keeps the connection open for a reply."""
        self.writes.flush()
        self._half_closed = True
        if not self._refused and (self._head_begun() or self._body_begun()):
            self._refuse("malformed_body", "The connection was closed before the request was complete.")
        if self._hung_up or not self._replying():
            return False
        self.cycle.keep_alive = self._refused  # with a refusal to come, that closes the connection
        self.loop.call_later(HALF_CLOSED, self.transport.close)
        return True

    def on_response_complete(self) -> None:
        """Wait no longer for the rest of a body whose request is answered than for any other."""
        super().on_response_complete()  # type: ignore[misc]  # uvicorn's, behind this mixin
        if self._body_begun() and not self._replying() and not self.transport.is_closing():
            now = self.loop.time()
            left = (self._body_since or now) + self.limits.body_timeout - now
            self._rest_timer = self.loop.call_later(max(left, 0.0), self._rest_late)

    def _body_is_whole(self) -> None:
        """All of a body has arrived that did not come at once."""
        self._body_since = None
        if self._rest_timer is not None:
            self._rest_timer.cancel()
            self._rest_timer = None

    def _rest_late(self) -> None:
        self._rest_timer = None
        if not self._refused and not self.transport.is_closing():
            self._refused = True
            self._stop_timers()
            self._hang_up(b"")

    def _start_head_timer(self) -> None:
        self._head_timer = self.loop.call_later(self.limits.header_timeout, self._head_late)

    def _head_late(self) -> None:
        self._head_timer = None
        if self._replying():
            self._start_head_timer()  # reading may be paused: the delay may be ours
        elif self._head_begun():
            seconds = f"{self.limits.header_timeout:g}"
            message = f"The request line and headers did not arrive within {seconds} seconds."
            self._refuse("request_timeout", message)
        else:
            self.transport.close()  # a connection that says nothing is owed nothing

    def _stop_timers(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        if self._rest_timer is not None:
            self._rest_timer.cancel()
            self._rest_timer = None
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None

    def _too_large(self) -> None:
        limit = self.limits.max_headers
        self._refuse("headers_too_large", f"The request line and headers exceed {limit} bytes.")

    def _refuse(self, failure: str, message: str) -> None:
        """End the connection with an error, after the replies that are still running on it.

        What arrives from now on is thrown away.
        """
        if self._refused:
            return
        in_body = self._body_begun()
        self._refused = True
        self._stop_timers()
        if not self._replying():
            if in_body:  # this request has had its answer already
                self._hang_up(b"")
            else:
                self._hang_up(response_bytes(*self.error_body(failure, message)))
        elif in_body:
            self._refuse_body(failure, message)
        else:

            def refuse() -> None:
                if not self.transport.is_closing():
                    self._hang_up(response_bytes(*self.error_body(failure, message)))

            self.cycle.on_response = refuse

    def _refuse_body(self, failure: str, message: str) -> None:
        """The request whose body is broken is already with the application."""
        cycle = self.cycle
        if cycle.response_started:
            self.transport.close()  # too late for another status: the cut is the message
            return
        cycle.disconnected = True  # to the application, the client has left
        cycle.message_event.set()
        self._hang_up(response_bytes(*self.error_body(failure, message)))

    def _hang_up(self, last_words: bytes) -> None:
        self._hung_up = True
        self.writes.flush()
        self.transport.write(last_words)
        if self._half_closed or not self.transport.can_write_eof():
            self.transport.close()
            return
        self.transport.write_eof()
        self.flow.resume_reading()
        self.loop.call_later(LINGER, self.transport.close)
