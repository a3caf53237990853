import json
from urllib.parse import quote
from urllib.request import urlopen

import pytest

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
    """The exchanges of a key, as the control interface tells them."""
    origin = grid.base_url.removesuffix("/v1")
    with urlopen(f"{origin}/__mockgrid__/sessions/{quote(key, safe='')}/exchanges", timeout=10) as answer:
        return json.load(answer)["exchanges"]
