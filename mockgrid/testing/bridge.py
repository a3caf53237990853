"""An ASGI application that runs on one event loop and is called from others."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Application = Callable[[Any, Receive, Send], Awaitable[None]]


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
