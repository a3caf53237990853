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
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mockgrid.control import CONTROL
from mockgrid.errors import StartError
from mockgrid.http.adapter import UvicornServer
from mockgrid.http.eager import start_task
from mockgrid.http.listen import connections_that_fit, listen, listen_on_path, url_host
from mockgrid.http.serving import Serving, detail_error
from mockgrid.log import ErrorLog, say
from mockgrid.session.turns import among_others

if TYPE_CHECKING:
    import logging
    import socket
    from collections.abc import Callable
    from typing import Self

    from mockgrid.settings import Settings

POLL = 0.005
"""Seconds between looks at what still runs, while stopping."""

CANCELLED = 0.2
"""Seconds that cancelled replies get to end."""

SETTLED = 0.05
"""Seconds after which nobody waits any more for a server to be ready."""

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_OURS = frozenset(("mockgrid", "starlette", "uvicorn"))


class Server:
    """One application on its sockets, from listening until closed.

    Args:
        app: an ASGI application. Read from it, where it has them: ``title``, ``doing`` (what the ready line
            says in place of serving it), ``base_path``, ``error_body`` (replies to what is not HTTP), ``log``
            (closed when the server has stopped) and ``preload`` (done in turns once it has started), and
            ``stop`` (awaited when the server has stopped).
        settings: where to listen, and for how long to wait for what.
        guest: whether the process is somebody else's, whose failing tasks are not told as the server's, and
                which loads what few requests need when the first of them comes.

    Attributes:
        loop: the event loop that it runs on, once it does.
        port: where it listens; 0 on a Unix socket.
        sockets: that listen.
        url: base URL of the API, without a final slash.
        control: that of the control interface.

    Raises:
        StartError: the socket cannot be had.
    """

    loop: asyncio.AbstractEventLoop
    port: int
    sockets: list[socket.socket]

    def __init__(self, app: Any, settings: Settings, *, guest: bool = False) -> None:
        self.app = app
        self.guest = guest
        self.settings = settings
        self._errors = ErrorLog.logger()
        self._serving = Serving(app, settings, getattr(app, "error_body", detail_error), self._errors)
        self._uvicorn = UvicornServer(self._serving)
        if settings.uds:
            self.sockets, self.port = [listen_on_path(settings.uds)], 0
            origin = "http://localhost"
        else:
            self.sockets = listen(settings.host, settings.port)
            self.port = self.sockets[0].getsockname()[1]
            origin = f"http://{url_host(settings.host)}:{self.port}"
        self.url = origin + str(getattr(app, "base_path", "")).rstrip("/")
        self.control = origin + CONTROL
        self._stop = asyncio.Event()
        self._stop_now = asyncio.Event()

    async def serve(self, ready: Callable[[], None]) -> None:
        """Answer requests until ``stop``; ``ready`` is called once they are answered."""
        self.loop = loop = asyncio.get_running_loop()
        loop.set_exception_handler(functools.partial(_log_stray, self._errors, self.guest))
        running = loop.create_task(self._uvicorn.serve(self.sockets))
        try:
            while not (running.done() or self._uvicorn.started):  # noqa: ASYNC110 - it tells nobody, and soon
                await asyncio.sleep(0)
            if running.done():
                await running
            running.add_done_callback(lambda _: self._stop.set())  # a signal that came early stops uvicorn
            ready()
            if hasattr(self.app, "preload") and not self.guest:
                loop.call_later(SETTLED, self._preload)
            await self._stop.wait()
            self._uvicorn.close()
            self.close_sockets()
            await self._drain()
        finally:
            running.cancel()
            await asyncio.wait([running])
            self.close_sockets()
            if hasattr(self.app, "stop"):
                await self.app.stop()
            with contextlib.suppress(AttributeError):
                self.app.log.close()

    def stop(self) -> None:
        """Accept no more, let running replies finish; a second call ends them. From any thread."""
        with contextlib.suppress(RuntimeError):  # closed already
            self.loop.call_soon_threadsafe(self._stop_soon)

    def close_sockets(self) -> None:
        """Give the port, or the path of a Unix socket, back."""
        for listening in self.sockets:
            listening.close()
        if self.settings.uds:
            Path(self.settings.uds).unlink(missing_ok=True)

    def _preload(self) -> None:
        start_task(among_others(self.app.preload()), self._serving.tasks)

    def _stop_soon(self) -> None:
        if self._stop.is_set():
            self._stop_now.set()
        self._stop.set()

    async def _drain(self) -> None:
        """Let what runs come to its end, or end it.

        In place of uvicorn's: that looks ten times a second whether it is to stop, and then sleeps for a
        tenth, which every server of a test would pay; and past its time it leaves connections open.
        """
        serving, loop = self._serving, self.loop
        serving.stopping = True
        for connection in list(serving.connections):
            connection.shutdown()
        deadline = loop.time() + self.settings.shutdown_timeout
        # There is no event for the end of the last one.
        while serving.connections or serving.tasks:
            if self._stop_now.is_set() or loop.time() >= deadline:
                break
            await asyncio.sleep(POLL)
        running = list(serving.tasks)
        for task in running:
            task.cancel()
        for connection in list(serving.connections):
            connection.transport.abort()
        if running:
            await asyncio.wait(running, timeout=CANCELLED)


def run(app: Any, settings: Settings) -> int:
    """Serve until SIGINT, SIGTERM or SIGHUP, and return the exit code.

    Raises:
        StartError: the server cannot start.
    """
    settings = replace(settings, max_connections=connections_that_fit(settings.max_connections))
    server = Server(app, settings)

    def ready() -> None:
        # In place of uvicorn's handlers: those end the process by the signal and not with exit code 0, and
        # take no second SIGTERM for a wish to end at once.
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
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
    return RunningServer(app, settings, guest=True)


class RunningServer(Server):
    """A server in a thread, begun and answering; stops at the end of a ``with`` block.

    Its event loop is for calls from other threads, and closed once it has stopped.
    """

    def __init__(self, app: Any, settings: Settings, *, guest: bool = False) -> None:
        super().__init__(app, settings, guest=guest)
        self._answered = threading.Event()
        self._failures: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, name=f"mockgrid:{self.port}", daemon=True)
        self._thread.start()
        self._answered.wait()
        for failure in self._failures:
            self._thread.join()
            raise StartError(f"The server cannot start: {failure}.") from failure

    def stop(self) -> None:
        """Let running replies finish, then end the thread; does nothing the second time."""
        super().stop()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                runner.run(self.serve(self._answered.set))
        except BaseException as error:  # noqa: BLE001 (raised again in the thread that waits)
            self._failures.append(error)
        finally:
            self.close_sockets()
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
        uds = server.settings.uds
        where: dict[str, Any] = {"uds": uds} if uds else {"port": server.port}
        return json.dumps({"url": server.url, "control": server.control, **where, "pid": os.getpid()})
    doing = getattr(server.app, "doing", "") or f"serves {getattr(server.app, 'title', 'an application')}"
    path = f" on the socket {server.settings.uds}" if server.settings.uds else ""
    return f"MockGrid {doing} at {server.url}{path} (control: {server.control}) — Ctrl+C stops it"
