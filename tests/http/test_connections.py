"""What a connection holds is released when it ends, however its client left."""

import gc
import json
import socket
import struct
import time

import pytest
from raw_http import connect
from waiting import within

from mockgrid.app.build import build_app
from mockgrid.http.connection import Connection
from mockgrid.settings import Settings

STALL = "steps: [{reply: {say: a b c d, stream: {fault: {kind: stall, after: 2}}}}]"
RESET = struct.pack("ii", 1, 0)


def chat(**body):
    data = json.dumps({"messages": [{"role": "user", "content": "Hello"}], **body}).encode()
    head = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer mg.stall.x\r\n"
    return f"{head}content-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n".encode() + data


def open_connections():
    return [thing for thing in gc.get_objects() if isinstance(thing, Connection)]


@pytest.fixture
def served(starts, tmp_path):
    (tmp_path / "stall.yaml").write_text(STALL)
    settings = {"log": "off", "scenarios": (str(tmp_path),)}

    app = build_app(Settings(port=0, **settings))
    return app, starts(app, **settings)


def test_a_stream_ends_when_its_client_leaves_with_another_request_behind(served):
    app, server = served
    with connect(server.port) as client:
        client.sendall(chat(stream=True))
        assert client.recv(16)
        client.sendall(chat())
        time.sleep(0.1)
        assert app.metrics.open_streams == 1
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    assert within(30, lambda: app.metrics.open_streams == 0)


@pytest.mark.parametrize("first", [0, 300, 60_000])
def test_a_stream_ends_when_the_client_of_a_large_request_leaves(served, first):
    app, server = served
    raw = chat(stream=True, user="x" * 100_000)
    with connect(server.port) as client:
        client.sendall(raw[:first])
        time.sleep(0.1)
        client.sendall(raw[first:])
        assert client.recv(16)
        assert app.metrics.open_streams == 1
    assert within(10, lambda: app.metrics.open_streams == 0)


def test_connections_are_freed_without_the_collector(served):
    _, server = served
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            with connect(server.port) as client:
                client.sendall(chat(stream=False, model="text-max").replace(b"mg.stall.x", b"mg-x"))
                assert client.recv(16)
        assert within(30, lambda: len(open_connections()) <= 1)
    finally:
        gc.enable()


def flood(client, raw):
    """Send as much as is taken within a second."""
    client.setblocking(False)
    deadline, place = time.monotonic() + 1, 0
    while time.monotonic() < deadline and place < len(raw):
        try:
            place += client.send(raw[place : place + 65536])
        except BlockingIOError:
            time.sleep(0.01)
    return place, raw


def test_requests_that_wait_for_their_turn_are_bounded(served):
    _, server = served
    raw = chat().replace(b"mg.stall.x", b"mg-x") * 100_000
    with connect(server.port) as client:
        client.sendall(chat(stream=True))
        assert client.recv(16)
        place, raw = flood(client, raw)
        (connection,) = open_connections()
        assert within(30, lambda: len(connection.waiting) >= 16)
        assert len(connection.waiting) < 3_000  # those of one read
        assert place < len(raw)  # no more is read, so no more is taken


def test_a_body_that_never_ends_holds_no_connection_though_it_has_its_answer(starts):
    server = starts(build_app(Settings(port=0, body_timeout=0.3)), log="off", body_timeout=0.3)
    for path, status in ((b"/v1/chat/completions", b"408"), (b"/v1/nowhere", b"404")):
        raw = chat(user="x" * 5000).replace(b"/v1/chat/completions", path).replace(b"mg.stall.x", b"mg-x")
        with connect(server.port) as client:
            client.sendall(raw[:-4000])
            assert client.recv(65536).startswith(b"HTTP/1.1 " + status)
            client.settimeout(0.1)

            def ended(client=client):
                try:
                    client.sendall(b" ")
                    return client.recv(65536) == b""
                except TimeoutError:
                    return False
                except ConnectionError:  # what is sent once it has ended
                    return True

            assert within(10, ended)


def test_a_connection_is_used_again_when_the_rest_of_a_refused_body_has_come(starts):
    server = starts(build_app(Settings(port=0)), log="off")
    raw = chat().replace(b"mg.stall.x", b"mg-x")
    refused = raw.replace(b"/v1/chat/completions", b"/v1/nowhere")
    with connect(server.port) as client:
        client.sendall(refused[:-20])
        came = client.recv(65536)
        while not came.endswith(b"}}"):
            came += client.recv(65536)
        assert came.startswith(b"HTTP/1.1 404")
        client.sendall(refused[-20:])
        client.sendall(raw)
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
