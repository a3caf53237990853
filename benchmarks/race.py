"""Races MockGrid against floors and whatever peers are installed, and prints a table of ratios.

    python benchmarks/race.py [--peers FOLDER] [--rounds 5] [--seconds 1] [--only WORD] [--publish]

Each figure is replies a second, or events of streams, as a ratio to a Starlette route that returns a constant
in the same round: in a round all take their turn, so that a machine whose speed drifts drifts for all. A
figure is the median of the rounds; the smallest and the largest stand behind it, and then the same by the
servers' processor time. That counts where the generator of the load was at work nearly all of the time, for
this entrant or for the constant, and would measure itself; and with ``--by cpu``, for a machine that is busy.
Who cannot do what a row asks, as the reply shows, has a dash. Linux only. ``--check`` exits with 1 where
MockGrid misses a goal. How long users wait, for tests, commands and under load, waits.py measures after that.
``--publish`` writes race.json and the README's pictures of it.
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
from picture import THEMES, picture
from rows import ROWS, Row
from servers import Server, serving
from waits import waits

if TYPE_CHECKING:
    from collections.abc import Iterator

FLOORS = Path(__file__).parent / "floors"
CONSTANTS = ("Starlette, constant", "raw ASGI, constant")
FLOOR = CONSTANTS[0]
RESULT = Path(__file__).with_name("race.json")
CONNECTIONS = 32
BUSY = 0.9
"""Which part of the time the generator may be at work before it is what is measured."""


@dataclass(frozen=True)
class Round:
    """What one entrant did in one round.

    Attributes:
        rate: replies a second, or events.
        cpu: processor seconds of the server for each.
        busy: which part of the time the generator was at work.
    """

    rate: float
    cpu: float
    busy: float


@dataclass(frozen=True)
class Figure:
    """What one entrant did in one row, round by round, beside what the floor did.

    Attributes:
        own: its rounds.
        floor: the floor's.
        by: what is compared: ``time`` or ``cpu``.
    """

    own: list[Round]
    floor: list[Round]
    by: str

    @property
    def ratios(self) -> list[float]:
        """To the floor, by round."""
        return self.by_cpu if self.by == "cpu" else [own.rate / floor.rate for own, floor in self._pairs]

    @property
    def by_cpu(self) -> list[float]:
        """The same, of the servers' processor time for each reply or event."""
        return [floor.cpu / own.cpu for own, floor in self._pairs]

    @property
    def median(self) -> float:
        """The middle of the ratios."""
        return statistics.median(self.ratios)

    @property
    def _pairs(self) -> list[tuple[Round, Round]]:
        return list(zip(self.own, self.floor, strict=True))

    def as_json(self) -> dict[str, Any]:
        """Return all that was measured."""
        rounds = [{"rate": own.rate, "cpu": own.cpu, "busy": own.busy} for own in self.own]
        return {"median": self.median, "by": self.by, "ratios": self.ratios, "rounds": rounds}

    def __str__(self) -> str:
        spread = f"{self.median:.2f} ({min(self.ratios):.2f}-{max(self.ratios):.2f})"
        return f"{spread:20}by {self.by}; cpu {statistics.median(self.by_cpu):.2f}"


def figure_of(own: list[Round], floor: list[Round], by: str) -> Figure:
    """Return what is compared by what was asked; where that is nothing, by what can be."""
    bound = max(statistics.median(one.busy for one in side) for side in (own, floor)) > BUSY
    return Figure(own, floor, by or ("cpu" if bound else "time"))


def target_of(entrant: Entrant, port: int, row: Row) -> Target:
    """Return what is asked of an entrant."""
    path = "/stream" if row.stream and entrant.name in CONSTANTS else entrant.path
    return Target("127.0.0.1", port, path, row.body, row.key, row.header, row.numbers)


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


def raced(
    servers: dict[Entrant, Server], row: Row, rounds: int, seconds: float, by: str
) -> dict[str, Figure]:
    """Run one row: all in turn, round after round."""
    worths = {entrant: worth(entrant, server, row) for entrant, server in servers.items()}
    done: dict[str, list[Round]] = {entrant.name: [] for entrant in servers if worths[entrant]}
    for number in range(rounds + 1):
        for entrant, server in servers.items():
            if entrant.name in done:
                try:
                    own = timed(
                        server,
                        target_of(entrant, server.port, row),
                        seconds if number else 0.3,
                        worths[entrant],
                    )
                except (RuntimeError, OSError) as error:  # it closes connections, or hangs
                    print(f"{row.name.strip()}: {entrant.name} gave up ({error}).")
                    del done[entrant.name]
                    continue
                if number:  # the first round warms up
                    done[entrant.name].append(own)
    return {name: figure_of(own, done[FLOOR], by) for name, own in done.items()}


def timed(server: Server, target: Target, seconds: float, each: int) -> Round:
    """Load one server for a while; each reply counts so much."""
    before = server.cpu()
    loaded = load(target, seconds, CONNECTIONS)
    replies = max(1.0, loaded.rate * seconds)
    return Round(loaded.rate * each, (server.cpu() - before) / replies / each, loaded.busy)


def race(
    entrants: list[Entrant], rows: list[Row], rounds: int, seconds: float, by: str
) -> Iterator[tuple[Row, dict[str, Figure]]]:
    """Run all rows; those that tell the entrants the same share their servers."""
    stack, told = ExitStack(), None
    with stack:
        for row in rows:
            if told != row.files:
                stack.close()
                told, servers = row.files, started(entrants, row, stack)
            yield row, raced(servers, row, rounds, seconds, by)


def rounded(value: Any) -> Any:
    """Return a result with as many digits as mean something."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def publish(result: dict[str, Any], wanted: bool) -> None:  # noqa: FBT001 - as the flag has it
    """Write a result and its pictures, where that is wanted."""
    if wanted:
        result = rounded(result)
        RESULT.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
        for theme in THEMES:
            RESULT.with_name(f"race-{theme}.svg").write_text(picture(result, theme))


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
        "--peers", type=Path, action="append", default=[], help="folder where peers are installed; repeatable"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a round")
    parser.add_argument("--only", default="", help="rows whose name has this")
    parser.add_argument("--by", choices=("time", "cpu"), default="", help="compare this in all rows")
    parser.add_argument("--publish", action="store_true", help="write race.json and its pictures")
    parser.add_argument("--check", action="store_true", help="exit with 1 where MockGrid misses a goal")
    options = parser.parse_args()
    folders = [
        *(
            place
            for peers in options.peers
            for place in (peers, peers / "node_modules/.bin", *peers.glob("*/bin"))
        ),
        Path("node_modules/.bin").absolute(),
        Path(sys.executable).parent,
    ]
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
    for row, figures in race(entrants, rows, options.rounds, options.seconds, options.by):
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
        line = {name: figure.as_json() for name, figure in figures.items()}
        result["rows"].append({"name": row.name, "goal": row.goal, "figures": line})
    if not options.only:
        publish(result, options.publish)
        print("Milliseconds that users wait")
        result["waits"] = waits(options.rounds, options.by or "time")
    publish(result, options.publish)
    return int(bool(missed) and options.check)


if __name__ == "__main__":
    sys.exit(main())
