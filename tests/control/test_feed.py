"""Who watches and does not read costs a server no memory."""

import asyncio
import json

import pytest
from asgi import Caller

from mockgrid.control.feed import PENDING

ASKED = 1200
# Rows that wait, and exchanges.
MOST = {True: 150, False: PENDING}


@pytest.mark.parametrize("rows", [True, False])
def test_what_waits_for_a_slow_reader_is_bounded_and_the_rest_counted(rows):
    caller = Caller()
    body = json.dumps({"messages": [{"role": "user", "content": "Hi"}]}).encode()
    headers = {"authorization": "Bearer mg-a", "content-type": "application/json"}

    async def watched():
        feed = caller.app.operator.feed(rows=rows)
        await anext(feed)
        for _ in range(ASKED):
            await caller._call("POST", "/v1/chat/completions", body, headers)
        dropped, kept = (await anext(feed)).decode(), (await anext(feed)).decode()
        await feed.aclose()
        return dropped, kept

    dropped, kept = asyncio.run(watched())
    assert dropped == f"event: dropped\ndata: {ASKED - MOST[rows]}\n\n"
    data = json.loads(kept.partition("data: ")[2])
    assert [row["number"] for row in (data if rows else [data])] == list(range(1, 1 + (150 if rows else 1)))
    assert caller.app.sessions.budget.watchers == []
