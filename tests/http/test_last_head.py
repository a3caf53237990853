"""What is answered behind a head that has been read before is what the parser would have made of it."""

import json
import socket
import time
from unittest.mock import Mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raw_http import connect, read_all

from mockgrid.app.build import build_app
from mockgrid.http.incoming import Head
from mockgrid.http.parser import LastHead, RequestParser
from mockgrid.http.server import start_in_thread
from mockgrid.session.session import session_name
from mockgrid.settings import Settings

HEADERS = [("Host", "x"), ("Content-Type", "application/json"), ("Authorization", "Bearer mg-{key}")]


def message(text, **more):
    return json.dumps({"messages": [{"role": "user", "content": text}], **more}).encode()


def raw(body, *headers, key="1", first="POST /v1/chat/completions HTTP/1.1", end="\r\n"):
    fields = [*HEADERS, *(headers or [("Content-Length", len(body))])]
    lines = [first, *(f"{name}: {value}".format(key=key) for name, value in fields), "", ""]
    return end.join(lines).encode() + body


def head(**headers):
    pairs = [(name.replace("_", "-").encode(), value) for name, value in headers.items()]
    return Head("POST", b"/", "/", b"", pairs)


def test_a_head_is_found_with_another_body():
    heads = LastHead()
    sent, known = raw(b"12345"), head(host=b"x", content_length=b"5")
    assert heads.find(sent) is None
    heads.learn(sent, known)
    assert heads.find(sent) == (known, b"12345")
    found, body = heads.find(raw(b"1" * 123))
    assert body == b"1" * 123
    assert found.headers == {b"host": b"x", b"content-length": b"123"}
    assert known.headers[b"content-length"] == b"5"
    assert (found.method, found.path, found.raw_path, found.query) == ("POST", "/", b"/", b"")


def test_a_head_without_a_body_is_found():
    heads = LastHead()
    sent = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    heads.learn(sent, head(host=b"x"))
    assert heads.find(sent)[1] == b""
    assert heads.find(sent + b"G") is None
    assert heads.find(sent[:-1]) is None


@pytest.mark.parametrize(
    ("data", "known"),
    [
        (raw(b"12", ("Expect", "100-continue"), ("Content-Length", 2)), {"expect": b"100-continue"}),
        (raw(b"2\r\n12\r\n0\r\n\r\n", ("Transfer-Encoding", "chunked")), {"transfer_encoding": b"chunked"}),
        (raw(b"12", ("X-Long", "x" * 4096), ("Content-Length", 2)), {}),
        (raw(b"12", ("CONTENT-LENGTH", 2)), {}),
        (raw(b"12") + raw(b"12"), {}),
        (raw(b"12", end="\n"), {}),
    ],
)
def test_other_requests_are_left_to_the_parser(data, known):
    heads = LastHead()
    heads.learn(data, head(content_length=b"2", **known))
    assert heads.find(data) is None
    assert heads.find(data[: data.find(b"12")]) is None  # its body comes later


def test_a_head_whose_reply_has_no_body_is_left_to_the_parser():
    heads = LastHead()
    sent, asked = b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", head(host=b"x")
    asked.method = "HEAD"
    heads.learn(sent, asked)
    assert heads.find(sent) is None


def test_only_a_line_of_its_own_tells_the_length():
    heads = LastHead()
    heads.learn(raw(b"12", ("X-Content-Length", 7), ("Content-Length", 2)), head(content_length=b"2"))
    assert heads.find(raw(b"123", ("X-Content-Length", 7), ("Content-Length", 3)))[1] == b"123"
    assert heads.find(raw(b"12GET", ("X-Content-Length", 5), ("Content-Length", 2))) is None


def test_a_head_that_ends_elsewhere_than_it_seems_is_left_to_the_parser():
    heads = LastHead()
    seems = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\nab\r\n\r\ncde"
    heads.learn(seems % 9, head(content_length=b"9"))
    assert heads.find(seems % 3) is None


def test_a_head_that_was_not_too_long_does_not_become_so():
    sent, known = raw(b"12"), head(content_length=b"2")
    size = len(sent) - 2
    for most, found in ((size + 19, False), (size + 20, True)):
        heads = LastHead(most)
        heads.learn(sent, known)
        assert (heads.find(sent) is not None) is found


def test_only_the_last_head_is_known():
    heads = LastHead()
    for number in range(10):
        heads.learn(raw(b"12", key=number), head(content_length=b"2"))
    assert [number for number in range(10) if heads.find(raw(b"12", key=number))] == [9]


TRACED = {
    "host": b"x",
    "authorization": b"Bearer k",
    "x_trace": b"1",
    "connection": b"a",
    "content_length": b"2",
}
LINES = [b"Host: x", b"authorization: Bearer k", b"X-Trace: 1", b"Connection: a", b"Content-Length: 2"]


def traced(*lines, first=b"POST / HTTP/1.1", body=b"12"):
    return b"\r\n".join([first, *lines, b"", body])


def test_a_head_with_other_values_is_found_with_these():
    heads, known = LastHead(), head(**TRACED)
    heads.learn(traced(*LINES), known)
    lines = [
        b"Host: y",
        b"authorization: Bearer  another",
        b"X-Trace: 2",
        b"Connection: a",
        b"Content-Length: 3",
    ]
    for _ in range(3):
        like, body = heads.find(traced(*lines, body=b"345"))
        assert body == b"345"
        assert like.headers == {
            b"host": b"y",
            b"authorization": b"Bearer  another",
            b"x-trace": b"2",
            b"connection": b"a",
            b"content-length": b"3",
        }
        assert (like.method, like.path, like.raw_path, like.query) == ("POST", "/", b"/", b"")
        assert like.size == Head("POST", b"/", "/", b"", list(like.headers.items())).size
        assert heads.find(traced(*LINES))[0].headers == known.headers


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (2, b"X-Trace: "),
        (2, b"X-Trace:2"),
        (2, b"X-Trace:  2"),
        (2, b"X-Trace: 2 "),
        (2, b"X-Trace: 2\t3"),
        (2, b"X-Trace: \xff"),
        (2, b"X-Trace: 2\r3"),
        (2, b"X-Trace: 2\n3: 4"),
        (2, b"X-Trace : 2"),
        (2, b"X-Traces: 2"),
        (2, b"x-trace: 2"),
        (2, b"X-Trace: 2\r\nX: 1"),
        (2, b" folded"),
        (2, b"Expect: 100-continue"),
        (3, b"Connection: b"),
        (4, b"Content-Length: 3"),
        (4, b"Content-Length: 02"),
    ],
)
def test_what_differs_in_more_than_a_value_is_left_to_the_parser(place, line):
    heads = LastHead()
    heads.learn(traced(*LINES), head(**TRACED))
    assert heads.find(traced(*LINES[:place], line, *LINES[place + 1 :])) is None
    assert heads.find(traced(*LINES, first=b"PUT / HTTP/1.1")) is None
    assert heads.find(traced(*LINES[:-1])) is None
    assert heads.find(traced(*LINES, b"X: 1")) is None


@pytest.mark.parametrize(
    ("turns", "learned"), [("122", 1), ("1212121212", 0), ("1213121312", 0), ("1222121", 1)]
)
def test_a_value_is_learned_when_it_comes_again_at_once(turns, learned, monkeypatch):
    heads = LastHead()
    heads.learn(traced(*LINES), head(**TRACED))
    spied = Mock(side_effect=heads.learn)
    monkeypatch.setattr(LastHead, "learn", lambda _, *args: spied(*args))
    for turn in turns:
        lines = [line.replace(b"1", turn.encode()) for line in LINES]
        assert heads.find(traced(*lines))[0].headers[b"x-trace"] == turn.encode()
    assert spied.call_count == learned


def test_a_new_connection_knows_the_head_that_came_last_on_any():
    last, begun = LastHead(), Mock()
    for _ in range(2):
        RequestParser(8192, begun, Mock(), last).feed(raw(b"12"))
    first, second = (call.args[0] for call in begun.call_args_list)
    assert first is second


@pytest.fixture(scope="module")
def pair():
    """Two servers, and how many heads were known to them."""
    known = []

    def find(self, data, find=LastHead.find):
        if (found := find(self, data)) is not None:
            known.append(found)
        return found

    running = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LastHead, "find", find)
        for _ in range(2):
            app = build_app(Settings(port=0, log="off"))
            running.append((app, start_in_thread(app, Settings(port=0, log="off"))))
        yield running, known
        for _, server in running:
            server.stop()


def say(port, *sent, split):
    """Send each request after the reply to the one before, then no more; return all that comes back.

    A head that comes in two parts is never one that is known.
    """
    with connect(port) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        came = b""
        for data in sent:
            if split:
                connection.sendall(data[:1])
                time.sleep(0.001)
            connection.sendall(data[1:] if split else data)
            if data is sent[-1]:
                break
            came += connection.recv(65536)
            if b"connection: close" in came:
                break
        connection.shutdown(socket.SHUT_WR)
        # Whether the end of what is sent is seen before a reply or after it is a matter of luck.
        return (came + read_all(connection)).replace(b"connection: close\r\n", b"")


lengths = st.sampled_from(
    ["{0}", "0{0}", "+{0}", "{0} ", " {0}", "{0}\t", "{1}", "{2}", "", "{0}, {0}", "0x{0}"]
)
names = st.sampled_from(["Content-Length", "content-length", "CONTENT-LENGTH", "X-Content-Length"])
odd = st.sampled_from(
    [
        ("Transfer-Encoding", "chunked"),
        ("Connection", "close"),
        ("Expect", "100-continue"),
        ("Upgrade", "h2c"),
        ("Accept", "text/event-stream"),
        ("X-Mockgrid-Session", "mine"),
        ("Content-Type", "text/plain"),
    ]
)


def length(body):
    return [("Content-Length", len(body))]


@st.composite
def requests(draw, key):
    """Requests of which most differ in little from what a client would send."""
    body = message(
        "x" * draw(st.integers(0, 20)), **draw(st.sampled_from([{}, {}, {"stream": True}, {"n": 0}]))
    )
    headers = [
        (name, length.format(len(body), len(body) + 1, len(body) - 1))
        for name, length in draw(st.lists(st.tuples(names, lengths), min_size=1, max_size=2))
    ]
    headers = draw(st.sampled_from([[("Content-Length", len(body))], headers]))
    headers += draw(st.lists(odd, max_size=1))
    first = draw(st.sampled_from(["POST /v1/chat/completions HTTP/1.1"] * 4 + ["GET /v1/models HTTP/1.1"]))
    made = raw(body, *headers, key=key, first=first, end=draw(st.sampled_from(["\r\n"] * 4 + ["\n"])))
    return made + draw(st.sampled_from([b"", b"", b"", b"\r\n", made, b"POST"]))


fields = st.tuples(
    st.sampled_from(["X-Trace"] * 5 + ["Connection", "Content-Type", "x-trace"]),
    st.sampled_from(["1", "2", "3 4", "5  6", " 7", "8 ", "9\t", "\xa0", "", "close", "x" * 300]),
)
keys = iter(range(1_000_000))


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_replies_and_journal_are_those_of_a_server_that_parses_every_head(pair, data):
    key = f"known{next(keys)}"
    bodies = data.draw(st.lists(st.integers(0, 9), min_size=2, max_size=4))
    more = [data.draw(st.lists(fields, max_size=1)) for _ in bodies]
    sent = [
        raw(message("y" * size), *own, *length(message("y" * size)), key=key)
        for size, own in zip(bodies, more, strict=True)
    ]
    sent.append(data.draw(requests(key)))
    servers, known = pair
    came = [say(server.port, *sent, split=split) for split, (_, server) in enumerate(servers)]
    assert came[0] == came[1]
    sessions = [app.sessions.find(session_name(f"mg-{key}")) for app, _ in servers]
    journals = [
        [
            (exchange.head.method, exchange.head.path, exchange.head.headers, exchange.body)
            for exchange in session.journal
        ]
        for session in sessions
    ]
    assert journals[0] == journals[1]
    assert known


def test_a_connection_that_is_used_stays_and_one_that_is_idle_goes(starts):
    server = starts(build_app(Settings(port=0, log="off")), log="off", keep_alive=1.0)
    with connect(server.port) as connection:
        began = asked = time.monotonic()
        while asked - began < 1.5:
            asked = time.monotonic()
            connection.sendall(raw(message("x")))
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
            time.sleep(0.1)
        assert connection.recv(1) == b""
    assert time.monotonic() - asked > 0.99
