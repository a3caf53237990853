"""Streams: what a home-made reader takes for a whole answer, and what the official client makes of it."""

import contextlib
import json
import time

import httpx
import openai
import pytest
from scenarios.grid import HELLO

from mockgrid.data import bundled
from mockgrid.scenario.loading import load

ASKED = {"model": "text-prime", "messages": HELLO}
SAID = "You said: Hello there"
WHOLE = "The fjord is calm, and the boats come home before the rain."
HALF = "The fjord is calm,"
TORTURE = 'data: [DONE]\n\n: 3 °C in 東京 🗼\u2028and \x85 {"error": null}\r\n'


def read(client, text):
    """The text of a stream, chunk by chunk, so that what came before an exception is kept."""
    finish = None
    for chunk in client.create(**ASKED, stream=True):
        if chunk.choices:
            text.append(chunk.choices[0].delta.content or "")
            finish = chunk.choices[0].finish_reason
    return finish


def read_naively(client):
    """A reader as it is written in an afternoon: lines that begin with `data: `, until one has [DONE]."""
    text = ""
    with client.stream("POST", "/chat/completions", json={**ASKED, "stream": True}) as response:
        for line in response.iter_lines():
            if "[DONE]" in line:
                break
            if line.startswith("data: "):
                for choice in json.loads(line[6:]).get("choices", []):
                    text += choice["delta"].get("content") or ""
    return text


def whole_answer(client):
    text = []
    assert read(client, text) == "stop"
    return "".join(text)


def test_slow_first_token(grid, hurried):
    with grid.openai("slow-first-token", timeout=0.8, max_retries=0) as client:
        text = []
        with pytest.raises(openai.APITimeoutError):
            read(client, text)
        assert "".join(text) == ""
        with pytest.raises(openai.APITimeoutError):
            client.create(**ASKED)
    assert grid.statuses == [200]  # the second had no head in time
    with hurried.openai("slow-first-token") as client:
        assert whole_answer(client) == SAID
        assert client.create(**ASKED).choices[0].message.content == SAID


def test_the_first_token_is_as_late_as_it_may_be():
    scenario = load(bundled("scenarios") / "slow-first-token.yaml")
    assert scenario.pace.first_token.seconds == 4.62
    assert scenario.pace.tokens_per_second == 40


def test_stream_cut(grid):
    with grid.httpx("stream-cut") as client, pytest.raises(httpx.RemoteProtocolError):
        read_naively(client)
    with grid.openai("stream-cut") as client:
        text = []
        with pytest.raises(openai.APIConnectionError):
            read(client, text)
        assert "".join(text) == HALF
        assert grid.statuses == [200]  # never retried by itself
        assert whole_answer(client) == WHOLE
    assert grid.statuses == [200, 200]


def test_stream_stall(grid, hurried):
    with grid.openai("stream-stall", timeout=0.8) as client:
        text, started = [], time.perf_counter()
        with pytest.raises(openai.APITimeoutError):
            read(client, text)
        assert 0.8 <= time.perf_counter() - started < 30
        assert "".join(text) == HALF
        assert whole_answer(client) == WHOLE
    assert grid.statuses == [200, 200]
    with hurried.httpx("stream-stall", timeout=None) as client:
        assert read_naively(client) == WHOLE  # after a minute


def test_stream_error(grid):
    with grid.httpx("stream-error") as client:
        assert read_naively(client) == HALF
    with grid.openai("stream-error") as client:
        text = []
        with pytest.raises(openai.APIError, match=r"^The model is overloaded$") as raised:
            read(client, text)
        assert (type(raised.value), raised.value.code) == (openai.APIError, "overloaded")
        assert "".join(text) == HALF
        assert whole_answer(client) == WHOLE
    assert grid.statuses == [200, 200]


def test_sse_torture(grid):
    with grid.openai("sse-torture") as client:
        assert [whole_answer(client) for _ in range(4)] == [TORTURE] * 4
        assert client.create(**ASKED).choices[0].message.content == TORTURE
    assert grid.statuses == [200] * 5
    with grid.httpx("sse-torture") as client:
        for _ in range(3):
            with contextlib.suppress(ValueError):
                assert read_naively(client) != TORTURE


def test_sse_torture_is_what_it_says(grid):
    with grid.httpx("sse-torture") as client:
        asked = {**ASKED, "stream": True}
        crlf, cr, joined = (client.post("/chat/completions", json=asked).content for _ in range(3))
        with client.stream("POST", "/chat/completions", json=asked) as response:
            assert max(map(len, response.iter_raw(1))) == 1
    assert crlf.count(b": OPENROUTER PROCESSING\r\n\r\ndata: {") == crlf.count(b"data: {") > 5
    assert b"\n" not in cr
    assert cr.startswith(b": data: {}\r\rdata: {")
    assert joined.endswith(b"data: [DONE]\n\n")
    assert "🗼".encode() in joined


def test_sse_torture_needs_no_official_client(grid):
    """By the letter of the standard, in nine lines."""
    with grid.httpx("sse-torture") as client:
        for _ in range(3):
            body = client.post("/chat/completions", json={**ASKED, "stream": True}).content.decode()
            lines = body.replace("\r\n", "\n").replace("\r", "\n").split("\n")
            data = [line.removeprefix("data:").strip() for line in lines if line.startswith("data:")]
            assert data.pop() == "[DONE]"
            deltas = [json.loads(item)["choices"][0]["delta"] for item in data]
            assert "".join(delta.get("content", "") for delta in deltas) == TORTURE
