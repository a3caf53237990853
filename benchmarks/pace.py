"""Measures how well many paced streams keep their pace, and prints how late their chunks arrive.

    python benchmarks/pace.py [--streams 1000] [--rate 20] [--seconds 6] [--check]

Server and clients are processes of their own. A chunk's lateness is the time between the instant at which
it was due, counted from when its request was sent, and the instant at which the client has read it: the
server's, the kernel's and the client's own delays together. Streams begin evenly over the first two seconds.
``--check`` exits with 1 where the median is 5 ms or more, or the 99th percentile 50 ms or more.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvloop

from mockgrid.http.send import send_reply
from mockgrid.http.server import run
from mockgrid.reply.chat.chunks import FORM
from mockgrid.reply.delivery.delivery import script_of_stream
from mockgrid.reply.reply import SSE, Reply
from mockgrid.scenario.delivery import Delivery, Fixed, Pace
from mockgrid.session.exchange import KeptExchange
from mockgrid.settings import Settings

if TYPE_CHECKING:
    from mockgrid.http.incoming import Head, Incoming
    from mockgrid.http.writer import ConnectionWriter

RAMP = 2.0
GOALS = {50: 0.005, 99: 0.050}
TICKS = os.sysconf("SC_CLK_TCK")
PREFIX = b'data: {"id":"chatcmpl-0123456789abcdefghijklmnopqrs","object":"chat.completion.chunk","created":1,'


class Paced:
    """An application whose every reply is the same paced stream."""

    def __init__(self, tokens: int, rate: float) -> None:
        self.tokens, self.rate = tokens, rate

    async def at_once(self, head: Head, body: Incoming, writer: ConnectionWriter) -> None:
        """Answer any request."""
        del body
        events = [
            PREFIX + b'"choices":[{"index":0,"delta":{"content":" %d"}}]}\n\n' % n for n in range(self.tokens)
        ]
        pace = Pace(first_token=Fixed(1 / self.rate), tokens_per_second=self.rate)
        script = script_of_stream(Delivery(pace=pace), events, "bench", FORM, opening=0, closing=0)
        reply = Reply(200, [(b"content-type", SSE)], script=script)
        exchange = KeptExchange(1, 0.0, head, b"", None, reply)
        await send_reply(reply, b"req_bench", exchange, writer, lambda: None)


class Stream(asyncio.Protocol):
    """One client: sends its request, and notes when each event arrives."""

    def __init__(self) -> None:
        self.arrivals: list[float] = []
        self.sent = 0.0

    def connection_made(self, transport: Any) -> None:
        """Ask."""
        self.sent = time.perf_counter()
        transport.write(b"GET /v1/x HTTP/1.1\r\nhost: x\r\n\r\n")

    def data_received(self, data: bytes) -> None:
        """Note the time."""
        now = time.perf_counter()
        self.arrivals += [now] * data.count(b"data: ")


async def clients(port: int, streams: int, rate: float, tokens: int) -> list[float]:
    """Return the lateness in seconds of every chunk of every stream."""
    loop = asyncio.get_running_loop()
    opened: list[Stream] = []
    transports = []
    started = loop.time()
    for number in range(streams):
        await asyncio.sleep(max(0.0, started + RAMP * number / streams - loop.time()))
        transport, stream = await loop.create_connection(Stream, "127.0.0.1", port)
        transports.append(transport)
        opened.append(stream)
    deadline = loop.time() + tokens / rate + 10
    while any(len(stream.arrivals) < tokens for stream in opened) and loop.time() < deadline:  # noqa: ASYNC110 - an event would be one more thing to wake
        await asyncio.sleep(0.2)
    for transport in transports:
        transport.close()
    missing = sum(tokens - len(stream.arrivals) for stream in opened)
    if missing:
        raise SystemExit(f"{missing} chunks never came")
    return [
        arrival - stream.sent - (place + 1) / rate
        for stream in opened
        for place, arrival in enumerate(stream.arrivals)
    ]


def serve(port: int, tokens: int, rate: float) -> None:
    """Serve until stopped."""
    run(Paced(tokens, rate), Settings(port=port, log="off"))


def cpu(process: int) -> float:
    """Return the processor seconds of a process so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def main() -> int:
    """Measure, print, and return the exit code."""
    options = argparse.ArgumentParser()
    options.add_argument("--streams", type=int, default=1000)
    options.add_argument("--rate", type=float, default=20.0)
    options.add_argument("--seconds", type=float, default=6.0)
    options.add_argument("--check", action="store_true")
    options.add_argument("--serve", type=int, metavar="PORT", help=argparse.SUPPRESS)
    asked = options.parse_args()
    tokens = int(asked.seconds * asked.rate)
    if asked.serve:
        serve(asked.serve, tokens, asked.rate)
        return 0
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    command = [
        sys.executable,
        __file__,
        "--serve",
        str(port),
        "--rate",
        str(asked.rate),
        "--seconds",
        str(asked.seconds),
    ]
    server = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        server.stdout.readline()  # type: ignore[union-attr]  # it is a pipe
        gc.disable()
        before, own, started = cpu(server.pid), time.process_time(), time.perf_counter()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            late = sorted(runner.run(clients(port, asked.streams, asked.rate, tokens)))
        elapsed = time.perf_counter() - started
        used, own = cpu(server.pid) - before, time.process_time() - own
    finally:
        server.terminate()
        server.wait(10)
    found = {percent: late[int(len(late) * percent / 100)] for percent in (1, 50, 90, 99)}
    print(f"{asked.streams} streams at {asked.rate:g}/s, {len(late)} chunks in {elapsed:.1f} s")
    print(
        "late by "
        + ", ".join(f"p{p} {1000 * s:.2f} ms" for p, s in found.items())
        + f", worst {1000 * late[-1]:.2f} ms"
    )
    each = 1e6 * used / len(late)
    print(f"processor: server {used / elapsed:.0%} ({each:.0f} µs a chunk), clients {own / elapsed:.0%}")
    missed = [p for p, goal in GOALS.items() if found[p] >= goal]
    return 1 if asked.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
