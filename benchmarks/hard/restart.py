"""The server ends and starts again, under load, on the same port."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import time
from collections import Counter
from typing import TYPE_CHECKING

from row import Row
from served import start, warm
from wire import PATIENCE, Reply, call, request

if TYPE_CHECKING:
    from row import Size
    from served import Served

JSON, STREAMS, LARGE = 24, 48, 4
MEGABYTES = 1
WORDS = 10
"""Of a long stream, for each second of ``Size.wait``; of a short one, a quarter."""
REFUSED = 0.2
DOWN = 0.01
STOPS_WITHIN = 6.0


async def run(size: Size) -> Row:
    """Look at every reply that a client got: whole and right, or visibly cut."""
    row = Row(
        "restarts under load",
        f"{size.restarts} restarts, by SIGTERM and SIGKILL in turn, each under {JSON} clients that ask for "
        f"JSON, {STREAMS} that stream for {size.wait / 8:.1f} to {size.wait / 2:.1f} s, "
        f"and {LARGE} that read {MEGABYTES} MB slowly",
    )
    outcomes: Counter[str] = Counter()
    stopped, ready = [], []
    server = await start()
    try:
        await warm(server.port)
        ended = asyncio.Event()
        clients = _clients(row, server.port, size, outcomes, ended)
        for number in range(size.restarts):
            await asyncio.sleep(size.wait / 6)
            server, gone, back = await _restart(row, server, [signal.SIGTERM, signal.SIGKILL][number % 2])
            stopped.append(gone)
            ready.append(back)
        await asyncio.sleep(size.wait / 6)
        ended.set()
        await asyncio.gather(*clients)
        await warm(server.port)
        async with row.observed(server, probed=False):
            pass
    finally:
        await server.stop()
        server.errors.unlink()
    for what in ("looked whole and was not", "hung"):
        if outcomes[what]:
            row.wrong.append(f"{outcomes[what]} {what}")
    row.happened = (
        f"{outcomes['whole']:,} replies whole and right, {outcomes['cut']:,} visibly cut, "
        f"{outcomes['no reply']:,} connections without a byte of reply, "
        f"{outcomes['refused']:,} refused while nobody listened; {outcomes['looked whole and was not']} "
        f"half-written ones that looked whole, {outcomes['hung']} hung; "
        f"gone at most {max(stopped):.1f} s after the signal, and a new one ready on the same port at most "
        f"{max(ready):.1f} s later"
    )
    return row


def _clients(
    row: Row, port: int, size: Size, outcomes: Counter[str], ended: asyncio.Event
) -> list[asyncio.Task[None]]:
    running = [_json(row, port, number, outcomes, ended) for number in range(JSON)]
    running += [_stream(row, port, (number, size), outcomes, ended) for number in range(STREAMS)]
    running += [_large(row, port, number, outcomes, ended) for number in range(LARGE)]
    return [asyncio.create_task(client) for client in running]


async def _restart(row: Row, server: Served, number: signal.Signals) -> tuple[Served, float, float]:
    began = time.monotonic()
    await server.stop(number)
    took = time.monotonic() - began
    if took > STOPS_WITHIN:
        row.wrong.append(f"{number.name} took {took:.1f} s")
    if said := server.said():
        row.wrong.append(f"stderr: {said[-500:]}")
    server.errors.unlink()
    began = time.monotonic()
    again = await start(port=server.port)
    return again, took, time.monotonic() - began


async def _json(row: Row, port: int, number: int, outcomes: Counter[str], ended: asyncio.Event) -> None:
    count = 0
    while not ended.is_set():
        count += 1
        text = f"json {number} {count} " + "word " * (count % 50) + "."
        await _judged(row, port, request(text, f"mg.slow.j{number}"), text, outcomes)
        await asyncio.sleep(DOWN)


async def _stream(
    row: Row, port: int, one: tuple[int, Size], outcomes: Counter[str], ended: asyncio.Event
) -> None:
    (number, size), count = one, 0
    while not ended.is_set():
        count += 1
        words = int(WORDS * size.wait / (1 if number % 2 else 4))
        text = f"s{number} {count}" + " word" * words + "."
        await _judged(row, port, request(text, f"mg.paced.s{number}", stream=True), text, outcomes)
        await asyncio.sleep(DOWN)


async def _large(row: Row, port: int, number: int, outcomes: Counter[str], ended: asyncio.Event) -> None:
    text = f"large {number} " + "x" * (MEGABYTES * 2**20)
    raw = request(text, f"mg.slow.l{number}")
    while not ended.is_set():
        await _judged(row, port, raw, text, outcomes, slow=True)
        await asyncio.sleep(DOWN)


async def _judged(  # noqa: PLR0913 - what is asked, and where it is noted
    row: Row, port: int, raw: bytes, text: str, outcomes: Counter[str], *, slow: bool = False
) -> None:
    """Ask once, and count what came of it."""
    try:
        made = await call(port, raw, slow=slow)
    except OSError:
        outcomes["refused"] += 1
        await asyncio.sleep(REFUSED)
        return
    done, _ = await asyncio.wait([made.over], timeout=PATIENCE)
    made.transport.abort()
    outcome = _outcome(made.reply(), text, len(made.received)) if done else "hung"
    outcomes[outcome] += 1
    if outcome == "looked whole and was not":
        row.wrong.append(f"{text[:40]!r} got {bytes(made.received[-300:])!r}")


def _outcome(reply: Reply, text: str, received: int) -> str:
    if not received:
        return "no reply"
    if not reply.ended():
        return "cut"
    with contextlib.suppress(json.JSONDecodeError, KeyError):
        if reply.status == 200 and reply.text() == text:  # noqa: PLR2004 - OK
            return "whole"
    return "looked whole and was not"
