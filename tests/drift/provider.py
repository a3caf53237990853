"""Replies of a provider: those of the fake, with something planted in them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockgrid.recording.exchange import RecordedReply

DONE = b"data: [DONE]\n\n"
CHAT = "createChatCompletion, "


@dataclass(frozen=True)
class Planted:
    """A change of a provider: in which reply, what is done to it, and what is to be found."""

    title: str
    change: Callable[[RecordedReply], RecordedReply]
    code: str
    party: str = "provider"
    pointer: str = field(default="", kw_only=True)


def with_body(reply: RecordedReply, body: bytes) -> RecordedReply:
    return replace(reply, chunks=((0.0, body),))


def body(edit: Callable[[Any], Any]) -> Callable[[RecordedReply], RecordedReply]:
    """Change the value of a whole reply: in place, or by returning another."""

    def change(reply: RecordedReply) -> RecordedReply:
        value = json.loads(reply.body)
        other = edit(value)
        return with_body(reply, json.dumps(value if other is None else other).encode())

    return change


def chunks(edit: Callable[[list[Any]], Any]) -> Callable[[RecordedReply], RecordedReply]:
    """Change the list of a stream's values: in place, or by returning another."""

    def change(reply: RecordedReply) -> RecordedReply:
        values = chunks_of(reply)
        other = edit(values)
        return with_body(reply, stream_of(values if other is None else other))

    return change


def chunks_of(reply: RecordedReply) -> list[Any]:
    events = reply.body.removesuffix(DONE).split(b"\n\n")
    return [json.loads(event.removeprefix(b"data: ")) for event in events if event]


def stream_of(values: list[Any]) -> bytes:
    return b"".join(b"data: " + json.dumps(value).encode() + b"\n\n" for value in values) + DONE


def raw(edit: Callable[[bytes], bytes]) -> Callable[[RecordedReply], RecordedReply]:
    return lambda reply: with_body(reply, edit(reply.body))


def status(code: int) -> Callable[[RecordedReply], RecordedReply]:
    return lambda reply: replace(reply, status=code)


def header(name: str, value: str | None) -> Callable[[RecordedReply], RecordedReply]:
    """Send a header with another value; none for None."""

    def change(reply: RecordedReply) -> RecordedReply:
        others = [line for line in reply.headers if line[0] != name.encode()]
        return replace(reply, headers=[*others, *([(name.encode(), value.encode())] if value else [])])

    return change


def each(edit: Callable[[Any], Any]) -> Callable[[list[Any]], None]:
    """Change every chunk."""

    def change(values: list[Any]) -> None:
        for value in values:
            edit(value)

    return change


def drop(*path: str | int) -> Callable[[Any], None]:
    def edit(value: Any) -> None:
        for part in path[:-1]:
            value = value[part]
        del value[path[-1]]

    return edit


def put(given: Any, *path: str | int) -> Callable[[Any], None]:
    def edit(value: Any) -> None:
        for part in path[:-1]:
            value = value[part]
        value[path[-1]] = given

    return edit


def swapped(first: int, second: int) -> Callable[[list[Any]], None]:
    def change(values: list[Any]) -> None:
        values[first], values[second] = values[second], values[first]

    return change


ERROR = {"error": {"message": "No.", "type": "invalid_request_error", "param": None, "code": "no"}}
_MESSAGE = ("choices", 0, "message")
_WHOLE = f"{CHAT}whole"
_STREAM = f"{CHAT}streamed"
_USAGE = f"{CHAT}streamed with usage"
_TOOL = f"{CHAT}with a tool"
_TOOL_STREAM = f"{CHAT}with a tool, streamed"
_SCHEMA = f"{CHAT}with a schema"
_UNKNOWN = f"{CHAT}of an unknown model"
_BAD_KEY = f"{CHAT}with an unknown key"
_MODEL = "retrieveModel"

PLANTED: dict[str, Planted] = {
    # A field gone.
    "no id": Planted(_WHOLE, body(drop("id")), "MG406", pointer="/id"),
    "no choices": Planted(_WHOLE, body(drop("choices")), "MG406", pointer="/choices"),
    "no finish reason": Planted(_WHOLE, body(drop("choices", 0, "finish_reason")), "MG406"),
    "no message": Planted(_WHOLE, body(drop(*_MESSAGE)), "MG406"),
    "no role": Planted(_WHOLE, body(drop(*_MESSAGE, "role")), "MG406"),
    "no total of tokens": Planted(_WHOLE, body(drop("usage", "total_tokens")), "MG406"),
    "no name of a function": Planted(
        _TOOL, body(drop(*_MESSAGE, "tool_calls", 0, "function", "name")), "MG406"
    ),
    "no id of a call": Planted(_TOOL, body(drop(*_MESSAGE, "tool_calls", 0, "id")), "MG406"),
    "chunks without a model": Planted(_STREAM, chunks(each(drop("model"))), "MG406", pointer="/model"),
    "chunks without an index": Planted(_STREAM, chunks(each(drop("choices", 0, "index"))), "MG406"),
    "no owner of a model": Planted(_MODEL, body(drop("owned_by")), "MG406", pointer="/owned_by"),
    "no list of models": Planted("listModels", body(drop("data")), "MG406", pointer="/data"),
    # A type changed.
    "id a number": Planted(_WHOLE, body(put(1, "id")), "MG407", pointer="/id"),
    "created a text": Planted(_WHOLE, body(put("2025-01-01", "created")), "MG407"),
    "created a fraction": Planted(_STREAM, chunks(each(put(1.5, "created"))), "MG407"),
    "content parts": Planted(_WHOLE, body(put([{"type": "text"}], *_MESSAGE, "content")), "MG407"),
    "arguments an object": Planted(
        _TOOL, body(put({"city": "Oslo"}, *_MESSAGE, "tool_calls", 0, "function", "arguments")), "MG407"
    ),
    "calls null": Planted(_WHOLE, body(put(None, *_MESSAGE, "tool_calls")), "MG407"),
    "choices null": Planted(_WHOLE, body(put(None, "choices")), "MG407"),
    "counts that are texts": Planted(_WHOLE, body(put("9", "usage", "prompt_tokens")), "MG407"),
    "deltas null": Planted(
        _STREAM, chunks(lambda values: put(None, "choices", 0, "delta")(values[1])), "MG407"
    ),
    "models a mapping": Planted("listModels", body(put({}, "data")), "MG407", pointer="/data"),
    # A value that is not listed.
    "new finish reason": Planted(_WHOLE, body(put("eos", "choices", 0, "finish_reason")), "MG408"),
    "new object": Planted(_WHOLE, body(put("completion", "object")), "MG408", pointer="/object"),
    "new role": Planted(_WHOLE, body(put("bot", *_MESSAGE, "role")), "MG408"),
    "new kind of call": Planted(_TOOL, body(put("tool", *_MESSAGE, "tool_calls", 0, "type")), "MG408"),
    "new finish reason in a stream": Planted(
        _STREAM, chunks(lambda values: put("eos", "choices", 0, "finish_reason")(values[-1])), "MG408"
    ),
    "empty finish reasons": Planted(
        _STREAM, chunks(lambda values: put("", "choices", 0, "finish_reason")(values[0])), "MG408"
    ),
    # A field more.
    "new field": Planted(_WHOLE, body(put(3, "cost")), "MG409", pointer="/cost"),
    "new field of a message": Planted(_WHOLE, body(put("x", *_MESSAGE, "thoughts")), "MG409"),
    "new field of chunks": Planted(_STREAM, chunks(each(put("x", "provider"))), "MG409", pointer="/provider"),
    # Another rule.
    "index below zero": Planted(_STREAM, chunks(each(put(-1, "choices", 0, "index"))), "MG410"),
    # The envelope.
    "OpenAI's errors": Planted(_UNKNOWN, body(lambda _: ERROR), "MG411"),
    "errors a text": Planted(_BAD_KEY, body(lambda _: "No."), "MG411"),
    "wrapped": Planted(_WHOLE, body(lambda value: {"data": value}), "MG411"),
    "listed": Planted(_WHOLE, body(lambda value: [value]), "MG411"),
    "a bare list": Planted("listModels", body(lambda value: value["data"]), "MG411"),
    "an error as a success": Planted(_WHOLE, body(lambda _: ERROR), "MG411"),
    # The body.
    "no body": Planted(_WHOLE, raw(lambda _: b""), "MG412"),
    "cut JSON": Planted(_WHOLE, raw(lambda data: data[:-9]), "MG412"),
    "a chunk that is cut": Planted(_STREAM, raw(lambda data: data.replace(b"}\n\n", b"\n\n", 1)), "MG422"),
    # The order of chunks.
    "no [DONE]": Planted(_STREAM, raw(lambda data: data.removesuffix(DONE)), "MG421"),
    "more after [DONE]": Planted(
        _STREAM, raw(lambda data: data + data.partition(b"\n\n")[0] + b"\n\n"), "MG420"
    ),
    "the role last": Planted(_STREAM, chunks(swapped(0, 1)), "MG420"),
    "the role in each chunk": Planted(
        _STREAM, chunks(each(lambda value: value["choices"][0]["delta"].update(role="assistant"))), "MG420"
    ),
    "words after the finish": Planted(_STREAM, chunks(swapped(-1, -2)), "MG420"),
    "another id": Planted(
        _STREAM, chunks(lambda values: put("chatcmpl-2", "id")(values[1])), "MG420", pointer="/id"
    ),
    "all of the text each time": Planted(
        _STREAM,
        chunks(
            lambda values: [
                values[0],
                *(
                    {**values[1], "choices": [{**values[1]["choices"][0], "delta": {"content": text}}]}
                    for text in ("I", "It", "It is", "It is so.")
                ),
                values[-1],
            ]
        ),
        "MG420",
    ),
    "no finish": Planted(_STREAM, chunks(lambda values: values[:-1]), "MG421"),
    "usage before the finish": Planted(_USAGE, chunks(swapped(-1, -2)), "MG420"),
    "usage with the finish": Planted(
        _USAGE, chunks(lambda values: [*values[:-2], {**values[-2], "usage": values[-1]["usage"]}]), "MG420"
    ),
    "usage in each chunk": Planted(
        _USAGE, chunks(lambda values: [{**value, "usage": values[-1]["usage"]} for value in values]), "MG420"
    ),
    "no usage": Planted(_USAGE, chunks(lambda values: values[:-1]), "MG430"),
    "usage that nobody asked for": Planted(
        _STREAM,
        chunks(
            lambda values: put(
                dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), 1), "usage"
            )(values[-1])
        ),
        "MG420",
    ),
    "a call's name late": Planted(
        _TOOL_STREAM,
        chunks(lambda values: drop("choices", 0, "delta", "tool_calls", 0, "function", "name")(values[0])),
        "MG420",
    ),
    "a call's id in each piece": Planted(
        _TOOL_STREAM,
        chunks(lambda values: put("c", "choices", 0, "delta", "tool_calls", 0, "id")(values[2])),
        "MG420",
    ),
    "named events": Planted(
        _STREAM, raw(lambda data: data.replace(b"data: {", b"event: chunk\ndata: {")), "MG424"
    ),
    "an error in the stream": Planted(_STREAM, chunks(lambda values: [values[0], ERROR]), "MG423"),
    # Status, media type, headers.
    "created": Planted(_WHOLE, status(201), "MG401"),
    "forbidden": Planted(_BAD_KEY, status(403), "MG401"),
    "bad request for an unknown model": Planted(_UNKNOWN, status(400), "MG402"),
    "a key that does not matter": Planted(_BAD_KEY, status(200), "MG402"),
    "refused": Planted(_WHOLE, status(404), "MG402"),
    "a page": Planted(_WHOLE, header("content-type", "text/html"), "MG403"),
    "text": Planted(_WHOLE, header("content-type", "text/plain; charset=utf-8"), "MG403"),
    "no media type": Planted(_WHOLE, header("content-type", None), "MG403"),
    "a stream as JSON": Planted(_STREAM, header("content-type", "application/json"), "MG403"),
    "no request id": Planted(_WHOLE, header("x-request-id", None), "MG404"),
    "no challenge": Planted(_BAD_KEY, header("www-authenticate", None), "MG404"),
    "no methods": Planted(f"{CHAT}by PUT", header("allow", None), "MG404"),
    # What was asked for.
    "no content": Planted(_WHOLE, body(drop(*_MESSAGE, "content")), "MG430"),
    "no call": Planted(_TOOL, body(drop(*_MESSAGE, "tool_calls")), "MG430"),
    "prose in place of JSON": Planted(_SCHEMA, body(put("Oslo.", *_MESSAGE, "content")), "MG430"),
    "JSON of another schema": Planted(_SCHEMA, body(put('{"town": "Oslo"}', *_MESSAGE, "content")), "MG430"),
    "no choice": Planted(_WHOLE, body(put([], "choices")), "MG430"),
    "an index that is not the first": Planted(_WHOLE, body(put(1, "choices", 0, "index")), "MG430"),
    "a stream of nothing": Planted(_STREAM, raw(lambda _: DONE), "MG430"),
    "a stream of another choice": Planted(_STREAM, chunks(each(put(1, "choices", 0, "index"))), "MG430"),
    "whole and not finished": Planted(_WHOLE, body(put(None, "choices", 0, "finish_reason")), "MG430"),
    "calls that there are not": Planted(
        _WHOLE, body(put("tool_calls", "choices", 0, "finish_reason")), "MG430"
    ),
    "calls that a stream has not": Planted(
        _STREAM, chunks(lambda values: put("tool_calls", "choices", 0, "finish_reason")(values[-1])), "MG430"
    ),
    "a call of what there is not": Planted(
        _TOOL, body(put("other", *_MESSAGE, "tool_calls", 0, "function", "name")), "MG430"
    ),
}
"""By what it is."""
