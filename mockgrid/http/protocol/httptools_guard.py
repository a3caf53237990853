"""Uvicorn's httptools protocol, guarded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mockgrid.app.context import DONE
from mockgrid.http.head import Head
from mockgrid.http.protocol.guard import Guard, response_bytes
from mockgrid.http.protocol.line import EXTENSION as LINE
from mockgrid.http.protocol.line import Line
from mockgrid.http.protocol.target import origin_form
from mockgrid.http.protocol.whole import EXTENSION, Direct, WholeReply

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from starlette.types import ASGIApp

    from mockgrid.http.protocol.whole import Whole

STATE = {"cycle", "flow", "headers", "parser", "pipeline", "timeout_keep_alive_task", "transport"}
SUPPORTED = STATE.issubset(HttpToolsProtocol.__init__.__code__.co_names)
"""Whether this version of uvicorn keeps the state that is read here."""

# Called for every request: without the way through super(), which passes the mixin.
_on_headers_complete = HttpToolsProtocol.on_headers_complete
_on_body = HttpToolsProtocol.on_body
_on_message_complete = HttpToolsProtocol.on_message_complete


_NONE: dict[str, Any] = {}
WAITING = 16
"""Requests that may wait for their turn on one connection before no more is read from it."""

_UPGRADE = re.compile(rb"\n(?=upgrade[ \t]*:)", re.IGNORECASE)


def _without_upgrade(data: bytes) -> bytes:
    """Rename the ``Upgrade`` headers of a request's head.

    A request that would upgrade (Java's client and ``curl --http2`` offer h2c with every first one) is
    answered as plain HTTP. Left as it is, the parser would stop at its head and leave its body unread.
    """
    head, end, rest = data.partition(b"\r\n\r\n")
    return _UPGRADE.sub(b"\nx-offered-", head) + end + rest


class HeadersTooLargeError(Exception):
    """The head is whole, and over the limit."""


class UnknownVersionError(Exception):
    """The head is whole, and of a version that has another framing."""


class HttptoolsGuard(Guard, HttpToolsProtocol):  # type: ignore[misc]  # the mixin's view of uvicorn is looser
    """Adds three calls and an addition to the way of a request.

    Bytes are counted as they arrive and the count is cleared whenever the parser gets on (a head complete, a
    piece of body, a message complete), so one number bounds a head that never ends, trailers that never end
    and chunk extensions that never end alike.
    """

    _stuck = 0
    """Bytes since the parser last got on, give or take one read."""

    _in_body = False
    _feeding = False

    _starting: tuple[Any, Any] | None = None
    """A request whose head has arrived, until it is known whether all of it has."""

    _begun: ASGIApp | None = None
    """What goes on with the request that is about to be parsed, and has been answered but not sent."""

    _answering: Any = None
    """State of the request that is being answered; ``cycle`` is that of the one that came last."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger = self.error_log
        self.access_log = False
        self._max_headers = self.limits.max_headers
        self._at_once: Callable[[Head, Whole], ASGIApp | None] | None = getattr(self.app, "at_once", None)

    def connection_made(self, transport: Any) -> None:
        """Prepare the way back."""
        super().connection_made(transport)
        self._direct = Direct(transport, self.flow, self.writes, self.loop)

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        """Start the application: at the end of what has arrived, since it may be all that there is."""
        if self._feeding and self._at_once is not None:
            self._starting = (cycle, app)
        else:
            super()._start_asgi_task(cycle, app)

    def _start(self, cycle: Any, app: Any, data: bytes | None) -> None:
        """Answer a request that has arrived whole, and begin to answer any other.

        Args:
            cycle: uvicorn's state of the request.
            app: what answers it.
            data: all of the request, if it came so and nothing came with it.
        """
        begun: Any = self._begun
        self._begun = None
        direct = cycle.scope.get("extensions", _NONE).get(EXTENSION)
        whole = direct is not None and not cycle.more_body and app is self.app and not self.pipeline
        if begun is None and whole and self._at_once is not None:
            head = Head(cycle.scope)
            begun = self._at_once(head, direct)
            if begun is DONE:
                if data is not None and cycle.keep_alive and self._always_here():
                    self.heads.learn(data, head)
                return
        super()._start_asgi_task(cycle, begun or app)

    def _always_here(self) -> bool:
        """Whether requests with this head are for this connection's server, whatever happens."""
        return True

    def _between(self) -> bool:
        """No request has begun that is not answered."""
        cycle, headers = self.cycle, cast("Any", self.headers)
        answered = cycle is None or cycle.response_complete
        return answered and headers is None and not self._stuck and not self.pipeline

    def _answered_again(self, data: bytes) -> bool:
        """Answer a whole request whose head has been read before; return whether that was done."""
        at_once = self._at_once
        known = self.heads.find(data) if at_once is not None and self._between() else None
        if known is None or at_once is None:
            return False
        head, self._direct.received = known
        begun = at_once(head, self._direct)
        self._direct.received = b""
        if begun is not DONE:
            self._begun = begun  # uvicorn is needed, to go on from here
            return False
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        self._used = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        return True

    def _should_upgrade(self, *_: Any) -> bool:
        """Answer every request as plain HTTP, whatever it would upgrade to."""
        return False

    def _head_begun(self) -> bool:
        return not self._in_body and self.headers is not None

    def _body_begun(self) -> bool:
        return self._in_body

    def data_received(self, data: bytes) -> None:
        """Answer what has arrived, or what it completes."""
        if not self._refused and not self._answered_again(data):
            self._received(data)

    def _received(self, data: bytes) -> None:
        """Uvicorn's, with the count, and with other endings."""
        alone = data if self._between() else None
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None
        self._stuck += len(data)
        if not self._in_body and _UPGRADE.search(data) is not None:
            data = _without_upgrade(data)
        self._feeding = True
        try:
            self.parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._parser_stopped(data, error)
        self._feeding = False
        starting = self._starting
        if starting is not None:
            self._starting = None
            self._start(*starting, alone)
        if self._in_body and self._body_since is None:
            self._body_since = self.loop.time()
        if self._stuck:
            self._getting_nowhere()

    def _parser_stopped(self, data: bytes, error: Exception) -> None:
        """The parser stops at an error, and after every message that asks for an upgrade."""
        while isinstance(error, httptools.HttpParserUpgrade):
            data = data[error.args[0] :]
            if not data:
                return
            try:
                self.parser.feed_data(data)
            except (httptools.HttpParserError, httptools.HttpParserUpgrade) as another:
                error = another
            else:
                return
        if isinstance(error.__context__, HeadersTooLargeError):
            self._too_large()
        elif isinstance(error.__context__, UnknownVersionError):
            self._refuse("malformed_body", "The request is not valid HTTP: its version is not 1.0 or 1.1.")
        elif isinstance(error, httptools.HttpParserCallbackError):
            self._refuse("malformed_body", "The request is not valid HTTP: its target cannot be read.")
        else:
            self._refuse("malformed_body", f"The request is not valid HTTP: {error}.")

    def _getting_nowhere(self) -> None:
        if self._stuck > self._max_headers:
            self._too_large()
        elif not self._in_body and self._head_timer is None and not self._refused:
            self._start_head_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell every request that is not answered yet; uvicorn tells the one that came last."""
        for cycle in (self._answering, *(cycle for cycle, _ in self.pipeline)):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        self.pipeline.clear()
        self._answering = None
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Go on with the next request; read no more while others wait for their turn."""
        if self.pipeline:
            self._answering = self.pipeline[-1][0]
        super().on_response_complete()
        if len(self.pipeline) >= WAITING:
            self.flow.pause_reading()

    def on_headers_complete(self) -> None:
        """Check what can only be checked now, then let uvicorn start the application."""
        if self._stuck > self._max_headers:
            head = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
            if head > self._max_headers:
                raise HeadersTooLargeError
        self._stuck = 0
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        if self.url[0] != 47:  # noqa: PLR2004 (a slash)
            self.url = origin_form(self.url)
        _on_headers_complete(self)
        if not self.pipeline:
            self._answering = self.cycle
        elif len(self.pipeline) < WAITING:
            self.flow.resume_reading()  # only who reads learns that the client has left
        # Uvicorn before 0.53 learns of `connection: close` too late for a reply that is sent whole.
        self.cycle.keep_alive = self.cycle.keep_alive and self.parser.should_keep_alive()
        self._in_body = True
        self.headers = []  # trailers go here, and nowhere: the application's headers are complete
        extensions: dict[str, Any] = {LINE: Line(self, self.cycle)}
        if self.scope["http_version"] != "1.1":
            if self.scope["http_version"] != "1.0":
                raise UnknownVersionError
            _write_unframed(self.cycle)
        else:
            extensions[EXTENSION] = WholeReply(self.cycle, self.writes, self.loop)
        self.scope["extensions"] = extensions

    def on_body(self, body: bytes) -> None:
        """A piece of body: the parser gets on."""
        self._stuck = 0
        _on_body(self, body)

    def on_message_complete(self) -> None:
        """The request has arrived."""
        self._stuck = 0
        self._in_body = False
        if self._body_since is not None:
            self._body_is_whole()
        self.headers = None  # type: ignore[assignment]  # as uvicorn has it before the first message
        _on_message_complete(self)

    def _refuse_body(self, failure: str, message: str) -> None:
        if self.pipeline and self.pipeline[0][0] is self.cycle:
            # Not begun yet: it is answered in its turn, by this instead of by the application.
            self.pipeline[0] = (self.cycle, self._refusal(failure, message))
        else:
            super()._refuse_body(failure, message)

    def _refusal(self, failure: str, message: str) -> Any:
        async def refuse(*_: object) -> None:
            self.cycle.on_response = lambda: None
            self.cycle.response_started = self.cycle.response_complete = True
            self._hang_up(response_bytes(*self.error_body(failure, message)))

        return refuse


def _write_unframed(cycle: Any) -> None:
    """Answer in HTTP/1.0, which has no chunks: a body without a length ends where its connection does."""
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]] = cycle.send

    async def unframed(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            cycle.chunked_encoding = False
        else:
            cycle.expected_content_length = len(message.get("body", b""))
        await send(message)

    cycle.send = unframed
