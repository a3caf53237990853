"""Measures MockGrid against a bare Starlette route on the same uvicorn, and prints ratios.

    python benchmarks/run.py [--seconds 2] [--rounds 7] [--quick] [--check]

Rounds of both servers take turns, so that a machine whose speed drifts drifts for both; the figure is the
median. CPU ratios compare processor time per request, which other work on the machine disturbs less.
``--check`` exits with 1 where a figure misses its goal.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bare
from load import MARK, Target, load, reply_size, send_many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
CHAT = "/v1/chat/completions"
TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE = 20.0
WORDS = "Could you tell me what the weather will be like in Oslo tomorrow, and whether I need an umbrella? "


def conversation(messages: int) -> bytes:
    """A request with so many messages of some hundred characters."""
    turns = [
        {"role": "user" if index % 2 else "assistant", "content": f"{index}: {WORDS}"}
        for index in range(messages - 1)
    ]
    return json.dumps(
        {"model": "text-prime", "messages": [*turns, {"role": "user", "content": WORDS}]}
    ).encode()


SHORT = json.dumps(
    {
        "model": "text-prime",
        "messages": [
            {"role": "system", "content": "You are helpful."},
            {"role": "user", "content": "Say hello to the world"},
        ],
    }
).encode()


@dataclass
class Server:
    """A server process and where it listens."""

    process: subprocess.Popen[bytes]
    port: int

    def cpu(self) -> float:
        """Processor seconds so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def rss(self) -> float:
        """Resident memory in megabytes."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("no VmRSS")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def serving(*command: str) -> Iterator[Server]:
    """Run a server until the block ends."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, *(part.replace("PORT", str(port)) for part in command)],
        cwd=HERE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until_open(port, process)
        yield Server(process, port)
    finally:
        process.terminate()
        process.wait(10)


def until_open(port: int, process: subprocess.Popen[bytes]) -> float:
    """Wait until a server takes connections, and return the seconds that took."""
    started = time.perf_counter()
    while time.perf_counter() - started < PATIENCE:
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            if process.poll() is not None:
                raise RuntimeError("the server did not start") from None
            time.sleep(0.002)
        else:
            return time.perf_counter() - started
    raise RuntimeError("the server did not open its port")


BARE = ("-m", "uvicorn", "bare:app", "--port", "PORT", "--no-access-log", "--log-level", "warning")
MOCKGRID = ("-m", "mockgrid", "serve", "--port", "PORT", "--log", "off")
PROSE = (*MOCKGRID, "--style", "prose", "--prose-tokens", str(bare.EVENTS - 2))


@dataclass
class Compared:
    """Ratios of two targets, a figure for each round."""

    throughput: list[float]
    cpu: list[float]


def compare(
    ours: tuple[Server, Target],
    theirs: tuple[Server, Target],
    rounds: int,
    seconds: float,
    scale: float = 1.0,
) -> Compared:
    """Load two targets in turn; ``scale`` turns replies into what is counted, where they differ."""
    found = Compared([], [])
    for server, target in (ours, theirs):
        measure(server, target, 0.5)
    for _ in range(rounds):
        rate_theirs, cpu_theirs = measure(*theirs, seconds)
        rate_ours, cpu_ours = measure(*ours, seconds)
        found.throughput.append(rate_ours / rate_theirs * scale)
        found.cpu.append(cpu_theirs / cpu_ours * scale)
    return found


def measure(server: Server, target: Target, seconds: float) -> tuple[float, float]:
    """Return replies per second, and processor seconds per reply."""
    before = server.cpu()
    rate = asyncio.run(load(target, seconds, 16))
    return rate, (server.cpu() - before) / (rate * seconds)


def ready_ratio(rounds: int) -> float:
    """How much longer MockGrid takes to open its port than the bare server."""
    times: dict[str, list[float]] = {"ours": [], "theirs": []}
    for _ in range(rounds):
        for name, command in (("theirs", BARE), ("ours", MOCKGRID)):
            started = time.perf_counter()
            with serving(*command):
                times[name].append(time.perf_counter() - started)
    return statistics.median(times["ours"]) / statistics.median(times["theirs"])


def main() -> int:
    """Measure, print, and tell whether all goals are met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a round (default 2)")
    parser.add_argument("--rounds", type=int, default=7, help="rounds of each server (default 7)")
    parser.add_argument("--quick", action="store_true", help="short rounds, 20,000 requests for memory")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a goal is missed")
    options = parser.parse_args()
    seconds, rounds = (0.5, 3) if options.quick else (options.seconds, options.rounds)
    missed = 0

    def show(
        name: str, value: float, goal: float, good: Callable[[float, float], bool], note: str = ""
    ) -> None:
        nonlocal missed
        met = good(value, goal)
        missed += not met
        print(f"{name:52} {value:7.2f}   goal {goal:g} {'met' if met else 'MISSED'}{note}", flush=True)

    def spread(values: list[float]) -> str:
        return f"   ({min(values):.2f} to {max(values):.2f})"

    least: Any = lambda value, goal: value >= goal  # noqa: E731 - two comparisons, named
    most: Any = lambda value, goal: value <= goal  # noqa: E731

    with serving(*BARE) as plain, serving(*MOCKGRID) as grid:
        there = (plain, Target("127.0.0.1", plain.port, CHAT, SHORT))
        here = (grid, Target("127.0.0.1", grid.port, CHAT, SHORT))
        found = compare(here, there, rounds, seconds)
        show(
            "JSON completions per second, to a bare route",
            statistics.median(found.throughput),
            0.9,
            least,
            spread(found.throughput),
        )
        show("  the same by processor time", statistics.median(found.cpu), 0.9, least, spread(found.cpu))
        new = (grid, Target("127.0.0.1", grid.port, CHAT, SHORT.replace(b"the world", MARK)))
        found = compare(new, there, rounds, seconds)
        show(
            "  each request new, by processor time",
            statistics.median(found.cpu),
            0.9,
            least,
            spread(found.cpu),
        )
        two = (grid, Target("127.0.0.1", grid.port, CHAT, conversation(2)))
        long = (grid, Target("127.0.0.1", grid.port, CHAT, conversation(101)))
        found = compare(two, long, rounds, seconds)
        show(
            "cost of 101 messages, to 2 messages",
            statistics.median(found.throughput),
            3.5,
            most,
            spread(found.throughput),
        )
        asyncio.run(send_many(here[1], 20_000 if options.quick else 100_000, 16))
        show("resident memory after the requests, MB", grid.rss(), 90, most)

    with serving(*BARE) as plain, serving(*PROSE) as grid:
        there = (plain, Target("127.0.0.1", plain.port, "/stream", SHORT))
        body = json.dumps({**json.loads(SHORT), "stream": True}).encode()
        here = (grid, Target("127.0.0.1", grid.port, CHAT, body))
        _, reply = asyncio.run(reply_size(here[1]))
        scale = reply.count(b"data: {") / bare.EVENTS
        found = compare(here, there, rounds, seconds, scale)
        show(
            "streamed events per second, to constant events",
            statistics.median(found.throughput),
            0.9,
            least,
            spread(found.throughput),
        )

    show("time until ready, to a bare server", ready_ratio(rounds), 2.5, most)
    return int(bool(missed) and options.check)


if __name__ == "__main__":
    sys.exit(main())
