"""What one client does is no affair of the others, and no reply is left without its end."""

import asyncio
import socket
import time
from contextlib import suppress

import pytest
from playing_app import Player
from raw_http import Echo, connect, read_all, responses
from waiting import within

from mockgrid.http.connection import WAITING

CHUNKED = b"POST %b HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
GET = b"GET %b HTTP/1.1\r\nhost: x\r\n\r\n"


class Stubborn(Echo):
    """Answers whether the client is there or not."""

    def __init__(self):
        super().__init__()
        self.gate = asyncio.Event()

    async def __call__(self, scope, receive, send):
        path = scope["path"]
        self.asked.append(path)
        if path in {"/gate", "/broken"}:
            await self.gate.wait()
            await self.reply(send, 200, {"path": path})
        elif path == "/open":
            self.gate.set()
            await self.reply(send, 200, {"path": path})
        elif path == "/midst":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"one", "more_body": True})
            waiting = asyncio.ensure_future(receive())
            await asyncio.sleep(0.05)
            waiting.cancel()
            await send({"type": "http.response.body", "body": b"two"})
        else:
            await super().__call__(scope, receive, send)


@pytest.fixture
def stubborn():
    return Stubborn()


def test_a_reply_behind_the_last_words_harms_nobody(starts, stubborn):
    server = starts(stubborn, log="off")
    with connect(server.port) as broken, connect(server.port) as other, connect(server.port) as opens:
        broken.sendall(CHUNKED % b"/broken")
        other.sendall(GET % b"/gate")
        assert within(30, lambda: len(stubborn.asked) == 2)
        broken.sendall(b"no chunk\r\n")
        assert [one.status for one in responses(read_all(broken))] == [400]
        opens.sendall(GET % b"/open")  # all three are written at once
        assert opens.recv(65536).startswith(b"HTTP/1.1 200")
        other.settimeout(5)
        assert other.recv(65536).startswith(b"HTTP/1.1 200")


def test_the_midst_of_a_reply_is_no_place_for_100_continue(starts, stubborn):
    server = starts(stubborn, log="off")
    with connect(server.port) as client:
        expecting = b"host: x\r\nexpect: 100-continue\r\ncontent-length: 3\r\n"
        client.sendall((GET % b"/midst").replace(b"host: x\r\n", expecting))
        came = b""
        while not came.endswith(b"0\r\n\r\n"):
            came += client.recv(65536)
        assert came.endswith(b"\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")


class Failing(Player):
    """Fails before its first wait, or after it, and before its reply begins, or in the midst."""

    async def answer(self, path, _receive, writer):
        if "later" in path:
            await asyncio.sleep(0)
        if "begun" in path:
            await writer.start(200, [])
        if "nothing" not in path:
            raise RuntimeError("a defect")


@pytest.mark.parametrize("path", [b"/at-once", b"/later", b"/later-nothing"])
def test_a_failure_is_a_500_that_ends_its_connection(starts, path, capfd):
    server = starts(Failing(), log="off")
    with connect(server.port) as client:
        client.settimeout(5)
        client.sendall(GET % path * 2)
        (failed,) = responses(read_all(client))
        assert (failed.status, failed.headers["connection"]) == (500, "close")
    assert capfd.readouterr().err.count("RuntimeError: a defect") == (path != b"/later-nothing")


@pytest.mark.parametrize("path", [b"/begun", b"/later-begun"])
def test_a_failure_in_the_midst_of_a_reply_cuts_it(starts, path):
    server = starts(Failing(), log="off")
    with connect(server.port) as client:
        client.settimeout(5)
        client.sendall(GET % path)
        assert not read_all(client).endswith(b"0\r\n\r\n")


class Counting(Player):
    """Counts how many requests are answered between two turns of the event loop."""

    def __init__(self):
        super().__init__()
        self.turns = []

    async def answer(self, path, _receive, writer):
        if not self.turns or self.turns[-1] < 0:
            self.turns.append(0)
            asyncio.get_running_loop().call_soon(self.turns.append, -1)
        self.turns[-1] += 1
        writer.whole(200, [], path.encode())


def test_a_thousand_requests_at_once_are_no_reason_for_other_clients_to_wait(starts):
    counting = Counting()
    server = starts(counting, log="off")
    with connect(server.port) as client:
        client.sendall(GET % b"/many" * 1000)
        came = b""
        while came.count(b"/many") < 1000:
            came += client.recv(65536)
    assert max(counting.turns) <= WAITING


class Large(Echo):
    """Answers with more than the buffers between server and client hold."""

    size = 30_000_000

    async def __call__(self, scope, _receive, send):
        if scope["path"] == "/crash":
            await asyncio.sleep(0.1)
            raise RuntimeError("a defect")
        await self.reply(send, 200, "x" * self.size)


LAST = {
    "closed": (GET % b"/").replace(b"host", b"connection: close\r\nhost"),
    "of HTTP/1.0": (GET % b"/").replace(b"/1.1", b"/1.0"),
    "before garbage": GET % b"/" + b"garbage\r\n\r\n",
    "before its body": (GET % b"/").replace(b"host", b"connection: close\r\ncontent-length: 3\r\nhost"),
}


@pytest.mark.parametrize("raw", LAST.values(), ids=LAST)
def test_a_last_reply_that_nobody_reads_holds_no_connection(starts, raw):
    server = starts(Large(), log="off", keep_alive=0.3)
    with connect(server.port) as client:
        client.sendall(raw)
        assert client.recv(16)
        assert within(10, lambda: not server._serving.connections)


def test_a_last_reply_is_given_time_while_it_is_read(starts):
    server = starts(Large(), log="off", keep_alive=1)
    with connect(server.port) as client:
        client.sendall(LAST["closed"])
        came = 0
        while piece := client.recv(3_000_000, socket.MSG_WAITALL):
            came += len(piece)
            time.sleep(0.2)
        assert came > Large.size


def test_a_last_reply_is_not_lost_with_the_requests_behind_it(starts):
    server = starts(Large(), log="off")
    with connect(server.port) as client:
        client.setblocking(False)
        raw = GET % b"/crash" * 200_000
        place = 0
        with suppress(BlockingIOError):
            while place < len(raw):
                place += client.send(raw[place:])
        time.sleep(0.5)
        client.setblocking(True)
        assert [one.status for one in responses(read_all(client))] == [500]


class Bodyless(Player):
    """Answers with a status that has no body, and gives one all the same."""

    async def answer(self, path, _receive, writer):
        status = int(path[-3:])
        if "whole" in path:
            writer.whole(status, [], b"none")
        else:
            await writer.start(status, [], 4)
            await writer.write(b"none")
            await writer.end()


@pytest.mark.parametrize("path", [b"/whole-204", b"/whole-304", b"/204", b"/304"])
def test_what_has_no_body_is_followed_by_the_next_reply(starts, path):
    server = starts(Bodyless(), log="off")
    with connect(server.port) as client:
        client.sendall(GET % path + GET % b"/whole-200")
        came = b""
        while not came.endswith(b"none"):
            came += client.recv(65536)
    first, _, second = came.partition(b"\r\n\r\n")
    assert second == b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nnone"
    assert b"content-length" not in first
