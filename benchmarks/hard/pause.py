"""The process is stopped by SIGSTOP for a while, in the middle of everything, and continued."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

from row import Row
from served import LEAN, serving
from wire import PATIENCE, call, request

if TYPE_CHECKING:
    from row import Size
    from served import Served

WORDS = 60
WHILE_STOPPED = 50


async def run(size: Size) -> Row:
    """Stop it while it streams, and send more requests before it goes on."""
    count = size.streams // 4
    row = Row(
        "`kill -STOP`, `-CONT`",
        f"{count} streams at 20 tokens/s; the process stands still for {size.pause:g} s; "
        f"{WHILE_STOPPED} requests arrive meanwhile",
    )
    async with serving(*LEAN) as server:
        for _ in range(size.rounds):
            async with row.observed(server):
                await _round(row, server, count, size.pause)
    row.check_growth()
    row.happened = (
        f"all {count} streams went on where they were, in order and each with its own text; "
        f"all {WHILE_STOPPED} requests were answered afterwards"
    )
    return row


async def _round(row: Row, server: Served, count: int, seconds: float) -> None:
    async def one(key: str, *, stream: bool, words: int) -> None:
        text = " ".join(f"{key}w{word}" for word in range(words))
        made = await call(server.port, request(text, f"mg.paced.{key}", stream=stream))
        await asyncio.wait([made.over], timeout=PATIENCE)
        reply = made.reply()
        made.transport.abort()
        if not reply.ended() or reply.text() != text:
            row.wrong.append(f"{key} ended with {bytes(made.received[-200:])!r}")

    def begin(key: str, *, stream: bool, words: int) -> asyncio.Task[None]:
        return asyncio.create_task(one(key, stream=stream, words=words))

    running = []
    for number in range(count):
        running.append(begin(f"s{number}", stream=True, words=WORDS // 4))
        await asyncio.sleep(1.0 / count)
    server.process.send_signal(signal.SIGSTOP)
    try:
        running += [begin(f"r{n}", stream=n % 2 == 0, words=5) for n in range(WHILE_STOPPED)]
        await asyncio.sleep(seconds)
    finally:
        server.process.send_signal(signal.SIGCONT)
    await asyncio.gather(*running)
