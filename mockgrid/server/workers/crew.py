"""The workers, as one of them sees them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from mockgrid.server.log import warn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mockgrid.server.workers.census import Census
    from mockgrid.server.workers.parcel import Box, Parcel
    from mockgrid.server.workers.place import Places

INTERNAL: Final = "mockgrid.internal"
"""In the ``state`` of scopes that come from another worker."""


class Crew:
    """Sends connections to the other workers, and receives theirs.

    Args:
        places: decides where requests belong.
        boxes: of all workers, by their index.
        census: of their connections.
    """

    def __init__(self, places: Places, boxes: Sequence[Box], census: Census) -> None:
        self.places = places
        self.census = census
        self._boxes = boxes
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def index(self) -> int:
        """Which of the workers this one is, from 0."""
        return self.places.index

    @property
    def others(self) -> list[int]:
        """The other workers."""
        return [index for index in range(len(self._boxes)) if index != self.index]

    def put(self, worker: int, parcel: Parcel, descriptor: int) -> bool:
        """Send a connection, which its sender then has to close; False while there is no room."""
        return self._boxes[worker].put(parcel, descriptor)

    def receive(self, protocol: Callable[..., Any], adopted: Callable[[Any], None]) -> None:
        """Serve the connections that others send, from now on.

        Args:
            protocol: makes one for a connection; takes the parcel.
            adopted: called with each protocol that has begun.
        """
        self._loop = loop = asyncio.get_running_loop()
        inner = self._boxes[self.index].inner

        def take() -> None:
            while (taken := self._take()) is not None:
                task = loop.create_task(self._adopt(*taken, protocol, adopted))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

        loop.add_reader(inner.fileno(), take)

    def close(self) -> None:
        """Receive no more."""
        if self._loop is not None:
            self._loop.remove_reader(self._boxes[self.index].inner.fileno())

    def _take(self) -> tuple[Parcel, Any] | None:
        try:
            return self._boxes[self.index].take()
        except OSError as error:
            warn(f"worker {self.index + 1} could not take a connection over: {error}")
            return None

    @staticmethod
    async def _adopt(
        parcel: Parcel, connection: Any, protocol: Callable[..., Any], adopted: Callable[[Any], None]
    ) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, begun = await loop.connect_accepted_socket(lambda: protocol(parcel), connection)
        except OSError:  # the client has left
            connection.close()
        else:
            adopted(begun)
