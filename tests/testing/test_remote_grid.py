"""The client of the control interface: what only a server elsewhere can do wrong."""

import http.server
import threading

import pytest

from mockgrid import MockGrid, RemoteGrid
from mockgrid.testing.error import CallError
from mockgrid.testing.remote_grid import ControlClient


@pytest.fixture
def control(server):
    client = ControlClient(server.base_url)
    yield client
    client.stop()


@pytest.fixture
def stranger():
    """A server that is no MockGrid; it answers as it is told to."""

    class Answer(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        status, body = 200, b"<html>"

        def do_GET(self):
            self.send_response(self.status)
            self.send_header("Content-Length", str(len(self.body)))
            self.end_headers()
            self.wfile.write(self.body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}", Answer
        listening.shutdown()
        thread.join()


def test_the_version_is_told(control):
    assert control.version()["contract"]["title"] == "Consumption API"


@pytest.mark.parametrize(
    "form",
    [
        "{origin}",
        "{origin}/",
        "{origin}/v1",
        "{origin}/v1/",
        "{origin}/__mockgrid__",
        "{address}",
        "{address}/v1",
        "{port}",
    ],
)
def test_the_address_is_read_as_people_write_it(server, form):
    origin = server.base_url.removesuffix("/v1")
    address = origin.removeprefix("http://")
    url = form.format(origin=origin, address=address, port=address.rpartition(":")[2])
    with RemoteGrid(url) as grid:
        assert grid.base_url == server.base_url


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1", "http://", "http:///v1", ":8080", "localhost:x", "localhost:99999"]
)
def test_what_is_no_address_is_told(url):
    with pytest.raises(CallError, match=r"is not a URL such as http://127\.0\.0\.1:8080"):
        ControlClient(url)


def test_a_server_that_is_not_there_is_told():
    with pytest.raises(
        CallError, match=r"There is no answer from http://127\.0\.0\.1:9: Connection refused\. Start"
    ):
        RemoteGrid("http://127.0.0.1:9/v1").start()


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (200, b"<html>", r"gave 200 and no answer of MockGrid\. Its log may tell why"),
        (404, b"<html>", r"gave 404 and no answer of MockGrid\. Is it the address of a MockGrid\?"),
        (404, b'{"error": 1}', "gave 404 and no answer of MockGrid"),
        (200, b"[]", "gave 200 and no answer of MockGrid"),
    ],
)
def test_a_server_that_is_no_mockgrid_is_told(stranger, status, body, message):
    url, answer = stranger
    answer.status, answer.body = status, body
    with pytest.raises(CallError, match=message):
        RemoteGrid(url).start()


def test_a_server_that_goes_is_told():
    with MockGrid() as grid:
        client = ControlClient(grid.base_url)
        client.version()
    with pytest.raises(CallError, match="There is no answer from"):
        client.version()
    client.stop()


@pytest.mark.parametrize("given", ["argument", "environment"])
def test_the_token_is_sent(stranger, monkeypatch, given):
    url, answer = stranger
    seen = []
    answer.body = b'{"servers": [{"url": "/v1"}]}'
    send_response = answer.send_response
    answer.send_response = lambda self, status: (
        seen.append(self.headers["authorization"]),
        send_response(self, status),
    )
    if given == "environment":
        monkeypatch.setenv("MOCKGRID_CONTROL_TOKEN", "secret")
    grid = RemoteGrid(url, "secret" if given == "argument" else None)
    with pytest.raises(CallError):
        grid.start()
    assert seen[0] == "Bearer secret"


def test_a_missing_session_is_told(control):
    with pytest.raises(CallError, match="There is no such session") as raised:
        control.call("session", "mg-nobody")
    assert raised.value.status == 404
