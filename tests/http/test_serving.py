"""What is written in one turn of the event loop leaves together, and not only when all of that is over."""

import asyncio
import logging
import socket
from contextlib import ExitStack

import pytest

from mockgrid.http.serving import TOGETHER, Serving, detail_error
from mockgrid.settings import Settings


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request):
    factory = asyncio.new_event_loop
    if request.param == "uvloop":
        factory = pytest.importorskip("uvloop").new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        yield runner.run


class Link(asyncio.Protocol):
    paused = 0

    def pause_writing(self):
        self.paused += 1


async def app(scope, receive, send): ...


class Links:
    """Connections of a server, and the sockets of their clients."""

    def __init__(self, stack):
        self.serving = Serving(app, Settings(), detail_error, logging.getLogger("links"))
        self._stack = stack
        self.clients, self.transports, self.protocols = [], [], []

    async def open(self, count):
        for _ in range(count):
            ours, theirs = map(self._stack.enter_context, socket.socketpair())
            ours.setblocking(False)
            theirs.setblocking(False)
            transport, link = await asyncio.get_running_loop().create_connection(Link, sock=ours)
            self._stack.callback(transport.abort)
            self.clients.append(theirs)
            self.transports.append(transport)
            self.protocols.append(link)

    def put(self, number, data):
        self.serving.write_soon(self.transports[number], data)

    def came(self):
        """Return what has come to each client."""
        return [_come(client) for client in self.clients]


def _come(client):
    try:
        return client.recv(1 << 20)
    except BlockingIOError:
        return b""


def test_many_leave_before_the_last_is_written_and_few_at_the_end_of_the_turn(run):
    async def written():
        with ExitStack() as stack:
            links = Links(stack)
            await links.open(2 * TOGETHER + 3)
            for number in range(2 * TOGETHER + 3):
                links.put(number, b"%d" % number)
            links.put(2 * TOGETHER, b" and more")
            at_once = links.came()
            await asyncio.sleep(0.01)
            later = links.came()
            assert not any(link.paused for link in links.protocols)
            return at_once, later

    at_once, later = run(written())
    assert at_once == [b"%d" % number for number in range(2 * TOGETHER)] + [b""] * 3
    last = [b"%d" % (2 * TOGETHER + number) for number in range(3)]
    assert later == [b""] * 2 * TOGETHER + [last[0] + b" and more", *last[1:]]


def test_who_is_gone_or_reads_nothing_is_no_reason_for_others_to_miss_theirs(run):
    async def written():
        with ExitStack() as stack:
            links = Links(stack)
            await links.open(TOGETHER)
            links.transports[0].abort()
            links.clients[1].close()
            much = b"x" * 4_000_000
            for number, data in enumerate([b"gone", b"left", much, *[b"here"] * (TOGETHER - 3)]):
                links.put(number, data)
            others = [_come(client) for client in links.clients[3:]]
            assert links.protocols[2].paused == 1
            slow = bytearray()
            while len(slow) < len(much):
                slow += _come(links.clients[2])
                await asyncio.sleep(0)
            return others, bytes(slow) == much

    assert run(written()) == ([b"here"] * (TOGETHER - 3), True)
