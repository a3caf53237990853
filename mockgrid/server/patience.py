"""A time limit for many tasks at the cost of one timer."""

from __future__ import annotations

import asyncio


class Patience:
    """Cancels a task that takes longer than it may, to within a second or a quarter of the limit.

    A timer for each request would cost more than reading the request; here waiting costs an entry in a dict,
    and one timer looks through what waits.

    Args:
        seconds: how long a task may take.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._step = min(1.0, seconds / 4)
        # In order of their deadlines, since all have the same limit.
        self._deadlines: dict[asyncio.Task[object], float] = {}
        self._looking = False

    def begin(self) -> asyncio.Task[object] | None:
        """Start the time of the current task, and return the task; None outside of tasks, which have no limit."""
        task = asyncio.current_task()
        if task is not None:
            loop = asyncio.get_running_loop()
            self._deadlines[task] = loop.time() + self._seconds
            if not self._looking:
                self._looking = True
                loop.call_later(self._step, self._look, loop)
        return task

    def end(self, task: asyncio.Task[object] | None) -> None:
        """Stop the time of a task."""
        if task is not None:
            self._deadlines.pop(task, None)

    def was_lost(self, task: asyncio.Task[object] | None) -> bool:
        """Tell, once a task is cancelled, whether its time was up, and let it go on if so."""
        if task is None or task in self._deadlines:
            return False
        task.uncancel()
        return True

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        late = [task for task, deadline in self._deadlines.items() if deadline <= now]
        for task in late:
            del self._deadlines[task]
            task.cancel()
        self._looking = bool(self._deadlines)
        if self._looking:
            loop.call_later(self._step, self._look, loop)
