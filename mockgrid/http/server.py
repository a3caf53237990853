"""Running an application: on sockets, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import json
import os
import signal
import threading
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from mockgrid.control import CONTROL
from mockgrid.errors import StartError
from mockgrid.http.listen import BACKLOG, listen, url_host
from mockgrid.http.open_files import connections_that_fit
from mockgrid.http.protocol import Limits, detail_error, protocol_class
from mockgrid.log import ErrorLog, say

if TYPE_CHECKING:
    import logging
    import socket
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from mockgrid.settings import Settings

POLL = 0.005
"""Seconds between looks at what still runs, while stopping."""

CANCELLED = 0.2
"""Seconds that cancelled replies get to end."""

_OURS = frozenset(("mockgrid", "starlette", "uvicorn"))


class Server:
    """One application on its sockets, from listening until closed.

    Args:
        app: an ASGI application. Read from it, where it has them: ``title``, ``base_path``, ``error_body``
            (replies to what is not HTTP) and ``log`` (closed when the server has stopped).
        settings: where to listen, and for how long to wait for what.
        sockets: that listen already; without them, new ones are made.
        guest: whether the process is somebody else's, whose failing tasks are not told as the server's.

    Raises:
        StartError: the socket cannot be had.
    """

    def __init__(
        self,
        app: Any,
        settings: Settings,
        sockets: list[socket.socket] | None = None,
        *,
        guest: bool = False,
    ) -> None:
        self.app = app
        self.guest = guest
        self.settings = settings
        self.started = False
        self.sockets = listen(settings.host, settings.port) if sockets is None else sockets
        self.port: int = self.sockets[0].getsockname()[1]
        origin = f"http://{url_host(settings.host)}:{self.port}"
        self.url = origin + str(getattr(app, "base_path", "")).rstrip("/")
        self.control = origin + CONTROL
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._stop_now = asyncio.Event()

    async def serve(self, ready: Callable[[], None]) -> None:
        """Answer requests until ``stop``; ``ready`` is called once they are answered."""
        self._loop = loop = asyncio.get_running_loop()
        errors = ErrorLog.logger()
        loop.set_exception_handler(functools.partial(_log_stray, errors, self.guest))
        config = self._config(errors)
        state = ServerState()
        protocol_type: Any = config.http_protocol_class
        protocol = functools.partial(
            protocol_type,
            config=config,
            server_state=state,
            app_state={},
            _loop=loop,
        )
        servers: list[asyncio.Server] = []
        try:
            for listening in self.sockets:
                servers.append(await loop.create_server(protocol, sock=listening, backlog=BACKLOG))  # noqa: PERF401
            self.started = True
            ready()
            await self._stop.wait()
        finally:
            self.started = False
            for server in servers:
                server.close()
            self.close_sockets()
            await self._drain(state)
            with contextlib.suppress(AttributeError):
                self.app.log.close()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop that it runs on, once it does."""
        if self._loop is None:
            raise StartError("The server has not started, and has no event loop yet.")
        return self._loop

    def stop(self) -> None:
        """Accept no more, let running replies finish; a second call ends them. From any thread."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # closed already
                self._loop.call_soon_threadsafe(self._stop_soon)

    def close_sockets(self) -> None:
        """Give the port back."""
        for listening in self.sockets:
            listening.close()

    def _protocol_class(self, limits: Limits, errors: logging.Logger) -> type[asyncio.Protocol] | str:
        return protocol_class(limits, getattr(self.app, "error_body", detail_error), error_log=errors)

    def _stop_soon(self) -> None:
        if self._stop.is_set():
            self._stop_now.set()
        self._stop.set()

    def _config(self, errors: logging.Logger) -> Config:
        settings = self.settings
        limits = Limits(
            settings.max_headers, settings.header_timeout, settings.max_connections, settings.body_timeout
        )
        config = Config(
            self.app,
            http=self._protocol_class(limits, errors),
            ws="none",
            lifespan="off",
            interface="asgi3",
            workers=1,  # else read from WEB_CONCURRENCY
            log_config=None,
            proxy_headers=False,
            server_header=False,
            date_header=False,  # nothing that leaves depends on the time of day
            timeout_keep_alive=settings.keep_alive,  # type: ignore[arg-type]  # only ever added to a time
        )
        config.load()
        return config

    async def _drain(self, state: ServerState) -> None:
        for connection in list(state.connections):
            connection.shutdown()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.settings.shutdown_timeout
        # Uvicorn sets no event when the last one ends.
        while (state.connections or state.tasks) and not self._stop_now.is_set() and loop.time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(POLL)
        running = list(state.tasks)
        for task in running:
            task.cancel()
        for connection in list(state.connections):
            connection.transport.abort()
        if running:
            await asyncio.wait(running, timeout=CANCELLED)


def run(app: Any, settings: Settings) -> int:
    """Serve until SIGINT or SIGTERM, and return the exit code.

    Raises:
        StartError: the server cannot start.
    """
    settings = replace(settings, max_connections=connections_that_fit(settings.max_connections))
    server = Server(app, settings)

    def ready() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(number, server.stop)
            except NotImplementedError:  # Windows
                signal.signal(number, lambda *_: server.stop())
        say(ready_line(server))

    spare_collector()
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(server.serve(ready))
    return 0


def spare_collector() -> None:
    """Let Python's collector of cycles do less, once all is loaded."""
    # What was loaded to serve stays until the end; the collector need not look through it again and again.
    gc.collect()
    gc.freeze()
    # The request's way leaves no cycles, and the journal keeps what would be looked through for them.
    gc.set_threshold(50_000, 20, 50)


def start_in_thread(app: Any, settings: Settings) -> RunningServer:
    """Serve from a thread of its own; returns once requests are answered.

    Raises:
        StartError: the server cannot start.
    """
    return RunningServer(Server(app, settings, guest=True))


class RunningServer:
    """A server in a thread; stops at the end of a ``with`` block.

    Attributes:
        url: base URL of the API, without a final slash.
        control: that of the control interface.
        port: where it listens.
    """

    def __init__(self, server: Server) -> None:
        self.url, self.control, self.port = server.url, server.control, server.port
        self._server = server
        self._answered = threading.Event()
        self._failures: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, name=f"mockgrid:{self.port}", daemon=True)
        self._thread.start()
        self._answered.wait()
        for failure in self._failures:
            self._thread.join()
            raise StartError(f"The server cannot start: {failure}.") from failure

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """Its event loop; closed once the server has stopped. For calls from other threads."""
        return self._server.loop

    def stop(self) -> None:
        """Let running replies finish, then end the thread; does nothing the second time."""
        self._server.stop()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                runner.run(self._server.serve(self._answered.set))
        except BaseException as error:  # noqa: BLE001 (raised again in the thread that waits)
            self._failures.append(error)
        finally:
            self._server.close_sockets()
            self._answered.set()


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Make uvloop's loops; None for asyncio's, where uvloop is not installed."""
    try:
        import uvloop  # noqa: PLC0415 (where it exists)
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def _log_stray(
    errors: logging.Logger,
    guest: bool,  # noqa: FBT001 (bound by `partial`; the loop passes the rest)
    loop: asyncio.AbstractEventLoop,
    context: dict[str, Any],
) -> None:
    """Log what the loop found that no task awaits; a peer's sudden end is none of it."""
    error = context.get("exception")
    if isinstance(error, ConnectionError):
        return
    # Python's collector runs in any thread, and clients that it finds unclosed begin their end on this loop.
    if guest and _is_foreign(context):
        loop.default_exception_handler(context)
    else:
        errors.error(context["message"], exc_info=error)


def _is_foreign(context: dict[str, Any]) -> bool:
    """Tell whether a task failed in which nothing of the server's took part."""
    task = context.get("task") or context.get("future")
    error = context.get("exception")
    if not isinstance(task, asyncio.Task) or error is None:
        return False
    modules = (frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__))
    return all(str(module).partition(".")[0] not in _OURS for module in modules)


def ready_line(server: Server) -> str:
    """The line on stdout that says where the server answers."""
    if server.settings.ready == "json":
        fields = {"url": server.url, "control": server.control, "port": server.port, "pid": os.getpid()}
        return json.dumps(fields)
    title = getattr(server.app, "title", "an application")
    return f"MockGrid serves {title} at {server.url} (control: {server.control}) — Ctrl+C stops it"
