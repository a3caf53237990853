"""Playing a script: its waits kept, its writes sent, its faults committed."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

from mockgrid.http.outlet import outlet
from mockgrid.reply.script import Hang, Head, Raw, Reset, Wait, Write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.types import Receive, Send

    from mockgrid.http.protocol.line import Line
    from mockgrid.reply.script import Instruction, Played, Script

# Pieces of one reply whose lateness is kept.
_MOST_LATE = 10_000
_CLOSED = "the connection closes before the end of the reply"


class Playing:
    """One script as it plays.

    Under MockGrid's own server every instruction is done as it says. Under others, and in process, what ASGI
    cannot say is done as nearly as it can be, and ``played.degraded`` says so.

    Args:
        script: played once.
        played: counts as it plays, so that it holds however the reply ends.
        line: the connection itself, where the server offers it.
        receive: ASGI's, by which the client's leaving is noticed.
        send: ASGI's.
    """

    def __init__(
        self, script: Script, played: Played, line: Line | None, receive: Receive, send: Send
    ) -> None:
        self._steps = iter(script.instructions)
        self._virtual = script.virtual
        self._played = played
        self._line = line
        self._outlet = outlet(script, line, send)
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        # Only waits move it: what leaves late makes nothing after it late.
        self._due = self._loop.time()
        self._left = self._stopping = self._hanging = False
        self._crowded = self._waited = False
        self._held: Instruction | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: asyncio.Future[None] | None = None
        self._watcher: asyncio.Task[None] | None = None

    async def play(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """Send the reply.

        Raises:
            CutError: the script cuts the connection, and there is no line to do it by.
        """
        line = self._line
        if line is not None:
            line.watch(self._stop)
        try:
            await self._play(status, headers)
        except asyncio.CancelledError:
            if line is None or not self._stopping:
                self._left = True
                raise
            # The server's last word: it has no more use for the exception than for this task.
            self._played.ended_by = "shutdown"
            line.close()
        finally:
            self._played.degraded = self._outlet.degraded
            if self._left or self._outlet.lost:
                self._played.ended_by = "client"
            self._free()

    async def _play(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        while (step := self._next()) is not None:
            if isinstance(step, Write):
                await self._write(step)
            elif isinstance(step, Wait):
                await self._wait(step.seconds, self._on_time)
            elif isinstance(step, Head):
                await self._outlet.start(step, status, headers, self._pause)
            elif await self._ended(step):
                return
            if self._left:
                return
        await self._outlet.finish(self._played.bytes_written)
        self._played.whole = True

    def _next(self) -> Instruction | None:
        held, self._held = self._held, None
        return next(self._steps, None) if held is None else held

    async def _write(self, write: Write) -> None:
        if self._crowded:  # two writes in one turn of the loop would leave as one
            await asyncio.sleep(0)
        if self._outlet.lost:
            self._left = True
            return
        await self._outlet.write(write.data)
        self._crowded = True
        self._count(write)

    def _count(self, write: Write) -> None:
        now = monotonic()
        if self._waited and len(self._played.late) < _MOST_LATE:
            self._played.late.append(max(now - self._due, 0.0))
        self._played.sent(now, write.data)
        self._played.bytes_written += len(write.data)
        self._played.events_written += write.events

    async def _pause(self, seconds: float) -> bool:
        """Let so many seconds pass; False once the client has left."""
        await self._wait(seconds, self._wake)
        return not self._left

    async def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        if self._virtual:
            self._played.virtual_seconds += seconds
            return
        self._due += seconds
        if self._due > self._loop.time():
            self._waited = True
            await self._until(self._due, then)

    def _on_time(self) -> None:
        """Play on from a deadline.

        Most steps are a write and a wait; waking the task for them would cost more than they do.
        """
        try:
            if self._plays_on():
                return
        except Exception as error:  # noqa: BLE001 - it is the task's, which waits
            if self._waiting is not None:
                self._waiting.set_exception(error)
        self._wake()

    def _plays_on(self) -> bool:
        """Return whether the next deadline is set; False where the task has to go on."""
        wrote = False
        while (step := self._next()) is not None:
            if isinstance(step, Write) and not wrote and self._outlet.write_now(step.data):
                wrote = True
                self._count(step)
            elif isinstance(step, Wait):
                self._due += step.seconds
                if self._due > self._loop.time():
                    self._timer = self._loop.call_at(self._due, self._on_time)
                    return True
            else:
                self._held, self._crowded = step, wrote
                return False
        return False

    async def _ended(self, step: Instruction) -> bool:
        """Do what is neither head, body nor wait; return whether it ends the connection."""
        if type(step) is Raw:
            await self._outlet.raw(step.data)
            return False
        if type(step) is Hang:
            await self._hang(step)
        elif type(step) is Reset:
            await self._outlet.reset()
        else:
            await self._outlet.cut(_CLOSED)
        return True

    async def _hang(self, hang: Hang) -> None:
        """Wait for the client to leave or the server to stop, by real time on any clock."""
        self._hanging = True
        self._due = self._loop.time()
        while not (self._left or self._stopping):
            if hang.every:
                self._due += hang.every
                await self._until(self._due, self._wake)
            else:
                await self._until(None, self._wake)
            if hang.every and not (self._left or self._stopping):
                await self._write(Write(hang.comment))
        if not self._left:
            self._played.ended_by = "shutdown"
            await self._outlet.cut(_CLOSED)

    async def _until(self, deadline: float | None, then: Callable[[], None]) -> None:
        """Have something done at a deadline, if there is one; return when woken."""
        if self._watcher is None:
            self._watcher = self._loop.create_task(self._watch())
        waiting = self._waiting = self._loop.create_future()
        self._crowded = False
        if deadline is not None:
            self._timer = self._loop.call_at(deadline, then)
        try:
            await waiting
        finally:
            self._waiting = None
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._left = True
        self._wake()

    def _stop(self) -> None:
        """The server is to stop: what would never end ends now, all else gets what time there is."""
        self._stopping = True
        if self._hanging:
            self._wake()

    def _free(self) -> None:
        """Leave no cycle behind, and no task."""
        if self._line is not None:
            self._line.watch(None)
        if self._watcher is not None:
            self._watcher.cancel()
            self._watcher = None
