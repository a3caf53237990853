"""One of several processes that serve."""

from __future__ import annotations

import asyncio
import functools
import signal
from typing import TYPE_CHECKING, Any, Final

from mockgrid.errors import StartError
from mockgrid.server.build import build_app
from mockgrid.server.protocol import protocol_class
from mockgrid.server.run import Server, loop_factory
from mockgrid.server.workers.crew import INTERNAL, Crew
from mockgrid.server.workers.gathered import Gathered
from mockgrid.server.workers.place import Places

if TYPE_CHECKING:
    import logging
    import socket
    from collections.abc import Callable, Sequence

    from uvicorn.server import ServerState

    from mockgrid.server.app import App
    from mockgrid.server.protocol import Parser
    from mockgrid.server.protocol.guard import Guard, Limits
    from mockgrid.server.settings import Settings
    from mockgrid.server.workers.census import Census
    from mockgrid.server.workers.parcel import Box, Parcel

READY: Final = b"r"
"""What a worker says to its parent once it answers."""

STOP: Final = b"s"
"""What its parent says to it; the second time it means at once."""


def work(  # noqa: PLR0913, PLR0917 - all that one process is given
    index: int,
    app: App,
    settings: Settings,
    sockets: list[socket.socket],
    boxes: Sequence[Box],
    census: Census,
    leash: socket.socket,
) -> None:
    """Serve until the parent says so, or is no more.

    Args:
        index: which of the workers this is, from 0.
        app: as it was before the processes parted.
        settings: of the whole server.
        sockets: that listen, shared by all workers.
        boxes: of all workers.
        census: of their connections.
        leash: what the parent says, and where it is told.
    """
    # A terminal, and some supervisors, signal all processes; the parent alone decides.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM))
    if settings.watch:
        app = build_app(settings.share(watch=True))  # with a thread of its own
    for other, box in enumerate(boxes):
        if other != index:
            box.inner.close()
    crew = Crew(Places(app, index, len(boxes)), boxes, census)
    server = WorkerServer(app, settings.share(), sockets, crew)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(server.serve(functools.partial(_say_ready, server, leash)))


def _say_ready(server: Server, leash: socket.socket) -> None:
    leash.setblocking(False)

    def listen() -> None:
        try:
            said = leash.recv(16)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        for _ in range(said.count(STOP)):
            server.stop()
        if not said:
            asyncio.get_running_loop().remove_reader(leash.fileno())
            server.stop()

    asyncio.get_running_loop().add_reader(leash.fileno(), listen)
    leash.send(READY)


class WorkerServer(Server):
    """A server that hands connections over to the other workers, and takes theirs.

    Args:
        app: whose sessions are those of this worker.
        settings: of this worker.
        sockets: that listen, shared by all workers.
        crew: of which this worker is one.
        parser: reads requests.
    """

    def __init__(
        self,
        app: App,
        settings: Settings,
        sockets: list[socket.socket],
        crew: Crew,
        parser: Parser = "auto",
    ) -> None:
        super().__init__(Gathered(app, crew), settings, sockets)
        self._crew = crew
        self._parser = parser

    def _protocol_class(self, limits: Limits, errors: logging.Logger) -> type[asyncio.Protocol] | str:
        found = protocol_class(
            limits, self.app.error_body, error_log=errors, parser=self._parser, variant=self._roaming
        )
        if isinstance(found, str):
            raise StartError(
                "This version of uvicorn cannot be used with several workers.",
                hint="Install the newest, or leave out --workers.",
            )
        return found

    def _roaming(self, guard: type[Guard]) -> type[Guard]:
        """Return the class that roams, for the parser that a guard has."""
        roaming: type[Guard]
        if guard.__name__ == "HttptoolsGuard":
            from mockgrid.server.workers.httptools_roaming import RoamingHttptools  # noqa: PLC0415 (may be absent)

            roaming = RoamingHttptools
        else:
            from mockgrid.server.workers.h11_roaming import RoamingH11  # noqa: PLC0415 (not loaded unless needed)

            roaming = RoamingH11
        return type(roaming.__name__, (roaming,), {"crew": self._crew})

    async def _drain(self, state: ServerState) -> None:
        await super()._drain(state)
        self._crew.close()

    def _begin(self, protocol: Callable[..., Any]) -> None:
        inside = functools.partial(protocol, app_state={INTERNAL: True})

        def make(parcel: Parcel) -> Any:
            made = inside() if parcel.internal else protocol()
            made.bring(parcel)
            return made

        def adopted(made: Any) -> None:
            if self._stop.is_set():
                made.shutdown()

        self._crew.receive(make, adopted)
