"""Thousands of streams at once, and clients that vanish in the middle."""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING

from row import Row
from served import LEAN, serving
from wire import PATIENCE, call, request

if TYPE_CHECKING:
    from row import Size
    from served import Served

SEED = 20260101
RATE = 5
TOKENS = 2
"""Of each word that is streamed, about."""


async def run(size: Size) -> Row:
    """Stream to all, and count whose stream was whole and its own."""
    row = Row(
        "vanishing clients",
        f"{size.streams:,} streams at once, 5 tokens/s, a session each; a third of the clients reset the "
        f"connection at a random moment (seed {SEED})",
    )
    random = Random(SEED)
    whole = left = peak = 0
    async with serving(*LEAN) as server:
        for _ in range(size.rounds):
            async with row.observed(server):
                found = await _round(row, server, size, random)
            whole, left, peak = whole + found[0], left + found[1], max(peak, found[2])
        row.check_growth()
        row.happened = (
            f"{peak:,} streams open at once; {left:,} clients vanished, {whole:,} stayed and got their own "
            f"text to the last byte; no stream left open"
        )
    return row


async def _round(row: Row, server: Served, size: Size, random: Random) -> tuple[int, int, int]:
    whole = left = 0
    count, seconds = size.streams, size.wait / 2

    async def one(number: int, vanishes: float | None) -> None:
        nonlocal whole, left
        await asyncio.sleep(seconds / 3 * number / count)
        text = " ".join(f"c{number}" for _ in range(int(seconds * RATE / TOKENS)))
        made = await call(server.port, request(text, f"mg.slow.{number}", stream=True))
        if vanishes is not None:
            await asyncio.sleep(vanishes)
            made.vanish()
            left += 1
            return
        await asyncio.wait([made.over], timeout=PATIENCE)
        reply = made.reply()
        made.transport.abort()
        if not reply.ended() or reply.text() != text:
            row.wrong.append(f"stream {number} ended with {reply.body[-200:]!r}")
        whole += 1

    moments = [random.uniform(0, seconds) if random.random() < 1 / 3 else None for _ in range(count)]
    running = [asyncio.create_task(one(number, moment)) for number, moment in enumerate(moments)]
    peak = 0
    while not all(task.done() for task in running):
        peak = max(peak, await server.streams())
        await asyncio.sleep(0.5)
    await asyncio.gather(*running)
    return whole, left, peak
