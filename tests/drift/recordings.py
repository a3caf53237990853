"""Recorded scenarios: what the provider has changed since, and how it says the same otherwise."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from functools import cache
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Any

import orjson
from drift.asked import contract, questions, scripted
from drift.provider import (
    CHAT,
    Planted,
    body,
    chunks,
    chunks_of,
    drop,
    each,
    header,
    put,
    stream_of,
    with_body,
)

from mockgrid.drift.fake import Fake
from mockgrid.recording.exchange import RecordedExchange, RecordedReply
from mockgrid.recording.scribe import Scribe

if TYPE_CHECKING:
    from mockgrid.drift.question import Question

CALLS = "a call that nothing forces"
LIMITED = "limited"
LOGPROBS = "logprobs"
LOGPROBS_STREAM = "logprobs, streamed with usage"
THOUGHTS = "thoughts"
THOUGHTS_STREAM = "thoughts, streamed"
_HELLO = [{"role": "user", "content": "Hello"}]
_LOGPROBS = {"messages": _HELLO, "logprobs": True, "top_logprobs": 2, "max_tokens": 9}
# Of each, what a reply of the fake is to a request, or what a scenario's is.
_FURTHER: dict[str, tuple[dict[str, Any], str]] = {
    LOGPROBS: ({**_LOGPROBS, "seed": 1}, ""),
    LOGPROBS_STREAM: ({**_LOGPROBS, "stream": True, "stream_options": {"include_usage": True}}, ""),
    THOUGHTS: (
        {"messages": _HELLO, "user": "a"},
        "{think: Well., say: Hi., fields: {/x_cost: {usd: 1.5, parts: [{of: prompt, usd: 1}]}}}",
    ),
    THOUGHTS_STREAM: ({"messages": _HELLO, "stream": True}, "{think: Well., say: Hi there.}"),
    CALLS: (
        {
            "messages": _HELLO,
            "tools": [{"type": "function", "function": {"name": "greet", "parameters": {"type": "object"}}}],
        },
        "{call: {greet: {}}}",
    ),
    LIMITED: (
        {"messages": [{"role": "user", "content": "Bye"}]},
        "{error: 429, retry_after: 1s, headers: {x-ratelimit-remaining-requests: '0'}}",
    ),
}


@cache
def recordings() -> dict[str, tuple[Question, RecordedReply]]:
    """Questions of recorded scenarios, each with the reply that was recorded."""
    exchanges = {
        title: RecordedExchange(question.request, question.expected)
        for title, question in questions().items()
        if question.credential == "key"
    }
    exchanges |= {title: _exchange(*given) for title, given in _FURTHER.items()}
    pairs = {title: (scripted(text_of(exchange)), exchange.reply) for title, exchange in exchanges.items()}
    return {
        title: (asked[0], reply)
        for title, (asked, reply) in pairs.items()
        if reply is not None and asked and asked[0].recorded
    }


def text_of(exchange: RecordedExchange) -> str:
    """Return the scenario that is written of an exchange."""
    return Scribe(contract(), paced=False).scenario([exchange]).text


def _exchange(value: dict[str, Any], reply: str) -> RecordedExchange:
    plain = questions()[f"{CHAT}whole"]
    request = replace(plain.request, body=orjson.dumps(value))
    if not reply:
        made = asyncio.run(Fake(contract()).reply(request, plain.operation, "key"))
        return RecordedExchange(request, made)
    data = {"method": request.method, "target": request.target, "body": value}
    (question,) = scripted(f"{{steps: [{{reply: {reply}}}], x-recorded: [{json.dumps(data)}]}}")
    return RecordedExchange(request, header("x-request-id", "r")(question.expected))


MESSAGE = ("choices", 0, "message")
_WHOLE = f"{CHAT}whole"
_STREAM = f"{CHAT}streamed"
_USAGE = f"{CHAT}streamed with usage"
_TOOL = f"{CHAT}with a tool"
_TOOL_STREAM = f"{CHAT}with a tool, streamed"
_MODEL = "retrieveModel"
_UNKNOWN = f"{CHAT}of an unknown model"


def _anew(title: str, change: Any, code: str, pointer: str = "") -> Planted:
    return Planted(title, change, code, "scenario", pointer=pointer)


def _first(edit: Any) -> Any:
    """Change the first chunk alone."""
    return chunks(lambda values: edit(values[0]))


def _every(edit: Any, *path: str | int) -> Any:
    """Change what stands somewhere, in each chunk that has it."""

    def change(value: Any) -> None:
        for part in path:
            if isinstance(value, list) and isinstance(part, int):
                if part >= len(value):
                    return
            elif not isinstance(value, dict) or part not in value:
                return
            value = value[part]
        if isinstance(value, dict):
            edit(value)

    return chunks(each(change))


def _gone(name: str) -> Any:
    return lambda value: value.pop(name, None) and None


_CHOICE = ("choices", 0)
_DELTA = ("choices", 0, "delta")
_LISTED = {"errors": [{"path": "model", "message": "No such model."}]}

SINCE: dict[str, Planted] = {
    # A field gone that may be absent.
    "no fingerprint": _anew(_WHOLE, body(drop("system_fingerprint")), "MG406", "/system_fingerprint"),
    "no tier": _anew(_WHOLE, body(drop("service_tier")), "MG406", "/service_tier"),
    "no reported usage": _anew(_WHOLE, body(drop("usage")), "MG406", "/usage"),
    "no details of usage": _anew(
        _WHOLE, body(drop("usage", "prompt_tokens_details")), "MG406", "/usage/prompt_tokens_details"
    ),
    "no cached tokens": _anew(
        _WHOLE,
        body(drop("usage", "prompt_tokens_details", "cached_tokens")),
        "MG406",
        "/usage/prompt_tokens_details/cached_tokens",
    ),
    "no refusal": _anew(_WHOLE, body(drop(*MESSAGE, "refusal")), "MG406", "/choices/*/message/refusal"),
    "no annotations": _anew(
        _WHOLE, body(drop(*MESSAGE, "annotations")), "MG406", "/choices/*/message/annotations"
    ),
    "no log probabilities": _anew(_WHOLE, body(drop(*_CHOICE, "logprobs")), "MG406", "/choices/*/logprobs"),
    "no content beside a call": _anew(
        _TOOL, body(drop(*MESSAGE, "content")), "MG406", "/choices/*/message/content"
    ),
    "no thoughts": _anew(
        THOUGHTS, body(drop(*MESSAGE, "reasoning_content")), "MG406", "/choices/*/message/reasoning_content"
    ),
    "no cost": _anew(THOUGHTS, body(drop("x_cost")), "MG406", "/x_cost"),
    "no part of a cost": _anew(
        THOUGHTS, body(drop("x_cost", "parts", 0, "of")), "MG406", "/x_cost/parts/*/of"
    ),
    "no length of context": _anew(_MODEL, body(drop("context_length")), "MG406", "/context_length"),
    "models without a price": _anew(
        "listModels",
        body(lambda value: each(drop("pricing"))(value["data"])),
        "MG406",
        "/data/*/pricing",
    ),
    "chunks without a fingerprint": _anew(
        _STREAM, chunks(each(drop("system_fingerprint"))), "MG406", "/system_fingerprint"
    ),
    "a chunk without a fingerprint": _anew(
        _STREAM, _first(drop("system_fingerprint")), "MG406", "/system_fingerprint"
    ),
    "no usage before the last chunk": _anew(
        _USAGE, chunks(lambda values: each(drop("usage"))(values[:-1])), "MG406", "/usage"
    ),
    "chunks without content": _anew(
        _STREAM, _every(_gone("content"), *_DELTA), "MG406", "/choices/*/delta/content"
    ),
    "chunks without a refusal": _anew(
        _STREAM, _every(_gone("refusal"), *_DELTA), "MG406", "/choices/*/delta/refusal"
    ),
    "chunks without thoughts": _anew(
        THOUGHTS_STREAM,
        _every(_gone("reasoning_content"), *_DELTA),
        "MG406",
        "/choices/*/delta/reasoning_content",
    ),
    "calls in chunks without a type": _anew(
        _TOOL_STREAM,
        _every(_gone("type"), *_DELTA, "tool_calls", 0),
        "MG406",
        "/choices/*/delta/tool_calls/*/type",
    ),
    "usage in chunks without details": _anew(
        _USAGE,
        _every(_gone("completion_tokens_details"), "usage"),
        "MG406",
        "/usage/completion_tokens_details",
    ),
    # Another type that the contract allows.
    "fingerprint null": _anew(_WHOLE, body(put(None, "system_fingerprint")), "MG407", "/system_fingerprint"),
    "details null": _anew(
        _WHOLE, body(put(None, "usage", "prompt_tokens_details")), "MG407", "/usage/prompt_tokens_details"
    ),
    "cost a text": _anew(THOUGHTS, body(put("1.5", "x_cost", "usd")), "MG407", "/x_cost/usd"),
    "parts of a cost an object": _anew(
        THOUGHTS, body(put({"prompt": 1}, "x_cost", "parts")), "MG407", "/x_cost/parts"
    ),
    "chunks with a fingerprint that is null": _anew(
        _STREAM, chunks(each(put(None, "system_fingerprint"))), "MG407", "/system_fingerprint"
    ),
    "errors listed": _anew(_UNKNOWN, body(lambda _: _LISTED), "MG407", "/errors"),
    # A value that is new, and a field.
    "new part of a cost": Planted(
        THOUGHTS, body(put(1, "x_cost", "parts", 0, "tax")), "MG409", pointer="/x_cost/parts/*/tax"
    ),
    "stop for a call": Planted(
        CALLS,
        body(put("stop", "choices", 0, "finish_reason")),
        "MG430",
        pointer="/choices/0/finish_reason",
    ),
    # Headers that were there.
    "no wait": _anew(LIMITED, header("retry-after", None), "MG404"),
    "no limits": _anew(LIMITED, header("x-ratelimit-remaining-requests", None), "MG404"),
    # What all chunks of a stream have in common.
    "ids of chunks": Planted(_STREAM, _first(put("chatcmpl-2", "id")), "MG420", pointer="/id"),
    "models of chunks": _anew(
        _TOOL_STREAM, chunks(lambda values: put("m-2", "model")(values[2])), "MG420", "/model"
    ),
}
"""What a provider has changed since it was recorded, by what it is."""


_TEXTS = ("content", "detail", "message", "reasoning_content", "system_fingerprint", "token", "id")
_FIXED = ("index", "created", "bytes")
_MANY = ("data", "errors", "parts", "tool_calls")


class Retelling:
    """The same reply another time: other texts, ids, counts, times, cuts, and numbers of items."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._many = _MANY

    def of(self, reply: RecordedReply) -> RecordedReply:
        """Return another reply of the same shape."""
        lines = [(name, self._line(name, value)) for name, value in reply.headers]
        lines += [(b"date", b"today")] * self._random.randrange(2)
        told = replace(reply, headers=lines)
        if reply.body.startswith(b"data: "):
            self._many = ()
            return with_body(told, self._stream(reply))
        return with_body(told, json.dumps(self._value(json.loads(reply.body))).encode())

    def _line(self, name: bytes, value: bytes) -> bytes:
        return value if name in (b"content-type", b"cache-control") else b"%d" % self._random.randrange(1, 99)

    def _text(self) -> str:
        return "".join(self._random.choices('ab \n"\\{}é\u2028😀0', k=self._random.randrange(9)))

    def _value(self, value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            members = [(key, self._value(item, key)) for key, item in value.items()]
            self._random.shuffle(members)
            return dict(members)
        if isinstance(value, list):
            count = self._random.randrange(1, 4) if name in self._many and value else len(value)
            return [self._value(value[number % len(value)]) for number in range(count)]
        if isinstance(value, str):
            return self._words(value, name)
        if isinstance(value, int | float) and name not in _FIXED:
            return self._random.randrange(10**6) if isinstance(value, int) else -self._random.random()
        return value

    def _words(self, text: str, name: str) -> str:
        if isinstance(text, _Piece) or not text or not (name in _TEXTS or text.startswith("{")):
            return str(text)
        return json.dumps({"city": self._text()}) if text.startswith("{") else f"{self._text()}x"

    def _stream(self, reply: RecordedReply) -> bytes:
        runs: list[list[Any]] = []
        names: list[str] = []
        for chunk in chunks_of(reply):
            name = _said_in(chunk)
            if name and names and names[-1] == name:
                runs[-1].append(chunk)
            else:
                runs.append([chunk])
                names.append(name)
        given = {"id": self._text() or "i", "created": self._random.randrange(10**9)}
        retold = [
            {**self._value(chunk), **given}
            for run, name in zip(runs, names, strict=True)
            for chunk in (self._cut(run, name) if name else run)
        ]
        return b": processing\n\n" * self._random.randrange(2) + stream_of(retold)

    def _cut(self, run: list[Any], name: str) -> list[Any]:
        """Return the chunks of one text, as another text in other pieces."""
        text = "".join(_holder(chunk, name)[name] for chunk in run)
        text = json.dumps({"city": self._text()}) if text.startswith("{") else f"{self._text()}x"
        places = range(len(text) + 1)
        cuts = sorted({0, len(text), *self._random.choices(places, k=self._random.randrange(6))})
        pieces = []
        for start, end in pairwise(cuts):
            chunk = json.loads(json.dumps(run[0]))
            _holder(chunk, name)[name] = _Piece(text[start:end])
            pieces.append(chunk)
        return pieces


class _Piece(str):
    """A text that is not to be made another again."""

    __slots__ = ()


def _holder(chunk: Any, name: str) -> Any:
    delta = chunk["choices"][0]["delta"]
    return delta["tool_calls"][0]["function"] if name == "arguments" else delta


def _said_in(chunk: Any) -> str:
    """Return of which text a chunk is a piece, by the name of its field; empty for none."""
    delta = chunk["choices"][0]["delta"] if chunk["choices"] else {}
    if delta.get("tool_calls") and "name" not in delta["tool_calls"][0]["function"]:
        return "arguments"
    return next((name for name in ("content", "reasoning_content") if delta.get(name)), "")
