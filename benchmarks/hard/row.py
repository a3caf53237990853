"""What came of a hardship: a row of the table."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from probe import start_probe
from wire import asked, request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from probe import Probed
    from served import Figures, Served

ROOM = 8.0
"""Megabytes by which the last round of a hardship may be over the one before, and no more: cycles go when the
collector comes around."""


@dataclass(frozen=True)
class Size:
    """How hard the use is; times in seconds, ``wait`` being that of the timeouts that are tried."""

    connections: int
    streams: int
    trickling: int
    restarts: int
    pause: float
    soak: float
    wait: float
    rounds: int


FULL = Size(5_000, 2_000, 1_000, restarts=10, pause=5.0, soak=300.0, wait=12.0, rounds=5)
QUICK = Size(5_000, 2_000, 1_000, restarts=4, pause=5.0, soak=60.0, wait=12.0, rounds=3)
SMALL = Size(200, 60, 40, restarts=2, pause=0.5, soak=3.0, wait=2.0, rounds=1)


@dataclass
class Row:
    """What was done, and what happened.

    Attributes:
        wrong: what should not have happened; empty when all is well.
        figures: what the server held before, and after each round.
        probed: what a well-behaved client saw meanwhile; None where there was none.
        kept_waiting: share of the time in which the server had work and no core to do it on.
        warned: text of warnings on stderr that belong to the hardship.
    """

    name: str
    done: str
    happened: str = ""
    wrong: list[str] = field(default_factory=list)
    figures: list[Figures] = field(default_factory=list)
    probed: Probed | None = None
    kept_waiting: float = 0.0
    warned: str = ""

    def cells(self) -> list[str]:
        """The cells of its row."""

        def along(name: str, form: str) -> str:
            return " → ".join(format(getattr(figures, name), form) for figures in self.figures) or "—"

        probed = self.probed
        times = "—"
        if probed is not None:
            times = f"{probed.p50:g} / {probed.p99:g} ({self.kept_waiting:.0%})"
        happened = self.happened if not self.wrong else f"{self.happened} **WRONG: {'; '.join(self.wrong)}**"
        return [
            self.name,
            self.done,
            happened,
            times,
            along("rss", ".0f"),
            along("files", "d"),
            along("tasks", "d"),
            along("threads", "d"),
        ]

    @asynccontextmanager
    async def observed(self, server: Served, *, probed: bool = True) -> AsyncIterator[None]:
        """Note what the server holds before and after a block, and what a well-behaved client sees."""
        if not self.figures:
            self.figures.append(await server.figures())
        probe = await start_probe(server.port) if probed else None
        ran, waited = server.scheduled()
        try:
            yield
            if probe is not None:
                result = await probe.result()
                ran, waited = (
                    now - then for now, then in zip(server.scheduled(), (ran, waited), strict=True)
                )
                self._note(result, waited / (ran + waited))
        finally:
            if probe is not None:
                probe.kill()
        self.figures.append(await server.settled(self.figures[0]))
        await self._check(server)

    def check_growth(self) -> None:
        """Hold the memory that the last of several equal rounds left against that of the round before."""
        _, *rounds = (figures.rss for figures in self.figures)
        before, after = rounds[-2:] if len(rounds) > 1 else (rounds[0], rounds[0])
        if after > before + ROOM:
            self.wrong.append(f"memory grew from {before:.0f} to {after:.0f} MB in equal rounds")

    def _note(self, probed: Probed, kept_waiting: float) -> None:
        """The times of the round stand in which other processes took least from the server."""
        self.wrong += [f"a well-behaved request failed: {wrong}" for wrong in probed.wrong[:3]]
        if self.probed is None or kept_waiting < self.kept_waiting:
            self.probed, self.kept_waiting = probed, kept_waiting

    async def _check(self, server: Served) -> None:
        before, *_, after = self.figures
        if not after.quiet(before):
            self.wrong.append(f"not released: {before} before, {after} after")
        reply = await asked(server.port, request("still there?", "mg-after"), 5)
        if reply.text() != "You said: still there?":
            self.wrong.append(f"a plain request got {reply}")
        lines = [line for line in server.said().splitlines() if not self.warned or self.warned not in line]
        if lines:
            self.wrong.append(f"stderr: {lines[-3:]}")


HEAD = [
    "hardship",
    "done",
    "happened",
    "p50 / p99, ms (kept waiting)",
    "RSS, MB",
    "open files",
    "tasks",
    "threads",
]
