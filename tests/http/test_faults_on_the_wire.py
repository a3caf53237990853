"""Every fault as bytes on a socket."""

import asyncio
import time

import pytest
from playing_app import BODY, EVENTS, WHOLE, exchange, head_and_body, parts, request
from raw_http import connect, read_all

from mockgrid.reply.chat.chunks import FORM
from mockgrid.reply.delivery.faults import garbage
from mockgrid.scenario.delivery import Comments, ErrorEvent, Fault, Fixed, Pace, StreamFault, Wire

PACE = Pace(first_token=Fixed(0.02), per_token=Fixed(0.02))


def test_no_fault(port, player):
    player.play(pace=PACE)
    data, end = exchange(port)
    assert parts(data)[1:] == (EVENTS, True)
    assert end == "FIN"
    played = player.outcome()
    assert (played.events_written, played.bytes_written, played.ended_by) == (6, len(WHOLE), "server")
    assert (played.virtual_seconds, played.degraded) == (0, "")


ERROR = ErrorEvent("Overloaded", "server_error", code="overloaded")
# kind, the chunks on the wire, whether the body comes to its end, how the connection ends
IN_STREAM = [
    ("disconnect", EVENTS[:2], False, "FIN"),
    ("reset", EVENTS[:2], False, "RST"),
    ("stall", EVENTS, True, "FIN"),
    ("error_event", [*EVENTS[:2], FORM.error_event(ERROR, b"")], True, "FIN"),
    ("malformed_json", [*EVENTS[:2], EVENTS[2][:84] + b"\n\n", *EVENTS[3:]], True, "FIN"),
    ("cut_utf8", [*EVENTS[:2], EVENTS[2].replace(b"\xc2\xb0", b"\xc2"), *EVENTS[3:]], True, "FIN"),
    ("garbage", [*EVENTS[:2], garbage("seed") + b"\n\n", *EVENTS[2:]], True, "FIN"),
    ("duplicate_chunk", [*EVENTS[:2], *EVENTS[1:]], True, "FIN"),
    ("no_finish", [*EVENTS[:4], EVENTS[5]], True, "FIN"),
    ("no_done", EVENTS[:5], True, "FIN"),
]


@pytest.mark.parametrize("pace", [None, PACE])
@pytest.mark.parametrize("case", IN_STREAM, ids=lambda case: case[0])
def test_faults_in_a_stream(port, player, case, pace):
    kind, chunks, whole, end = case
    player.play(pace=pace, fault=StreamFault(kind=kind, after=1, duration=0.05, error=ERROR))
    data, ended = exchange(port)
    found = parts(data)
    assert found[1:] == (chunks, whole)
    assert ended == end
    played = player.outcome()
    assert played.bytes_written == sum(map(len, found[1]))
    assert played.ended_by == "server"


def test_all_before_a_reset_arrives(port, player):
    player.events = [b"data: " + b"x" * 3_000_000 + b"\n\n", *EVENTS]
    player.play(fault=StreamFault(kind="reset", after=0))
    data, end = exchange(port)
    assert len(data) > 3_000_000
    assert end == "RST"


def test_a_stall_takes_its_time(port, player):
    player.play(fault=StreamFault(kind="stall", after=1, duration=1.5))
    with connect(port) as connection:
        started = time.perf_counter()
        connection.sendall(request())
        before = connection.recv(65536)
        while EVENTS[1] not in before:
            before += connection.recv(65536)
        after = read_all(connection)
    assert 1.48 < time.perf_counter() - started < 30
    assert b"in Oslo" not in before
    assert after.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")


@pytest.mark.parametrize("path", ["/whole", "/stream"])
@pytest.mark.parametrize(
    ("fault", "bytes_sent", "end"),
    [
        ({"kind": "reset"}, b"", "RST"),
        ({"kind": "empty"}, b"", "FIN"),
        ({"kind": "hang", "duration": 0.1}, b"", "FIN"),
        ({"kind": "garbage"}, garbage("seed") + b"\r\n\r\n", "FIN"),
    ],
)
def test_not_a_byte_of_http(port, player, path, fault, bytes_sent, end):  # noqa: PLR0913, PLR0917 - a table's columns
    player.play(early_fault=Fault(**fault))
    assert exchange(port, path) == (bytes_sent, end)
    assert player.outcome().ended_by == "server"


def test_slow_headers(port, player):
    player.play(early_fault=Fault(kind="slow_headers", duration=1.5))
    arrivals = []
    with connect(port) as connection:
        started = time.perf_counter()
        connection.sendall(request("/whole"))
        data = b""
        while piece := connection.recv(65536):
            arrivals.append(time.perf_counter() - started)
            data += piece
    headers, body = head_and_body(data)
    assert data.startswith(b"HTTP/1.1 200 OK\r\n")
    assert body == BODY
    assert headers[b"content-length"] == b"%d" % len(BODY)
    assert headers[b"connection"] == b"close"
    assert 1.4 < arrivals[-1] < 30
    # From early on, byte by byte; some may arrive together where the reader is held up.
    assert arrivals[0] < arrivals[-1] - 0.4
    assert len(arrivals) > 15


def test_slow_headers_of_a_stream(port, player):
    player.play(early_fault=Fault(kind="slow_headers", duration=0.1), wire=Wire(split=40))
    _, chunks, whole = parts(exchange(port)[0])
    assert b"".join(chunks) == WHOLE
    assert {len(piece) for piece in chunks[:3]} == {40}
    assert whole


def test_cut_body(port, player):
    player.play(early_fault=Fault(kind="cut_body"))
    data, end = exchange(port, "/whole")
    headers, body = head_and_body(data)
    assert headers[b"content-length"] == b"%d" % len(BODY)
    assert body == BODY[: len(BODY) // 2]
    assert end == "FIN"


@pytest.mark.parametrize(
    ("length", "declared"),
    [
        (None, len(BODY) // 2),
        (-len(BODY), 0),
        (-1, len(BODY) - 1),
        (1, len(BODY) + 1),
        (10_000, len(BODY) + 10_000),
    ],
)
def test_wrong_length(port, player, length, declared):
    player.play(early_fault=Fault(kind="wrong_length", length=length))
    data, end = exchange(port, "/whole", close=False)
    headers, body = head_and_body(data)
    assert headers[b"content-length"] == b"%d" % declared
    assert b"transfer-encoding" not in headers
    assert body == BODY
    assert end == "FIN"


def test_wrong_length_of_a_stream(port, player):
    player.play(early_fault=Fault(kind="wrong_length"))
    headers, body = head_and_body(exchange(port)[0])
    assert headers[b"content-length"] == b"%d" % (len(WHOLE) // 2)
    assert body == WHOLE


def test_one_write_is_one_chunk(port, player):
    player.play(wire=Wire(split=7, newline="\r\n", bom=True, comments=Comments()))
    _, chunks, whole = parts(exchange(port)[0])
    comment = b": keep-alive\r\n\r\n"
    told = b"\xef\xbb\xbf" + b"".join(comment + event.replace(b"\n", b"\r\n") for event in EVENTS)
    assert b"".join(chunks) == told
    assert max(map(len, chunks)) == 7
    assert whole


def test_writes_leave_in_turns_of_their_own(player):
    # Two writes in one turn of the loop leave as one segment, and a split would be seen by nobody.
    turns = []

    async def call():
        turn, loop = 0, asyncio.get_running_loop()

        def count():
            nonlocal turn
            turn += 1
            loop.call_soon(count)

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(_):
            turns.append(turn)

        count()
        await player({"type": "http", "path": "/stream"}, receive, send)
        assert len(asyncio.all_tasks()) == 1

    player.play(wire=Wire(split=30))
    asyncio.run(call())
    writes = turns[1:-1]
    assert len(writes) > 20
    assert len(set(writes)) == len(writes)


def test_a_connection_lives_on_after_a_script(port, player):
    player.play(pace=PACE)
    with connect(port) as connection:
        for _ in range(2):
            connection.sendall(request(close=False))
            data = b""
            while not data.endswith(b"0\r\n\r\n"):
                data += connection.recv(65536)
            assert parts(data)[1:] == (EVENTS, True)


def test_http_1_0_has_no_chunks(port, player):
    for asked in ({"pace": PACE}, {"early_fault": Fault(kind="slow_headers", duration=0.05)}):
        player.play(**asked)
        _, body = head_and_body(exchange(port, version="1.0")[0])
        assert body == WHOLE


def test_head_has_no_body(port, player):
    player.play(early_fault=Fault(kind="slow_headers", duration=0.05))
    data, _ = exchange(port, "/whole", method="HEAD")
    assert data.endswith(b"\r\n\r\n")
