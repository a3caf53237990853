"""Everything at once for minutes, and what the server holds at the end."""

from __future__ import annotations

import asyncio
import gzip
import json
import statistics
import time
from collections import Counter
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any

from row import Row
from served import LEAN, serving
from wire import asked, call, get, post, request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from row import Size
    from served import Served

SEED = 20260102
WORKERS = 16
SESSIONS, SHARED = 1_000, 2
"""Sessions that are kept, and those of them that all work in: so few that all is soon full."""
SCHEMAS = 500
PARTS = 5
FLAT = 1.05
ROOM = 3.0
"""Megabytes by which the median of the last part may be over that of the second."""

SCRIPT = [503, 200, 200, 429, 200]
"""What the scenario `counting` answers."""


async def run(size: Size) -> Row:
    """Work for so long, and compare the last fifth with the second."""
    row = Row(
        "soak",
        f"{size.soak:g} s of {WORKERS} clients: JSON, streams, clients that leave, thousands of sessions, "
        "broken requests, bytes that are no HTTP, reads of the control interface "
        f"(`--max-sessions {SESSIONS} {' '.join(LEAN)}`)",
        warned="was closed to make room",  # beyond --max-sessions
    )
    samples: list[tuple[float, float, int, int, int]] = []
    async with serving(*LEAN, "--max-sessions", str(SESSIONS)) as server:
        async with row.observed(server):
            work = Work(row, server)
            began = time.monotonic()
            workers = [asyncio.create_task(work.until(began + size.soak)) for _ in range(WORKERS)]
            while not all(worker.done() for worker in workers):
                at = time.monotonic() - began
                samples.append((at, server.rss(), server.files(), server.threads(), await server.tasks()))
                await asyncio.sleep(0.5)
            await asyncio.gather(*workers)
        second, last = (_part(samples, size.soak, part) for part in (1, PARTS - 1))
        if last[0] > max(second[0] * FLAT, second[0] + ROOM) and size.soak >= 60 * PARTS:
            row.wrong.append(f"memory grew from {second[0]:.1f} to {last[0]:.1f} MB")
        fifth = "minute" if size.soak == 60 * PARTS else "fifth"
        row.happened = (
            f"{sum(work.done.values()):,} pieces of work of {len(work.done)} kinds, {work.sessions:,} "
            f"sessions, none answered wrongly; second {fifth} against the last: memory {second[0]:.1f} and "
            f"{last[0]:.1f} MB, files {second[1]:g} and {last[1]:g}, threads {second[2]:g} and {last[2]:g}, "
            f"tasks {second[3]:g} and {last[3]:g}"
        )
    return row


def _part(samples: list[tuple[float, float, int, int, int]], seconds: float, part: int) -> list[float]:
    """The medians of what was held during one part of the time."""
    length = seconds / PARTS
    found = [sample[1:] for sample in samples if part * length <= sample[0] < (part + 1) * length]
    return [statistics.median(column) for column in zip(*found, strict=True)] or [0.0] * 4


class Work:
    """Every kind of request, and what its reply has to be."""

    def __init__(self, row: Row, server: Served) -> None:
        self.row = row
        self.port = server.port
        self.done: Counter[str] = Counter()
        self.sessions = 0
        self._numbers: Iterator[int] = count()
        self._random = Random(SEED)
        self._kinds: list[Callable[[int], Awaitable[Any]]] = [
            self.plain,
            self.plain,
            self.new_session,
            self.new_session,
            self.stream,
            self.stream,
            self.paced,
            self.leaving,
            self.unauthorised,
            self.invalid,
            self.unknown,
            self.compressed,
            self.structured,
            self.garbage,
            self.control,
        ]

    async def until(self, deadline: float) -> None:
        """Work until a time."""
        while time.monotonic() < deadline:
            kind = self._random.choice(self._kinds)
            await kind(next(self._numbers))
            self.done[kind.__name__] += 1

    async def plain(self, number: int) -> None:
        """A completion in a session of many, new or seen before."""
        text = f"soak {number % 5_000}"
        reply = await asked(self.port, request(text, f"mg-soak-{number % SHARED}"))
        self.expect(reply.text() == f"You said: {text}", "plain", reply)

    async def new_session(self, number: int) -> None:
        """A session whose five replies have to come in their order."""
        self.sessions += 1
        texts = ["", f"first: n{number}", f"second: n{number}", "", f"third: n{number}"]
        for status, text in zip(SCRIPT, texts, strict=True):
            reply = await asked(self.port, request(f"n{number}", f"mg.counting.{number}"))
            right = reply.status == status and (not text or reply.text() == text)
            self.expect(right, "new_session", reply)

    async def stream(self, number: int) -> None:
        """A stream without pace."""
        self.sessions += 1
        reply = await asked(self.port, request(f"stream {number}", f"mg-s{number}", stream=True))
        self.expect(reply.ended() and reply.text() == f"You said: stream {number}", "stream", reply)

    async def paced(self, number: int) -> None:
        """A stream with pace."""
        text = f"paced {number} one two three"
        reply = await asked(self.port, request(text, f"mg.paced.{number % 50}", stream=True))
        self.expect(reply.ended() and reply.text() == text, "paced", reply)

    async def leaving(self, number: int) -> None:
        """A client that leaves in the middle of a stream."""
        made = await call(self.port, request("x " * 50, f"mg.paced.l{number % 50}", stream=True))
        await asyncio.wait([made.begun], timeout=5)
        await asyncio.sleep(self._random.random() / 10)
        made.vanish()
        await made.over

    async def unauthorised(self, number: int) -> None:
        """A key that is none."""
        reply = await asked(self.port, request("x", f"sk-{number}"))
        self.expect(reply.status == 401, "unauthorised", reply)  # noqa: PLR2004 - a status

    async def invalid(self, number: int) -> None:
        """A breach of the contract, each in other words."""
        body = json.dumps({"messages": [{"role": f"r{number}", "content": ""}], f"x{number}": 1}).encode()
        reply = await asked(self.port, post(body, f"mg-soak-{number % SHARED}"))
        self.expect(reply.status == 422, "invalid", reply)  # noqa: PLR2004 - a status

    async def unknown(self, number: int) -> None:
        """A path that is none."""
        reply = await asked(self.port, post(b"{}", f"mg-soak-{number % SHARED}", path=f"/v1/chat/{number}"))
        self.expect(reply.status == 404, "unknown", reply)  # noqa: PLR2004 - a status

    async def compressed(self, number: int) -> None:
        """A body in gzip, or half of one."""
        body = gzip.compress(json.dumps({"messages": [{"role": "user", "content": f"z{number}"}]}).encode())
        cut = body[: len(body) // 2] if number % 2 else body
        raw = post(cut, f"mg-soak-{number % SHARED}").replace(
            b"content-type", b"content-encoding: gzip\r\ncontent-type", 1
        )
        reply = await asked(self.port, raw)
        self.expect(reply.status == (400 if number % 2 else 200), "compressed", reply)

    async def structured(self, number: int) -> None:
        """One of many JSON Schemas."""
        name = f"p{number % SCHEMAS}"
        schema = {
            "type": "object",
            "properties": {name: {"const": number % SCHEMAS}},
            "required": [name],
        }
        asks = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
        body = {"messages": [{"role": "user", "content": "x"}], "response_format": asks}
        reply = await asked(self.port, post(json.dumps(body).encode(), f"mg-soak-{number % SHARED}"))
        right = reply.status == 200 and json.loads(reply.text()) == {name: number % SCHEMAS}  # noqa: PLR2004 - OK
        self.expect(right, "structured", reply)

    async def garbage(self, number: int) -> None:
        """Bytes that are no HTTP."""
        reply = await asked(self.port, Random(number).randbytes(200) + b"\r\n\r\n")
        self.expect(reply.status == 400, "garbage", reply)  # noqa: PLR2004 - a status

    async def control(self, number: int) -> None:
        """A look at a session, at metrics or, more rarely, at the report."""
        paths = [f"sessions/mg-soak-{number % SHARED}", "metrics", "health", "sessions/mg.paced.1/exchanges"]
        reply = await asked(self.port, get(f"/__mockgrid__/{paths[number % len(paths)]}"))
        self.expect(reply.status in (200, 404), "control", reply)

    def expect(self, right: bool, kind: str, reply: Any) -> None:  # noqa: FBT001 - a condition
        """Note a reply that is not what it has to be."""
        if not right and len(self.row.wrong) < 5:  # noqa: PLR2004 - some are enough
            self.row.wrong.append(f"{kind}: {str(reply)[:400]}")
