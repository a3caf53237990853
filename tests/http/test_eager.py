"""A limit in time that starts with the first wait."""

from __future__ import annotations

import asyncio

import pytest

from mockgrid.http.eager import timeout


async def at_once():
    return "done"


async def later(seconds):
    await asyncio.sleep(seconds / 2)
    await asyncio.sleep(seconds / 2)
    return "done"


async def failing():
    await asyncio.sleep(0)
    raise ValueError("broken")


def test_what_is_there_is_returned_without_a_timer(monkeypatch):
    monkeypatch.setattr(asyncio, "timeout", lambda _: 1 / 0)
    assert asyncio.run(_awaited(at_once(), 1)) == "done"


async def _awaited(coroutine, seconds):
    return await timeout(coroutine, seconds)


def test_waiting_within_the_limit_is_fine():
    assert asyncio.run(_awaited(later(0.02), 5)) == "done"


def test_waiting_beyond_the_limit_is_a_timeout():
    with pytest.raises(TimeoutError):
        asyncio.run(_awaited(later(5), 0.05))


def test_errors_come_through():
    with pytest.raises(ValueError, match="broken"):
        asyncio.run(_awaited(failing(), 1))


def test_a_future_may_be_awaited():
    async def main():
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        loop.call_later(0.01, future.set_result, 7)
        return await timeout(future, 1)

    assert asyncio.run(main()) == 7


def test_a_cancellation_is_no_timeout():
    async def main():
        task = asyncio.create_task(_awaited(later(5), 5))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
