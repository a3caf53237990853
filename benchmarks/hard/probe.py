"""A well-behaved client in a process of its own: asks at a steady rate, and tells how long replies took.

    python probe.py PORT

It asks until its stdin ends, and then prints one JSON object. Times count from when a request was due, so
that a server that stalls is not spared by the requests that wait for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from wire import HOST, read, request

EVERY = 0.025
FRESH = 10
"""One in so many requests comes on a new connection."""

PATIENCE = 30.0


@dataclass
class Probed:
    """What a well-behaved client saw; times in milliseconds."""

    count: int = 0
    p50: float = 0.0
    p99: float = 0.0
    worst: float = 0.0
    wrong: list[str] = field(default_factory=list)


class Connection:
    """A keep-alive connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, raw: bytes) -> bytes:
        """Return the bytes of one reply that has a length."""
        self.writer.write(raw)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        return head + await self.reader.readexactly(length)


async def probe(port: int, ended: asyncio.Event) -> Probed:
    """Ask until told to end."""
    loop = asyncio.get_running_loop()
    times: list[float] = []
    found = Probed()
    connection: Connection | None = None
    due = loop.time()
    while not ended.is_set():
        await asyncio.sleep(max(0.0, due - loop.time()))
        text = f"probe {found.count}"
        if connection is None or found.count % FRESH == 0:
            if connection is not None:
                connection.writer.close()
            connection = Connection(*await asyncio.open_connection(HOST, port))
        try:
            raw = await asyncio.wait_for(connection.ask(request(text, "mg-probe", keep=True)), PATIENCE)
        except (OSError, EOFError, TimeoutError) as error:
            found.wrong.append(f"{text}: {error!r}")
            connection = None
        else:
            reply = read(raw)
            if reply.status != 200 or reply.text() != f"You said: {text}":  # noqa: PLR2004 - OK
                found.wrong.append(f"{text}: {raw[-200:]!r}")
        times.append(loop.time() - due)
        found.count += 1
        due += EVERY
    times.sort()
    if times:
        found.p50, found.p99, found.worst = (
            round(1000 * times[min(int(len(times) * part), len(times) - 1)], 1) for part in (0.5, 0.99, 1)
        )
    return found


async def main(port: int) -> None:
    """Probe until stdin ends."""
    ended = asyncio.Event()

    async def wait() -> None:
        await asyncio.to_thread(sys.stdin.read)
        ended.set()

    waiting = asyncio.create_task(wait())
    print(json.dumps(asdict(await probe(port, ended))), flush=True)
    await waiting


class Probe:
    """The probe as its starter sees it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.started = time.monotonic()

    async def result(self) -> Probed:
        """End it, and return what it saw."""
        out, _ = await self._process.communicate(b"")
        return Probed(**json.loads(out))

    def kill(self) -> None:
        """End it, if it still runs."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()


async def start_probe(port: int) -> Probe:
    """Start a probe."""
    pipe = asyncio.subprocess.PIPE
    here = str(Path(__file__))
    process = await asyncio.create_subprocess_exec(sys.executable, here, str(port), stdin=pipe, stdout=pipe)
    return Probe(process)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
