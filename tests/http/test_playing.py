"""How a script ends early: the client leaves, the server stops; and how it plays where nothing waits."""

import asyncio
import gc
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from playing_app import BODY, EVENTS, WHOLE, exchange, head_and_body, leave, parts, request
from raw_http import connect, read_all
from waiting import at_best, within

from mockgrid.http.asgi import CutError
from mockgrid.http.play import Playing
from mockgrid.reply.script import Begin, Script, StreamStats, Wait, Write
from mockgrid.scenario.delivery import Comments, Fault, Fixed, Pace, StreamFault, Wire

PACE = Pace(first_token=Fixed(0.02), per_token=Fixed(0.02))

# What a client's leaving does.


@pytest.mark.parametrize(
    ("asked", "events"),
    [
        ({"fault": StreamFault(kind="stall", after=1)}, 2),
        ({"fault": StreamFault(kind="stall", after=2, duration=600)}, 3),
        ({"early_fault": Fault(kind="hang")}, 0),
        ({"delay": Fixed(600)}, 0),
        ({"pace": Pace(per_token=Fixed(600))}, 2),
        (
            {
                "fault": StreamFault(kind="stall", after=1),
                "wire": Wire(comments=Comments(every=0, idle=0.02)),
            },
            2,
        ),
        ({"early_fault": Fault(kind="slow_headers", duration=600)}, 0),
    ],
)
def test_the_client_leaves(port, player, asked, events):
    def seconds():
        player.play(**asked)
        connection = connect(port)
        connection.sendall(request())
        assert within(30, lambda: player.begun(events))
        time.sleep(0.05)
        started = time.perf_counter()
        leave(connection)
        played = player.outcome()
        assert (played.ended_by, played.events_written) == ("client", events)
        return time.perf_counter() - started

    gc.disable()
    try:
        assert at_best(0.2, seconds)
        # The reply is over a little before it is left.
        assert within(30, lambda: not [found for found in gc.get_objects() if type(found) is Playing])
    finally:
        gc.enable()


def test_a_client_that_only_stops_sending_is_given_half_a_second(port, player):
    player.play(early_fault=Fault(kind="hang"))
    with connect(port) as connection:
        connection.sendall(request(close=False))
        assert within(30, player.begun)
        started = time.perf_counter()
        connection.shutdown(socket.SHUT_WR)
        assert player.outcome().ended_by == "client"
        assert 0.3 < time.perf_counter() - started < 15


def test_a_client_that_does_not_read_slows_the_stream_down(port, player):
    player.events = [b"data: " + b"x" * 200_000 + b"\n\n"] * 2_000
    player.play(pace=Pace(per_token=Fixed(0.0001)))
    connection = connect(port)
    connection.sendall(request())
    assert within(30, lambda: player.begun(1))
    time.sleep(0.4)
    leave(connection)
    played = player.outcome()
    assert played.ended_by == "client"
    assert 0 < played.bytes_written < 20_000_000


def test_comments_keep_a_silence_alive(port, player):
    player.play(fault=StreamFault(kind="stall", after=0), wire=Wire(comments=Comments(every=0, idle=0.05)))
    connection = connect(port)
    connection.sendall(request())
    data = b""
    while data.count(b": keep-alive") < 4:
        data += connection.recv(65536)
    leave(connection)
    assert player.outcome().events_written == 1


# What the server's stop does.


@pytest.mark.parametrize(
    "asked", [{"fault": StreamFault(kind="stall", after=1)}, {"early_fault": Fault(kind="hang")}]
)
def test_a_hang_ends_when_the_server_stops(starts, player, asked):
    server = starts(player, log="off", shutdown_timeout=60)
    player.play(**asked)
    with connect(server.port) as connection:
        connection.sendall(request())
        assert within(30, lambda: player.begun(2 if "fault" in asked else 0))
        time.sleep(0.05)
        started = time.perf_counter()
        server.stop()
        assert time.perf_counter() - started < 30
        assert not read_all(connection).endswith(b"0\r\n\r\n")
    assert player.outcome().ended_by == "shutdown"


def test_what_has_an_end_gets_its_time(starts, player):
    server = starts(player, log="off", shutdown_timeout=30)
    player.play(pace=Pace(per_token=Fixed(0.1)))
    with connect(server.port) as connection:
        connection.sendall(request())
        assert within(30, player.begun)
        server.stop()
        assert parts(read_all(connection))[1:] == (EVENTS, True)
    assert player.outcome().ended_by == "server"


def test_but_no_more(starts, player, capfd):
    server = starts(player, log="off", shutdown_timeout=0.3)
    player.play(fault=StreamFault(kind="stall", after=1, duration=60))
    with connect(server.port) as connection:
        connection.sendall(request())
        assert within(30, lambda: player.begun(2))
        started = time.perf_counter()
        server.stop()
        assert time.perf_counter() - started < 30
    assert player.outcome().ended_by == "shutdown"
    assert capfd.readouterr().err == ""


SERVED = """
import sys
sys.path[:0] = sys.argv[1:]
from playing_app import Player
from mockgrid.scenario.delivery import StreamFault
from mockgrid.http.server import run
from mockgrid.settings import Settings
player = Player()
player.play(fault=StreamFault(kind="stall", after=1, duration=600))
run(player, Settings(port=0, ready="json", log="off", shutdown_timeout=0.2))
"""


def test_sigterm_while_stalled():
    here = Path(__file__).parents[1]
    command = [sys.executable, "-c", SERVED, str(here), str(here.parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        port = int(server.stdout.readline().partition('"port": ')[2].partition(",")[0])
        with connect(port) as connection:
            connection.sendall(request())
            while EVENTS[1] not in connection.recv(65536, socket.MSG_PEEK):
                time.sleep(0.01)
            started = time.perf_counter()
            os.kill(server.pid, signal.SIGTERM)
            assert server.wait(60) == 0
            assert time.perf_counter() - started < 30
        assert server.stderr.read() == ""


def test_a_virtual_clock_waits_for_nothing(port, player):
    player.play(
        virtual=True,
        delay=Fixed(100),
        pace=Pace(first_token=Fixed(10), per_token=Fixed(1)),
        fault=StreamFault(kind="stall", after=1, duration=3600),
    )
    started = time.perf_counter()
    assert parts(exchange(port)[0])[1:] == (EVENTS, True)
    assert time.perf_counter() - started < 30
    assert player.outcome().virtual_seconds == pytest.approx(100 + 10 + 3 + 3600)


def test_virtually_slow_headers(port, player):
    player.play(virtual=True, early_fault=Fault(kind="slow_headers", duration=60))
    assert head_and_body(exchange(port, "/whole")[0])[1] == BODY
    assert player.outcome().virtual_seconds == pytest.approx(60)


def test_no_cycles(port, player):
    def plain():
        player.play()
        exchange(port)

    def scripts():
        player.play(pace=Pace(per_token=Fixed(0.001)))
        exchange(port)
        player.play(early_fault=Fault(kind="reset"))
        exchange(port)
        player.play(fault=StreamFault(kind="stall"))
        with connect(port) as connection:
            connection.sendall(request())
            connection.recv(1)
            leave(connection)
        player.outcome()

    # asyncio's own transports, where there is no uvloop, leave a cycle for each connection.
    assert garbage_of(scripts, 50) < garbage_of(plain, 150) + 50


def garbage_of(call, times):
    for _ in range(3):
        call()
    while gc.collect():  # what earlier tests left may go one after another
        pass
    gc.disable()
    try:
        for _ in range(times):
            call()
        time.sleep(0.05)
        return gc.collect()
    finally:
        gc.enable()


def test_one_late_write_makes_no_other_late(player):
    messages = []

    async def receive():
        return messages.pop() if messages else await asyncio.Event().wait()

    async def send(_):
        await asyncio.sleep(0.03)

    async def call():
        messages.append({"type": "http.request", "body": b"", "more_body": False})
        started = time.perf_counter()
        await player({"type": "http", "path": "/stream"}, receive, send)
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == 1
        return time.perf_counter() - started

    def seconds():
        took = asyncio.run(call())
        assert took > 0.4
        return took

    player.events = EVENTS * 2
    player.play(pace=Pace(per_token=Fixed(0.04)))
    assert at_best(0.6, seconds)  # counted from each write, it were 0.75


class FakeWriter:
    """Remembers in which turn of the loop each piece was written."""

    degraded = ""
    lost = stopping = False

    def __init__(self):
        self.turn, self.written, self.waits = 0, [], False

    async def start(self, status, headers, length=None):  # noqa: ARG002 - as the others have it
        self.written.append((self.turn, b""))

    def at(self, due, then):
        return asyncio.get_running_loop().call_at(due, then)

    def write_now(self, *pieces):
        if not self.waits:
            self.written += [(self.turn, data) for data in pieces]
        return not self.waits

    async def write(self, data):
        await asyncio.sleep(0)
        self.written.append((self.turn, data))

    async def end(self):
        self.written.append((self.turn, b"end"))

    def watch(self, wake):
        pass

    def unwatch(self):
        pass


def played_by(writer, *steps):
    """Play steps, and return what each turn of the loop has written, the head aside."""

    async def call():
        loop = asyncio.get_running_loop()

        def count():
            writer.turn += 1
            loop.call_soon(count)

        count()
        await Playing(Script([Begin(), *steps]), StreamStats(), writer, lambda: None).play(200, [])

    asyncio.run(call())
    turns = {}
    for turn, data in writer.written[1:-1]:
        turns.setdefault(turn, []).append(data)
    return list(turns.values())


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("before", [[], [Wait(0.01)]])
def test_no_two_pieces_of_an_event_leave_in_one_turn(before, waits):
    # uvloop wakes a task in the turn of the timer that wakes it, and sends what one turn wrote as one.
    writer = FakeWriter()
    writer.waits = waits
    steps = [Write(b"1"), Write(b"2"), Write(b"3", 1), Write(b"4", 1), Wait(0.5), Write(b"5", 1)]
    assert played_by(writer, *before, *steps) == [[b"1"], [b"2"], [b"3"], [b"4"], [b"5"]]


def test_whole_events_leave_together_and_yet_others_get_the_loop():
    turns = played_by(FakeWriter(), *(Write(b"%d" % number, 1) for number in range(200)))
    assert [len(turn) for turn in turns] == [64, 64, 64, 8]
    assert b"".join(map(b"".join, turns)) == b"".join(b"%d" % number for number in range(200))


# Without MockGrid's own server.


def in_process(player, path="/stream"):
    async def call():
        transport = httpx.ASGITransport(player)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get(path)

    return asyncio.run(call())


def test_in_process_a_pace_is_kept(player):
    player.play(pace=PACE)
    assert in_process(player).content == WHOLE
    assert player.outcome().degraded == ""


@pytest.mark.parametrize(
    "asked",
    [
        {"fault": StreamFault(kind="disconnect")},
        {"fault": StreamFault(kind="reset")},
        {"early_fault": Fault(kind="empty")},
        {"early_fault": Fault(kind="reset")},
        {"early_fault": Fault(kind="garbage")},
        {"early_fault": Fault(kind="cut_body")},
        {"early_fault": Fault(kind="wrong_length", length=10_000)},
    ],
)
def test_in_process_a_cut_is_an_exception(player, asked):
    player.play(**asked)
    with pytest.raises(CutError, match="A fault of MockGrid's: "):
        in_process(player)
    assert "only MockGrid's own server" in player.outcome().degraded


def test_in_process_slow_headers_are_late_headers(player):
    player.play(early_fault=Fault(kind="slow_headers", duration=0.1))
    started = time.perf_counter()
    assert in_process(player).content == WHOLE
    assert time.perf_counter() - started > 0.09
    assert "late and at once" in player.outcome().degraded


def test_in_process_a_body_stops_at_its_length(player):
    player.play(early_fault=Fault(kind="wrong_length", length=9 - len(BODY)))
    assert in_process(player, "/whole").content == BODY[:9]
    assert "declared length" in player.outcome().degraded


def test_in_process_a_cancelled_client_has_left(player):
    player.play(early_fault=Fault(kind="hang"))

    async def call():
        transport = httpx.ASGITransport(player)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            asking = asyncio.create_task(client.get("/"))
            assert await asyncio.to_thread(within, 30, player.begun)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking

    asyncio.run(call())
    assert player.outcome().ended_by == "client"
