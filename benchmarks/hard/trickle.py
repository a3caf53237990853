"""Connections that send a byte a second, in the head of a request or in its body."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from row import Row
from served import LEAN, serving
from wire import Call, call, request

if TYPE_CHECKING:
    from row import Size
    from served import Served

LATE = 3.0
TIMED_OUT = 408


async def run(size: Size) -> Row:
    """Half of them never finish their head, half never their body."""
    count, body = size.trickling, size.wait
    head = body / 2
    row = Row(
        "a byte a second",
        f"{count:,} connections that send a byte a second, half of them in the head, half in the body "
        f"(`--header-timeout {head:g}s --body-timeout {body:g}s`)",
    )
    timeouts = ("--header-timeout", f"{head:g}s", "--body-timeout", f"{body:g}s")
    answered, worst = 0, 0.0
    async with serving(*LEAN, *timeouts) as server:
        for _ in range(size.rounds):
            async with row.observed(server):
                found, late = await _round(row, server, count, (head, body))
            answered, worst = answered + found, max(worst, late)
        row.check_growth()
        row.happened = (
            f"{answered:,} of {count * size.rounds:,} told 408 when their time was over, at most "
            f"{worst:.1f} s late, and closed"
        )
    return row


async def _round(row: Row, server: Served, count: int, limits: tuple[float, float]) -> tuple[int, float]:
    loop = asyncio.get_running_loop()
    late: list[float] = []
    answered = 0

    async def one(number: int) -> None:
        nonlocal answered
        await asyncio.sleep(limits[1] / 6 * number / count)
        raw = request("x" * 200, f"mg-trickle-{number}")
        in_body = raw.index(b"\r\n\r\n") + 5
        at_once, limit = (in_body, limits[1]) if number % 2 else (1, limits[0])
        made = await call(server.port, raw[:at_once])
        began = loop.time()
        await _drip(made, raw[at_once:])
        late.append(loop.time() - began - limit)
        reply = made.reply()
        made.transport.abort()
        if reply.status != TIMED_OUT or not reply.whole:
            row.wrong.append(f"connection {number} got {reply}")
        answered += 1

    await asyncio.gather(*(one(number) for number in range(count)))
    if max(late) > LATE or min(late) < -LATE:
        row.wrong.append(f"timeouts came {min(late):.1f} to {max(late):.1f} s late")
    return answered, max(late)


async def _drip(made: Call, rest: bytes) -> None:
    """Send a byte a second until an answer begins."""
    for place in range(len(rest)):
        done, _ = await asyncio.wait([made.begun], timeout=1.0)
        if done:
            break
        made.transport.write(rest[place : place + 1])
    await asyncio.wait([made.over], timeout=5.0)
