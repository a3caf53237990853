"""How long one run of a test may take, and what ends one that takes longer."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from types import FrameType

_AGAIN: Final = 1.0
"""Seconds after which a client that has caught what ends it is ended again."""
_GRACE: Final = 0.5
"""Seconds beyond the deadline in which an event loop has to take note of it."""
_DEBUGGERS: Final = frozenset(("bdb", "pdb", "pydevd"))
_OURS: Final = __name__.rpartition(".")[0]


class LateReturnError(AssertionError):
    """The test did not return in time."""


class _AlarmError(BaseException):
    """Leaves whatever the client waits in."""


class TimeLimit:
    """Seconds in which a test has to return, or to raise.

    A signal ends what hangs, in a wait of any kind. Only the main thread has those, and not on every system;
    elsewhere a test fails when it has returned.

    Args:
        seconds: that it has.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def call(self, run: Callable[[], object]) -> None:
        """Hold a function to it.

        Raises:
            LateReturnError: it took longer.
        """
        __tracebackhide__ = True
        begun, alarm = time.monotonic(), _Alarm()
        try:
            with alarm.after(self.seconds):
                run()
        except _AlarmError as error:  # which says where it hung
            raise self._late() from error
        except Exception as error:
            # It may be made of what was to end it.
            if self._is_over(begun, alarm):
                raise self._late() from error
            raise
        if self._is_over(begun, alarm):
            raise self._late()

    async def hold(self, running: Coroutine[Any, Any, object]) -> None:
        """Hold a coroutine to it, which may wait for others or block the event loop.

        Raises:
            LateReturnError: it took longer.
        """
        __tracebackhide__ = True
        loop = _loop()
        if loop is None:  # another kind, such as trio's
            import anyio  # noqa: PLC0415 - with Starlette, for who has such a loop

            with anyio.move_on_after(self.seconds) as scope:
                await running
            if scope.cancelled_caught:
                raise self._late()
            return
        task = asyncio.ensure_future(_outcome(running))
        begun, alarm = time.monotonic(), _Alarm(lambda: asyncio.current_task(loop) is not None)
        with alarm.after(self.seconds + _GRACE):
            done, _ = await asyncio.wait([task], timeout=self.seconds)
            if not done and not alarm.debugged:  # by a clock of the loop's own, which may be early
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([task], timeout=_AGAIN)
                raise self._late()
        error = await task
        if self._is_over(begun, alarm):
            raise self._late() from error
        if error is not None:
            raise error

    def _is_over(self, begun: float, alarm: _Alarm) -> bool:
        return time.monotonic() - begun > self.seconds and not alarm.debugged

    def _late(self) -> LateReturnError:
        return LateReturnError(f"The test did not return within its deadline of {self.seconds:g} s.")


def _loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


async def _outcome(running: Coroutine[Any, Any, object]) -> BaseException | None:
    """Return what a coroutine raises; what asks a program to end would end the event loop."""
    try:
        await running
    except (Exception, SystemExit, _AlarmError) as error:  # noqa: BLE001 - it is raised again
        return error
    return None


class _Alarm:
    """Raises an error in the main thread, by a signal.

    Args:
        fits: whether it may be raised where the thread is now.

    Attributes:
        debugged: whether somebody looked at the test meanwhile, for whom it waits.
    """

    def __init__(self, fits: Callable[[], bool] = lambda: True) -> None:
        self._fits = fits
        self._running = False
        self._rung = 0
        self.debugged = False

    @contextmanager
    def after(self, seconds: float) -> Iterator[None]:
        """Raise it in what runs within a ``with`` block, so many seconds after its begin."""
        __tracebackhide__ = True
        if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
            yield
            return
        theirs, interval = signal.getitimer(signal.ITIMER_REAL)
        if 0 < theirs <= seconds:  # such as pytest-timeout's, which comes first
            yield
            return
        begun, traced = time.monotonic(), sys.gettrace()
        self._running = True
        before = signal.signal(signal.SIGALRM, self._ring)
        # Again and again, for who catches it once.
        signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
        try:
            yield
        finally:
            self._running = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            if self._rung > 1:
                sys.settrace(traced)
            if theirs:
                left = max(theirs - (time.monotonic() - begun), 0.001)
                signal.setitimer(signal.ITIMER_REAL, left, interval)

    def _ring(self, _number: int, frame: FrameType | None) -> None:
        __tracebackhide__ = True
        frames = list(_stack(frame))
        self.debugged |= any(each.f_globals.get("__name__") in _DEBUGGERS for each in frames)
        if not self._running or self.debugged or not self._fits():
            return
        self._rung += 1
        if self._rung > 1:
            # Who catches anything and goes on gets it once more where that was caught, and so beyond it.
            for each in frames:
                each.f_trace = self._insist
            sys.settrace(self._insist)
        raise _AlarmError

    def _insist(self, _frame: FrameType, event: str, _value: object) -> Any:
        __tracebackhide__ = True
        if event == "line" and self._running:
            raise _AlarmError
        return self._insist


def _stack(frame: FrameType | None) -> Iterator[FrameType]:
    """Yield the frames of the test that runs, the innermost first."""
    while frame is not None and not frame.f_globals.get("__name__", "").startswith(_OURS):
        yield frame
        frame = frame.f_back
