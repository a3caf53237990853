import socket
from threading import Event, Thread
from time import monotonic

import pytest

from mockgrid.app import fetch as fetching
from mockgrid.app.fetch import fetch
from mockgrid.contract.reach import Reach
from mockgrid.errors import DocumentError

HEAD = b"HTTP/1.1 200 OK\r\n"
WHOLE = HEAD + b"Content-Length: 4\r\n\r\na: 1"


@pytest.fixture
def server():
    """Give what starts a server that sends these bytes to each connection, and then others for ever."""
    stop = Event()
    threads = []
    listeners = []

    def answer(listener, sent, drip):
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            with connection:
                try:
                    connection.recv(65536)
                    connection.sendall(sent)
                    while drip and not stop.wait(0.02):
                        connection.sendall(drip)
                except OSError:
                    continue

    def start(sent, drip=b""):
        listener = socket.create_server(("127.0.0.1", 0))
        listener.settimeout(0.05)
        listeners.append(listener)
        threads.append(Thread(target=answer, args=(listener, sent, drip)))
        threads[-1].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    stop.set()
    for thread in threads:
        thread.join()
    for listener in listeners:
        listener.close()


def refusal(url, *places):
    with pytest.raises(DocumentError) as caught:
        fetch(url, Reach(places or (url,), fetch))
    return caught.value.message


def test_a_whole_reply(server):
    url = server(WHOLE)
    assert fetch(url, Reach([url], fetch)) == b"a: 1"


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"garbage\r\n\r\n", "its server does not reply in HTTP"),
        (HEAD + b"Content-Length: 9\r\n\r\na: 1", "its reply is cut short"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nnix\r\n", "its reply is cut short"),
    ],
)
def test_broken_replies_are_told_in_a_sentence(server, sent, reason):
    assert refusal(server(sent)) == f"it cannot be downloaded: {reason}."


@pytest.mark.parametrize("url", ["https://a..b/x.yaml", "http://[bad/x.yaml", "http://127.0.0.1/a b"])
def test_what_is_no_url_is_told_in_a_sentence(url):
    assert refusal(url, "http:", "https:", "http://127.0.0.1") == (
        "it cannot be downloaded: it is no URL that can be asked."
    )


@pytest.mark.parametrize("sent", [HEAD, HEAD + b"\r\n", HEAD + b"Content-Length: 9999\r\n\r\n"])
def test_the_seconds_are_those_of_the_whole(server, monkeypatch, sent):
    monkeypatch.setattr(fetching, "_SECONDS", 0.3)
    start = monotonic()
    assert refusal(server(sent, b"x")) == "it cannot be downloaded: it takes longer than 0.3 seconds."
    assert monotonic() - start < 20


def test_the_seconds_are_those_of_a_handshake_as_well(server, monkeypatch):
    monkeypatch.setattr(fetching, "_SECONDS", 0.3)
    start = monotonic()
    url = server(b"\x16\x03\x03\x40\x00", b"\x00").replace("http:", "https:")  # a record of 16 KiB begins
    assert refusal(url) == "it cannot be downloaded: it takes longer than 0.3 seconds."
    assert monotonic() - start < 20


def test_a_redirect_to_what_is_no_url(server):
    url = server(b"HTTP/1.1 302 Found\r\nLocation: http://[bad/x.yaml\r\nContent-Length: 0\r\n\r\n")
    assert refusal(url) == "it cannot be downloaded: it is no URL that can be asked."


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_address_that_was_checked_is_the_one_that_is_asked(monkeypatch, scheme):
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    answers = iter(["9.9.9.9", "127.0.0.1"])
    asked = []

    def getaddrinfo(_host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    def create_connection(address, _timeout):
        asked.append(address[0])
        raise OSError("not here")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(socket, "create_connection", create_connection)
    assert refusal(f"{scheme}://a.example/x.yaml", f"{scheme}:") == "it cannot be downloaded: not here."
    assert asked == ["9.9.9.9"]
    # Its name now means this machine.
    assert refusal(f"{scheme}://a.example/x.yaml", f"{scheme}:").startswith("its host is on this machine")
    assert asked == ["9.9.9.9"]


@pytest.mark.parametrize(
    ("address", "is_asked"),
    [
        *(
            (address, False)
            for address in ("64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1", "::1", "fe80::1%1")
        ),
        *(
            (address, False)
            for address in ("::ffff:127.0.0.1", "169.254.169.254", "0.0.0.0", "64:ff9b::a00:1")
        ),
        *((address, True) for address in ("64:ff9b::808:808", "2001:4860:4860::8888", "8.8.8.8")),
    ],
)
def test_an_address_that_stands_for_one_nearby_is_nearby(monkeypatch, address, is_asked):
    def getaddrinfo(_host, port, **_):
        return [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))]

    def create_connection(*_):
        raise OSError("not here")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(socket, "create_connection", create_connection)
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert (refusal("http://a.example/x.yaml", "http:") == "it cannot be downloaded: not here.") is is_asked


def test_a_proxy_is_asked_though_it_is_nearby(server, monkeypatch):
    monkeypatch.setenv("http_proxy", server(WHOLE))
    monkeypatch.setenv("no_proxy", "")
    assert fetch("http://9.9.9.9/x.yaml", Reach(["http:"], fetch)) == b"a: 1"
    assert refusal("http://127.0.0.1/x.yaml", "http:").startswith("its host is on this machine")
