"""The clock of the machine is set back by an hour while the server runs.

Needs libfaketime (Debian: ``apt install libfaketime``), found where Debian puts it or named by the
environment variable ``LIBFAKETIME``. Only the time of day is set back: the monotonic clock goes on, as it
does on a machine whose clock is corrected.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from row import Row
from served import serving
from wire import PATIENCE, Call, Reply, asked, call, post, request

if TYPE_CHECKING:
    from collections.abc import Callable

    from row import Size
    from served import Served

HOUR = 3600
KEEP_ALIVE, HEADERS = 4.0, 3.0
LATE = 1.0
BACK = 1.0
"""Seconds after which the clock is set back."""

PLACES = (os.environ.get("LIBFAKETIME", ""), *map(str, Path("/usr/lib").glob("*/faketime/libfaketime.so.1")))
CREATED = b'"created":'
TOO_MANY, TIMED_OUT = 429, 408


async def run(_: Size) -> Row:
    """Compare replies from before and after, and time what was under way."""
    row = Row(
        "the clock set back",
        "the time of day goes back by an hour while streams, limits and timeouts run",
    )
    library = _library()
    if library is None:
        row.happened = "not tried: libfaketime is not installed"
        return row
    with tempfile.NamedTemporaryFile("w", suffix=".offset") as offset:
        offset.write("+0\n")
        offset.flush()
        environment = {
            "LD_PRELOAD": library,
            "FAKETIME_TIMESTAMP_FILE": offset.name,
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

        def set_back() -> None:
            Path(offset.name).write_text(f"-{HOUR}\n", "utf-8")

        flags = ("--keep-alive", f"{KEEP_ALIVE:g}s", "--header-timeout", f"{HEADERS:g}s")
        async with (
            serving(*flags, env=environment) as server,
            serving("--clock", "real", env=environment) as real,
            row.observed(server),
        ):
            await _compare(row, server, real, set_back)
    return row


def _library() -> str | None:
    return next((place for place in PLACES if place and Path(place).exists()), None)


async def _compare(row: Row, server: Served, real: Served, set_back: Callable[[], None]) -> None:
    port, loop = server.port, asyncio.get_running_loop()
    before = await _sample(port, "a")
    dated = await _created(real)
    began = loop.time()
    text = " ".join(f"w{number}" for number in range(30))
    stream = await call(port, request(text, "mg.paced.clock", stream=True))
    idle = await call(port, request("idle", "mg-idle", keep=True))
    late = await call(port, b"POST /v1/chat/comp")
    limited = [await asked(port, request("x", "mg.rate-limited.clock")) for _ in range(4)]
    await asyncio.sleep(BACK)
    set_back()
    moved = dated - await _created(real)
    if abs(moved - HOUR) > 60:  # noqa: PLR2004 - a minute
        row.wrong.append(f"the server's time of day moved by {moved} s instead of an hour")
    ended = await asyncio.gather(*(_ended(made, began) for made in (stream, idle, late)))
    again = await asked(port, request("x", "mg.rate-limited.clock"))
    _judge(row, ended, stream.reply(), late.reply(), text)
    if [reply.status for reply in limited] != [200, 200, 200, TOO_MANY] or again.status != 200:  # noqa: PLR2004 - OK
        row.wrong.append(f"the limit said {[reply.status for reply in limited]}, then {again.status}")
    if await _sample(port, "b") != before:
        row.wrong.append("replies differ before and after")
    row.happened = (
        f"`created` of `--clock real` went back by an hour and nothing else did: {len(before)} replies the "
        f"same bytes, a stream of 30 words whole after {ended[0]:.1f} s, keep-alive over after "
        f"{ended[1]:.1f} s of {KEEP_ALIVE:g}, a half head refused after {ended[2]:.1f} s of "
        f"{HEADERS:g}, a rate limit open again"
    )


def _judge(row: Row, ended: list[float], stream: Reply, late: Reply, text: str) -> None:
    if not stream.ended() or stream.text() != text:
        row.wrong.append(f"the stream ended with {stream.body[-200:]!r}")
    if late.status != TIMED_OUT:
        row.wrong.append(f"the half head got {late}")
    for what, seconds, limit in (("keep-alive", ended[1], KEEP_ALIVE), ("header timeout", ended[2], HEADERS)):
        if not limit - 0.2 <= seconds <= limit + LATE:
            row.wrong.append(f"the {what} of {limit:g} s took {seconds:.1f} s")


async def _ended(made: Call, began: float) -> float:
    """Seconds after which a connection was closed by the server."""
    await asyncio.wait([made.over], timeout=PATIENCE)
    made.transport.abort()
    return asyncio.get_running_loop().time() - began


async def _sample(port: int, turn: str) -> list[bytes]:
    """Replies of new sessions: bodies, streams, errors."""
    replies = [
        await asked(port, request("the same", f"mg-{turn}{number}", stream=number % 2 == 1))
        for number in range(10)
    ]
    replies += [await asked(port, request("the same", f"mg.counting.{turn}")) for _ in range(5)]
    replies.append(await asked(port, post(b'{"messages": []}', f"mg-{turn}")))
    return [repr((reply.status, sorted(reply.headers.items()), reply.body)).encode() for reply in replies]


async def _created(server: Served) -> int:
    """The time of day as a server with the real clock tells it."""
    reply = await asked(server.port, request(f"now {time.monotonic()}", "mg-now"))
    return int(reply.json()["created"])
