"""Connections that wait to be accepted, where the event loop takes one of them in each of its turns.

uvloop does. Where thousands of streams run, its turns are long, and a client that came last would have its
first byte seconds later than others.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from mockgrid.http.eager import start_task

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable

__all__ = ["Backlog"]

# So many are accepted before others get the event loop.
_TOGETHER: Final = 32


class Backlog:
    """Accepts what waits behind a connection that the event loop has accepted.

    Args:
        sockets: that listen.
        make: makes the protocol of a connection.
        tasks: where tasks are kept while they run.
    """

    def __init__(
        self,
        sockets: Iterable[socket.socket],
        make: Callable[[], asyncio.Protocol],
        tasks: set[asyncio.Task[None]],
    ) -> None:
        self._sockets = tuple(sockets)
        self._make = make
        self._tasks = tasks
        self._loop = asyncio.get_running_loop()
        self._looked = not type(self._loop).__module__.startswith("uvloop")

    def accept(self) -> None:
        """Accept some, once in each turn of the event loop."""
        if self._looked:
            return
        self._looked = True
        self._loop.call_soon(self._look_again)
        left = _TOGETHER
        for listening in self._sockets:
            while left:
                try:
                    accepted, _ = listening.accept()
                except OSError:  # nobody waits; or none can be accepted, of which the loop tells
                    break
                left -= 1
                accepted.setblocking(False)
                start_task(self._connected(accepted), self._tasks)

    def _look_again(self) -> None:
        self._looked = False

    async def _connected(self, accepted: socket.socket) -> None:
        await self._loop.connect_accepted_socket(self._make, accepted)
