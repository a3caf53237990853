"""From a journal's exchange to a recorded one."""

from types import SimpleNamespace

import pytest

from mockgrid.app.recording import _spare
from mockgrid.recording.difference import same
from mockgrid.recording.exchange import RecordedRequest, header, recorded
from mockgrid.session.exchange import KeptExchange

pytestmark = pytest.mark.once


def kept(body=b"", *, query=b"", path="/v1/chat/completions"):
    head = SimpleNamespace(
        method="post", path=path, raw_path=b"", query=query, headers={b"host": b"h"}, size=0
    )
    answer = SimpleNamespace(
        status=200, headers=[(b"x-a", b"1"), (b"x-a", b"2")], body=body, violations=(), fault=""
    )
    return KeptExchange(1, 10.0, head, b'{"a": 1}', None, answer)


def test_a_whole_reply_is_one_piece():
    exchange = kept(b"{}")
    exchange.replied, exchange.ended = 10.25, 10.5
    reply = recorded(exchange, "s-1").reply
    assert reply.chunks == ((0.0, b"{}"),)
    assert (reply.body, reply.ended, reply.fault) == (b"{}", "whole", "")
    assert (header(reply.headers, b"x-a"), header(reply.headers, b"x-b")) == ("2", "")


def test_a_stream_is_its_pieces_with_the_times_that_were_ordered():
    exchange = kept()
    exchange.answer.headers = [(b"content-type", b"text/event-stream")]
    exchange.replied = 10.05
    exchange.sent(10.1, b"data: 1\n\n")
    exchange.sent(10.3, b"data: 2\n\n")
    exchange.ended, exchange.whole, exchange.ended_by = 10.4, False, "client"
    assert [at for at, _ in recorded(exchange).reply.chunks] == [0.0, 0.0]
    exchange.late = [0.01, 0.05]
    reply = recorded(exchange).reply
    assert reply.chunks == ((0.04, b"data: 1\n\n"), (0.2, b"data: 2\n\n"))
    assert reply.ended == "left"
    exchange.ended_by = "server"
    assert recorded(exchange).reply.ended == "cut"


def test_a_target_is_quoted_again_and_has_its_query():
    request = recorded(kept(query=b"limit=3", path="/v1/a b/ø?")).request
    assert request == RecordedRequest("POST", "/v1/a%20b/%C3%B8%3F?limit=3", ((b"host", b"h"),), b'{"a": 1}')
    assert (request.path, request.query) == ("/v1/a%20b/%C3%B8%3F", "limit=3")


def test_values_are_compared_whatever_their_integers():
    assert same({"a": 2**70, "b": [1]}, {"b": [1], "a": 2**70})
    assert not same(2**70, 2**70 + 1)


@pytest.mark.parametrize(("took", "spare"), [(0.0, 0.5), (0.1, 2.0), (9.0, 30.0), (90.0, 90.0)])
def test_a_slow_write_is_not_followed_by_minutes_without(took, spare):
    assert _spare(took) == spare
