import json
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from upstream.raw_client import eventually

from mockgrid import MockGrid

COMPLETION = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "text-prime",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hi", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
    }
).encode()
BODY = json.dumps({"model": "any", "messages": [{"role": "user", "content": "Hello"}]}).encode()


@pytest.fixture
def before():
    """Puts a MockGrid before a provider; gives a client that speaks HTTP as it is told."""
    grids = []

    def start(provider, **settings):
        grid = MockGrid(upstream=getattr(provider, "url", provider), **settings).start()
        grids.append(grid)
        return grid

    yield start
    for grid in grids:
        grid.stop()


def journal(grid, key):
    """The exchanges of a key, as the control interface tells them; none is still under way."""
    eventually(lambda: not told(grid, key, "")["exchanges"]["under_way"])
    return told(grid, key, "/exchanges")["exchanges"]


def told(grid, key, path):
    origin = "/".join(grid.base_url.split("/")[:3])
    with urlopen(f"{origin}/__mockgrid__/sessions/{quote(key, safe='')}{path}", timeout=10) as answer:
        return json.load(answer)
