"""Pieces pass as they come; a client that leaves is noticed, and a slow one is waited for."""

import asyncio
import json
import threading
import time
from itertools import pairwise

import pytest
from asgi import Caller
from upstream.conftest import BODY, journal
from upstream.hostile_provider import HANG, LAST, HostileProvider, chunk, stream_head
from upstream.raw_client import Stream, ask, connect, eventually, request

RAW = request(BODY, "content-type: application/json", "authorization: Bearer mg-x")
EVENT = b'data: {"a": 1}\n\n'


async def endless(provider, writer):
    writer.write(stream_head())
    while True:
        writer.write(chunk(b"x" * 65_536))
        await writer.drain()
        provider.sent += 65_536


async def at_once(_, writer):
    writer.write(stream_head() + chunk(EVENT))
    await writer.drain()


def test_each_piece_passes_before_the_next_has_come_and_has_its_time(before):
    has_come = threading.Semaphore(0)

    async def heard(_provider, _writer):
        await asyncio.to_thread(has_come.acquire, timeout=10)

    script = stream_head(), chunk(EVENT), heard, chunk(EVENT), heard, chunk(EVENT), LAST
    with HostileProvider(*script) as provider:
        grid = before(provider)
        with connect(grid.base_url) as connection:
            connection.settimeout(5)
            connection.sendall(RAW)
            stream = Stream(connection)
            for _ in range(3):
                stream.until(EVENT)
                time.sleep(0.15)
                has_come.release()
    pieces = journal(grid, "mg-x")[0]["reply"]["chunks"]
    assert [piece["data"] for piece in pieces] == [EVENT.decode()] * 3
    assert all(later["at"] - earlier["at"] > 0.1 for earlier, later in pairwise(pieces))


def test_the_first_token_is_delayed_by_less_than_two_milliseconds(before):
    def delay(url):
        with connect(url) as connection:
            stream = Stream(connection)
            best = 1.0
            for _ in range(60):
                begun = time.perf_counter()
                connection.sendall(RAW)
                stream.until(EVENT)
                best = min(best, time.perf_counter() - begun)
                stream.until(LAST)
        return best

    with HostileProvider(at_once, LAST) as provider:
        grid = before(provider)
        # Where others want the processor, the best of many is still not that of a quiet machine: tried again.
        assert any(delay(grid.base_url) - delay(provider.url) < 0.002 for _ in range(20))


@pytest.mark.parametrize("script", [(HANG,), (stream_head(), chunk(EVENT), HANG), (endless,)])
def test_a_client_that_leaves_ends_the_request_at_the_provider(before, script):
    with HostileProvider(*script) as provider:
        grid = before(provider)
        with connect(grid.base_url) as connection:
            connection.sendall(RAW)
            eventually(lambda: provider.requests)
            if script[0] is not HANG:
                connection.recv(1)
        assert provider.left.wait(5)
        (exchange,) = journal(grid, "mg-x")
    assert (exchange["ended_by"], exchange["whole"]) == ("client", False)
    assert exchange["status"] == (499 if script[0] is HANG else 200)
    codes = [each["code"] for each in exchange.get("provider_violations", ())]
    assert "MG243" not in codes, "the provider did not break off"


def test_a_client_that_reads_slowly_makes_the_provider_wait(before):
    with HostileProvider(endless) as provider:
        grid = before(provider, journal_bytes="1MiB")
        with connect(grid.base_url) as connection:
            connection.sendall(RAW)
            eventually(lambda: provider.sent)
            before_it = -1
            while provider.sent != before_it:  # the buffers of two connections fill up, and no more
                before_it = provider.sent
                time.sleep(0.2)
            assert provider.sent < 128 * 1024 * 1024
            for _ in range(200):
                connection.recv(65_536)
            eventually(lambda: provider.sent > before_it)
        assert provider.left.wait(5)


def test_a_stream_takes_no_longer_than_a_reply_may(before):
    with HostileProvider(stream_head(), *[chunk(EVENT), 0.1] * 100) as provider:
        through = ask(before(provider, request_timeout=0.5).base_url, RAW)
        assert provider.left.wait(5)
    assert through.status == 200
    assert through.end != "whole"


def test_under_another_server_a_reply_passes_and_what_breaks_off_is_an_error():
    async def call(app):
        sent, body = [], {"type": "http.request", "body": BODY}
        scope = {"type": "http", "method": "POST", "path": "/v1/chat/completions", "query_string": b""}
        scope |= {"raw_path": b"/v1/chat/completions", "headers": [(b"authorization", b"Bearer mg-x")]}
        there = asyncio.Event()

        async def receive():
            if not there.is_set():
                there.set()
                return body
            return await asyncio.Event().wait()

        async def send(message):
            sent.append(message)

        try:
            await app(scope, receive, send)
        finally:
            await app.stop()
        return sent

    with HostileProvider(stream_head(), chunk(EVENT), LAST) as provider:
        start, *pieces = asyncio.run(call(Caller(upstream=provider.url).app))
    assert start["status"] == 200
    assert b"".join(piece["body"] for piece in pieces) == EVENT
    with (
        HostileProvider(stream_head(), chunk(EVENT), "close") as provider,
        pytest.raises(ConnectionResetError),
    ):
        asyncio.run(call(Caller(upstream=provider.url).app))


def test_the_stop_of_the_server_ends_what_comes(before):
    with HostileProvider(stream_head(), chunk(EVENT), HANG) as provider:
        grid = before(provider, shutdown_timeout=0.1)
        with connect(grid.base_url) as connection:
            connection.sendall(RAW)
            stream = Stream(connection)
            stream.until(EVENT)
            grid.stop()
            stream.rest()
        assert provider.left.wait(5)


def test_many_at_a_time_do_not_meet(before):
    async def talk(_, writer):
        writer.write(stream_head())
        number = json.loads(provider.requests[-1].partition(b"\r\n\r\n")[2])["messages"][0][
            "content"
        ].encode()
        for _ in range(5):
            writer.write(chunk(b"data: %b\n\n" % number))
            await writer.drain()
            await asyncio.sleep(0.01)

    async def one(url, number):
        host, _, port = url.partition("//")[2].partition("/")[0].rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        body = json.dumps({"messages": [{"role": "user", "content": str(number)}]}).encode()
        writer.write(request(body, "authorization: Bearer mg-x", "connection: close"))
        answer = await reader.read()
        writer.close()
        return answer

    async def all_of(url):
        return await asyncio.gather(*(one(url, number) for number in range(100)))

    with HostileProvider(talk, LAST) as provider:
        answers = asyncio.run(all_of(before(provider).base_url))
    for number, answer in enumerate(answers):
        assert answer.count(b"data: %d\n\n" % number) == answer.count(b"data: ") == 5
