"""How long MockGrid's users wait, in milliseconds: for a first reply, for their tests, for a command.

    python benchmarks/waits.py [--rounds 5] [--by time|cpu] [--only WORD] [--json FILE]

All that is compared takes its turn in each round. A figure is the median of the rounds, the smallest and the
largest behind it. On a machine that is busy, believe the processor time, ``--by cpu``; latencies have none.
Parts are tests, commands, first, report and paced.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import select
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

from entrants import ENTRANTS, Entrant
from load import Target
from rows import ROWS
from servers import is_open, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROOT = Path(__file__).parents[1]
MOCKGRID = next(entrant for entrant in ENTRANTS if entrant.name == "MockGrid")
TESTS = 200
PACED = ((500, 0.5, 5.0), (2000, 5.0, 60.0))
"""Streams at a time, and by how much half of the chunks may be late, and 99 of 100."""
HEAD = """import pytest

@pytest.fixture
def empty():
    yield

@pytest.mark.parametrize("number", range(COUNT))
"""
EMPTY, USES = "def test_it(empty, number): pass", "def test_it(mockgrid, number): pass"
PLAYS = "def test_it(mockgrid, number): mockgrid.play([{'say': 'Hello'}])"


@dataclass(frozen=True)
class Wait:
    """One row: what is waited for, at most how many milliseconds, and how long it was in each round."""

    name: str
    goal: float | None
    rounds: list[float]

    @property
    def median(self) -> float:
        """The middle of the rounds."""
        return statistics.median(self.rounds)

    def __str__(self) -> str:
        goal = (
            ""
            if self.goal is None
            else f"   goal {self.goal:g} {'MISSED' if self.median > self.goal else 'met'}"
        )
        return f"{self.name:44}{self.median:8.2f} ({min(self.rounds):.2f}-{max(self.rounds):.2f}){goal}"


def taken(command: Iterable[str], folder: Path, by: str) -> float:
    """Return the milliseconds that a command takes, with its modules compiled beforehand, as pip has them."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([*command], cwd=folder, env=environment, check=True, capture_output=True)
    elapsed, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return 1000 * (used if by == "cpu" else elapsed)


def tests(rounds: int, by: str) -> list[Wait]:
    """Run pytest with and without the fixture: one test, and many."""
    suites = [(test, count) for test in (EMPTY, USES, PLAYS) for count in (1, TESTS)]
    spent: dict[tuple[str, int], list[float]] = {suite: [] for suite in suites}
    with tempfile.TemporaryDirectory() as folder:
        homes = [Path(folder, str(number)) for number in range(len(suites))]
        for home, (test, count) in zip(homes, suites, strict=True):
            home.mkdir()
            (home / "pytest.ini").write_text("[pytest]\n")
            (home / "test_it.py").write_text(f"{HEAD.replace('COUNT', str(count))}{test}\n")
        for number in range(rounds + 1):
            for home, suite in zip(homes, suites, strict=True):
                without = ("-p", "no:mockgrid") if suite[0] == EMPTY else ()
                command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *without)
                milliseconds = taken(command, home, by)
                if number:  # the first round compiles
                    spent[suite].append(milliseconds)

    def further(test: str) -> list[float]:
        ends = zip(spent[test, 1], spent[test, TESTS], spent[EMPTY, 1], spent[EMPTY, TESTS], strict=True)
        return [
            (many - one - (floor - floor_of_one)) / (TESTS - 1) for one, many, floor_of_one, floor in ends
        ]

    first = [own - floor for own, floor in zip(spent[USES, 1], spent[EMPTY, 1], strict=True)]
    return [
        Wait("first test with the fixture", 120, first),
        Wait("  each further test", 0.4, further(USES)),
        Wait("  each further test, with play()", 0.7, further(PLAYS)),
    ]


def commands(rounds: int, by: str) -> list[Wait]:
    """Run commands that end by themselves."""
    asked = '{"messages": [{"role": "user", "content": "Hi"}]}'
    with tempfile.TemporaryDirectory() as folder:
        request = Path(folder, "request.json")
        request.write_text(asked)
        runs = {
            "mockgrid check, the shipped scenarios": (180.0, ("check", "scenarios")),
            "mockgrid --version": (None, ("--version",)),
            "mockgrid explain CODE": (None, ("explain", "MG112")),
            "mockgrid explain SCENARIO REQUEST": (None, ("explain", "balance-replenishing", str(request))),
        }
        times: dict[str, list[float]] = {name: [] for name in runs}
        for number in range(rounds + 1):
            for name, (_, words) in runs.items():
                spent = taken((sys.executable, "-m", "mockgrid", *words), ROOT, by)
                if number:
                    times[name].append(spent)
    return [Wait(name, runs[name][0], spent) for name, spent in times.items()]


def first_replies(rounds: int, by: str) -> list[Wait]:
    """Ask servers that have just started, and served one plain request, for a value that obeys a schema."""
    plain = ROWS[0]
    schema = next(row for row in ROWS if row.name == "a JSON Schema")
    times, ready = [], []
    for _ in range(rounds):
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            began = time.perf_counter()
            server = stack.enter_context(serving(_command(MOCKGRID, folder), folder, is_open, every=0.002))
            ready.append(1000 * (server.cpu() if by == "cpu" else time.perf_counter() - began))
            with socket.create_connection(("127.0.0.1", server.port)) as client:
                for row in (plain, schema):
                    time.sleep(1.0)  # what is loaded beforehand, is
                    before, began = server.cpu(), time.perf_counter()
                    client.sendall(Target("127.0.0.1", server.port, MOCKGRID.path, row.body, row.key).request)
                    if not client.recv(1 << 18).startswith(b"HTTP/1.1 200"):
                        raise RuntimeError(f"refused: {row.name}")
                    elapsed = server.cpu() - before if by == "cpu" else time.perf_counter() - began
            times.append(1000 * elapsed)
    return [
        Wait("mockgrid serve, until ready", None, ready),
        Wait("first request with a JSON Schema", 3, times),
    ]


def under_report(rounds: int, _by: str, rate: int = 1000, seconds: float = 4.0) -> list[Wait]:
    """Ask a thousand times a second, each at its time, while the report is fetched twice a second."""
    quiet, busy = [], []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(serving(_command(MOCKGRID, folder), folder, is_open))
        request = Target("127.0.0.1", server.port, MOCKGRID.path, ROWS[0].body).request
        for _ in range(rounds):
            quiet.append(latency(server.port, request, rate, seconds))
            done = threading.Event()
            fetching = threading.Thread(target=_fetch, args=(server.port, done))
            fetching.start()
            try:
                busy.append(latency(server.port, request, rate, seconds))
            finally:
                done.set()
                fetching.join()
    return [
        Wait("1,000 requests/s, 99th percentile", None, quiet),
        Wait("  while the report is fetched twice a second", 10, busy),
    ]


def _fetch(port: int, done: threading.Event) -> None:
    while not done.wait(0.5):
        urlopen(f"http://127.0.0.1:{port}/__mockgrid__/report", timeout=10).read()


def latency(port: int, request: bytes, rate: int, seconds: float) -> float:
    """Return the 99th percentile, in milliseconds, of what replies took since their requests were due."""
    poll, idle, due = select.epoll(), [], {}
    with ExitStack() as stack:
        sockets = {}
        for _ in range(64):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            sockets[client.fileno()] = client
            idle.append(client)
            poll.register(client, select.EPOLLIN)
        late: list[float] = []
        began, sent = time.perf_counter(), 0
        while len(late) < rate * seconds:
            now = time.perf_counter()
            while idle and sent < rate * seconds and began + sent / rate <= now:
                client = idle.pop()
                due[client.fileno()] = began + sent / rate
                client.sendall(request)
                sent += 1
            for number, _ in poll.poll(0.001):
                sockets[number].recv(1 << 16)
                late.append(time.perf_counter() - due.pop(number))
                idle.append(sockets[number])
    return 1000 * sorted(late)[int(len(late) * 0.99)]


def paced(rounds: int, _by: str) -> list[Wait]:
    """Have streams keep their pace, the first of them while the last still open; see pace.py."""
    waits = []
    for streams, median, most in PACED:
        command = [sys.executable, Path(__file__).with_name("pace.py"), "--streams", str(streams)]
        times: dict[str, list[float]] = {"50": [], "99": []}
        for _ in range(rounds):
            done = subprocess.run([*command, "--seconds", "4"], check=True, capture_output=True, text=True)
            for percent, spent in re.findall(r"p(50|99) ([\d.]+) ms", done.stdout):
                times[percent].append(float(spent))
        waits.append(Wait(f"{streams:,} paced streams, lateness, median", median, times["50"]))
        waits.append(Wait("  99th percentile", most, times["99"]))
    return waits


def _command(entrant: Entrant, folder: Path) -> tuple[str, ...]:
    return tuple(part.replace("FOLDER", str(folder)) for part in entrant.command)


PARTS: dict[str, Callable[[int, str], list[Wait]]] = {
    "tests": tests,
    "commands": commands,
    "first": first_replies,
    "report": under_report,
    "paced": paced,
}


def waits(rounds: int, by: str, only: str = "") -> list[dict[str, Any]]:
    """Measure and print all parts, or one; returns the rows as JSON."""
    rows = []
    for name, part in PARTS.items():
        if only in name:
            for wait in part(rounds, by):
                print(wait, flush=True)
                rows.append(
                    {"name": wait.name, "goal": wait.goal, "median": wait.median, "rounds": wait.rounds}
                )
    return rows


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--by", choices=("time", "cpu"), default="time")
    parser.add_argument("--only", default="", choices=("", *PARTS))
    parser.add_argument("--json", type=Path, help="write the result there")
    options = parser.parse_args()
    rows = waits(options.rounds, options.by, options.only)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
