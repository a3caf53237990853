"""Measures MockGrid against a bare Starlette route on the same uvicorn, and prints ratios.

    python benchmarks/run.py [--seconds 2] [--rounds 7] [--quick] [--check]

In each round, all that is compared takes its turn, so that a machine whose speed drifts drifts for all; a
figure is the median of the rounds. Processor time is that of the server alone, which other work on the
machine disturbs less. ``--check`` exits with 1 where a figure misses its goal.
"""

from __future__ import annotations

import argparse
import asyncio
import compileall
import json
import socket
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from load import MARK, Target, load, reply_of, send_many
from servers import PATIENCE, Server, is_open, serving

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

HERE = Path(__file__).parent
FLOORS = HERE / "floors"
CHAT = "/v1/chat/completions"
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


def running(command: tuple[str, ...]) -> AbstractContextManager[Server]:
    """Run a server until the block ends, from when its port is open."""
    return serving((sys.executable, *command), FLOORS, is_open, every=0.002)


BARE = ("-m", "uvicorn", "bare:app", "--port", "PORT", "--no-access-log", "--log-level", "warning")
MOCKGRID = ("-m", "mockgrid", "serve", "--port", "PORT", "--log", "off")
WORD = "word "
EVENTS = 200
"""As many as the constant stream has."""


@dataclass(frozen=True)
class Cost:
    """What a reply costs: seconds that pass for each, and processor seconds of the server."""

    seconds: float
    cpu: float


def measured(targets: dict[str, tuple[Server, Target]], rounds: int, seconds: float) -> dict[str, list[Cost]]:
    """Load all targets in turn, round after round."""
    costs: dict[str, list[Cost]] = {name: [] for name in targets}
    for server, target in targets.values():
        cost(server, target, 0.3)
    for _ in range(rounds):
        for name, (server, target) in targets.items():
            costs[name].append(cost(server, target, seconds))
    return costs


def cost(server: Server, target: Target, seconds: float) -> Cost:
    """Load one target for a while."""
    before = server.cpu()
    rate = load(target, seconds, 16).rate
    return Cost(1 / rate, (server.cpu() - before) / (rate * seconds))


@dataclass(frozen=True)
class Start:
    """A fresh server: seconds until it takes connections, and what its first request costs."""

    ready: float
    first: Cost


def started(command: tuple[str, ...]) -> Start:
    """Start a server, and stop it when it has answered."""
    began = time.perf_counter()
    with running(command) as server:
        ready = time.perf_counter() - began
        with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as connection:
            request = Target("127.0.0.1", server.port, CHAT, SHORT).request
            time.sleep(0.2)  # whatever a server does when its port is open is no part of its first request
            before = server.cpu()
            began = time.perf_counter()
            connection.sendall(request)
            reply = connection.recv(65536)
            first = Cost(time.perf_counter() - began, server.cpu() - before)
    if not reply.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(reply.decode("latin-1"))
    return Start(ready, first)


class Report:
    """Prints figures beside their goals, and counts those that miss them."""

    def __init__(self) -> None:
        self.missed = 0

    def least(self, name: str, values: list[float], goal: float) -> None:
        """The median has to be at least the goal."""
        self._line(name, values, goal, met=statistics.median(values) >= goal)

    def most(self, name: str, values: list[float], goal: float) -> None:
        """The median may be at most the goal."""
        self._line(name, values, goal, met=statistics.median(values) <= goal)

    def _line(self, name: str, values: list[float], goal: float, *, met: bool) -> None:
        self.missed += not met
        spread = f"   ({min(values):.2f} to {max(values):.2f})" if len(values) > 1 else ""
        result = f"goal {goal:g} {'met' if met else 'MISSED'}"
        print(f"{name:52} {statistics.median(values):7.2f}   {result}{spread}", flush=True)


def completions(report: Report, rounds: int, seconds: float, requests: int) -> None:
    """Whole completions: repeated and new, short and long."""
    with running(BARE) as plain, running(MOCKGRID) as grid:

        def ask(server: Server, body: bytes) -> tuple[Server, Target]:
            return server, Target("127.0.0.1", server.port, CHAT, body)

        costs = measured(
            {
                "bare": ask(plain, SHORT),
                "repeated": ask(grid, SHORT),
                "new": ask(grid, SHORT.replace(b"the world", MARK)),
                "two": ask(grid, conversation(2)),
                "long": ask(grid, conversation(101)),
            },
            rounds,
            seconds,
        )
        for kind, name in (("repeated", "JSON completions"), ("new", "  each request new")):
            pairs = list(zip(costs["bare"], costs[kind], strict=True))
            report.least(
                f"{name}, per second, to a bare route", [a.seconds / b.seconds for a, b in pairs], 1.1
            )
            report.least("  the same by processor time", [a.cpu / b.cpu for a, b in pairs], 1.1)
        pairs = list(zip(costs["long"], costs["two"], strict=True))
        report.most("cost of 101 messages, to 2 messages", [a.seconds / b.seconds for a, b in pairs], 3)
        report.most("  the same by processor time", [a.cpu / b.cpu for a, b in pairs], 3)
        send_many(ask(grid, SHORT)[1], requests, 16)
        report.most("resident memory after the requests, MB", [grid.rss()], 90)


def streams(report: Report, rounds: int, seconds: float) -> None:
    """As many events as the constant stream has, scripted, each written by itself."""
    # Before the words comes one event with the role, after them one with the reason to stop, and [DONE].
    say = (WORD * (EVENTS - 3)).strip()
    scenario = {"steps": [{"reply": {"say": say, "stream": {"chunks": "word", "coalesce": 1}}}]}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "words.json").write_text(json.dumps(scenario))
        with running(BARE) as plain, running((*MOCKGRID, "--scenarios", folder)) as grid:
            body = json.dumps({**json.loads(SHORT), "stream": True}).encode()
            scripted = Target("127.0.0.1", grid.port, CHAT, body, key="mg.words.bench")
            pieces, reply = asyncio.run(reply_of(scripted))
            events, written = reply.count(b"data: "), len(pieces)
            if (events, written) != (EVENTS, EVENTS):
                raise RuntimeError(f"{events} events in {written} writes, and not {EVENTS}")
            constant = Target("127.0.0.1", plain.port, "/stream", SHORT)
            costs = measured({"bare": (plain, constant), "ours": (grid, scripted)}, rounds, seconds)
    pairs = list(zip(costs["bare"], costs["ours"], strict=True))
    report.least("scripted streams, to constant events", [a.seconds / b.seconds for a, b in pairs], 1.0)
    report.least("  the same by processor time", [a.cpu / b.cpu for a, b in pairs], 1.0)


def starts(report: Report, rounds: int) -> None:
    """Servers that have just started."""
    times = [(started(BARE), started(MOCKGRID)) for _ in range(rounds)]
    report.most(
        "time until ready, to a bare server", [ours.ready / theirs.ready for theirs, ours in times], 2.5
    )
    report.most("first request of a fresh server, ms", [ours.first.seconds * 1000 for _, ours in times], 5)
    report.most("  the same by processor time, ms", [ours.first.cpu * 1000 for _, ours in times], 5)


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
    seconds, rounds = (0.4, 5) if options.quick else (options.seconds, options.rounds)
    # What pip installs has its bytecode; a checkout has not everywhere, and would compile it at each start.
    compileall.compile_dir(HERE.parent / "mockgrid", quiet=1)
    report = Report()
    completions(report, rounds, seconds, 20_000 if options.quick else 100_000)
    streams(report, rounds, seconds)
    starts(report, rounds)
    return int(bool(report.missed) and options.check)


if __name__ == "__main__":
    sys.exit(main())
