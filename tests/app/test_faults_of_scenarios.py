"""Faults as scenarios write them, and what of them arrives on a socket."""

import itertools
import json
import time

import pytest
from playing_app import head_and_body
from raw_http import connect

from mockgrid.app.build import build_app
from mockgrid.http.server import start_in_thread
from mockgrid.settings import Settings

KEYS = itertools.count(1)
ERROR = {"message": "Overloaded", "type": "server_error", "param": None, "code": "busy"}
NAMED = b"event: error\n"
WRITTEN = "error: {message: Overloaded, code: busy}"
SHAPES = {
    "openai": (b"", {"error": ERROR}),
    "named": (NAMED, {"error": ERROR}),
    "bare": (NAMED, ERROR),
    "text": (b"", {"error": "Overloaded"}),
    "vendor": (b"", {"errors": {"detail": "Overloaded"}}),
}


@pytest.fixture
def ask(tmp_path):
    """Asks a server whose only reply is the one given; returns all that arrives."""
    servers = []

    def asked(reply, *, stream=False, more=""):
        (tmp_path / "mine.yaml").write_text(f"{more}\nsteps:\n  - reply: {reply}\n", "utf-8")
        settings = Settings(port=0, log="off", scenarios=(str(tmp_path),))
        servers.append(start_in_thread(build_app(settings), settings))
        body = json.dumps({"messages": [{"role": "user", "content": "Hi"}], "stream": stream}).encode()
        head = (
            "POST /v1/chat/completions HTTP/1.1\r\nhost: test\r\nconnection: close\r\n"
            f"authorization: Bearer mg.mine.{next(KEYS)}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        data = b""
        with connect(servers[-1].port) as connection:
            connection.sendall(head.encode() + body)
            while piece := connection.recv(65536):
                data += piece
        return data

    yield asked
    for server in servers:
        server.stop()


def last_event(data):
    """The last event of a body in chunks, each of which is one event."""
    assert data.endswith(b"\r\n0\r\n\r\n")
    return data.removesuffix(b"\r\n0\r\n\r\n").rpartition(b"\r\n")[2]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_shape_of_an_error_event(ask, shape):
    line, value = SHAPES[shape]
    fault = f"{{kind: error_event, shape: {shape}, {WRITTEN}}}"
    event = last_event(ask(f"{{say: One two, stream: {{chunks: word, fault: {fault}}}}}", stream=True))
    assert event.startswith(line + b"data: ")
    assert json.loads(event.removeprefix(line + b"data: ")) == value


def test_an_error_beside_choices(ask):
    fault = f"{{kind: error_event, shape: beside_choices, {WRITTEN}}}"
    event = last_event(ask(f"{{say: One two, stream: {{fault: {fault}}}}}", stream=True))
    found = json.loads(event.removeprefix(b"data: "))
    assert (found["object"], found["error"]) == ("chat.completion.chunk", ERROR)


@pytest.mark.parametrize(
    ("written", "event"),
    [
        ("data: {oops: true}", b'data: {"oops":true}\n\n'),
        ("data: {oops: true}, event: oops", b'event: oops\ndata: {"oops":true}\n\n'),
        ("event: error, shape: text", NAMED + b'data: {"error":"The server had an error'),
    ],
)
def test_the_name_and_the_data_of_an_event(ask, written, event):
    fault = f"{{kind: error_event, {written}}}"
    assert last_event(ask(f"{{say: One two, stream: {{fault: {fault}}}}}", stream=True)).startswith(event)


@pytest.mark.parametrize("length", [7, -7, 100_000])
def test_a_length_that_is_wrong_by_so_much(ask, length):
    headers, body = head_and_body(ask(f"{{say: Hi, fault: {{kind: wrong_length, length: {length}}}}}"))
    assert json.loads(body)["choices"][0]["message"]["content"] == "Hi"
    assert int(headers[b"content-length"]) == len(body) + length


def test_a_length_below_zero_is_none(ask):
    headers, body = head_and_body(ask("{say: Hi, fault: {kind: wrong_length, length: -100000}}"))
    assert json.loads(body)["choices"]
    assert headers[b"content-length"] == b"0"


def test_a_chunk_that_is_to_come_before_is_one_that_says_something(ask):
    found = ask("{say: One two, stream: {chunks: word, fault: {kind: disconnect, after: 1}}}", stream=True)
    assert b'"content":"One"' in found
    assert b'"content":" two"' not in found


def test_a_whole_reply_keeps_the_pace(ask):
    started = time.perf_counter()
    answer = ask("{say: Hi}", more="pace: {first_token: 300ms, per_token: 100ms}")
    assert 0.4 <= time.perf_counter() - started < 20
    assert b'"content":"Hi"' in answer
