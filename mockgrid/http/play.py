"""Playing a script: its waits kept, its writes sent, its faults committed."""

from __future__ import annotations

import asyncio
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING

from mockgrid.reply.script import Begin, Hang, Raw, Reset, Wait, Write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mockgrid.http.asgi import Writer
    from mockgrid.http.writer import Timer
    from mockgrid.reply.script import Instruction, Script, StreamStats

# Pieces of one reply whose lateness is kept.
_MOST_LATE = 10_000
# Events that are written before others get the loop, and bytes of those that are put together.
_TOGETHER = 64
_SIZE = 16 * 1024
_CLOSED = "the connection closes before the end of the reply"


class Playing:
    """One script as it plays.

    Args:
        script: played once.
        played: counts as it plays, so that it holds however the reply ends.
        writer: by which it leaves; what that cannot do is in ``played.degraded``.
        begun: called when the head is about to leave.
    """

    def __init__(
        self, script: Script, played: StreamStats, writer: Writer, begun: Callable[[], None]
    ) -> None:
        self._steps = iter(script.instructions)
        self._virtual = script.virtual
        self._played = played
        self._writer = writer
        self._begun = begun
        self._loop = asyncio.get_running_loop()
        # Only waits move it: what leaves late makes nothing after it late.
        self._due = self._loop.time()
        self._watched = self._waited = self._until_stop = False
        self._between_events = self._turn_is_whole = True
        self._in_turn = 0
        self._held: deque[Instruction] = deque()
        self._timer: Timer | None = None
        self._waiting: asyncio.Future[None] | None = None

    async def play(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """Send the reply.

        Raises:
            CutError: the script cuts the connection, and the writer has no other way to do it.
        """
        writer = self._writer
        left = False
        try:
            await self._play(status, headers)
        except asyncio.CancelledError:
            if not writer.stopping:
                left = True
                raise
            # The server's last word: it has no more use for the exception than for this task.
            self._played.ended_by = "shutdown"
            await writer.cut(_CLOSED)
        finally:
            self._played.degraded = writer.degraded
            if left or writer.lost:
                self._played.ended_by = "client"
            writer.unwatch()

    async def _play(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        writer = self._writer
        while (step := self._next()) is not None:
            if type(step) is Write:
                await self._write(step)
            elif type(step) is Wait:
                await self._wait(step.seconds, self._on_time)
            elif type(step) is not Begin:
                if await self._ended(step):
                    return
            else:
                await self._start(step, status, headers)
            if writer.lost:
                return
        await writer.end()
        self._played.whole = True

    async def _start(self, head: Begin, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        if not self._writer.lost:
            self._begun()
        if head.seconds > 0:
            await self._writer.start_slowly(status, headers, head.length, head.seconds, self._pause)
        else:
            await self._writer.start(status, headers, head.length)

    def _next(self) -> Instruction | None:
        return self._held.popleft() if self._held else next(self._steps, None)

    async def _write(self, write: Write) -> None:
        if not self._shares_turn(write):
            await self._turn()
        writer = self._writer
        writes = self._with_following(write) if self._turn_is_whole else [write]
        if writer.write_now(*(each.data for each in writes)):
            self._count(writes)
            return
        for each in writes:
            if not writer.lost:
                await writer.write(each.data)
            if writer.lost:  # it has not left
                return
            self._count([each])

    def _with_following(self, write: Write) -> list[Write]:
        """Return a whole event with those that may leave together with it, as far as a turn takes them."""
        writes, size = [write], len(write.data)
        room = _TOGETHER - self._in_turn
        while len(writes) < room and size < _SIZE:
            step = self._next()
            if type(step) is not Write or not step.events:
                if step is not None:
                    self._held.appendleft(step)
                break
            writes.append(step)
            size += len(step.data)
        return writes

    def _shares_turn(self, write: Write) -> bool:
        """Whether a write may follow the one before in one turn of the loop, and so in one segment.

        Whole events may, as long as others get the loop now and then; between the pieces of one that is
        split, a client is to see the gap.
        """
        whole = self._between_events and write.events > 0
        shares = not self._in_turn or (whole and self._turn_is_whole and self._in_turn < _TOGETHER)
        self._between_events = write.events > 0
        self._turn_is_whole = whole
        return shares

    async def _turn(self) -> None:
        self._in_turn = 0
        await asyncio.sleep(0)

    def _count(self, writes: list[Write]) -> None:
        now, played = monotonic(), self._played
        if not self._waited:
            played.prompt += len(writes)
        elif len(played.late) < _MOST_LATE:
            played.late += [max(now - self._due, 0.0)] * len(writes)
        self._in_turn += len(writes)
        for data, events in writes:
            played.sent(now, data)
            played.bytes_written += len(data)
            played.events_written += events

    async def _pause(self, seconds: float) -> bool:
        """Let so many seconds pass; False once the client has left."""
        await self._wait(seconds, self._wake)
        return not self._writer.lost

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

        Most steps are a write and a wait. A paced stream costs a tenth less where they wake no task.
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
        while (step := self._next()) is not None:
            if type(step) is Write and not self._in_turn:
                whole = self._between_events and step.events
                writes = self._with_following(step) if whole else [step]
                if not self._writer.write_now(*(each.data for each in writes)):
                    self._held.extendleft(reversed(writes))
                    return False
                self._shares_turn(step)
                self._count(writes)
            elif type(step) is Wait:
                self._due += step.seconds
                if self._due > self._loop.time():
                    self._in_turn = 0
                    self._timer = self._writer.at(self._due, self._on_time)
                    return True
            else:
                self._held.appendleft(step)
                return False
        return False

    async def _ended(self, step: Instruction) -> bool:
        """Do what is neither head, body nor wait; return whether it ends the connection."""
        if type(step) is Raw:
            await self._writer.raw(step.data)
            return False
        if type(step) is Hang:
            await self._hang(step)
        elif type(step) is Reset:
            await self._writer.reset()
        else:
            await self._writer.cut(_CLOSED)
        return True

    async def _hang(self, hang: Hang) -> None:
        """Wait for the client to leave or the server to stop, by real time on any clock."""
        writer = self._writer
        self._due = self._loop.time()
        while not (writer.lost or writer.stopping):
            if hang.every:
                self._due += hang.every
            await self._until(self._due if hang.every else None, self._wake, until_stop=True)
            if hang.every and not (writer.lost or writer.stopping):
                await self._write(Write(hang.comment))
        if not writer.lost:
            self._played.ended_by = "shutdown"
            await writer.cut(_CLOSED)

    async def _until(
        self, deadline: float | None, then: Callable[[], None], *, until_stop: bool = False
    ) -> None:
        """Have something done at a deadline, if there is one; return when woken, or the client has left.

        Args:
            deadline: by the loop's clock.
            then: what is done.
            until_stop: whether the server's stop wakes it, too: what has an end gets its time.
        """
        writer = self._writer
        if not self._watched:
            self._watched = True
            writer.watch(self._changed)
        waiting = self._waiting = self._loop.create_future()
        self._in_turn, self._until_stop = 0, until_stop
        if deadline is not None:
            self._timer = writer.at(deadline, then)
        self._changed()
        try:
            await waiting
        finally:
            self._waiting = None
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def _changed(self) -> None:
        """The client has left, or the server is told to stop."""
        if self._writer.lost or (self._until_stop and self._writer.stopping):
            self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
