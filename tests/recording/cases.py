"""What was recorded of an OpenAI-like provider, from which the files of each tool are made."""

from __future__ import annotations

import gzip
import json
from typing import Any, NamedTuple

CHAT = "/v1/chat/completions"
JSON = {"content-type": "application/json"}
SSE = {"content-type": "text/event-stream; charset=utf-8"}
USAGE = {
    "prompt_tokens": 19,
    "completion_tokens": 10,
    "total_tokens": 29,
    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    "completion_tokens_details": {
        "reasoning_tokens": 0,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
    },
}
MODEL = "gpt-4o-mini-2024-07-18"
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
]


class Pair(NamedTuple):
    """A request and its reply; ``body`` is what the reply is before its encoding."""

    method: str
    path: str
    sent: Any
    status: int
    headers: dict[str, str]
    body: bytes
    encoded: bool = False

    @property
    def wire(self) -> bytes:
        return gzip.compress(self.body, mtime=0) if self.encoded else self.body

    @property
    def sent_bytes(self) -> bytes:
        return b"" if self.sent is None else json.dumps(self.sent).encode()


def ask(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}], **more}


def whole(content: str | None, finish: str = "stop", number: int = 1, **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, "refusal": None, "annotations": [], **more}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
    return {
        "id": f"chatcmpl-B{number:03}xyz",
        "object": "chat.completion",
        "created": 1741569952 + number,
        "model": MODEL,
        "choices": [choice],
        "usage": USAGE,
        "service_tier": "default",
        "system_fingerprint": "fp_44709d6fcb",
    }


def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-S1",
        "object": "chat.completion.chunk",
        "created": 1741569999,
        "model": MODEL,
        "service_tier": "default",
        "system_fingerprint": "fp_44709d6fcb",
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}],
        **more,
    }


def call(name: str, arguments: str, own: str) -> dict[str, Any]:
    return {"id": own, "type": "function", "function": {"name": name, "arguments": arguments}}


def sse(*chunks: Any, done: bool = True) -> bytes:
    events = [chunk if isinstance(chunk, str) else f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
    return "".join([*events, *(["data: [DONE]\n\n"] if done else [])]).encode()


def said(sent: Any, reply: Any, status: int = 200, headers: dict[str, str] | None = None) -> Pair:
    body = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
    return Pair("POST", CHAT, sent, status, {**JSON, **(headers or {})}, body)


def streamed(sent: Any, body: bytes) -> Pair:
    return Pair("POST", CHAT, {**sent, "stream": True}, 200, SSE, body)


ASKED = [{"role": "user", "content": "What is the weather in Oslo?"}]
CALLED = [
    *ASKED,
    {"role": "assistant", "content": None, "tool_calls": [call("get_weather", '{"city":"Oslo"}', "call_1")]},
]
RESULT = [*CALLED, {"role": "tool", "tool_call_id": "call_1", "content": '{"celsius": 3}'}]
ROLE = {"role": "assistant", "content": "", "refusal": None}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "city", "schema": {"type": "object"}}}
ERROR = {
    "error": {
        "message": "Rate limit reached",
        "type": "requests",
        "param": None,
        "code": "rate_limit_exceeded",
    }
}
LOGPROBS = {
    "content": [{"token": "Hi", "logprob": -0.25, "bytes": [72, 105], "top_logprobs": []}],
    "refusal": None,
}
TWO = {
    **whole("Oslo"),
    "choices": [whole("Oslo")["choices"][0], {**whole("Bergen")["choices"][0], "index": 1}],
}

CASES: dict[str, list[Pair]] = {
    "plain": [said(ask("Say hello"), whole("Hello! How can I help you today?"))],
    "unicode": [said(ask('Grüße 🇳🇴, "quoted" \\ back'), whole("Blåbærsyltetøy 🫐\n\n- eins\n- zwei\n\ttab"))],
    "template": [said(ask("What is ${HOME}?"), whole("It is ${HOME}, or $${last_user}."))],
    "two-questions": [
        said(ask("What is the capital of Norway?"), whole("Oslo.", number=2)),
        said(ask("What is the capital of Sweden?"), whole("Stockholm.", number=3)),
    ],
    "tool-loop": [
        said(
            {"model": "gpt-4o-mini", "messages": ASKED, "tools": TOOLS},
            whole(None, "tool_calls", tool_calls=[call("get_weather", '{"city":"Oslo"}', "call_1")]),
        ),
        said(
            {"model": "gpt-4o-mini", "messages": RESULT, "tools": TOOLS},
            whole("It is 3 °C in Oslo.", number=4),
        ),
    ],
    "parallel-calls": [
        said(
            ask("Oslo and Bergen?", tools=TOOLS),
            whole(
                "Let me see.",
                "tool_calls",
                tool_calls=[
                    call("get_weather", '{"city": "Oslo"}', "call_a"),
                    call("get_weather", '{"city": "Bergen"}', "call_b"),
                ],
            ),
        )
    ],
    "refusal": [said(ask("How do I pick a lock?"), {**whole(None, refusal="I can't help with that.")})],
    "length": [said(ask("Tell me a story", max_tokens=10), whole("Once upon a time there", "length"))],
    "structured": [said(ask("Where?", response_format=SCHEMA), whole('{"city":"Oslo","country":"Norway"}'))],
    "several-choices": [said(ask("A city?", n=2), TWO)],
    "logprobs": [
        said(
            ask("Hi", logprobs=True),
            {**whole("Hi"), "choices": [{**whole("Hi")["choices"][0], "logprobs": LOGPROBS}]},
        )
    ],
    "gzip": [said(ask("Compressed"), whole("Small."))._replace(encoded=True)],
    "retried": [
        said(ask("Again"), {"errors": {"detail": "Service unavailable"}}, 503, {"retry-after": "1"}),
        said(ask("Again"), {"errors": {"detail": "Service unavailable"}}, 503, {"retry-after": "1"}),
        said(ask("Again"), whole("At last.")),
    ],
    "rate-limited": [
        said(ask("Too fast"), ERROR, 429, {"retry-after": "20", "x-ratelimit-remaining-requests": "0"})
    ],
    "gateway": [
        Pair(
            "POST",
            CHAT,
            ask("Down"),
            502,
            {"content-type": "text/html"},
            b"<html><body>Bad Gateway</body></html>\n",
        )
    ],
    "stream": [
        streamed(
            ask("Stream"),
            sse(
                chunk(ROLE),
                chunk({"content": "Hel"}),
                chunk({"content": "lo"}),
                chunk({"content": " there"}),
                chunk({}, "stop"),
            ),
        )
    ],
    "stream-usage": [
        streamed(
            ask("Stream and count", stream_options={"include_usage": True}),
            sse(
                *(
                    {**each, "usage": None}
                    for each in (
                        chunk(ROLE),
                        chunk({"content": "Hel"}),
                        chunk({"content": "lo"}),
                        chunk({}, "stop"),
                    )
                ),
                {**chunk({}), "choices": [], "usage": USAGE},
            ),
        )
    ],
    "stream-call": [
        streamed(
            ask("Weather in Oslo?", tools=TOOLS),
            sse(
                chunk(
                    {
                        "role": "assistant",
                        "content": None,
                        "tool_calls": [{"index": 0, **call("get_weather", "", "call_s")}],
                        "refusal": None,
                    }
                ),
                *(
                    chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
                    for piece in ('{"', "city", '":"', "Oslo", '"}')
                ),
                chunk({}, "tool_calls"),
            ),
        )
    ],
    "stream-other-shape": [
        streamed(
            ask("Other"),
            sse(
                ": OPENROUTER PROCESSING\n\n",
                {
                    "id": "gen-1",
                    "object": "chat.completion.chunk",
                    "created": 1,
                    "model": "vendor/m",
                    "provider": "Supplier",
                    "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hi"}}],
                },
                {
                    "id": "gen-1",
                    "object": "chat.completion.chunk",
                    "created": 1,
                    "model": "vendor/m",
                    "provider": "Supplier",
                    "choices": [{"index": 0, "delta": {"content": " you"}, "finish_reason": "stop"}],
                    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
                },
            ),
        )
    ],
    "stream-error": [
        streamed(
            ask("Break"),
            sse(
                chunk(ROLE),
                chunk({"content": "Hel"}),
                {"error": {"message": "Overloaded", "type": "server_error"}},
                done=False,
            ),
        )
    ],
    "embeddings": [
        Pair(
            "POST",
            "/v1/embeddings",
            {"model": "text-embedding-3-small", "input": "Oslo"},
            200,
            JSON,
            json.dumps(
                {
                    "object": "list",
                    "data": [
                        {"object": "embedding", "index": 0, "embedding": [0.0023064255, -0.009327292, 1e-05]}
                    ],
                    "model": "text-embedding-3-small",
                    "usage": {"prompt_tokens": 1, "total_tokens": 1},
                }
            ).encode(),
        )
    ],
    "models-and-files": [
        Pair(
            "GET",
            "/v1/models",
            None,
            200,
            JSON,
            b'{"object":"list","data":[{"id":"gpt-4o-mini","object":"model","created":1,"owned_by":"system"}]}',
        ),
        Pair("GET", "/v1/files?limit=2", None, 200, JSON, b'{"object":"list","data":[]}'),
        said(ask("After the files"), whole("Yes.", number=9)),
    ],
}
ELSEWHERE = {"models-and-files": {"GET /v1/files": 1}, "embeddings": {"POST /v1/embeddings": 1}}
"""Of which cases how much is for paths that the contract does not have."""
