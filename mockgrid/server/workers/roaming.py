"""A connection that goes to the worker to which its next request belongs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mockgrid.server.log import warn
from mockgrid.server.workers.parcel import Parcel

if TYPE_CHECKING:
    import asyncio

    from mockgrid.server.protocol.guard import Limits
    from mockgrid.server.workers.crew import Crew

_AGAIN: Final = 0.001
_SLOWER: Final = 1.5
_SLOWEST: Final = 0.05
"""Seconds between attempts to leave: at first, each time longer by a factor, at most."""

_PATIENCE: Final = 5.0
"""Seconds for which another worker may have no room for a connection."""


class Roaming:
    """Mixed into a guarded protocol: leaves before a request that belongs elsewhere, and arrives there.

    The class that mixes it in calls ``_belongs_here`` with each head before the application sees it, and
    ``_leave`` where it does not.
    """

    crew: Crew
    limits: Limits

    # The guard's side, and uvicorn's.
    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    flow: Any
    connections: set[Any]

    _parcel: Parcel | None = None
    """What this connection has brought; None for one that was accepted here."""

    _bound: int | None = None
    """Where it goes to."""

    _luggage = b""
    """What goes with it."""

    _settled = False
    """Every request with the head that was looked at last belongs here."""

    _leaving = False
    _internal = False
    _absent: tuple[str, ...] = ()

    def bring(self, parcel: Parcel) -> None:
        """Begin with what another worker has read; to be called before the connection is made."""
        self._parcel = parcel
        self._internal = parcel.internal

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Go on where the other worker stopped."""
        super().connection_made(transport)  # type: ignore[misc]  # the guard's, behind this mixin
        if self._parcel is not None:
            self.data_received(self._parcel.data)  # type: ignore[attr-defined]  # uvicorn's
            self._parcel = None  # what comes later has not been anywhere else

    def connection_lost(self, exc: Exception | None) -> None:
        """Be counted no more."""
        super().connection_lost(exc)  # type: ignore[misc]  # the guard's, behind this mixin
        self.crew.census.tell(self.crew.index, len(self.connections))

    def _too_many(self) -> bool:
        census = self.crew.census
        census.tell(self.crew.index, len(self.connections))
        # One that was handed over has been admitted, and may be counted twice for a moment.
        return self._parcel is None and census.total() > self.limits.max_connections

    def eof_received(self) -> bool:
        """The client sends no more, as the next worker will see for itself."""
        return True if self._leaving else super().eof_received()  # type: ignore[misc]  # the guard's

    def shutdown(self) -> None:
        """The server stops; where this connection goes to, it stops as well."""
        if not self._leaving:
            super().shutdown()  # type: ignore[misc]  # the guard's

    def _belongs_here(
        self, method: bytes, path: str, raw_path: bytes, query: bytes, headers: list[tuple[bytes, bytes]]
    ) -> bool:
        if self._internal:
            return True
        scope = {
            "method": method.decode("ascii"),
            "path": path,
            "raw_path": raw_path,
            "query_string": query,
            "headers": headers,
        }
        places = self.crew.places
        worker = places.of(scope, self._parcel.absent if self._parcel is not None else ())
        if worker == places.index:
            self._settled = places.settled
            return True
        self._bound = worker
        self._absent = places.absent
        return False

    def _leave(self, luggage: bytes) -> None:
        """Go where the request belongs, with its head and what came after it, once all replies have left."""
        self._stop_timers()  # type: ignore[attr-defined]  # the guard's
        self.writes.flush()  # type: ignore[attr-defined]  # the same
        self._leaving = True
        self._luggage = luggage
        self._try_to_leave(_AGAIN, self.loop.time() + _PATIENCE)

    def _try_to_leave(self, pause: float, deadline: float) -> None:
        transport, bound = self.transport, self._bound
        if transport.is_closing() or bound is None:
            return
        if transport.get_write_buffer_size():
            deadline = self.loop.time() + _PATIENCE
        elif self._put(bound):
            # The other process holds the connection by now: this closes a descriptor, and says nothing on it.
            transport.abort()
            return
        elif self.loop.time() > deadline:
            warn(f"worker {bound + 1} takes no connections; one was closed")
            transport.abort()
            return
        self.flow.pause_reading()
        self.loop.call_later(pause, self._try_to_leave, min(pause * _SLOWER, _SLOWEST), deadline)

    def _put(self, bound: int) -> bool:
        connection = self.transport.get_extra_info("socket")
        return self.crew.put(bound, Parcel(self._luggage, self._absent), connection.fileno())
