"""A reply whose client leaves is told as what had left of it: in journal, log and report."""

import contextlib
import json
import socket

import httpx
import openai
import pytest
from waiting import within

from mockgrid import MockGrid

HELLO = [{"role": "user", "content": "Hello there"}]
CHAT = "/chat/completions"


@pytest.fixture
def grid():
    with MockGrid(log="json") as grid:
        yield grid


def ended(session):
    assert within(30, lambda: session.exchanges and session.exchanges[-1].ended_by is not None)
    return session.exchanges[-1]


def covered(grid):
    """How many replies of status 200 the report knows of chat completions."""
    rows = grid.report()["rows"]
    return sum(
        row["count"] for row in rows if row["operation"] == "createChatCompletion" and row["status"] == "200"
    )


def logged(capfd):
    lines = []

    def read():
        lines.extend(json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{"))
        return lines

    assert within(30, read)
    return lines[-1]


def test_a_client_that_leaves_before_the_reply_has_had_none(grid, capfd):
    session = grid.session()
    session.play({"say": "late", "delay": "30s"})
    with (
        openai.OpenAI(
            base_url=session.base_url, api_key=session.api_key, timeout=0.3, max_retries=0
        ) as client,
        pytest.raises(openai.APITimeoutError),
    ):
        client.chat.completions.create(model="text-prime", messages=HELLO)
    exchange = ended(session)
    assert (exchange.ended_by, exchange.whole) == ("client", False)
    assert (exchange.reply.body, exchange.reply.chunks, exchange.reply.size) == (None, (), 0)
    assert covered(grid) == 0
    entry = logged(capfd)
    assert (entry["ended_by"], entry["bytes"], entry["whole"]) == ("client", 0, False)


def test_a_stream_is_told_as_far_as_it_came(grid, capfd):
    session = grid.session()
    session.play({"say": "a b c d", "stream": {"chunks": "word", "fault": {"kind": "stall", "after": 2}}})
    with httpx.Client(
        base_url=session.base_url, headers={"authorization": f"Bearer {session.api_key}"}
    ) as client:
        asked = {"messages": HELLO, "stream": True}
        with client.stream("POST", CHAT, json=asked) as answer:
            lines = answer.iter_lines()
            read = [next(lines) for _ in range(5)]
    exchange = ended(session)
    text = "".join(chunk.data for chunk in exchange.reply.chunks)
    assert (exchange.ended_by, exchange.whole, exchange.reply.body) == ("client", False, None)
    assert [line for line in text.splitlines() if line] == [line for line in read if line]
    assert exchange.reply.size == len(text.encode()) == logged(capfd)["bytes"]
    assert covered(grid) == 1


def test_a_body_that_is_not_read_is_told_as_far_as_it_left(grid, capfd):
    session = grid.session()
    body = "x" * 32_000_000
    session.play({"body": body, "contract": "off", "delay": "10ms"})
    address = httpx.URL(session.base_url)
    sent = json.dumps({"messages": HELLO}).encode()
    head = (
        f"POST {address.path}{CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {session.api_key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(sent)}\r\n\r\n"
    )
    with socket.create_connection((address.host, address.port)) as client:
        client.sendall(head.encode() + sent)
        assert client.recv(100).startswith(b"HTTP/1.1 200")
    exchange = ended(session)
    assert (exchange.ended_by, exchange.whole) == ("client", False)
    assert exchange.reply.size < len(body)
    assert exchange.reply.size == logged(capfd)["bytes"]
    told = exchange.reply.body or ""
    assert body.startswith(told)
    assert len(told) == min(exchange.reply.size, 1024 * 1024)


def test_what_is_under_way_is_told_as_far_as_it_is(grid):
    session = grid.session()
    session.play({"say": "late", "delay": "30s"})
    with httpx.Client(
        base_url=session.base_url, headers={"authorization": f"Bearer {session.api_key}"}
    ) as client:
        with contextlib.suppress(httpx.ReadTimeout):
            client.post(CHAT, json={"messages": HELLO}, timeout=httpx.Timeout(5, read=0.2))
        assert within(30, lambda: session.exchanges)
        assert session.exchanges[0].reply.body is None


def test_a_reply_that_ends_as_it_should_is_told_whole(grid, capfd):
    session = grid.session()
    session.play({"say": "on time"})
    with openai.OpenAI(base_url=session.base_url, api_key=session.api_key) as client:
        client.chat.completions.create(model="text-prime", messages=HELLO)
    exchange = ended(session)
    assert exchange.reply.body["choices"][0]["message"]["content"] == "on time"
    entry = logged(capfd)
    assert (entry["ended_by"], entry["bytes"], entry["whole"]) == ("server", exchange.reply.size, True)
    assert covered(grid) == 1
