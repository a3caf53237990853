"""One connection of a client: requests are read by httptools, and answered one after another.

Beside reading and answering it bounds what a client may do: the bytes of a head (431), the time in which it
arrives (408), the connections that are open (503), and how long one may be idle. What is not HTTP is refused
in the shape that the application gives errors, once, and so that the client can read it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Final

import httptools

from mockgrid.http.asgi import run_asgi
from mockgrid.http.eager import begin
from mockgrid.http.head import Head
from mockgrid.http.incoming import Incoming
from mockgrid.http.last_head import LastHead
from mockgrid.http.refusal import RefusalError, last_words, malformed
from mockgrid.http.writer import ConnectionWriter

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Coroutine

    from starlette.types import ASGIApp

    from mockgrid.http.refusal import ErrorBody, Limits
    from mockgrid.http.writer import Writer

    AtOnce = Callable[[Head, Incoming, Writer], Coroutine[Any, Any, None] | None]

WAITING: Final = 16
"""Requests that may wait for their turn on one connection before no more is read from it."""

LINGER: Final = 1.0
"""Seconds for which a refused connection is still read, and what arrives thrown away: a socket closed with
unread bytes resets the connection, and the client would lose the reply that says what was wrong."""

HALF_CLOSED: Final = 0.5
"""Seconds for which a client that has closed its sending side still gets its reply. TCP does not tell it from
a client that has left, and those should be noticed soon."""

_METHODS: Final[dict[bytes, str]] = {}
_VERSIONS: Final = ("1.0", "1.1")


class Serving:
    """What the connections of one server share.

    Args:
        app: the ASGI application. Where it has ``at_once(head, incoming, writer)``, that is called first: it
            gives a coroutine that answers the request through the writer, or None where ASGI is to be used.
        limits: on what clients may do.
        error_body: makes the replies to what is not a request.
        error_log: where an application's exceptions go.

    Attributes:
        connections: that are open.
        tasks: that answer requests.
        pending: what is to be written soon, in pieces.
    """

    def __init__(
        self, app: ASGIApp, limits: Limits, error_body: ErrorBody, error_log: logging.Logger
    ) -> None:
        self.app = app
        self.at_once: AtOnce | None = getattr(app, "at_once", None)
        self.limits = limits
        self.error_body = error_body
        self.error_log = error_log
        self.connections: set[Any] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.pending: dict[asyncio.Transport, list[bytes]] = {}

    def write_soon(self, transport: asyncio.Transport, data: bytes) -> None:
        """Write at the next turn of the event loop.

        Requests arrive many at a time, from many connections. A write for each as soon as it is answered
        wakes its client each time, which costs more than the answer; together they wake it once. And what
        one reply writes in one turn leaves as one anyway.
        """
        pending = self.pending
        if not pending:
            asyncio.get_running_loop().call_soon(self.flush)
        if transport in pending:
            pending[transport].append(data)
        else:
            pending[transport] = [data]

    def flush(self) -> None:
        """Write now."""
        pending, self.pending = self.pending, {}
        for transport, pieces in pending.items():
            if not transport.is_closing():
                transport.write(b"".join(pieces))


class Connection(asyncio.Protocol):
    """One connection.

    Bytes are counted as they arrive and the count is cleared whenever the parser gets on (a head complete, a
    piece of body, a message complete), so one number bounds a head that never ends, trailers that never end
    and chunk extensions that never end alike.

    Args:
        serving: what it shares with the others of its server.

    Attributes:
        serving: the same.
        lost: whether it is closed.
        stopping: whether the server is told to stop.
        write_paused: whether the client reads too slowly.
        waiting: requests whose turn has not come.
    """

    transport: asyncio.Transport
    lost = False
    stopping = False
    write_paused = False

    _stuck = 0
    """Bytes since the parser last got on, give or take one read."""

    _in_head = False
    """Some but not all of a head has arrived."""

    _deaf = False
    """What arrives is thrown away."""

    _half_closed = False
    _hung_up = False
    _read_paused = False
    _plain = False
    """The parser stops at this head, which asks for an upgrade: it is read again without."""

    _refusal: bytes | None = None
    """What is said when all is answered that came before it."""

    _reading: Incoming | None = None
    """The request of which the head has arrived, and the body not to the end."""

    _answering: Incoming | None = None
    """The request whose turn it is."""

    _begun = False
    """Whether its answer has been begun."""

    _beginning = False
    _drained: asyncio.Future[None] | None = None
    _timer: asyncio.TimerHandle | None = None
    _due = 0.0
    """When the timer goes off: not after the deadline, which may have moved."""

    _deadline = 0.0

    def __init__(self, serving: Serving) -> None:
        self.serving = serving
        self._loop = asyncio.get_running_loop()
        self._keep_alive = serving.limits.keep_alive
        self._max_headers = serving.limits.max_headers
        self._last_head = LastHead(self._max_headers)
        self._url = b""
        self._pairs: list[tuple[bytes, bytes]] = []
        self._parser: Any = httptools.HttpRequestParser(self)
        self.waiting: deque[Incoming] = deque()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # one of streams
        """Begin to wait for a request."""
        self.transport = transport
        serving = self.serving
        serving.connections.add(self)
        most = serving.limits.max_connections
        if len(serving.connections) > most:
            message = f"{most} connections are open, and no more may be (--max-connections, `ulimit -n`)."
            self._refuse("overloaded", message)
        else:
            self._expect(serving.limits.header_timeout)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - its reason makes no difference
        """Tell all who wait, and leave no timer and no circle behind."""
        self.serving.connections.discard(self)
        self.lost = self._deaf = True
        self._stop_timer()
        self.resume_writing()
        for incoming in (self._reading, self._answering, *self.waiting):
            if incoming is not None:
                incoming.leave()
        self._reading = self._answering = self._parser = None
        self.waiting.clear()

    def pause_writing(self) -> None:
        """The client reads too slowly."""
        self.write_paused = True

    def resume_writing(self) -> None:
        """It has caught up, or has left."""
        self.write_paused = False
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self._drained = None

    async def drained(self) -> None:
        """Wait until the client has caught up, or has left."""
        if self._drained is None:
            self._drained = self._loop.create_future()
        await asyncio.shield(self._drained)

    def data_received(self, data: bytes) -> None:
        """Answer what has arrived, or what it completes."""
        if self._deaf:
            return
        between = self._answering is None and self._reading is None and not self._in_head
        known = self._last_head.find(data) if between else None
        if known is not None:
            self._answering, self._begun = Incoming.known(self, *known), False
            self._begin()
            return
        self._stuck += len(data)
        in_head = self._in_head
        self._feed(data)
        incoming = self._answering
        if incoming is not None and not self._begun:
            self._begin()
            if between and incoming.is_usual:
                self._last_head.learn(data, incoming.head)
        if self._in_head and not in_head:
            self._expect(self.serving.limits.header_timeout)
        if self._stuck > self._max_headers and not self._deaf:
            refusal = self._too_large()
            self._refuse(refusal.failure, refusal.message)

    def _feed(self, data: bytes) -> None:
        more: bytes | None = data
        while more:
            try:
                self._parser.feed_data(more)
            except httptools.HttpParserUpgrade as stopped:
                more = self._without_upgrade(more[stopped.args[0] :])
            except httptools.HttpParserError as error:
                self._parser_stopped(error)
                return
            else:
                return

    def eof_received(self) -> bool:
        """The client sends no more. True keeps the connection open for a reply."""
        self.serving.flush()
        self._half_closed = True
        if not self._deaf and (self._in_head or self._reading is not None):
            self._refuse("malformed_body", "The connection was closed before the request was complete.")
        if self._hung_up or self._answering is None:
            return False
        self._loop.call_later(HALF_CLOSED, self.transport.close)
        return True

    # What uvicorn calls.

    def shutdown(self) -> None:
        """The server stops: an idle connection closes, another at the end of its reply."""
        self.serving.flush()
        self.stopping = True
        if self._answering is None:
            self.transport.close()
        else:
            self._answering.wake()

    # What the parser calls.

    def on_message_begin(self) -> None:
        """The first byte of a head."""
        self._in_head = True

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; behind a body, a trailer, which goes nowhere."""
        self._pairs.append((name.lower(), value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        """A request: it waits for its turn."""
        url, pairs, parser = self._url, self._pairs, self._parser
        if self._stuck > self._max_headers:
            self._measure(url, pairs)
        self._stuck = 0
        self._in_head = False
        self._url, self._pairs = b"", []
        method = parser.get_method()
        if method == b"CONNECT":  # there is nowhere to go, whatever form the target has
            raise malformed("its target cannot be read")
        try:
            head = Head.of_target(_METHODS.get(method) or _method(method), url, pairs)
        except ValueError:
            raise malformed("its target cannot be read") from None
        version = parser.get_http_version()
        headers = head.headers
        if b"upgrade" in headers and parser.should_upgrade():
            self._plain, self._url, self._pairs = True, url, pairs
            return
        if head.repeated or version != "1.1" or b"host" not in headers or b"transfer-encoding" in headers:
            check_framing(version, pairs)
        keep_alive = version == "1.1" and parser.should_keep_alive()
        incoming = Incoming(self, head, pairs, keep_alive, version)
        self._reading = incoming
        if self._answering is None:
            self._answering, self._begun = incoming, False
        else:
            self.waiting.append(incoming)
            if len(self.waiting) >= WAITING:
                self.pause_reading()

    def on_body(self, body: bytes) -> None:
        """A piece of a body."""
        self._stuck = 0
        if self._reading is not None:
            self._reading.feed(body)

    def on_message_complete(self) -> None:
        """A request has arrived to its end."""
        incoming = self._reading
        if incoming is None:  # it is read again, without its offer to upgrade
            return
        self._stuck = 0
        self._reading = None
        if self._pairs:
            self._pairs = []
        incoming.arrived()
        if not incoming.keep_alive:
            self._deaf = True  # nothing behind it is a request
        elif self._answering is None:  # it was answered before all of it had come
            self._expect(self._keep_alive)

    # Answering.

    def _begin(self) -> None:
        """Answer the requests whose turn has come, as far as that takes no waiting."""
        serving = self.serving
        at_once = serving.at_once
        self._beginning = True
        while (incoming := self._answering) is not None and not self._begun:
            self._begun = True
            writer = incoming.writer = ConnectionWriter(incoming)
            answer = None if at_once is None else at_once(incoming.head, incoming, writer)
            if answer is None:
                incoming.by_asgi = True
                answer = run_asgi(serving, incoming, writer)
                task = self._loop.create_task(answer)
                serving.tasks.add(task)
                task.add_done_callback(serving.tasks.discard)
            else:
                begin(answer, serving.tasks)
        self._beginning = False

    def reply_ended(self, writer: ConnectionWriter) -> None:
        """Go on: with the next request, with what is to be said last, or not at all."""
        incoming = self._answering
        if self.lost or incoming is None or incoming.writer is not writer:
            return
        incoming.done()
        self._answering = None
        if writer.keep_alive and not self._deaf and not self.waiting and not self.stopping:
            self._go_on()
        elif writer.keep_alive and self.waiting:
            self._answering, self._begun = self.waiting.popleft(), False
            if len(self.waiting) < WAITING:
                self.resume_reading()
            if not self._beginning:
                self._loop.call_soon(self._begin)
        elif writer.keep_alive and self._refusal is not None:
            self._hang_up(self._refusal)
        else:
            self.serving.flush()
            if self._reading is not None and not self._half_closed and not self.stopping:
                self._hang_up(b"")  # what is still arriving would reset it
            else:
                self.transport.close()

    def _go_on(self) -> None:
        """Wait for the rest of a body, of a head, or for the next request."""
        if self._half_closed:
            self.serving.flush()
            self.transport.close()
            return
        if self._read_paused:
            self.resume_reading()
        if self._reading is not None:
            self._expect(self.serving.limits.body_timeout)
        elif self._in_head:
            self._expect(self.serving.limits.header_timeout)
        else:
            self._expect(self._keep_alive)

    def pause_reading(self) -> None:
        """Read no more, until what has arrived has been dealt with."""
        if not self._read_paused and not self.transport.is_closing():
            self._read_paused = True
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        if self._read_paused and not self.transport.is_closing():
            self._read_paused = False
            self.transport.resume_reading()

    # Time.

    def _expect(self, seconds: float) -> None:
        """Have something arrive within so many seconds."""
        self._deadline = deadline = self._loop.time() + seconds
        if self._timer is None or self._due > deadline:
            self._stop_timer()
            self._due = deadline
            self._timer = self._loop.call_at(deadline, self._late)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        self._timer = None
        if self._deaf or self._answering is not None:
            return  # while a reply is under way, nothing is expected of the client
        left = self._deadline - self._loop.time()
        if left > 0:
            self._due = self._deadline
            self._timer = self._loop.call_later(left, self._late)
        elif self._reading is not None:
            self._deaf = True
            self._hang_up(b"")
        elif self._in_head:
            seconds = f"{self.serving.limits.header_timeout:g}"
            message = f"The request line and headers did not arrive within {seconds} seconds."
            self._refuse("request_timeout", message)
        elif self.transport.get_write_buffer_size():
            self.transport.abort()  # a client that never reads what it was sent
        else:
            self.transport.close()  # a connection that says nothing is owed nothing

    # What is not a request.

    def _measure(self, url: bytes, pairs: list[tuple[bytes, bytes]]) -> None:
        """Refuse a head that is too long; what was counted may have been a body behind it."""
        if len(url) + sum(len(name) + len(value) + 4 for name, value in pairs) > self._max_headers:
            raise self._too_large()

    def _too_large(self) -> RefusalError:
        message = f"The request line and headers exceed {self._max_headers} bytes."
        return RefusalError("headers_too_large", message)

    def _without_upgrade(self, data: bytes) -> bytes:
        """Return a head again without its offer to upgrade, and what comes behind it.

        Java's client and ``curl --http2`` offer h2c with every first request, which is answered as plain
        HTTP. The parser stops at such a head, and would leave its body to be read as the next request.
        """
        parser = self._parser
        lines = [b"%b %b HTTP/%b" % (parser.get_method(), self._url, parser.get_http_version().encode())]
        lines += [b"%b: %b" % pair for pair in self._pairs if pair[0] != b"upgrade"]
        self._plain, self._url, self._pairs = False, b"", []
        self._parser = httptools.HttpRequestParser(self)
        return b"\r\n".join(lines) + b"\r\n\r\n" + data

    def _parser_stopped(self, error: Exception) -> None:
        refusal = error.__context__
        if self._deaf:  # behind the last request of a connection
            return
        if isinstance(refusal, RefusalError):
            self._refuse(refusal.failure, refusal.message)
        elif refusal is not None:  # a defect of ours
            self.serving.error_log.error("Reading a request failed", exc_info=refusal)
            self._refuse("internal", "MockGrid failed to read the request; its log has the reason.")
        else:
            self._refuse("malformed_body", f"The request is not valid HTTP: {error}.")

    def _refuse(self, failure: str, message: str) -> None:
        """End the connection with an error, after the replies that are still running on it."""
        self._deaf = True
        self._stop_timer()
        broken, self._reading = self._reading, None
        words = last_words(*self.serving.error_body(failure, message))
        if broken is not None and broken in self.waiting:
            self.waiting.remove(broken)
        elif broken is not None and broken is self._answering and not self._begun:
            self._answering = None
        elif broken is not None and broken is self._answering:
            self._refuse_body(broken, words)
            return
        elif broken is not None and self._answering is None:
            words = b""  # this request has had its answer already
        if self._answering is None:
            self._hang_up(words)
        else:
            self._refusal = words

    def _refuse_body(self, broken: Incoming, words: bytes) -> None:
        """The request whose body is broken is already with the application."""
        writer = broken.writer
        started = writer is not None and writer.started
        self._answering = None
        broken.leave()
        if started:
            self.transport.close()  # too late for another status: the cut is the message
        else:
            self._hang_up(words)

    def _hang_up(self, words: bytes) -> None:
        self._hung_up = self._deaf = True
        self.serving.flush()
        self.transport.write(words)
        if self._half_closed or not self.transport.can_write_eof():
            self.transport.close()
            return
        self.transport.write_eof()
        self.resume_reading()
        self._loop.call_later(LINGER, self.transport.close)


def _method(method: bytes) -> str:
    """Return a method as text; the parser knows a few dozen of them."""
    return _METHODS.setdefault(method, method.decode())


def check_framing(version: str, pairs: list[tuple[bytes, bytes]]) -> None:
    """Refuse a head by which it is not certain what is asked of whom, or where its body ends.

    Raises:
        RefusalError: it has no host or two, or codings that are not undone here.
    """
    if version not in _VERSIONS:
        raise malformed("its version is not 1.0 or 1.1")
    hosts = sum(name == b"host" for name, _ in pairs)
    if hosts > 1 or (version == "1.1" and not hosts):
        raise malformed(f"it has {hosts or 'no'} Host headers, where one was expected")
    codings = [value.lower() for name, value in pairs if name == b"transfer-encoding"]
    if codings not in ([], [b"chunked"]):
        names = [coding.strip() for coding in b",".join(codings).split(b",")]
        if names[-1:] != [b"chunked"] or names.count(b"chunked") > 1:
            raise malformed("its Transfer-Encoding does not end its body with chunks")
        raise RefusalError("unsupported_coding", "The Transfer-Encoding of a request may be chunked alone.")
