"""Connections that roam, read by h11, which keeps what comes after a request until it has been answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import h11

from mockgrid.server.protocol.h11_guard import BoundedConnection, H11Guard
from mockgrid.server.workers.roaming import Roaming

if TYPE_CHECKING:
    from collections.abc import Callable


class RoamingConnection(BoundedConnection):
    """Stops at a head whose request belongs elsewhere.

    Args:
        max_headers: bytes of a head.
        stays: whether a request belongs here.
    """

    def __init__(self, max_headers: int, stays: Callable[[h11.Request], bool]) -> None:
        super().__init__(max_headers)
        self._stays = stays
        self.unread = b""

    def next_event(self) -> Any:
        """The guard's; a request that belongs elsewhere is left in ``unread``, with what comes after it."""
        unread = self.trailing_data[0] if self.their_state is h11.IDLE else b""
        event = super().next_event()
        if type(event) is h11.Request and not self._stays(event):
            self.unread = unread
            return h11.NEED_DATA
        return event


class RoamingH11(Roaming, H11Guard):  # type: ignore[misc]  # the mixin's view of uvicorn is looser
    """The same promises as with httptools; speed is not one of them."""

    conn: RoamingConnection

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conn = RoamingConnection(self.limits.max_headers, self._stays)

    def data_received(self, data: bytes) -> None:
        """Take bytes as far as they belong here."""
        if self._leaving:
            self._luggage += data
        else:
            super().data_received(data)

    def handle_events(self) -> None:
        """Go where the next request belongs, if that is elsewhere."""
        super().handle_events()
        if self._bound is not None and not self._leaving:
            self._leave(self.conn.unread)

    def _stays(self, request: h11.Request) -> bool:
        raw_path, _, query = request.target.partition(b"?")
        headers = [(name.lower(), value) for name, value in request.headers]
        return self._belongs_here(request.method, unquote(raw_path.decode("ascii")), raw_path, query, headers)
