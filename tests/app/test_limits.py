"""Limits: over each there is a clear error, never a stall."""

import json
import re
import socket
import time

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from waiting import within

from mockgrid.app.build import build_app
from mockgrid.http.server import start_in_thread
from mockgrid.settings import Settings

HELLO = {"model": "text-prime", "messages": [{"role": "user", "content": "Hello"}]}
KEY = {"authorization": "Bearer mg-a"}
# Eight times this is more than the buffers between server and client take. The script echoes it: one that
# held it would be checked chunk by chunk when it comes, which takes long.
LARGE = {"messages": [{"role": "user", "content": "word " * 300_000}], "n": 8}
ECHO = {"say": "${last_user}"}


@pytest.fixture
def serve():
    running = []

    def start(**settings):
        chosen = Settings(port=0, log="off", **settings)
        running.append(start_in_thread(build_app(chosen), chosen))
        return running[-1]

    yield start
    for server in running:
        server.stop()


def script(server, reply, key="mg-a"):
    put = httpx.put(f"{server.control}/sessions/{key}", json={"steps": [reply]}, timeout=60)
    assert put.status_code == 200, put.text


def ask(server, **body):
    return httpx.post(f"{server.url}/chat/completions", json={**HELLO, **body}, headers=KEY, timeout=60)


def metrics(server):
    scraped = httpx.get(f"{server.control}/metrics", timeout=60)
    assert scraped.headers["content-type"].startswith("text/plain; version=")
    families = text_string_to_metric_families(scraped.text)
    return {
        (sample.name, *sample.labels.values()): sample.value for found in families for sample in found.samples
    }


def test_one_stream_too_many_is_a_503_and_the_next_is_not(serve):
    server = serve(max_streams=1)
    script(
        server,
        {"say": "One two three four", "stream": {"chunks": "word", "fault": {"kind": "stall", "after": 2}}},
    )
    streamed = {"json": {**HELLO, "stream": True}, "headers": KEY, "timeout": 60}
    with httpx.stream("POST", f"{server.url}/chat/completions", **streamed) as reply:
        pieces = reply.iter_bytes()
        assert next(pieces)
        assert metrics(server)["mockgrid_open_streams",] == 1
        refused = ask(server, stream=True)
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "1"
        assert "--max-streams" in refused.json()["error"]["message"]
        script(server, {"say": "One two", "stream": {"pace": {"per_token": "10ms"}}})
        assert ask(server).status_code == 200
    assert within(30, lambda: metrics(server)["mockgrid_open_streams",] == 0)
    for _ in range(2):  # the first has ended when the second is asked for
        assert ask(server, stream=True).status_code == 200
    assert metrics(server)["mockgrid_open_streams",] == 0


def test_a_reply_that_takes_too_long_is_cut_and_told_of(serve):
    server = serve(request_timeout=0.2)
    script(server, {"say": "Hello", "fault": "hang"})
    started = time.monotonic()
    with pytest.raises(httpx.RemoteProtocolError):
        ask(server)
    assert 0.15 < time.monotonic() - started < 30
    (told,) = httpx.get(f"{server.control}/sessions/mg-a/exchanges", timeout=60).json()["exchanges"]
    assert "--request-timeout" in told["degraded"]
    assert not told["whole"]


def test_a_client_that_never_reads_is_let_go(serve):
    server = serve(request_timeout=0.3)
    script(server, ECHO)
    body = json.dumps({**LARGE, "stream": True}).encode()
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", server.port))
        connection.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer mg-a\r\n"
            b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body
        )

        def let_go():
            found = httpx.get(f"{server.control}/sessions/mg-a/exchanges", timeout=60).json()["exchanges"]
            return [told["seconds"] is not None for told in found] == [True]

        assert within(30, let_go)


def test_sessions_are_bounded_in_number_and_in_age(serve):
    server = serve(max_sessions=3)
    for number in range(10):
        httpx.put(f"{server.control}/sessions/mg-{number}")
    assert metrics(server)["mockgrid_sessions",] == 3
    old = serve(session_idle=0.05)
    httpx.put(f"{old.control}/sessions/mg-a")
    time.sleep(0.1)
    httpx.put(f"{old.control}/sessions/mg-b")
    names = [told["session"] for told in httpx.get(f"{old.control}/sessions").json()["sessions"]]
    assert len(names) == 1


def test_metrics_count_requests_violations_streams_and_drops(serve):
    server = serve(journal_bytes=20_000)
    script(server, {"say": "One two three", "stream": {"pace": {"per_token": "200ms"}}})
    for body in ({}, {}, {"temperature": 3}, {"stream": True}):
        ask(server, **body)
    for _ in range(20):
        ask(server)
    counted = metrics(server)
    assert counted["mockgrid_requests_total", "createChatCompletion", "200", "step 1"] == 23
    assert counted["mockgrid_requests_total", "createChatCompletion", "422", ""] == 1
    assert counted["mockgrid_violations_total", "MG113"] == 1
    assert counted["mockgrid_stream_chunks_total",] >= 4
    assert counted["mockgrid_stream_chunk_lateness_seconds_count",] >= 2
    assert counted["mockgrid_stream_chunk_lateness_seconds_bucket", "+Inf"] >= 2
    assert counted["mockgrid_journal_bytes",] <= 20_000
    assert counted["mockgrid_journal_dropped_total", "false"] > 0
    assert counted["mockgrid_journal_dropped_total", "true"] == 0
    assert counted["mockgrid_loop_lag_seconds",] < 5
    httpx.post(f"{server.url}/chat/completion", json=HELLO, headers=KEY)
    assert metrics(server)["mockgrid_requests_total", "", "404", ""] == 1


def test_one_connection_too_many_is_told_so(serve):
    server = serve(max_connections=2)
    address = ("127.0.0.1", server.port)
    with socket.create_connection(address) as first, socket.create_connection(address) as second:
        first.sendall(b"GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n")
        assert first.recv(12) == b"HTTP/1.1 200"
        with socket.create_connection(address) as third:
            third.settimeout(30)
            told = b"".join(iter(lambda: third.recv(65536), b""))
        assert told.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert b"retry-after: 1\r\n" in told
        assert b"--max-connections" in told
        second.close()
    assert within(30, lambda: ask(server).status_code == 200)


def test_a_connection_whose_client_never_reads_is_closed(serve):
    server = serve(keep_alive=0.2)
    script(server, ECHO)
    body = json.dumps(LARGE).encode()
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", server.port))
        connection.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer mg-a\r\n"
            b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body
        )
        assert connection.recv(1, socket.MSG_PEEK)
        time.sleep(1.5)  # longer than an idle connection stays open
        connection.settimeout(30)
        got = b""
        try:
            while part := connection.recv(1 << 20):
                got += part
        except ConnectionResetError:
            pass
    head, _, rest = got.partition(b"\r\n\r\n")
    assert len(rest) < int(re.search(rb"content-length: (\d+)", head)[1])
