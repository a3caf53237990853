"""A request leaves nothing behind that only the garbage collector could find."""

from __future__ import annotations

import gc
import http.client
import json

import pytest

from mockgrid.server.build import build_app
from mockgrid.server.run import start_in_thread
from mockgrid.server.settings import Settings

USER = {"role": "user", "content": "Hi"}


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [USER]},
        {"messages": [USER], "stream": True},
        {"messages": [{"role": "user"}]},
        {"model": "no", "messages": [USER]},
    ],
)
def test_no_cycles(body):
    settings = Settings(port=0, log="off")
    with start_in_thread(build_app(settings), settings) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        headers = {"authorization": "Bearer mg-garbage", "content-type": "application/json"}

        def send(count):
            for _ in range(count):
                connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
                connection.getresponse().read()

        send(20)
        gc.collect()
        gc.disable()
        try:
            send(200)
            found = gc.collect()
        finally:
            gc.enable()
        connection.close()
    assert found < 200
