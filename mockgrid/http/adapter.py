"""All that MockGrid uses of uvicorn, and the one place that knows it.

Documented are ``Config`` with its settings, ``Server`` and its ``serve``. What a server keeps of its
connections, its tasks, where it listens and whether it has started is not: that is looked for before anything
is served.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

from uvicorn import Config, Server

from mockgrid.errors import StartError
from mockgrid.http.backlog import Backlog
from mockgrid.http.connection import Connection

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from mockgrid.http.serving import Serving

_SETTINGS: Final[dict[str, Any]] = {
    "ws": "none",
    "lifespan": "off",
    "interface": "asgi3",
    "workers": 1,  # else read from WEB_CONCURRENCY
    "log_config": None,
}


class UvicornServer:
    """A uvicorn server whose connections are MockGrid's.

    Args:
        serving: what the connections share.

    Raises:
        StartError: this version of uvicorn lacks what is used of it.
    """

    def __init__(self, serving: Serving) -> None:
        class Served(Connection):
            """What uvicorn makes for each connection; what it hands over is at hand already."""

            def __init__(self, *_: Any, **__: Any) -> None:
                super().__init__(serving)
                if serving.backlog is not None:
                    serving.backlog.accept()

        self._serving, self._make = serving, Served
        with _ground():
            self._server: Any = Server(Config(serving.app, http=Served, **_SETTINGS))
            state = self._server.server_state
            serving.connections, serving.tasks = state.connections, state.tasks
            _ = self._server.started

    @property
    def started(self) -> bool:
        """Whether it answers.

        Raises:
            StartError: the same.
        """
        with _ground():
            return bool(self._server.started and self._server.servers)

    async def serve(self, sockets: list[socket.socket]) -> None:
        """Answer on sockets until cancelled."""
        self._serving.backlog = Backlog(sockets, self._make, self._serving.tasks)
        await self._server.serve(sockets)

    def close(self) -> None:
        """Accept no more connections."""
        self._serving.backlog = None
        for listening in self._server.servers:
            listening.close()


@contextlib.contextmanager
def _ground() -> Iterator[None]:
    """Say plainly where a version of uvicorn lacks what is used of it."""
    try:
        yield
    except (AttributeError, TypeError) as error:
        raise StartError(
            f"MockGrid cannot serve with this version of uvicorn: {error}.",
            hint="Install one that it is tested with: pip install 'uvicorn>=0.30'.",
        ) from error
