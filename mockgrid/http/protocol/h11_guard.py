"""Uvicorn's h11 protocol, guarded: for platforms without httptools."""

from __future__ import annotations

from typing import Any, NamedTuple

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from mockgrid.http.protocol.guard import Guard
from mockgrid.http.protocol.line import EXTENSION, Line
from mockgrid.http.protocol.target import origin_form

STATE = {"conn", "cycle", "flow", "timeout_keep_alive_task", "transport"}
SUPPORTED = STATE.issubset(H11Protocol.__init__.__code__.co_names) and callable(H11Protocol.send_400_response)
"""Whether this version of uvicorn keeps the state that is read here, and answers where it is overridden."""

TOO_LARGE = 431

AHEAD = 65_536
"""Bytes behind a request that is being answered after which no more are read."""

_WHOLE = (h11.DONE, h11.MUST_CLOSE, h11.CLOSED)


class Refusal(NamedTuple):
    """Why something was not read. The error itself refers to the connection."""

    reason: str
    status: int


class BoundedConnection(h11.Connection):
    """Refuses heads over the limit that arrive whole (h11 itself refuses those that do not)."""

    def __init__(self, max_headers: int) -> None:
        super().__init__(h11.SERVER, max_incomplete_event_size=max_headers)
        self.max_headers = max_headers
        self.in_body = False
        self.refusal: Refusal | None = None

    def next_event(self) -> Any:
        """h11's, with every request's target a path."""
        self.in_body = self.their_state is h11.SEND_BODY  # an error would hide it
        try:
            event = super().next_event()
            if type(event) is h11.Request:
                event = self._checked(event)
        except h11.RemoteProtocolError as error:
            self.refusal = Refusal(str(error), error.error_status_hint)
            raise error.with_traceback(None) from None  # what h11 raises again refers to itself
        return event

    def _checked(self, request: h11.Request) -> h11.Request:
        head = len(request.target) + sum(len(name) + len(value) + 4 for name, value in request.headers)
        if head > self.max_headers:
            raise h11.RemoteProtocolError("headers too large", error_status_hint=TOO_LARGE)
        if request.http_version not in {b"1.0", b"1.1"}:
            raise h11.RemoteProtocolError("its version is not 1.0 or 1.1")
        if request.target.startswith(b"/"):
            return request
        try:
            target = origin_form(request.target)
        except ValueError as error:
            raise h11.RemoteProtocolError("its target cannot be read") from error
        return h11.Request(
            method=request.method,
            headers=request.headers,
            target=target,
            http_version=request.http_version,
        )


class H11Guard(Guard, H11Protocol):  # type: ignore[misc]  # the mixin's view of uvicorn is looser
    """The same promises as with httptools; speed is not one of them."""

    conn: BoundedConnection

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger = self.error_log
        self.access_log = False
        self.conn = BoundedConnection(self.limits.max_headers)

    def _should_upgrade(self, *_: Any) -> bool:
        """Answer every request as plain HTTP, whatever it would upgrade to."""
        return False

    def _head_begun(self) -> bool:
        return self.conn.their_state is h11.IDLE and bool(self.conn.trailing_data[0])

    def _body_begun(self) -> bool:
        return self.conn.in_body if self.conn.refusal else self.conn.their_state is h11.SEND_BODY

    def data_received(self, data: bytes) -> None:
        """Uvicorn's, unless the connection has been given up."""
        if self._refused:
            return
        if self.conn.their_state is h11.IDLE and not self._head_begun():
            data = data.lstrip(b"\r\n")  # blank lines before a request, which h11 does not take
            if not data:
                return
        super().data_received(data)
        if self.flow.read_paused and self.conn.their_state in _WHOLE and self._ahead() < AHEAD:
            self.flow.resume_reading()  # only who reads learns that the client has left
        if self._head_timer is None and self._head_begun() and not self._refused:
            self._start_head_timer()

    def _ahead(self) -> int:
        return len(self.conn.trailing_data[0])

    def handle_events(self) -> None:
        """Uvicorn's; a head that is complete stops its timer, and its request is offered the line."""
        cycle = self.cycle
        super().handle_events()
        if self.conn.their_state is h11.SEND_BODY:
            self._body_since = self._body_since or self.loop.time()
        elif self._body_since is not None:
            self._body_is_whole()
        if self.cycle is not cycle:  # its application has not begun to run
            self.cycle.scope["extensions"] = {EXTENSION: Line(self, self.cycle)}
        if self._head_timer is not None and self.cycle is not None and not self._head_begun():
            self._head_timer.cancel()
            self._head_timer = None

    def send_400_response(self, msg: str) -> None:
        """Where uvicorn answers what h11 could not read."""
        refusal = self.conn.refusal or Refusal(msg, 0)
        if refusal.status == TOO_LARGE:
            self._too_large()
        else:
            reason = refusal.reason.partition(":")[0]  # what follows quotes the request
            self._refuse("malformed_body", f"The request is not valid HTTP: {reason}.")

    def shutdown(self) -> None:
        """Uvicorn's, unless h11 has nothing left to say on this connection."""
        try:
            super().shutdown()
        except h11.LocalProtocolError:
            self.transport.close()
