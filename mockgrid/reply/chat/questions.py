"""Requests for chat completions, as somebody would send them who wants to see what comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mockgrid.reply.chat.conversation import ChatRequests
from mockgrid.schema.fields import object_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["UNKNOWN_MODEL", "phrased", "questions", "unanswerable"]

UNKNOWN_MODEL: Final = "mockgrid-no-such-model"
"""A model that nobody has."""

# Few tokens, and enough for a call and a small object.
_MOST: Final = 64
_NAME: Final = "get_weather"
_CITY: Final = object_of({"city": {"type": "string"}})
_FORMAT: Final = {
    "type": "json_schema",
    "json_schema": {"name": "place", "strict": True, "schema": _CITY},
}
_CALL: Final = "call_1"
_PLAIN: Final = "x"


def questions(model: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what each body asks for, in words, and the body."""
    plain = _body(model, "Say hello.")
    tools = {
        **_body(model, "What is the weather in Oslo?"),
        "tools": [_tool(_NAME)],
        "tool_choice": "required",
    }
    shaped = {**_body(model, "Name the capital of Norway."), "response_format": _FORMAT}
    yield "whole", plain
    yield "streamed", {**plain, "stream": True}
    yield "streamed with usage", {**plain, "stream": True, "stream_options": {"include_usage": True}}
    yield "with a tool", tools
    yield "with a tool, streamed", {**tools, "stream": True}
    yield "with a schema", shaped
    yield "with a schema, streamed", {**shaped, "stream": True}


def unanswerable() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what is wrong with each body though its schema admits it, in words, and the body."""
    yield "of an unknown model", _body(UNKNOWN_MODEL, "Say hello.")


def _body(model: str, text: str) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": text}], "max_tokens": _MOST}


def _tool(name: str, parameters: Mapping[str, Any] = _CITY) -> dict[str, Any]:
    description = "Looks it up."
    return {
        "type": "function",
        "function": {"name": name, "description": description, "parameters": dict(parameters)},
    }


def phrased(said: Mapping[str, Any], model: str, calls: Sequence[tuple[str, Any]] = ()) -> dict[str, Any]:
    """Return a body of which scenarios would say this.

    >>> [message["role"] for message in phrased({"last_user": "Hi", "turn": 2}, "m")["messages"]]
    ['user', 'assistant', 'user']

    Args:
        said: what predicates speak of, by their names: ``model``, ``stream``, ``turn``, ``last_user``,
            ``system``, ``tool_result``, ``tools``, ``any_message``, ``response_format``; and ``n``.
        model: of a body of which nothing says which.
        calls: the functions that are to be called, each with its arguments.
    """
    body: dict[str, Any] = {"model": said.get("model", model), "messages": list(_messages(said))}
    offered = dict.fromkeys((*_listed(said.get("tools")), *_listed(said.get("tool_result"))))
    tools = {name: _tool(name) for name in offered if isinstance(name, str)}
    tools |= {name: _tool(name, _schema_of(arguments)) for name, arguments in calls}
    if tools:
        body["tools"] = list(tools.values())
    if calls:
        body["tool_choice"] = {"type": "function", "function": {"name": calls[0][0]}}
    if "n" in said:
        body["n"] = said["n"]
    if said.get("stream"):
        body["stream"] = True
    wanted = said.get("response_format")
    if wanted is not None and wanted != "text":
        body["response_format"] = _FORMAT if wanted == _FORMAT["type"] else {"type": wanted}
        if isinstance(wanted, dict):
            body["response_format"] = wanted
    return body


def _messages(said: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    results = _listed(said.get("tool_result"))
    turn = said.get("turn", 1 + bool(results))
    text = said.get("last_user", ChatRequests.sample["messages"][0]["content"])
    if "system" in said:
        yield {"role": "system", "content": said["system"]}
    earlier = [_PLAIN] * (turn - 1 - bool(results))
    if "any_message" in said and isinstance(said["any_message"], dict):
        yield {"role": "user", "content": _PLAIN, **said["any_message"]}
    elif "any_message" in said:
        yield {"role": "user", "content": said["any_message"]}
    for each in earlier:
        yield {"role": "user", "content": each}
        yield {"role": "assistant", "content": each}
    yield {"role": "user", "content": text}
    if results:
        calls = [
            {
                "id": f"{_CALL}{number or ''}",
                "type": "function",
                "function": {"name": name, "arguments": "{}"},
            }
            for number, name in enumerate(results)
        ]
        yield {"role": "assistant", "content": None, "tool_calls": calls}
        yield from ({"role": "tool", "tool_call_id": call["id"], "content": _PLAIN} for call in calls)


def _listed(value: Any) -> list[Any]:
    return [] if value is None else list(value) if isinstance(value, (list, tuple)) else [value]


def _schema_of(arguments: Any) -> dict[str, Any]:
    """Return a schema that such arguments obey."""
    names = arguments if isinstance(arguments, dict) else {}
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string"}
    return object_of(
        {name: {"type": kinds[type(value)]} if type(value) in kinds else {} for name, value in names.items()}
    )
