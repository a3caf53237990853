"""What takes longer than it may is told, whichever clock has said so."""

import asyncio
import time

import pytest

from mockgrid.testing.time_limit import LateReturnError, TimeLimit


@pytest.mark.parametrize("kind", ["asyncio", "uvloop"])
def test_what_is_cancelled_at_its_deadline_has_not_returned_in_time(kind):
    factory = pytest.importorskip("uvloop").new_event_loop if kind == "uvloop" else asyncio.new_event_loop

    async def held():
        with pytest.raises(LateReturnError, match=r"deadline of 0\.01 s"):
            await TimeLimit(0.01).hold(asyncio.sleep(60))

    for _ in range(20):  # uvloop, which counts in milliseconds, cancels some a moment early
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(held())


def test_what_blocks_the_loop_when_it_is_cancelled_ends_too():
    async def blocks():
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            time.sleep(60)  # noqa: ASYNC251 - as a client might

    begun = time.monotonic()
    with pytest.raises(LateReturnError):
        asyncio.run(TimeLimit(0.01).hold(blocks()))
    assert time.monotonic() - begun < 30
