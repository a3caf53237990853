import asyncio
import contextlib
import json
import os
import time

import pytest
from asgi import Caller

from mockgrid.log import PENDING, Entry, RequestLog, Sink, json_line, printable, text_line


@pytest.fixture
def pipe():
    reading, writing = os.pipe()
    yield reading, writing
    for descriptor in (reading, writing):
        with contextlib.suppress(OSError):
            os.close(descriptor)


def record(log, path="/v1/chat/completions"):
    log.record(Entry("POST", path, 200, "mg-…1f3a", ms=1.25))


def entry(path="/x", session=None, step=None, violations=()):
    return Entry("GET", path, 200, session, step, violations, 1.2345)


def test_text_names_what_there_is():
    assert text_line(entry()) == b"GET /x 200 1.2ms\n"
    broken = entry(session="mg-…1f3a", step="two failures", violations=["MG110", "MG113", "MG110"])
    assert json.loads(json_line(broken))["codes"] == ["MG110", "MG113"]
    assert text_line(broken).decode() == (
        "GET /x 200 1.2ms session=mg-…1f3a step=two failures violations=3 codes=MG110,MG113\n"
    )
    assert text_line(Entry("-", "-", 400, reason="It is no HTTP.")) == b"- - 400 0.0ms It is no HTTP.\n"


def test_of_a_refused_request_the_codes_are_logged():
    caller, entries = Caller(log="text"), []
    caller.app.log.record = entries.append
    caller.chat(temperature=9, top_p=9, n="one")
    caller.chat()
    assert [entry.violations for entry in entries] == [["MG113", "MG113", "MG110"], []]


def test_text_says_what_left_of_a_reply_that_was_cut():
    cut = entry()._replace(bytes=7, ended_by="client", whole=False)
    assert text_line(cut) == b"GET /x 200 1.2ms ended_by=client bytes=7\n"


def test_json_has_every_field():
    assert json.loads(json_line(entry(step="a b"))) == {
        "method": "GET",
        "path": "/x",
        "status": 200,
        "session": None,
        "step": "a b",
        "violations": 0,
        "ms": 1.234,
        "reason": "",
        "bytes": 0,
        "ended_by": "server",
        "whole": True,
        "codes": [],
    }


@pytest.mark.parametrize("make", [text_line, json_line])
@pytest.mark.parametrize(
    "evil", ["a\nGET /forged 200", "\x1b[2J", "\x7f", "\x9b2J", "\u2028", "\u202e", "\ud800", "\x00"]
)
def test_nothing_breaks_out_of_its_line(make, evil):
    line = make(entry(path=f"/{evil}", session=evil, step=evil)).decode()
    assert line.endswith("\n")
    assert line[:-1].isprintable()


def test_a_path_cannot_forge_a_field():
    assert text_line(entry(path="/x 200 1ms session=admin")).startswith(
        b"GET /x%20200%201ms%20session=admin 200 "
    )


def test_long_path_is_cut():
    assert len(text_line(entry(path="/" + "a" * 10_000))) < 300
    assert len(json_line(entry(path="/" + "a" * 10_000))) < 400
    assert printable("abcdef", 3) == "abc…"


def test_lines_are_written_together_and_soon(pipe):
    reading, writing = pipe

    async def run():
        log = RequestLog("text", Sink(writing))
        for _ in range(3):
            record(log)
        os.set_blocking(reading, False)
        with pytest.raises(BlockingIOError):
            os.read(reading, 10)
        await asyncio.sleep(0.15)
        return os.read(reading, 65536)

    assert asyncio.run(run()).count(b"\n") == 3


def test_close_writes_the_rest(pipe):
    reading, writing = pipe

    async def run():
        log = RequestLog("json", Sink(writing))
        record(log)
        log.close()

    asyncio.run(run())
    assert json.loads(os.read(reading, 65536))["status"] == 200


def test_outside_of_a_loop_lines_are_written_at_once(pipe):
    reading, writing = pipe
    record(RequestLog("text", Sink(writing)))
    assert os.read(reading, 65536).startswith(b"POST")


def test_off_writes_nothing(pipe):
    reading, writing = pipe
    log = RequestLog("off", Sink(writing))
    record(log)
    log.close()
    assert not log.enabled
    os.close(writing)
    assert os.read(reading, 10) == b""


def test_full_pipe_costs_lines_but_no_time_and_is_owned_up_to(pipe):
    reading, writing = pipe

    async def run():
        log = RequestLog("text", Sink(writing))
        started = time.monotonic()
        for number in range(5):
            for _ in range(PENDING // 2):
                record(log, f"/{number}")
            await asyncio.sleep(0.06)
        stuck = time.monotonic() - started
        received = b""
        os.set_blocking(reading, False)
        for _ in range(200):
            try:
                received += os.read(reading, 65536)
            except BlockingIOError:
                log._flush()
            if b"dropped" in received:
                break
        log.close()
        return stuck, received

    stuck, received = asyncio.run(run())
    assert stuck < 30
    lines = received.decode().splitlines()
    written = sum(line.startswith("POST") for line in lines)
    dropped = 5 * (PENDING // 2) - written
    assert dropped > 0
    assert lines[-1] == f"mockgrid: {dropped} lines of the request log were dropped: nobody read them"


def test_stream_that_nobody_will_read_again_is_given_up(pipe):
    reading, writing = pipe
    os.close(reading)
    log = RequestLog("text", Sink(writing))
    for _ in range(3):
        record(log)
    log.close()


def test_a_line_costs_less_than_two_microseconds():
    sink = Sink(os.open(os.devnull, os.O_WRONLY))

    async def cost(style):
        log = RequestLog(style, sink)
        rounds = []
        for _ in range(15):
            started = time.thread_time()
            for _ in range(1000):
                record(log)
            log._flush()
            rounds.append((time.thread_time() - started) / 1000)
        log.close()
        return min(rounds)

    try:
        # Four times the promise, which is twice what was measured: the machine that runs this may be slow.
        assert asyncio.run(cost("text")) < 8e-6
        assert asyncio.run(cost("json")) < 8e-6
        assert asyncio.run(cost("off")) < 1e-6
    finally:
        os.close(sink.descriptor)
