"""Who watches and does not read costs a server no memory."""

import asyncio
import json

import pytest
from asgi import Caller

from mockgrid.control import ControlError
from mockgrid.control import feed as feeds
from mockgrid.control.feed import MOST_READERS, PENDING
from mockgrid.control.latest import MOST_ROWS, OF_MORE

ASKED = 1200
# Exchanges that are told of those, as rows and whole; the newest of the ones, the first of the others.
TOLD = {True: range(ASKED - OF_MORE + 1, ASKED + 1), False: range(1, PENDING + 1)}


async def asked_by(caller, key):
    body = json.dumps({"messages": [{"role": "user", "content": "Hi"}]}).encode()
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    await caller._call("POST", "/v1/chat/completions", body, headers)


def data_of(event):
    return json.loads(event.decode().partition("data: ")[2])


@pytest.mark.parametrize("rows", [True, False])
def test_what_waits_for_a_slow_reader_is_bounded_and_the_rest_counted(rows):
    caller = Caller()

    async def watched():
        feed = caller.app.operator.feed(rows=rows)
        await anext(feed)
        for _ in range(ASKED):
            await asked_by(caller, "mg-a")
        dropped, kept = (await anext(feed)).decode(), await anext(feed)
        await feed.aclose()
        return dropped, kept

    dropped, kept = asyncio.run(watched())
    assert dropped == f"event: dropped\ndata: {ASKED - len(TOLD[rows])}\n\n"
    data = data_of(kept)
    assert [row["number"] for row in (data if rows else [data])] == list(
        TOLD[rows] if rows else TOLD[rows][:1]
    )
    assert caller.app.sessions.budget.watchers == []


@pytest.mark.parametrize("key", [None, "mg-a"])
def test_what_a_session_did_is_told_however_soon_it_is_closed_and_that_it_is_gone(key):
    caller = Caller()

    async def watched():
        feed = caller.app.operator.feed(key, rows=True)
        assert data_of(await anext(feed)) == []
        await asked_by(caller, "mg-a")
        name = caller.app.operator.name("mg-a")
        caller.app.operator.close("mg-a")
        await asked_by(caller, "mg-a")
        rows, gone = data_of(await anext(feed)), data_of(await anext(feed))
        await feed.aclose()
        assert [(row["session"], row["number"]) for row in rows] == [(name, 1), (name, 1)]
        assert rows[0]["arrived"] <= gone[name] < rows[1]["arrived"]

    asyncio.run(watched())
    assert caller.app.sessions.leaving == [caller.app.recorder.close]


def test_who_does_not_read_costs_an_exchange_nothing():
    caller = Caller()

    async def watched():
        feed = caller.app.operator.feed(rows=True)
        await anext(feed)
        assert caller.app.sessions.budget.watchers == []
        reading = asyncio.ensure_future(anext(feed))
        for _ in range(9):
            await asyncio.sleep(0)
        assert len(caller.app.sessions.budget.watchers) == 1
        await asked_by(caller, "mg-a")
        (row,) = data_of(await reading)
        assert (row["number"], caller.app.sessions.budget.watchers) == (1, [])
        await feed.aclose()

    asyncio.run(watched())


def test_so_many_may_follow_at_once_and_no_more():
    operator = Caller().app.operator

    async def followed():
        feeds = [operator.feed(rows=bool(place % 2)) for place in range(MOST_READERS)]
        for feed in feeds:
            await anext(feed)
        with pytest.raises(ControlError, match="32 follow what happens already") as refused:
            operator.feed()
        assert refused.value.status == 503
        await feeds.pop().aclose()
        feeds.append(operator.feed())
        await anext(feeds[-1])
        for feed in feeds:
            await feed.aclose()

    asyncio.run(followed())


@pytest.mark.parametrize("rows", [True, False])
def test_those_count_that_are_about_to_be_read_but_none_that_is_given_up(rows):
    operator = Caller().app.operator
    for _ in range(2 * MOST_READERS):
        operator.feed(rows=rows)
    feeds = [operator.feed(rows=rows) for _ in range(MOST_READERS)]
    with pytest.raises(ControlError):
        operator.feed()
    feeds.clear()
    operator.feed()


def test_what_came_before_is_told_in_parts_and_what_comes_meanwhile_after_it():
    caller = Caller()

    async def watched():
        for _ in range(MOST_ROWS + 1):
            await asked_by(caller, "mg-a")
        feed = caller.app.operator.feed(rows=True)
        first = data_of(await anext(feed))
        await asked_by(caller, "mg-a")
        later = data_of(await anext(feed)) + data_of(await anext(feed))
        await feed.aclose()
        assert [row["number"] for row in first + later] == list(range(1, MOST_ROWS + 3))
        assert len(first) == MOST_ROWS

    asyncio.run(watched())


def test_a_feed_of_a_quiet_session_says_that_it_is_there_though_others_are_busy(monkeypatch):
    monkeypatch.setattr(feeds, "KEEP_ALIVE", 0.5)
    caller = Caller()

    async def watched():
        feed = caller.app.operator.feed("mg-a", rows=True)
        await anext(feed)
        reading = asyncio.ensure_future(anext(feed))
        for _ in range(100):
            await asked_by(caller, "mg-b")
            if (await asyncio.wait([reading], timeout=0.1))[0]:
                break
        assert reading.done()
        assert reading.result() == b": still here\n\n"
        await feed.aclose()

    asyncio.run(watched())


def test_sessions_that_wait_to_be_opened_do_so_though_others_go_for_them_and_somebody_watches():
    most = 3
    caller = Caller(max_sessions=most)
    operator = caller.app.operator

    async def watched():
        feed = operator.feed(rows=True)
        await anext(feed)
        for number in range(most):
            await asked_by(caller, f"mg-{number}")
        for number in range(1000):
            operator.begin(f"mg-new-{number}")
        await asked_by(caller, "mg-a")
        gone = data_of([await anext(feed) for _ in range(2)][-1])
        await feed.aclose()
        assert sorted(gone) == sorted(operator.name(f"mg-{number}") for number in range(most))
        assert len(caller.app.sessions) == most

    asyncio.run(watched())
