"""A request leaves nothing behind that only the garbage collector could find.

The server has the collector look rarely, so circles would stay for long: each with all that hangs on it.
"""

from __future__ import annotations

import gc
import json
import socket
import struct
import time
from contextlib import suppress
from types import FrameType

import pytest
from raw_http import connect, read_all
from waiting import within

from mockgrid.app.build import build_app
from mockgrid.http.connection import Connection
from mockgrid.settings import Settings

SCENARIOS = """
broken.yaml: "steps: [{reply: {say: a b c, stream: {fault: disconnect}}}]"
reset.yaml: "steps: [{reply: {say: a b c, fault: reset}}]"
stalled.yaml: "steps: [{reply: {say: a b c, stream: {fault: {kind: stall, after: 1}}}}]"
paced.yaml: "pace: {per_token: 5ms}\\nsteps: [{reply: {say: a b c}}]"
delayed.yaml: "steps: [{reply: {say: a, delay: 10ms}}]"
failing.yaml: "steps: [{reply: {error: 503}}]"
strict.yaml: "strict: true\\nsteps: [{when: {model: other}, reply: {say: a}}]"
"""
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
RESET = struct.pack("ii", 1, 0)
MESSAGES = {"messages": [{"role": "user", "content": "Hi"}]}


def post(key="mg-garbage", *, path="/v1/chat/completions", extra="", body=None, method="POST", **fields):
    data = json.dumps({**MESSAGES, **fields}).encode() if body is None else body
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n{extra}"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data


WHOLE = {
    "plain": post(),
    "stream": post(stream=True),
    "invalid": post(n="two"),
    "malformed": post(body=b"{"),
    "unknown model": post(model="no"),
    "unknown key": post("sk-nobody"),
    "no key": post().replace(b"Authorization", b"X-Nothing"),
    "unknown path": post(path="/v1/nowhere"),
    "wrong method": post(method="PUT"),
    "wrong media type": post().replace(b"application/json", b"text/plain"),
    "bad encoding": post(extra="Content-Encoding: gzip\r\n"),
    "unknown preference": post(extra="Prefer: code=299\r\n"),
    "too large": post(body=b" " * 70_000),
    "too long a head": post(extra=f"X: {'x' * 70_000}\r\n"),
    "no HTTP": b"\x16\x03\x01\r\n\r\n",
    "head": post(method="HEAD", path="/v1/models", body=b""),
    "chunked": post(body=b"").replace(b"Content-Length: 0\r\n\r\n", CHUNKED),
    "control": post(method="GET", path="/__mockgrid__/health", body=b""),
    "metrics": post(method="GET", path="/__mockgrid__/metrics", body=b""),
    "unknown control": post(path="/__mockgrid__/nothing"),
    "pipelined": post() + post(stream=True) + post("sk-nobody"),
    "failing": post("mg.failing.x"),
    "no step": post("mg.strict.x"),
    "delayed": post("mg.delayed.x"),
    "paced": post("mg.paced.x", stream=True),
    "broken": post("mg.broken.x", stream=True),
    "reset": post("mg.reset.x"),
    "redirect": post("mg.routed.x"),
}
"""Each is answered, or the connection ended, as soon as it has been sent and nothing more will be."""


@pytest.fixture
def port(starts, tmp_path):
    for line in SCENARIOS.strip().splitlines():
        name, _, text = line.partition(": ")
        (tmp_path / name).write_text(json.loads(text))
    chosen = {"log": "off", "scenarios": (str(tmp_path),), "max_body": 65536, "body_timeout": 0.2}
    return starts(build_app(Settings(port=0, **chosen)), **chosen, header_timeout=0.2).port


def whole(port, raw, count):
    for _ in range(count):
        with connect(port) as connection:
            connection.sendall(raw)
            with suppress(OSError):  # the connection may have been reset by now
                connection.shutdown(socket.SHUT_WR)
                read_all(connection)


def slow(port, raw, count):
    """Never send the last bytes."""
    connections = [connect(port) for _ in range(count)]
    for connection in connections:
        connection.sendall(raw[:-5])
    for connection in connections:
        with connection:
            assert b"HTTP/1.1 408" in connection.recv(65536)


def left(port, raw, count):
    """Leave without a word as soon as the reply begins."""
    for _ in range(count):
        with connect(port) as connection:
            connection.sendall(raw)
            connection.recv(1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def gone(port, raw, count):
    """Leave in the middle of a request."""
    for _ in range(count):
        with connect(port) as connection:
            connection.sendall(raw[:-5])
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def ours(thing):
    """Asyncio's own transports are circles until they are closed, and some of their parts stay so."""
    made_by = type(thing).__module__.partition(".")[0]
    return made_by in {"mockgrid", "uvicorn"} or isinstance(thing, (BaseException, FrameType))


COUNT = 20
CASES = [
    *((name, whole, raw) for name, raw in WHOLE.items()),
    ("slow body", slow, post()),
    ("slow head", slow, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("stream that is left", left, post("mg.stalled.x", stream=True)),
    ("body that is left", gone, post()),
    ("head that is left", gone, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
]


@pytest.mark.parametrize(("ask", "raw"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_no_circles(port, ask, raw):
    def idle():
        return not any(issubclass(type(thing), Connection) for thing in gc.get_objects())

    ask(port, raw, 3)
    time.sleep(0.05)
    while gc.collect():  # what earlier tests left may go one after another
        pass
    gc.freeze()  # what is there already, mostly pytest's own, need not be looked at again and again
    gc.disable()
    try:
        ask(port, raw, COUNT)
        within(3, idle)
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        gc.set_debug(0)
        kinds = [type(thing).__qualname__ for thing in gc.garbage if ours(thing)]
        gc.garbage.clear()
    finally:
        gc.enable()
        gc.unfreeze()
    assert len(kinds) < COUNT, sorted(set(kinds))
