"""Puts ``mockgrid serve`` to hard use, and prints what happened: a row of a Markdown table for each hardship.

    python benchmarks/hard [--size full|quick|small] [HARDSHIP…]

Exits with 1 where something happened that should not. Linux only. A full run takes about twelve minutes, a
quick one four, and a small one less than one.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import resource
import sys
from importlib import import_module

import row as rows
from row import HEAD, Row

HARDSHIPS = ("idle", "vanish", "trickle", "restart", "pause", "disk", "clock", "soak")
SPARE = 200
"""Open files besides connections."""


def size_of(name: str) -> rows.Size:
    """How hard; less where this process may not open enough files."""
    size: rows.Size = getattr(rows, name.upper())
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    room = hard - SPARE
    if hard != resource.RLIM_INFINITY and size.connections > room:
        print(f"`ulimit -n` is {hard}: {room} connections instead of {size.connections}.", file=sys.stderr)
        size = rows.Size(**{**vars(size), "connections": room, "streams": min(size.streams, room)})
    return size


def main() -> int:
    """Run what was asked for, and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("hardships", nargs="*", metavar="HARDSHIP", help=f"any of {', '.join(HARDSHIPS)}")
    parser.add_argument("--size", choices=("full", "quick", "small"), default="full")
    asked = parser.parse_args()
    if unknown := set(asked.hardships) - set(HARDSHIPS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    size = size_of(asked.size)
    loop_factory = None
    with contextlib.suppress(ImportError):
        from uvloop import new_event_loop as loop_factory  # noqa: PLC0415 - faster, where it is
    print(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}", flush=True)
    wrong = 0
    for name in asked.hardships or HARDSHIPS:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            found: Row = runner.run(import_module(name).run(size))
        wrong += bool(found.wrong)
        print(f"| {' | '.join(found.cells())} |", flush=True)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
