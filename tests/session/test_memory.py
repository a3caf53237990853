"""What the journal keeps of an exchange beside its bytes."""

import asyncio
import gc
import json
import tracemalloc

import pytest
from asgi import Caller

COUNT = 150


@pytest.mark.parametrize("asked", [{}, {"stream": True}, {"stream": True, "n": 3}, {"temperature": 1}])
def test_an_exchange_costs_less_than_two_kilobytes_beside_its_bytes(asked):
    caller = Caller()

    async def ask(numbers):
        for number in numbers:
            content = f"Tell me about {number} in JSON."
            body = json.dumps({"messages": [{"role": "user", "content": content}], **asked}).encode()
            headers = {"content-type": "application/json", "authorization": f"Bearer {caller.key}"}
            await caller._call("POST", "/v1/chat/completions", body, headers)

    async def both():
        await ask(range(COUNT))  # what is made once has been made
        gc.collect()
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            await ask(range(COUNT, 2 * COUNT))
            gc.collect()
            return tracemalloc.get_traced_memory()[0] - before
        finally:
            tracemalloc.stop()

    grown = asyncio.run(both())
    (session,) = caller.app.sessions
    exchanges = list(session.journal)[COUNT:]
    assert len(exchanges) == COUNT
    own = sum(each.head.size + each.body_size + each.reply_size for each in exchanges)
    assert (grown - own) / COUNT < 2048
