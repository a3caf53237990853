"""Counts the processor's instructions for a request of each kind, and holds them against what is committed.

    python benchmarks/instructions.py            exits with 1 where a request costs a fifth more than it did
    python benchmarks/instructions.py --renew    writes what it counts to instructions.json

Needs valgrind, which counts, and Python 3.11. Instructions do not depend on how busy a machine is, nor on how
fast. All are counted in one process that has no socket: bytes go in where a connection takes them, and come
out where it writes. What starts the process, and the first requests of each kind, do not count. Another build
of Python costs something else, so that each figure is a ratio to a piece of work in plain Python.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, cast

from load import MARK, Target
from rows import ROWS, Row

from mockgrid.app.build import build_app
from mockgrid.http.connection import Connection
from mockgrid.http.serving import Serving
from mockgrid.settings import Settings

COMMITTED = Path(__file__).parent / "instructions.json"
MOST = 1.2
PYTHON = (3, 11)
"""Versions of Python differ by more than what is looked for."""
WARM, COUNTED = 30, 50
CHAT = "/v1/chat/completions"
COUNTED_ROWS = (
    "a completion, 2 messages",
    "each request new",
    "101 messages",
    "each conversation new",
    "100 messages, three tools",
    "a tool and a JSON Schema",
    "a stream, by event",
    "from a script",
    "of 1,000",
)


class Wire(asyncio.Transport):
    """The other end of a connection: takes what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.taken = bytearray()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Take it."""
        self.taken += data

    def is_closing(self) -> bool:
        """It stays open."""
        return False

    def close(self) -> None:
        """Nothing is left to do."""

    def pause_reading(self) -> None:
        """All is there already."""

    def resume_reading(self) -> None:
        """All is there already."""

    def get_write_buffer_size(self) -> int:
        """All is taken at once."""
        return 0

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what a socket would say."""
        return ("127.0.0.1", 1) if name in ("peername", "sockname") else default


def mark() -> None:
    """Have valgrind write what it has counted since it last did: at the start of this call of the system."""
    os.getppid()


def plain(count: int) -> None:
    """Do some work in plain Python, so many times."""
    for number in range(count):
        json.loads(json.dumps([{str(key): [key, str(number)]} for key in range(100)]))


def serving_of(row: Row) -> Serving:
    """Return an application that is told what a row tells it."""
    with tempfile.TemporaryDirectory() as folder:
        for file, text in row.files.get("MockGrid", {}).items():
            Path(folder, file).write_text(text)
        settings = Settings(log="off", no_cache=True, scenarios=(folder,))
        app = build_app(settings)
    return Serving(cast("Any", app), settings, app.error_body, logging.getLogger("counted"))


async def answered(row: Row) -> None:
    """Answer requests of a row, each another where the row has it so; those after the first few count."""
    serving = serving_of(row)
    connection, wire = Connection(serving), Wire()
    connection.connection_made(wire)
    head, numbered, tail = Target("127.0.0.1", 8000, CHAT, row.body, row.key).request.partition(MARK)
    for number in range(WARM + COUNTED):
        if number == WARM:
            mark()
        wire.taken.clear()
        connection.data_received(head + (b"%09d" % number if numbered else b"") + tail)
        while serving.pending or serving.tasks:  # noqa: ASYNC110 - a turn of the loop writes what is pending
            await asyncio.sleep(0)
        if not wire.taken.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(wire.taken.decode())
    mark()
    connection.connection_lost(None)


def work(rows: list[Row]) -> None:
    """Do all that is counted; before and after each piece of it is a mark."""
    gc.disable()  # Python's collector looks at everything, now and then, and would do so in any of the rows
    plain(WARM)
    mark()
    plain(COUNTED)
    mark()
    for row in rows:
        asyncio.run(answered(row))


def counted(rows: list[Row], only: str) -> dict[str, float]:
    """Return the instructions of a request of each row, as a ratio to those of a piece of plain work.

    Raises:
        RuntimeError: they could not be counted.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "count")
        command = [
            *("valgrind", "--tool=callgrind", "--dump-before=getppid", f"--callgrind-out-file={out}"),
            *(sys.executable, __file__, "--work", "--only", only),
        ]
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        # A file for each mark has what came before it: first what is warm by then, then what counts.
        names = [f"{out}.{number}" for number in range(1, 2 * len(rows) + 3)]
        if done.returncode or not Path(names[-1]).exists():
            raise RuntimeError(done.stderr)
        totals = [_total(Path(name)) for name in names]
    base, *costs = totals[1::2]
    return {row.name.strip(): round(cost / base, 4) for row, cost in zip(rows, costs, strict=True)}


def _total(path: Path) -> int:
    lines = path.read_text("utf-8", "replace").splitlines()
    return next(int(line.split()[1]) for line in reversed(lines) if line.startswith("totals: "))


def main() -> int:
    """Count, print, and tell whether anything costs too much."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--renew", action="store_true", help="write what is counted to instructions.json")
    parser.add_argument("--only", default="", help="rows whose name has this; --renew takes all")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    only = "" if options.renew else options.only
    rows = [row for row in ROWS if row.name.strip() in COUNTED_ROWS and only in row.name]
    if options.work:
        work(rows)
        return 0
    if sys.version_info[:2] != PYTHON:
        parser.error("counts under Python {}.{} alone.".format(*PYTHON))
    committed: dict[str, dict[str, float]] = json.loads(COMMITTED.read_text())
    before = committed.get(platform.machine(), {})
    costs = counted(rows, only)
    slower = 0
    for name, cost in costs.items():
        change = cost / before[name] if name in before else 1.0
        slower += change > MOST
        verdict = "SLOWER" if change > MOST else "faster: renew" if change < 1 / MOST else ""
        print(f"{name:28}{cost:9.4f}   {change - 1:+7.1%}   {verdict}".rstrip())
    if options.renew:
        committed[platform.machine()] = costs
        COMMITTED.write_text(json.dumps(committed, indent=1, sort_keys=True) + "\n")
        return 0
    if not before:
        print(f"Nothing is committed for {platform.machine()} that this could be held against.")
    return int(slower > 0)


if __name__ == "__main__":
    sys.exit(main())
