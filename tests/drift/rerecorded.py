"""Other replies to the same request: other texts, ids, counts and times, and what may be left out."""

from __future__ import annotations

import json
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Any

from drift.provider import stream_of, with_body

from mockgrid.recording.exchange import RecordedReply

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.drift.question import Question

CHARACTERS = 'ab \n"\\{}é\u2028😀0'
TIERS = ("auto", "default", "flex")
FINGERPRINTS = (None, "fp_1", "")


def other_reply(question: Question, seed: int) -> RecordedReply:
    """Return a reply to a question of chat completions, or of models."""
    return _Provider(question, Random(seed)).reply()


class _Provider:
    """Hypothesis shrinks a seed, and takes ten times as long to draw all that follows from it."""

    def __init__(self, question: Question, random: Random) -> None:
        self._question = question
        self._body = question.body
        self._random = random

    def reply(self) -> RecordedReply:
        expected = self._question.expected
        value = self._value()
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        lines = {"x-request-id": self._text() + "x", "date": "today", "x-ratelimit-remaining": "1"}
        kept = [line for line in expected.headers if line[0] != b"x-request-id"]
        sent = [(n.encode(), v.encode()) for n, v in lines.items() if n == "x-request-id" or self._maybe()]
        return with_body(RecordedReply(expected.status, [*kept, *sent]), data)

    def _maybe(self) -> bool:
        return self._random.random() < 0.5

    def _text(self) -> str:
        return "".join(self._random.choices(CHARACTERS, k=self._random.randrange(9)))

    def _count(self) -> int:
        return self._random.randrange(10 ** self._random.randrange(1, 11))

    def _times(self, most: int) -> range:
        return range(self._random.randrange(most + 1))

    def _with(self, given: dict[str, Any], /, **choices: Any) -> dict[str, Any]:
        """Add fields that may be absent, each with one of some values."""
        for name, several in choices.items():
            if self._maybe():
                given[name] = self._random.choice(several)
        return given

    def _value(self) -> Any:
        if self._question.expected.status >= 400:
            listed = [self._with({"path": "a", "message": self._text()}, value=["x"]) for _ in self._times(3)]
            return {"errors": {"detail": self._text()} if self._maybe() else listed}
        if self._question.operation.id == "retrieveModel":
            return self._model()
        if self._question.operation.id == "listModels":
            return {"object": "list", "data": [self._model() for _ in self._times(4)]}
        return self._stream() if self._body.get("stream") else self._completion()

    def _model(self) -> dict[str, Any]:
        return {"id": self._text(), "object": "model", "created": self._count(), "owned_by": self._text()}

    def _usage(self) -> dict[str, Any]:
        value = {name: self._count() for name in ("prompt_tokens", "completion_tokens", "total_tokens")}
        details = [None, {}, {"cached_tokens": self._count()}, {"audio_tokens": 0, "cached_tokens": 1}]
        return self._with(value, prompt_tokens_details=details)

    def _said(self) -> tuple[str, list[tuple[str, str]], str]:
        """Return the text, the calls and the finish reason of what was asked for."""
        if self._body.get("tool_choice"):
            name = self._body["tools"][0]["function"]["name"]
            calls = [(name, json.dumps({self._text(): self._text() for _ in self._times(2)}))]
            return "", calls * self._random.choice((1, 2)), self._random.choice(("tool_calls", "stop"))
        if self._body.get("response_format"):
            return json.dumps({"city": self._text()}), [], "stop"
        return self._text(), [], self._random.choice(("stop", "length"))

    def _choice(self, index: int) -> dict[str, Any]:
        text, calls, finish = self._said()
        message: dict[str, Any] = {"role": "assistant"}
        if calls:
            message["tool_calls"] = [
                {"id": self._text(), "type": "function", "function": {"name": name, "arguments": arguments}}
                for name, arguments in calls
            ]
            self._with(message, content=[None])
        else:
            message["content"] = text
        thoughts = [None, self._text()]
        self._with(message, refusal=[None], reasoning_content=thoughts, annotations=[[]], audio=[None])
        choice = {"index": index, "message": message, "finish_reason": finish}
        return self._with(choice, logprobs=[None])

    def _completion(self) -> dict[str, Any]:
        value = {
            "id": self._text(),
            "object": "chat.completion",
            "created": self._count(),
            "model": self._text(),
        }
        self._with(value, system_fingerprint=FINGERPRINTS, service_tier=[None, *TIERS], usage=[self._usage()])
        if self._question.meant:  # the scenario counts on it
            value["usage"] = self._usage()
        return {**value, "choices": [self._choice(index) for index in range(self._body.get("n", 1))]}

    def _stream(self) -> bytes:
        head = {"id": self._text(), "object": "chat.completion.chunk", "created": self._count(), "model": "m"}
        count = self._body.get("n", 1)
        parts = [list(self._deltas()) for _ in range(count)]
        chunks: list[dict[str, Any]] = []
        while any(parts):
            index = self._random.choice([number for number, part in enumerate(parts) if part])
            delta, finish = parts[index].pop(0)
            choice = self._with({"index": index, "delta": delta, "finish_reason": finish}, logprobs=[None])
            chunks.append({**head, "choices": [choice]})
        for chunk in chunks:
            self._with(chunk, system_fingerprint=FINGERPRINTS, obfuscation=["x", ""], usage=[None])
        if (self._body.get("stream_options") or {}).get("include_usage"):
            chunks.append({**head, "choices": [], "usage": self._usage()})
        return (b": processing\n\n" if self._maybe() else b"") + stream_of(chunks)

    def _deltas(self) -> Iterator[tuple[dict[str, Any], str | None]]:
        text, calls, finish = self._said()
        pieces = self._pieces(text)
        first = self._with({"role": "assistant"}, content=[None, ""], refusal=[None])
        if pieces and self._maybe():
            first["content"] = pieces.pop(0)
        yield first, None
        for _ in self._times(2):
            yield {"reasoning_content": self._text()}, None
        for piece in pieces:
            yield from self._empty()
            yield {"content": piece}, None
        for index, (name, arguments) in enumerate(calls):
            function = self._with({"name": name}, arguments=[""])
            yield (
                {"tool_calls": [{"index": index, "id": "c", "type": "function", "function": function}]},
                None,
            )
            for piece in self._pieces(arguments):
                yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}, None
                yield from self._empty()
        yield self._random.choice(({}, {"content": ""}, {"content": None})), finish
        yield from self._empty()

    def _empty(self) -> Iterator[tuple[dict[str, Any], None]]:
        for _ in self._times(1):
            yield self._random.choice(({}, {"content": ""})), None

    def _pieces(self, text: str) -> list[str]:
        cuts = sorted({0, len(text), *(self._random.randint(0, len(text)) for _ in self._times(4))})
        return [text[start:end] for start, end in pairwise(cuts)]
