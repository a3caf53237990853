"""The controls of a server that runs in a thread of this process."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from mockgrid.control import ControlError
from mockgrid.testing.error import CallError, hidden

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from mockgrid.app.app import App
    from mockgrid.http.server import RunningServer

__tracebackhide__ = hidden

T = TypeVar("T")


class LocalControls:
    """Asks the server's operator, on the server's own event loop.

    Args:
        server: that is running.
        app: what it serves.
    """

    def __init__(self, server: RunningServer, app: App) -> None:
        self._server = server
        self._app = app
        self._operator = app.control.operator

    def open(self, key: str, asked: dict[str, Any]) -> dict[str, Any]:
        """See ``Controls``."""
        return self._call(lambda: self._operator.open(key, asked))

    def script(self, key: str, asked: dict[str, Any]) -> dict[str, Any]:
        """See ``Controls``."""
        return self._call(lambda: self._operator.script(key, asked))

    def reset(self, key: str) -> dict[str, Any]:
        """See ``Controls``."""
        return self._call(lambda: self._operator.reset(key))

    def close(self, key: str) -> None:
        """See ``Controls``."""
        self._call(lambda: self._operator.close(key))

    def session(self, key: str, *, final: bool = False) -> dict[str, Any]:
        """See ``Controls``."""
        return self._call(lambda: self._operator.session(key, final=final))

    def exchanges(
        self, key: str, *, after: int = 0, wait: int = 0, seconds: float = 0.0
    ) -> list[dict[str, Any]]:
        """See ``Controls``."""
        if wait:
            self._run(self._operator.wait(key, wait, seconds))
        told = self._call(lambda: self._operator.exchanges(key, after=after))
        return list(told["exchanges"])

    def clock(self, key: str) -> dict[str, Any]:
        """See ``Controls``."""
        return self._call(lambda: self._operator.clock(key))

    def move_clock(self, key: str, asked: dict[str, Any]) -> dict[str, Any]:
        """See ``Controls``."""
        return self._call(lambda: self._operator.move_clock(key, asked))

    def report(self) -> dict[str, Any]:
        """See ``Controls``."""
        report: Callable[[], dict[str, Any]] = self._operator.report
        return self._call(report)

    def where(self, pointer: str) -> str:
        """See ``Controls``."""
        return self._app.contract.document.where(pointer)

    def stop(self) -> None:
        """See ``Controls``."""
        self._server.stop()

    def _call(self, asked: Callable[[], T]) -> T:
        """Run a function on the server's loop."""
        future: Future[T] = Future()

        def answer() -> None:
            try:
                future.set_result(asked())
            except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
                future.set_exception(error)

        try:
            self._server.loop.call_soon_threadsafe(answer)
        except RuntimeError:
            raise _stopped() from None
        return _result(future)

    def _run(self, asked: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the server's loop."""
        try:
            future = asyncio.run_coroutine_threadsafe(asked, self._server.loop)
        except RuntimeError:
            asked.close()
            raise _stopped() from None
        return _result(future)


def _result(future: Future[T]) -> T:
    try:
        return future.result()
    except ControlError as error:
        findings = [found.as_json() for found in error.findings]
        raise CallError(error.status, error.message, findings) from None


def _stopped() -> CallError:
    return CallError(0, "This MockGrid has stopped; ask while it runs, within its `with` block.")
