"""The server that is put to hard use, and what the system says of its process."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wire import asked, get, request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

HERE = Path(__file__).parent
LEAN = ("--journal-bytes", "1MiB")
"""So that what the journal may hold does not hide what is held by mistake."""

SETTLES = 10.0
"""Seconds that the server gets to become quiet once the hardship is over."""


@dataclass(frozen=True)
class Figures:
    """What a server holds: megabytes of memory, and counts."""

    rss: float
    files: int
    threads: int
    tasks: int
    streams: int

    def quiet(self, before: Figures) -> bool:
        """Whether nothing is held that was not held before, memory aside."""
        return (
            self.files <= before.files
            and self.threads <= before.threads
            and self.tasks <= before.tasks
            and not self.streams
        )


class Served:
    """One server process.

    Attributes:
        pid: its process.
        port: where it listens.
        errors: the file that its stderr goes to.
    """

    def __init__(self, process: asyncio.subprocess.Process, port: int, errors: Path) -> None:
        self.process = process
        self.pid = process.pid
        self.port = port
        self.errors = errors

    def rss(self) -> float:
        """Resident memory in megabytes."""
        return int(self._status("VmRSS")) / 1024

    def files(self) -> int:
        """Open files, connections among them."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))  # noqa: PTH208 - only their number

    def threads(self) -> int:
        """Threads of the process."""
        return int(self._status("Threads"))

    def scheduled(self) -> tuple[float, float]:
        """Seconds that the process has run, and that it has waited for a core."""
        ran, waited, _ = Path(f"/proc/{self.pid}/schedstat").read_text("utf-8").split()
        return int(ran) / 1e9, int(waited) / 1e9

    async def tasks(self) -> int:
        """Tasks of the server's event loop that have not ended."""
        self.process.send_signal(signal.SIGUSR1)
        assert self.process.stdout is not None
        return int(await asyncio.wait_for(self.process.stdout.readline(), SETTLES))

    async def streams(self) -> int:
        """Streams that are being sent."""
        return int(await self.metric("mockgrid_open_streams"))

    async def metric(self, name: str) -> float:
        """One value that the server tells of itself."""
        reply = await asked(self.port, get("/__mockgrid__/metrics"))
        lines = (line.split(" ") for line in reply.body.decode().splitlines() if line.startswith(name))
        return sum(float(words[-1]) for words in lines)

    async def figures(self) -> Figures:
        """What it holds now."""
        return Figures(self.rss(), self.files(), self.threads(), await self.tasks(), await self.streams())

    async def settled(self, before: Figures) -> Figures:
        """What it holds once it is quiet again, or has had its time for it."""
        deadline = time.monotonic() + SETTLES
        found = await self.figures()
        while not found.quiet(before) and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
            found = await self.figures()
        return found

    async def stop(self, number: int = signal.SIGTERM) -> None:
        """Send a signal and wait until the process has ended."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        await self.process.wait()

    def said(self) -> str:
        """What it wrote to stderr."""
        return self.errors.read_text("utf-8", "replace")

    def _status(self, name: str) -> str:
        for line in Path(f"/proc/{self.pid}/status").read_text("utf-8").splitlines():
            if line.startswith(f"{name}:"):
                return line.split()[1]
        raise RuntimeError(f"no {name}")


async def start(*flags: str, port: int = 0, env: Mapping[str, str] | None = None) -> Served:
    """Start ``mockgrid serve`` with the scenarios that stand here, and return once it answers."""
    sink, name = tempfile.mkstemp(prefix="mockgrid-hard-")
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(HERE / "counted.py"),
            *("serve", "--port", str(port), "--ready", "json", "--log", "off"),
            *("--scenarios", str(HERE / "scenarios")),
            *flags,
            stdout=subprocess.PIPE,
            stderr=sink,
            env={**os.environ, **(env or {})},
        )
    finally:
        os.close(sink)
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 30)
    if not line:
        raise RuntimeError(f"the server did not start; {name} says why")
    return Served(process, json.loads(line)["port"], Path(name))


@asynccontextmanager
async def serving(*flags: str, port: int = 0, env: Mapping[str, str] | None = None) -> AsyncIterator[Served]:
    """A server until the block ends, warm: what is loaded on first use is loaded."""
    server = await start(*flags, port=port, env=env)
    try:
        await warm(server.port)
        yield server
    finally:
        await server.stop()
        server.errors.unlink()


async def warm(port: int) -> None:
    """Use everything once."""
    for number in range(30):
        await asked(port, request(f"warm {number}", "mg-warm", stream=number % 2 == 0))
        await asked(port, request("short", f"mg.slow.warm{number}"))
        await asked(port, request("x", "bad key"))
    await asked(port, request("short", "mg.paced.warm", stream=True))
    await asked(port, get("/__mockgrid__/metrics"))
