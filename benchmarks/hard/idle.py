"""Thousands of keep-alive connections that ask once and then say nothing."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from row import Row
from served import LEAN, serving
from wire import call, request

if TYPE_CHECKING:
    from row import Size
    from served import Served

LATE = 3.0
"""Seconds by which closing an idle connection may be late."""

AT_ONCE = 200


async def run(size: Size) -> Row:
    """Open them, hold them while another client works, and let the server close them."""
    count, keep_alive = size.connections, size.wait
    row = Row(
        "idle connections",
        f"{count:,} keep-alive connections, one request each, then silence (`--keep-alive {keep_alive:g}s`)",
    )
    worst, most = 0.0, 0
    async with serving(*LEAN, "--keep-alive", f"{keep_alive:g}s") as server:
        for _ in range(size.rounds):
            async with row.observed(server):
                late, files = await _round(row, server, count, keep_alive)
            worst, most = max(worst, late), max(most, files)
        row.check_growth()
        row.happened = (
            f"all answered; {most:,} files open at once; the server closed every one after "
            f"{keep_alive:g} s, the latest {worst:.1f} s late"
        )
    return row


async def _round(row: Row, server: Served, count: int, keep_alive: float) -> tuple[float, int]:
    loop = asyncio.get_running_loop()
    gate = asyncio.Semaphore(AT_ONCE)
    late: list[float] = []
    closed = 0

    async def one(number: int) -> None:
        nonlocal closed
        async with gate:
            made = await call(server.port, request(f"idle {number}", f"mg-idle-{number}", keep=True))
            while not made.reply().whole and not made.over.done():  # noqa: ASYNC110 - this side may be slow
                await asyncio.sleep(0.01)
        if made.reply().text() != f"You said: idle {number}":
            row.wrong.append(f"connection {number} got {made.reply()}")
        answered = loop.time()
        done, _ = await asyncio.wait([made.over], timeout=keep_alive + 30)
        closed += bool(done)
        late.append(loop.time() - answered - keep_alive)
        made.transport.abort()

    running = [asyncio.create_task(one(number)) for number in range(count)]
    most, began = 0, time.monotonic()
    while not all(task.done() for task in running):
        most = max(most, server.files())
        await asyncio.sleep(0.2)
        if time.monotonic() - began > 10 * keep_alive:
            row.wrong.append("not all connections were closed")
            break
    await asyncio.gather(*running)
    if closed != count or max(late) > LATE or min(late) < -LATE:
        row.wrong.append(f"{closed} of {count} were closed, {min(late):.1f} to {max(late):.1f} s late")
    return max(late), most
