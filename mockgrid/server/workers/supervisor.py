"""The parent of the workers: starts them, replaces those that die, and stops them."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mockgrid.errors import MockgridError, StartError
from mockgrid.server.log import say
from mockgrid.server.run import CANCELLED, Server, ready_line, spare_collector
from mockgrid.server.workers.census import Census
from mockgrid.server.workers.lines import Lines
from mockgrid.server.workers.parcel import Box
from mockgrid.server.workers.worker import READY, STOP, work

if TYPE_CHECKING:
    from mockgrid.server.app import App
    from mockgrid.server.settings import Settings

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_STDERR: Final = 2

AGAIN: Final = 1.0
"""Seconds before a worker is replaced that has died before it answered."""

_LATE: Final = 0.2
"""Seconds that a worker gets beyond the time for stopping; then it is killed."""

_TICK: Final = 0.05
"""Seconds between attempts to write to a stderr that takes nothing."""

_LAST_WORDS: Final = 1.0
"""Seconds in which it may take the rest once all workers have ended, within the time for stopping."""


@dataclass(slots=True)
class Worker:
    """A process."""

    index: int
    pid: int
    leash: socket.socket
    pipe: int
    """What it writes to stderr."""
    ready: bool = False
    silent: bool = False
    """It has closed its stderr."""


def run_workers(app: App, settings: Settings) -> int:
    """Serve with several processes until SIGINT or SIGTERM, and return the exit code.

    Args:
        app: made of ``settings.share()``, without threads; each worker has a copy.
        settings: as the operator gave them.

    Raises:
        StartError: the server cannot start.
    """
    if not hasattr(os, "fork") or not hasattr(socket, "send_fds"):
        raise StartError(
            "Several workers hand connections to one another as only Unix can.", hint="Leave out --workers."
        )
    return Supervisor(app, settings).run()


class Supervisor:
    """Runs the workers. It has no event loop and no threads, so that it can be copied at any time."""

    def __init__(self, app: App, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._server = Server(app, settings)
        self._boxes = [Box.make() for _ in range(settings.workers)]
        self._census = Census(settings.workers)
        self._workers: dict[int, Worker] = {}
        self._due: dict[int, float] = {}
        self._lines = Lines()
        self._selector = selectors.DefaultSelector()
        self._signals = socket.socketpair()
        for end in self._signals:
            end.setblocking(False)
        self._answered = False
        self._stopping = 0
        self._deadline = 0.0
        self._failure: StartError | None = None

    def run(self) -> int:
        """Serve until told to stop, and return the exit code.

        Raises:
            StartError: a worker could not start.
        """
        spare_collector()
        reading, writing = self._signals
        before = {number: signal.signal(number, lambda *_: None) for number in _SIGNALS}
        awake = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
        self._selector.register(reading, selectors.EVENT_READ, lambda: self._signalled(reading))
        try:
            for index in range(self._settings.workers):
                self._start(index)
            while self._workers or (self._due and not self._stopping):
                self._turn()
            self._say_the_rest()
        finally:
            signal.set_wakeup_fd(awake)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._server.close_sockets()
            self._selector.close()
            for end in self._signals:
                end.close()
            for box in self._boxes:
                box.close()
        if self._failure is not None:
            raise self._failure
        return 0

    def _turn(self) -> None:
        for key, _ in self._selector.select(self._patience()):
            key.data()
        self._lines.write()
        now = time.monotonic()
        for index in [index for index, at in self._due.items() if at <= now and not self._stopping]:
            del self._due[index]
            self._start(index)
        if self._stopping and now > self._deadline:
            for worker in self._workers.values():
                os.kill(worker.pid, signal.SIGKILL)
        for worker in self._workers.values():
            self._listen_to(worker, listen=not self._lines.waiting)

    def _say_the_rest(self) -> None:
        """Write what is left of the log: who reads it may have begun only when the server was to stop."""
        end = min(time.monotonic() + _LAST_WORDS, self._deadline)
        self._lines.write()
        while self._lines.waiting and time.monotonic() < end:
            time.sleep(_TICK)
            self._lines.write()

    def _patience(self) -> float | None:
        if self._lines.waiting:
            return _TICK
        times = [*self._due.values(), *([self._deadline] if self._stopping else [])]
        return max(min(times) - time.monotonic(), 0.0) + 0.001 if times else None

    def _start(self, index: int) -> None:
        ours, theirs = socket.socketpair()
        reading, writing = os.pipe()
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        pid = os.fork()
        if pid == 0:
            os._exit(self._work(index, theirs, writing, (ours.fileno(), reading)))
        theirs.close()
        os.close(writing)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        worker = Worker(index, pid, ours, reading)
        self._workers[index] = worker
        self._selector.register(ours, selectors.EVENT_READ, lambda: self._heard(worker))
        self._listen_to(worker, listen=True)

    def _work(self, index: int, leash: socket.socket, stderr: int, parents: tuple[int, ...]) -> int:
        """Be the new process until its end, and return its exit code."""
        try:
            signal.set_wakeup_fd(-1)
            os.dup2(stderr, _STDERR)
            for descriptor in (stderr, *parents):
                os.close(descriptor)
            for worker in self._workers.values():
                worker.leash.close()
                os.close(worker.pipe)
            self._selector.close()
            for end in self._signals:
                end.close()
            work(index, self._app, self._settings, self._server.sockets, self._boxes, self._census, leash)
        except MockgridError as error:
            os.write(_STDERR, f"mockgrid: error: {error}\n".encode("utf-8", "backslashreplace"))
            return 1
        except BaseException:  # noqa: BLE001 - whatever it is, nobody else would tell
            os.write(_STDERR, traceback.format_exc().encode("utf-8", "backslashreplace"))
            return 1
        return 0

    def _heard(self, worker: Worker) -> None:
        said = b""
        with contextlib.suppress(OSError):
            said = worker.leash.recv(16)
        if said != READY:
            self._ended(worker)
            return
        worker.ready = True
        if not self._answered and all(worker.ready for worker in self._workers.values()):
            self._answered = True
            if not self._stopping:
                say(ready_line(self._server))

    def _passed_on(self, worker: Worker) -> None:
        if self._workers.get(worker.index) is worker and not self._lines.read(worker.pipe):
            worker.silent = True
            self._listen_to(worker, listen=False)

    def _ended(self, worker: Worker) -> None:
        _, status = os.waitpid(worker.pid, 0)
        while self._lines.read(worker.pipe):
            pass
        self._selector.unregister(worker.leash)
        self._listen_to(worker, listen=False)
        worker.leash.close()
        os.close(worker.pipe)
        del self._workers[worker.index]
        self._census.tell(worker.index, 0)
        if self._stopping:
            return
        how = _ending(status)
        name = f"worker {worker.index + 1} (process {worker.pid})"
        if not self._answered:
            hint = "What it said stands above." if os.WIFEXITED(status) else ""
            message = f"The server cannot start: {name} {how} before it answered."
            self._failure = StartError(message, hint=hint)
            self._stop()
        else:
            self._due[worker.index] = time.monotonic() + (0.0 if worker.ready else AGAIN)
            text = f"mockgrid: {name} {how}; its sessions are lost, and another takes its place\n"
            self._lines.write([text.encode()])

    def _signalled(self, reading: socket.socket) -> None:
        for number in reading.recv(64):
            if number in _SIGNALS:
                self._stop()

    def _stop(self) -> None:
        if not self._stopping:
            self._server.close_sockets()
            self._deadline = time.monotonic() + self._settings.shutdown_timeout + CANCELLED + _LATE
        self._stopping += 1
        for worker in self._workers.values():
            with contextlib.suppress(OSError):
                worker.leash.send(STOP)

    def _listen_to(self, worker: Worker, *, listen: bool) -> None:
        """Read a worker's stderr, or leave it for now."""
        listening = worker.pipe in self._selector.get_map()
        if listen and not listening and not worker.silent:
            self._selector.register(worker.pipe, selectors.EVENT_READ, lambda: self._passed_on(worker))
        elif listening and not listen:
            self._selector.unregister(worker.pipe)


def _ending(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"was ended by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"ended with exit code {os.waitstatus_to_exitcode(status)}"
