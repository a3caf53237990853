"""Races MockGrid against floors and whatever peers are installed, and prints a table of ratios.

    python benchmarks/race.py [--peers FOLDER] [--rounds 5] [--seconds 1] [--only WORD] [--json FILE]

Each figure is replies a second, or events of streams, as a ratio to a Starlette route that returns a constant
in the same round: in a round all take their turn, so that a machine whose speed drifts drifts for all. A
figure is the median of the rounds; the smallest and the largest stand behind it. Who cannot do what a row
asks, as the reply shows, has a dash. Linux only. ``--check`` exits with 1 where MockGrid misses a goal.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from entrants import ENTRANTS, Entrant, installed, version_of
from load import Target, load, reply_of
from rows import ROWS, Row
from servers import Server, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

FLOORS = Path(__file__).parent / "floors"
CONSTANTS = ("Starlette, constant", "raw ASGI, constant")
FLOOR = CONSTANTS[0]
CONNECTIONS = 32


@dataclass(frozen=True)
class Figure:
    """What one entrant did in one row: each round's ratio to the floor, and processor seconds a reply."""

    ratios: list[float]
    cpu: float

    @property
    def median(self) -> float:
        """The middle of the ratios."""
        return statistics.median(self.ratios)

    def __str__(self) -> str:
        return f"{self.median:.2f} ({min(self.ratios):.2f}-{max(self.ratios):.2f})"


def target_of(entrant: Entrant, port: int, row: Row) -> Target:
    """Return what is asked of an entrant."""
    path = "/stream" if row.stream and entrant.name in CONSTANTS else entrant.path
    return Target("127.0.0.1", port, path, row.body, row.key)


def worth(entrant: Entrant, server: Server, row: Row) -> int:
    """Return what a reply of an entrant counts; 0 where it is no answer to what a row asks."""
    try:
        _, body = asyncio.run(reply_of(target_of(entrant, server.port, row)))
        if entrant.name in CONSTANTS:
            return body.count(b"data: ") if row.stream else 1
        return int(row.answers(body))
    except (RuntimeError, OSError, ValueError, LookupError, TypeError, asyncio.IncompleteReadError):
        return 0


def is_up(entrant: Entrant, port: int) -> bool:
    """Tell whether a server answers the plainest request."""
    try:
        asyncio.run(reply_of(replace(target_of(entrant, port, ROWS[0]), path=entrant.path)))
    except (OSError, asyncio.IncompleteReadError):
        return False
    except RuntimeError:
        return True  # refused, but answered
    return True


def started(entrants: list[Entrant], row: Row, stack: ExitStack) -> dict[Entrant, Server]:
    """Start all entrants as a row tells them."""
    servers = {}
    for entrant in entrants:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name, text in {**entrant.files, **row.files.get(entrant.name, {})}.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)
        command = tuple(part.replace("FOLDER", str(folder)) for part in entrant.command)
        servers[entrant] = stack.enter_context(serving(command, FLOORS, lambda port: is_up(entrant, port)))  # noqa: B023 - called at once
    return servers


def raced(servers: dict[Entrant, Server], row: Row, rounds: int, seconds: float) -> dict[str, Figure]:
    """Run one row: all in turn, round after round."""
    worths = {entrant: worth(entrant, server, row) for entrant, server in servers.items()}
    racing = {entrant: server for entrant, server in servers.items() if worths[entrant]}
    rates: dict[str, list[float]] = {entrant.name: [] for entrant in racing}
    spent = dict.fromkeys(rates, 0.0)
    for number in range(rounds + 1):
        for entrant, server in racing.items():
            before = server.cpu()
            target = target_of(entrant, server.port, row)
            rate = asyncio.run(load(target, seconds if number else 0.3, CONNECTIONS))
            if number:  # the first round warms up
                rates[entrant.name].append(rate * worths[entrant])
                spent[entrant.name] += server.cpu() - before
    return {
        name: Figure(
            [rate / floor for rate, floor in zip(own, rates[FLOOR], strict=True)],
            spent[name] / max(1.0, sum(own) * seconds),
        )
        for name, own in rates.items()
    }


def race(
    entrants: list[Entrant], rows: list[Row], rounds: int, seconds: float
) -> Iterator[tuple[Row, dict[str, Figure]]]:
    """Run all rows; those that tell the entrants the same share their servers."""
    stack, told = ExitStack(), None
    with stack:
        for row in rows:
            if told != row.files:
                stack.close()
                told, servers = row.files, started(entrants, row, stack)
            yield row, raced(servers, row, rounds, seconds)


def machine() -> dict[str, Any]:
    """What the race was run on."""
    models = [
        line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")
    ]
    return {
        "cores": os.cpu_count(),
        "processor": models[0].partition(": ")[2] if models else platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def main() -> int:
    """Race, print, and tell whether all goals are met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--peers", type=Path, action="append", default=[], help="folder with commands of peers; repeatable"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a round")
    parser.add_argument("--only", default="", help="rows whose name has this")
    parser.add_argument("--json", type=Path, help="write the result there")
    parser.add_argument("--check", action="store_true", help="exit with 1 where MockGrid misses a goal")
    options = parser.parse_args()
    folders = [*options.peers, Path("node_modules/.bin").absolute(), Path(sys.executable).parent]
    entrants, versions = [], {}
    for entrant in ENTRANTS:
        whole = installed(entrant, folders)
        version = whole and version_of(whole)
        if whole and version:
            entrants.append(whole)
            versions[whole.name] = version
        else:
            print(f"{entrant.name} is not installed.")
    rows = [row for row in ROWS if options.only in row.name]
    names = [entrant.name for entrant in entrants]
    print(*(f"{name} {versions[name]}" for name in names), sep=", ")
    result: dict[str, Any] = {"machine": machine(), "versions": versions, "rows": []}
    missed = 0
    for row, figures in race(entrants, rows, options.rounds, options.seconds):
        ours = figures.get("MockGrid")
        misses = row.goal is not None and (ours is None or ours.median < row.goal)
        missed += misses
        goal = "" if row.goal is None else f"   goal {row.goal:g} {'MISSED' if misses else 'met'}"
        print(
            f"{row.name}{goal}",
            *(f"    {name:24}{figures.get(name, '-')}" for name in names),
            sep="\n",
            flush=True,
        )
        line = {name: {"ratios": figure.ratios, "cpu": figure.cpu} for name, figure in figures.items()}
        result["rows"].append({"name": row.name.strip(), "goal": row.goal, "figures": line})
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")
    return int(bool(missed) and options.check)


if __name__ == "__main__":
    sys.exit(main())
