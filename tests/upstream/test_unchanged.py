"""What a provider does is what a client sees: through MockGrid and without it, byte for byte."""

import gzip
import json
import time

import pytest
from upstream.conftest import BODY, COMPLETION
from upstream.hostile_provider import CLOSE, LAST, RESET, HostileProvider, chunk, reply, stream_head
from upstream.raw_client import ask, request

EVENTS = [b'data: {"a": %d}\n\n' % number for number in range(4)] + [b"data: [DONE]\n\n"]
JPEG = bytes(range(256)) * 40
FORM = b'--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n'
WHOLE = reply(COMPLETION)
CUT_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n"

SCRIPTS = {
    "json": (reply(COMPLETION),),
    "empty": (reply(b"", media=""),),
    "error": (reply(b'{"error": {"message": "no"}}', "retry-after: 3", status="429 Slow Down"),),
    "odd error": (reply(b"<html>", status="529 ", media="text/html"),),
    "teapot": (reply(b"short and stout", status="418 I'm a teapot", media="text/plain"),),
    "redirect": (
        reply(b"", "location: https://elsewhere.example/v1/x?y=1", status="307 Temporary Redirect"),
    ),
    "no content": (b"HTTP/1.1 204 No Content\r\nx-a: 1\r\n\r\n",),
    "not modified": (b'HTTP/1.1 304 Not Modified\r\netag: "1"\r\ncontent-length: 512\r\n\r\n',),
    "cookies": (
        reply(b"{}", "set-cookie: a=1; path=/", "X-Odd:   b ", "Set-Cookie: b=2", "vary: x", "vary: y"),
    ),
    "gzip": (reply(gzip.compress(COMPLETION), "content-encoding: gzip"),),
    "broken gzip": (reply(b"not gzip", "content-encoding: gzip"),),
    "unknown coding": (reply(b"\x01\x02", "content-encoding: br, x-odd"),),
    "binary": (reply(JPEG, media="image/jpeg"),),
    "multipart": (reply(FORM, media="multipart/form-data; boundary=x"),),
    "until it closes": (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n", COMPLETION, CLOSE),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n", COMPLETION, CLOSE),
    "a hint first": (b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n", reply(COMPLETION)),
    "stream": (stream_head(), *map(chunk, EVENTS), LAST),
    "stream in ones": (stream_head(), *(chunk(EVENTS[0][i : i + 1]) for i in range(len(EVENTS[0]))), LAST),
    "stream with a length": (reply(b"".join(EVENTS), media="text/event-stream"),),
    "gzip stream": (stream_head("content-encoding: gzip"), chunk(gzip.compress(b"".join(EVENTS))), LAST),
    "no done": (stream_head(), *map(chunk, EVENTS[:-1]), LAST),
    "slow head": (*(x for byte in WHOLE[:40] for x in (bytes([byte]), 0.002)), WHOLE[40:]),
    "named by connection": (reply(COMPLETION, "connection: x-hop, keep-alive", "x-hop: 1", "x-kept: 1"),),
    "large": (reply(json.dumps({"text": "x" * 3_000_000}).encode()),),
    "cut in the body": (CUT_HEAD, b'{"id"', 0.05, CLOSE),
    "reset in the body": (CUT_HEAD, b'{"id"', 0.05, RESET),
    "cut after the head": (CUT_HEAD, 0.05, CLOSE),
    "cut stream": (stream_head(), chunk(EVENTS[0]), 0.05, CLOSE),
    "cut in a chunk": (stream_head(), chunk(EVENTS[0]), b"20\r\ndata", 0.05, CLOSE),
    "reset stream": (stream_head(), chunk(EVENTS[0]), 0.05, RESET),
}
HOPS = ("connection", "transfer-encoding", "x-hop", "keep-alive")
ADDED = ("x-request-id", "x-mockgrid-step")


def seen(received, *, added=False):
    """What a client makes of a reply: its length is said in one way or another."""
    headers = [pair for pair in received.headers if pair[0] not in HOPS]
    if added:
        assert dict(headers).keys() >= {*ADDED}
        headers = [pair for pair in headers if pair[0] not in ADDED]
    length = [pair for pair in headers if pair[0] == "content-length"]
    others = [pair for pair in headers if pair[0] != "content-length"]
    return received.status, others, length, received.body, received.end


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_reply_comes_through_unchanged(before, name):
    raw = request(BODY, "content-type: application/json")
    with HostileProvider(*SCRIPTS[name]) as provider:
        directly = ask(provider.url, raw)
        through = ask(before(provider).base_url, raw)
        assert (provider.connections, len(provider.requests)) == (2, 2)
    assert seen(through, added=True) == seen(directly)
    if "stream" in name and "length" not in name and "gzip" not in name:
        assert through.pieces == directly.pieces


def test_what_is_no_http_within_a_reply_cuts_it(before):
    script = stream_head(), chunk(EVENTS[0]), b"nonsense\r\n", 0.05, CLOSE
    with HostileProvider(*script) as provider:
        through = ask(before(provider).base_url, request(BODY))
    assert (through.status, through.body, through.end) == (200, EVENTS[0], "cut")


def test_a_length_beside_chunks_is_no_length(before):
    with HostileProvider(stream_head("content-length: 7"), *map(chunk, EVENTS), LAST) as provider:
        through = ask(before(provider).base_url, request(BODY))
    assert (through.body, through.end) == (b"".join(EVENTS), "whole")
    assert through.header("content-length") == []


def test_what_has_a_head_alone_keeps_its_length(before):
    whole = reply(COMPLETION, "x-a: 1")
    with HostileProvider(whole[: whole.index(b"\r\n\r\n") + 4]) as provider:
        raw = request(method="HEAD", target="/v1/models")
        directly = ask(provider.url, raw)
        through = ask(before(provider).base_url, raw)
    assert provider.heads[1][0] == "HEAD /v1/models HTTP/1.1"
    assert seen(through, added=True) == seen(directly)
    assert through.header("content-length") == [str(len(COMPLETION))]


def test_connections_are_used_again_but_for_those_that_the_provider_has_closed(before):
    with HostileProvider(reply(COMPLETION)) as provider:
        grid = before(provider)
        assert [ask(grid.base_url, request(BODY)).status for _ in range(3)] == [200] * 3
        assert provider.connections == 1
        provider.script = reply(COMPLETION), CLOSE
        for _ in range(3):
            assert ask(grid.base_url, request(BODY)).status == 200
            time.sleep(0.1)
        assert (provider.connections, len(provider.requests)) == (3, 6)
