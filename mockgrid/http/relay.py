"""Passing on a reply that another server is still sending: each piece as it comes, and its end as it ends."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from mockgrid.errors import MockgridError

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from mockgrid.http.asgi import Writer
    from mockgrid.reply.reply import Coming, Reply
    from mockgrid.session.exchange import KeptExchange

T = TypeVar("T")


class LeftError(Exception):
    """The client has left."""


class BrokenOffError(MockgridError):
    """A reply that ends before its end.

    Args:
        message: one sentence that says how.
        reset: whether the connection was reset.
    """

    def __init__(self, message: str, *, reset: bool = False) -> None:
        super().__init__(message)
        self.reset = reset


async def while_there(writer: Writer, work: Coroutine[Any, Any, T]) -> T:
    """Do something as long as the client is there, and return what comes of it.

    Raises:
        LeftError: it has left, and the work was ended.
    """
    task = asyncio.get_running_loop().create_task(work)

    def changed() -> None:
        if writer.lost:
            task.cancel()

    writer.watch(changed)
    changed()
    try:
        await asyncio.wait((task,))
    finally:
        writer.unwatch()
        if not task.done():  # the server's stop, or the time of the reply is over
            task.cancel()
            await asyncio.wait((task,))
    if task.cancelled():
        raise LeftError
    return task.result()


async def relay(
    reply: Reply,
    coming: Coming,
    headers: Sequence[tuple[bytes, bytes]],
    exchange: KeptExchange,
    writer: Writer,
) -> None:
    """Pass on a reply: what breaks off is broken off, and a client that reads slowly is waited for.

    Args:
        reply: its head.
        coming: its body; how it broke off is noted there.
        headers: those of the reply, and what is added to them.
        exchange: in which is noted what has left.
        writer: by which it leaves.

    Raises:
        CutError: the reply breaks off, and the server offers no way to do it.
    """
    try:
        await while_there(writer, _pass_on(reply, coming, headers, exchange, writer))
    except LeftError:
        pass  # as the writer tells
    except BrokenOffError as broken:
        exchange.whole = False
        coming.broken = broken.message
        if broken.reset:
            await writer.reset()
        else:
            await writer.cut(broken.message.rstrip("."))
    except asyncio.CancelledError:
        if not writer.stopping:
            raise
        exchange.ended_by, exchange.whole = "shutdown", False
        await writer.cut("the server stops")


async def _pass_on(
    reply: Reply,
    coming: Coming,
    headers: Sequence[tuple[bytes, bytes]],
    exchange: KeptExchange,
    writer: Writer,
) -> None:
    await writer.start(reply.status, headers, coming.length)
    left = coming.length
    async with aclosing(coming.pieces()) as pieces:
        async for piece in pieces:
            now = monotonic()
            await writer.write(piece)
            if writer.lost:
                return
            exchange.sent(now, piece)
            if left is not None and (left := left - len(piece)) <= 0 and not coming.ended:
                await writer.end()  # the client has all of it, and may leave
                coming.ended = True
    if not coming.ended:
        await writer.end()
        coming.ended = True
