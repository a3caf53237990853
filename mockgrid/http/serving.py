"""What the connections of one server share."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Coroutine

    from starlette.types import ASGIApp

    from mockgrid.http.head import Head
    from mockgrid.http.incoming import RequestBody
    from mockgrid.http.refusal import ErrorBody, Limits
    from mockgrid.http.writer import Writer

    AtOnce = Callable[[Head, RequestBody, Writer], Coroutine[Any, Any, None] | None]


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
        stopping: whether the server is told to stop.
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
