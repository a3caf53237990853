"""Servers as processes of their own, and what they have used so far, as Linux tells in ``/proc``."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["PATIENCE", "Server", "is_open", "serving"]

PATIENCE = 40.0
"""Seconds in which a server has to be ready."""


@dataclass
class Server:
    """A server process and where it listens."""

    process: subprocess.Popen[bytes]
    port: int

    def cpu(self) -> float:
        """Processor seconds so far of all its processes and threads."""
        return sum(_cpu(process) for process in _family(self.process.pid))

    def rss(self) -> float:
        """Resident memory in megabytes."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("no VmRSS")


def _cpu(process: int) -> float:
    threads = Path(f"/proc/{process}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


def _family(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task").glob("*/children")
    below = [int(child) for file in children for child in file.read_text().split()]
    return [process, *(each for child in below for each in _family(child))]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def is_open(port: int) -> bool:
    """Tell whether a server takes connections."""
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
    except OSError:
        return False
    return True


@contextmanager
def serving(
    command: tuple[str, ...], folder: Path, answers: Callable[[int], bool], every: float = 0.05
) -> Iterator[Server]:
    """Run a server until the block ends.

    Args:
        command: by which it is started; ``PORT`` is put in.
        folder: in which.
        answers: tells of its port whether it is ready.
        every: seconds after which it is asked again.

    Raises:
        RuntimeError: it ended, or was not ready in time.
    """
    port = free_port()
    process = subprocess.Popen(
        [part.replace("PORT", str(port)) for part in command],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + PATIENCE
        while not answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{' '.join(command)} did not start")
            time.sleep(every)
        yield Server(process, port)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        # What was started may be a wrapper, which leaves its server behind.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
