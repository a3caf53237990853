"""MockGrid in this process, for any test, notebook or script."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Never

from mockgrid.app.build import build_app
from mockgrid.control import ControlError
from mockgrid.errors import StartError
from mockgrid.http.server import start_in_thread
from mockgrid.settings import read_settings
from mockgrid.testing.error import CallError, hidden
from mockgrid.testing.grid import Grid, SessionKeys

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping

    from mockgrid.app.app import App
    from mockgrid.contract.contract import Contract
    from mockgrid.http.server import RunningServer
    from mockgrid.testing.controls import CallName, Controls

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Application = Callable[[Any, Receive, Send], Awaitable[None]]

__tracebackhide__ = hidden


# A free port, a quiet log, and no wait for replies that nobody reads any more.
_DEFAULTS: Final[Mapping[str, Any]] = {"port": 0, "log": "off", "shutdown_timeout": 0.2}


class Bridge:
    """Runs an application where its server runs it, whichever event loop the caller is on.

    So what the application remembers is only ever touched by one thread.

    Args:
        app: an ASGI application.
        loop: the event loop that it runs on.
    """

    def __init__(self, app: Application, loop: asyncio.AbstractEventLoop) -> None:
        self._app = app
        self._loop = loop

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request (ASGI 3)."""
        here = asyncio.get_running_loop()

        async def receive_there() -> Message:
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_of(receive()), here))

        async def send_there(message: Message) -> None:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_of(send(message)), here))

        answering = _of(self._app(scope, receive_there, send_there))
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(answering, self._loop))


async def _of(awaited: Awaitable[Any]) -> Any:
    return await awaited


class LocalControls:
    """Asks the server's operator, on the server's own event loop.

    Args:
        server: that is running.
        app: what it serves.
    """

    def __init__(self, server: RunningServer, app: App) -> None:
        self._server = server
        self._app = app
        self._operator = app.operator
        # Sessions that are closed when the server is next asked for anything: nobody waits for it.
        self._left: list[str] = []

    def open(self, key: str, label: str) -> None:
        """See ``Controls``; the server is not woken: who asks it next finds the session open."""
        self._operator.begin(key, label)

    def call(self, name: CallName, key: str, *body: dict[str, Any], **query: bool) -> dict[str, Any]:
        """See ``Controls``."""
        answer: dict[str, Any] = self._on_loop(getattr(self._operator, name), key, *body, **query)
        return answer

    def leave(self, key: str, count: int) -> bool:
        """See ``Controls``."""
        exchanges = self._operator.count(key)
        if exchanges is None:  # it has yet to be opened, or has gone
            return bool(self._on_loop(self._operator.leave, key, count))
        left = exchanges <= count
        if left:
            self._left.append(key)
        return left

    def exchanges(
        self, key: str, *, after: int = 0, wait: int = 0, seconds: float = 0.0
    ) -> list[dict[str, Any]]:
        """See ``Controls``."""
        if wait:
            self._on_loop(self._waiting, key, wait, seconds)
        return list(self._on_loop(self._operator.exchanges, key, after=after)["exchanges"])

    def explanation(self, key: str, number: int) -> dict[str, Any]:
        """See ``Controls``."""
        explanation: dict[str, Any] = self._on_loop(self._operator.explanation, key, number)
        return explanation

    def report(self) -> dict[str, Any]:
        """See ``Controls``."""
        report: dict[str, Any] = self._on_loop(self._operator.report)
        return report

    def where(self, pointer: str) -> str:
        """See ``Controls``."""
        return self._app.contract.document.where(pointer)

    def stop(self) -> None:
        """See ``Controls``."""
        self._server.stop()

    def _waiting(self, key: str, count: int, seconds: float) -> Future[bool]:
        waiting = self._operator.wait(key, count, seconds)
        return asyncio.run_coroutine_threadsafe(waiting, self._server.loop)

    def _on_loop(self, operate: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Call a method of the operator's on the server's loop, and wait for what it comes to."""
        answer: Future[Any] = Future()

        def begin() -> None:
            while self._left:
                with suppress(ControlError):  # it has gone by itself
                    self._operator.close(self._left.pop())
            try:
                value = operate(*arguments, **options)
            except BaseException as error:  # noqa: BLE001 (raised again in the thread that waits)
                answer.set_exception(error)
            else:
                answer.set_result(value)

        try:
            self._server.loop.call_soon_threadsafe(begin)
        except RuntimeError:
            stopped = "This MockGrid has stopped; ask while it runs, within its `with` block."
            raise CallError(0, stopped) from None
        try:
            value = answer.result()
            return value.result() if isinstance(value, Future) else value
        except ControlError as error:
            findings = [finding.as_json() for finding in error.findings]
            raise CallError(error.status, error.message, findings) from None


class MockGrid(Grid):
    """A server on a free port, in a thread of its own; stops at the end of a ``with`` block.

    >>> with MockGrid() as grid:
    ...     grid.play([{"error": 503, "retry_after": "10ms"}, {"say": "Hello"}])
    ...     client = OpenAI(base_url=grid.base_url, api_key=grid.api_key)
    ...     ask(client)
    ...     assert [exchange.status for exchange in grid.exchanges] == [503, 200]
    ...     grid.check()

    ``async with`` works too, and so do ``start`` and ``stop``.

    Args:
        settings: those of ``mockgrid serve``, by the names that ``mockgrid.settings`` has:
            ``scenarios="scenarios"``, ``seed=1``, ``clock="virtual"``, ``error_shape="both"``. A value may be
            text as the flag takes it, such as ``max_body="20MiB"``, or a number: of bytes, or of seconds.

    Raises:
        StartError: a setting is not known, or cannot have its value.
    """

    def __init__(self, *unnamed: Never, **settings: Any) -> None:
        __tracebackhide__ = True
        if unnamed:
            hint = "A document is one: MockGrid(document=…)."
            raise StartError("MockGrid takes settings, each with its name.", hint=hint)
        super().__init__(SessionKeys())
        self.settings = read_settings(settings, **_DEFAULTS)
        self._bridge: Bridge | None = None
        self._contract: Contract | None = None

    @property
    def app(self) -> Bridge:
        """The server as an ASGI application, for transports within the process.

        >>> transport = httpx.ASGITransport(grid.app)
        >>> httpx.AsyncClient(transport=transport, base_url=grid.base_url)

        Raises:
            StartError: it does not run.
        """
        if self._bridge is None:
            raise StartError(
                "This MockGrid does not run, so there is no application to call.",
                hint="Use it as `with MockGrid() as grid:`.",
            )
        return self._bridge

    @property
    def contract(self) -> Contract | None:
        """What the server serves; None where it does not run."""
        return self._contract

    def _connect(self) -> tuple[Controls, str]:
        app = build_app(self.settings)
        self._contract = app.contract
        server = start_in_thread(app, self.settings)
        self._bridge = Bridge(app, server.loop)
        return LocalControls(server, app), server.url

    def stop(self) -> None:
        """Stop the server: what is still under way is cut; does nothing the second time."""
        super().stop()
        self._bridge = None
