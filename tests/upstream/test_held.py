"""Requests and replies are held to the contract, and each is told as the breach of who made it."""

import gzip
import json

import pytest
from upstream.conftest import BODY, COMPLETION, journal
from upstream.hostile_provider import LAST, HostileProvider, chunk, reply, stream_head
from upstream.raw_client import ask, request

CLIENT = "content-type: application/json", "authorization: Bearer mg-x"
RAW = request(BODY, *CLIENT)


def changed(**fields):
    return json.dumps({**json.loads(COMPLETION), **fields}).encode()


def event(**fields):
    whole = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    choice = {"index": 0, "delta": {"content": "Hi"}, "finish_reason": None, "logprobs": None}
    return b"data: " + json.dumps({**whole, "choices": [choice], **fields}).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"

REPLIES = {
    "sound": ((reply(COMPLETION),), []),
    "sound, encoded": ((reply(gzip.compress(COMPLETION), "content-encoding: gzip"),), []),
    "sound stream": ((stream_head(), chunk(event() + event(choices=[])), chunk(DONE), LAST), []),
    "a comment and a stranger's line ends": (
        (stream_head(), chunk(b": hold on\r\n\r\n" + event().replace(b"\n", b"\r\n")), chunk(DONE), LAST),
        [],
    ),
    "a byte order mark": ((stream_head(), chunk(b"\xef\xbb\xbf" + event()), chunk(DONE), LAST), []),
    "by a gateway": ((reply(b"<html>", media="text/html", status="503 X"),), [("MG241", "")]),
    "by a gateway, undeclared": ((reply(b"<html>", media="text/html", status="504 X"),), []),
    "no such status": ((reply(b"{}", status="418 X"),), [("MG240", "")]),
    "another media type": ((reply(b"hello", media="text/plain"),), [("MG241", "")]),
    "no media type": ((reply(COMPLETION, media=""),), [("MG241", "")]),
    "no body": ((reply(b""),), [("MG241", "")]),
    "not JSON": ((reply(b"{nope"),), [("MG242", "")]),
    "not gzip": ((reply(b"{}", "content-encoding: gzip"),), [("MG242", "")]),
    "an unknown encoding": ((reply(b"{nope", "content-encoding: br"),), []),
    "a field gone": ((reply(changed(choices=[{"index": 0}])),), "required"),
    "another type": ((reply(changed(created="now")),), [("MG110", "/created")]),
    "another type, encoded": (
        (reply(gzip.compress(changed(created="now")), "content-encoding: gzip"),),
        [("MG110", "/created")],
    ),
    "an event": (
        (
            stream_head(),
            chunk(event()),
            chunk(event(created="x")),
            chunk(event(created="y")),
            chunk(DONE),
            LAST,
        ),
        [("MG110", "/1/created")],
    ),
    "an event that is no JSON": ((stream_head(), chunk(b"data: {nope\n\n" + DONE), LAST), [("MG242", "/0")]),
    "no last event": ((stream_head(), chunk(event()), LAST), [("MG243", "")]),
    "cut": ((stream_head(), chunk(event() + b"data: {"), "close"), [("MG243", "")]),
    "cut before its length": ((reply(b"{", length=9), "close"), [("MG243", "")]),
    "a redirect": ((reply(b"", "location: /x", status="307 X", media=""),), []),
}


@pytest.mark.parametrize("name", REPLIES)
def test_what_the_provider_breaks_is_told_as_its_own(before, name):
    script, expected = REPLIES[name]
    with HostileProvider(*script) as provider:
        grid = before(provider)
        ask(grid.base_url, RAW)
        (exchange,) = journal(grid, "mg-x")
    assert exchange["violations"] == []
    broken = exchange.get("provider_violations", [])
    if expected == "required":
        assert {each["code"] for each in broken} == {"MG111"}
        assert broken[0]["pointer"].startswith("/choices/0/")
    else:
        assert [(each["code"], each["pointer"]) for each in broken] == expected
    report = grid.report()
    told = [(each["code"], each["status"], each["operation"]) for each in report.get("provider", [])]
    assert set(told) == {(each["code"], str(exchange["status"]), "createChatCompletion") for each in broken}
    assert report["violations"] == []


def test_what_the_client_breaks_is_told_as_its_own_and_goes_on(before):
    bad = json.dumps({"messages": "none", "temperature": 9}).encode()
    with HostileProvider(reply(COMPLETION)) as provider:
        grid = before(provider)
        through = [
            ask(grid.base_url, request(bad, *CLIENT)),
            ask(grid.base_url, request(b"{nope", *CLIENT)),
            ask(grid.base_url, request(BODY, CLIENT[1], "content-type: text/csv")),
            ask(grid.base_url, request(BODY, *CLIENT, target="/chat/completions")),
        ]
        assert len(provider.requests) == 4
        exchanges = journal(grid, "mg-x")
    assert [each.status for each in through] == [200] * 4
    codes = [[violation["code"] for violation in each["violations"]] for each in exchanges]
    assert codes == [["MG110", "MG113"], ["MG108"], ["MG107"], ["MG101"]]
    assert all("provider_violations" not in each for each in exchanges)
    assert {each["code"] for each in grid.report()["violations"]} == {
        "MG110",
        "MG113",
        "MG108",
        "MG107",
        "MG101",
    }


def test_a_reply_is_told_of_whole_and_its_secrets_are_hidden(before):
    secret = b'{"id": "x", "api_key": "sk-of-the-reply", "note": "sk-client-0123456789"}'
    coded = reply(gzip.compress(secret), "content-encoding: gzip", "set-cookie: session=abcdefgh")
    with HostileProvider(coded) as provider:
        grid = before(provider)
        ask(grid.base_url, request(BODY, CLIENT[0], "authorization: Bearer sk-client-0123456789"))
        (exchange,) = journal(grid, "sk-client-0123456789")
    assert exchange["reply"]["body"] == {"id": "x", "api_key": "[redacted]", "note": "[redacted]"}
    assert exchange["reply"]["headers"]["set-cookie"] == "[redacted]"
    assert exchange["reply"]["chunks"] == []
    assert exchange["reply"]["bytes"] == len(gzip.compress(secret))


def test_of_a_thousand_alike_breaches_one_is_told_and_of_unlike_ones_the_first_twenty(before):
    events = [event(created=str(number)) for number in range(1000)]
    with HostileProvider(stream_head(), chunk(b"".join(events)), chunk(DONE), LAST) as provider:
        grid = before(provider)
        ask(grid.base_url, RAW)
        (broken,) = journal(grid, "mg-x")[0]["provider_violations"]
    assert (broken["code"], broken["pointer"], broken["path"]) == ("MG110", "/0/created", "0.created")


def test_a_key_that_comes_in_pieces_is_hidden_in_the_journal(before):
    key, own = "mg-Op4que-Key-of-nobody", "sk-proj-4KpZ8sVqY2mN7tXw1bRc"
    whole = COMPLETION.replace(b'"Hi"', f'"{key} and {own}"'.encode())
    pieces = [chunk(whole[start : start + 7]) for start in range(0, len(whole), 7)]
    paced = [item for piece in pieces for item in (piece, 0.003)]
    with HostileProvider(stream_head(), *paced, LAST) as provider:
        grid = before(provider)
        through = ask(grid.base_url, request(BODY, CLIENT[0], f"authorization: Bearer {key}"))
        (exchange,) = journal(grid, key)
    assert through.body == whole
    kept = exchange["reply"]["chunks"]
    assert len(kept) > 9
    text = "".join(piece["data"] for piece in kept)
    assert text == whole.decode().replace(key, "[redacted]").replace(own, "[redacted]")
