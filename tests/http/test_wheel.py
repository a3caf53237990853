"""Deadlines of many replies share one timer: kept in order, given up, and done in bounded turns."""

import asyncio
import time
from itertools import pairwise

import pytest
from waiting import within

from mockgrid.http.wheel import Wheel


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request):
    """Runs a coroutine on a loop of either kind."""
    factory = asyncio.new_event_loop
    if request.param == "uvloop":
        factory = pytest.importorskip("uvloop").new_event_loop

    def run(coroutine):
        with asyncio.Runner(loop_factory=factory) as runner:
            return runner.run(coroutine)

    return run


async def until(holds):
    assert await asyncio.to_thread(within, 30, holds)


def test_what_is_due_first_comes_first_and_never_early(run):
    done = []

    async def work():
        wheel, begin = Wheel(), time.monotonic()
        for place, offset in enumerate((0.02, 0.005, 0.02, 0.0, -1.0, 0.04, 0.005)):
            due = begin + offset
            wheel.at(due, lambda place=place, due=due: done.append((place, time.monotonic() - due)))
        await until(lambda: len(done) == 7)

    run(work())
    assert [place for place, _ in done] == [4, 3, 1, 6, 0, 2, 5]
    assert all(late >= -0.0005 for _, late in done)


def test_what_is_cancelled_is_not_done_and_leaves_the_line(run):
    done = []

    async def work():
        wheel, begin = Wheel(), time.monotonic()
        kept = wheel.at(begin + 0.02, lambda: done.append("kept"))
        first = wheel.at(begin + 0.01, lambda: done.append("first"))
        first.cancel()
        first.cancel()
        for _ in range(5000):
            wheel.at(begin + 3600, done.clear).cancel()
        assert len(wheel._line) < 3000
        await until(lambda: done)
        kept.cancel()  # it is done
        wheel.at(time.monotonic(), lambda: done.append("last"))
        await until(lambda: len(done) > 1)

    run(work())
    assert done == ["kept", "last"]


def test_one_may_set_the_next_and_a_failure_stops_no_other(run):
    done, failures = [], []

    async def work():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: failures.append(context["exception"]))
        wheel, begin = Wheel(), time.monotonic()

        def again(number):
            done.append(number)
            if number < 5:
                wheel.at(begin + 0.002 * number, lambda: again(number + 1))

        wheel.at(begin, lambda: 1 / 0)
        wheel.at(begin, lambda: again(0))
        await until(lambda: len(done) == 6)

    run(work())
    assert done == [0, 1, 2, 3, 4, 5]
    assert [type(failure) for failure in failures] == [ZeroDivisionError]


def test_others_get_the_loop_while_much_is_due(run):
    """What a thousand streams have to write keeps no client from being read for longer than a few of them."""
    beside = []

    async def work():
        wheel, left = Wheel(), 40

        def takes_long():
            nonlocal left
            time.sleep(0.001)
            left -= 1

        for _ in range(left):
            wheel.at(time.monotonic(), takes_long)
        while left:
            beside.append(left)
            await asyncio.sleep(0)

    run(work())
    assert max(before - after for before, after in pairwise(beside)) <= 3
