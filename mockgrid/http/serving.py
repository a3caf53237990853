"""What the connections of one server share."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from mockgrid.http.parser import LastHead
from mockgrid.http.wheel import Wheel

if TYPE_CHECKING:
    import logging
    from collections.abc import Coroutine

    from starlette.types import ASGIApp

    from mockgrid.http.backlog import Backlog
    from mockgrid.http.incoming import Head, Incoming
    from mockgrid.http.writer import ConnectionWriter
    from mockgrid.settings import Settings

    AtOnce = Callable[[Head, Incoming, ConnectionWriter], Coroutine[Any, Any, None] | None]

ErrorBody = Callable[[str, str], tuple[int, list[tuple[bytes, bytes]], bytes]]
"""``(failure, message) -> (status, headers, body)``; failure is a key of ``STATUS``; headers carry at least
the content type and the request id."""

STATUS: Final = {
    "headers_too_large": 431,
    "internal": 500,
    "malformed_body": 400,
    "overloaded": 503,
    "request_timeout": 408,
    "unsupported_coding": 501,
}


def detail_error(failure: str, message: str) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """The error body of a server whose application brings none: ``{"errors": {"detail": message}}``."""
    body = json.dumps({"errors": {"detail": message}}).encode()
    # One failure, one id: there is no request yet that an id could be drawn from.
    request_id = b"req_" + sha256(f"{failure}:{message}".encode()).hexdigest()[:24].encode()
    return STATUS[failure], [(b"content-type", b"application/json"), (b"x-request-id", request_id)], body


class Serving:
    """What the connections of one server share.

    Args:
        app: the ASGI application. Where it has ``at_once(head, incoming, writer)``, that is called first: it
            gives a coroutine that answers the request through the writer, or None where ASGI is to be used.
        settings: of what clients may do: connections, bytes of a head, and seconds.
        error_body: makes the replies to what is not a request.
        error_log: where an application's exceptions go.

    Attributes:
        connections: that are open.
        tasks: that answer requests.
        pending: what is to be written soon, in pieces.
        wheel: has replies go on at their deadlines.
        last_head: that was learned last on any connection.
        backlog: accepts what waits for it; None while nothing is accepted.
        stopping: whether the server is told to stop.
    """

    def __init__(
        self, app: ASGIApp, settings: Settings, error_body: ErrorBody, error_log: logging.Logger
    ) -> None:
        self.app = app
        self.at_once: AtOnce | None = getattr(app, "at_once", None)
        self.settings = settings
        self.error_body = error_body
        self.error_log = error_log
        self.connections: set[Any] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.pending: dict[asyncio.Transport, list[bytes]] = {}
        self.wheel = Wheel()
        self.last_head = LastHead(settings.max_headers)
        self.backlog: Backlog | None = None
        self.stopping = False

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
