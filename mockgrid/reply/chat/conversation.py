"""Reading a conversation: what the user said last, which tools were called, how many tokens it has."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from mockgrid.schema.in_text import schema_in
from mockgrid.schema.values import as_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockgrid.reply.tokens import Tokenizer


_INSTRUCTING = frozenset(("system", "developer", "user"))
_IMAGE_TOKENS = 85
_AUDIO_TOKENS = 10
# What the chat format itself adds, as OpenAI documents it: 3 for each message and 3 to begin the answer.
_PER_MESSAGE = 3
_ANSWER = 3
# A call that is kept as text, in the notation of JSON or of Python.
_WRITTEN_CALL = re.compile(r"""(["'])name\1\s*:\s*(["'])([\w-]+)\2""")


def field_of(value: Any, name: str) -> Any:
    """Return what a value has under a name; None where it is no object, or has nothing."""
    return value.get(name) if isinstance(value, dict) else None


def text_of(content: Any) -> str:
    """Return the text of a message's content: a text, a list of parts, or nothing."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    texts = (part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text")
    return " ".join(text for text in texts if isinstance(text, str))


def _last_of_user(messages: Any) -> dict[str, Any] | None:
    for message in reversed(messages):
        if isinstance(message, dict) and message.get("role") == "user":
            return message
    return None


def last_user_text(messages: list[dict[str, Any]]) -> str:
    """Return what the user said last; of a message without text, what it holds; the empty string for none."""
    content = (_last_of_user(messages) or {}).get("content")
    text = text_of(content)
    if text or not isinstance(content, list):
        return text
    kinds = [part.get("type") for part in content]
    if "image_url" in kinds:
        return "(an image)"
    return "(a recording)" if "input_audio" in kinds else ""


def offered_tools(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the offered functions by name, in order; the first of two with one name counts."""
    offered: dict[str, dict[str, Any]] = {}
    for tool in body.get("tools") or ():
        offered.setdefault(tool["function"]["name"], tool["function"])
    return offered


def described_schema(messages: list[dict[str, Any]]) -> Any:
    """Return the schema of the object that a conversation asks for; None where it describes none.

    The latest message that has one counts.
    """
    instructing = (message for message in reversed(messages) if message["role"] in _INSTRUCTING)
    schemas = (schema_in(text_of(message.get("content"))) for message in instructing)
    return next((schema for schema in schemas if schema is not None), None)


def prompt_tokens(tokenizer: Tokenizer, body: dict[str, Any]) -> tuple[int, int]:
    """Return the tokens of a prompt, and how many of them are audio."""
    messages = body["messages"]
    tools = [as_text(body["tools"])] if body.get("tools") else []
    try:
        # Most conversations are texts alone, and a long one is looked at no more often than it must be.
        texts = [message["content"] for message in messages if "tool_calls" not in message]
        if len(texts) == len(messages):
            return _ANSWER + _PER_MESSAGE * len(texts) + tokenizer.total(texts + tools), 0
    except (KeyError, TypeError):  # no content, or parts
        pass
    return _prompt_of_parts(tokenizer, messages, tools)


def _prompt_of_parts(
    tokenizer: Tokenizer, messages: list[dict[str, Any]], tools: list[str]
) -> tuple[int, int]:
    texts = tools
    extra = audio = 0
    for message in messages:
        content = message.get("content")
        if isinstance(content, str):
            texts.append(content)
        elif content:
            for part in content:
                kind = part["type"]
                if kind == "image_url":
                    extra += _IMAGE_TOKENS
                elif kind == "input_audio":
                    audio += _AUDIO_TOKENS
                else:
                    texts.append(part.get("text") or part.get("refusal") or "")
        if "tool_calls" in message:
            for call in message["tool_calls"] or ():
                texts += (call["function"]["name"], call["function"]["arguments"])
    return _ANSWER + _PER_MESSAGE * len(messages) + tokenizer.total(texts) + extra + audio, audio


# Not sets: nothing is expected of a role, which may be a list.
_SYSTEM: Final = ("system", "developer")
# The roles of messages that are results of tools.
_RESULTS: Final = ("tool", "function")


class ChatRequests:
    """Chat completions as scenarios see them."""

    sample: Mapping[str, Any] = MappingProxyType({"messages": [{"role": "user", "content": "x"}]})
    messages_at = "/messages"
    sending = ("stream", "stream_options")

    def model(self, body: Any) -> str | None:
        """Return the model that is asked for; None where none is."""
        model = field_of(body, "model")
        return model if isinstance(model, str) else None

    def stream(self, body: Any) -> bool:
        """Tell whether a stream is asked for."""
        return field_of(body, "stream") is True

    def messages(self, body: Any) -> list[dict[str, Any]]:
        """Return the messages."""
        return _objects(field_of(body, "messages"))

    def turn(self, body: Any) -> int:
        """Return 1 + the number of the assistant's messages."""
        return 1 + sum(1 for message in self.messages(body) if message.get("role") == "assistant")

    def last_user(self, body: Any) -> str | None:
        """Return the text of the last user message; None where there is none."""
        messages = field_of(body, "messages")
        message = _last_of_user(messages) if isinstance(messages, list) else None
        return text_of(message.get("content")) if message is not None else None

    def system(self, body: Any) -> str | None:
        """Return the texts of all system and developer messages, one per line; None where there is none."""
        texts = [
            text_of(message.get("content"))
            for message in self.messages(body)
            if message.get("role") in _SYSTEM
        ]
        return "\n".join(texts) if texts else None

    def texts(self, body: Any) -> list[str]:
        """Return the texts of all messages."""
        return [text_of(message.get("content")) for message in self.messages(body)]

    def tool_results(self, body: Any) -> list[str]:
        """Return the names of the tools whose results stand after the assistant's last message, in order."""
        names: list[str] = []
        messages = self.messages(body)
        called = called_tools(messages)
        for message in reversed(messages):
            if message.get("role") == "assistant":
                break
            if message.get("role") in _RESULTS:
                names.insert(0, _tool_of(message, called))
        return names

    def results(self, body: Any) -> list[tuple[str, str]]:
        """Return name and text of all results of tools, in order."""
        messages = self.messages(body)
        called = called_tools(messages)
        return [
            (_tool_of(message, called), text_of(message.get("content")))
            for message in messages
            if message.get("role") in _RESULTS
        ]

    def calls(self, body: Any) -> list[tuple[str, str]]:
        """Return name and arguments of all calls of tools, in order."""
        return [
            (_function_name(call), text_of(field_of(call.get("function"), "arguments")))
            for message in self.messages(body)
            for call in _objects(message.get("tool_calls"))
        ]

    def tools(self, body: Any) -> list[str]:
        """Return the names of the tools that are offered, in order."""
        return [name for tool in _objects(field_of(body, "tools")) if (name := _function_name(tool))]

    def response_format(self, body: Any) -> dict[str, Any] | None:
        """Return the format that is asked for; None where none is."""
        wanted = field_of(body, "response_format")
        return wanted if isinstance(wanted, dict) else None


def called_tools(messages: list[dict[str, Any]]) -> dict[str, str]:
    """Return which function each tool call was for, by the call's id."""
    return {
        call["id"]: _function_name(call)
        for message in messages
        for call in _objects(message.get("tool_calls"))
        if isinstance(call.get("id"), str)
    }


def tools_done(messages: list[dict[str, Any]]) -> set[str]:
    """Return the names of the functions that were called, also by calls that an agent keeps as text alone.

    >>> tools_done([{"role": "assistant", "content": "Calling tools: [{'name': 'weather', 'id': 1}]"}])
    {'weather'}
    """
    texts = (text_of(message.get("content")) for message in messages if message["role"] == "assistant")
    written = (call[3] for text in texts for call in _WRITTEN_CALL.finditer(text))
    return {*called_tools(messages).values(), *written}


def _tool_of(message: dict[str, Any], called: dict[str, str]) -> str:
    """Return which tool a message is the result of; empty where that is not known."""
    call, name = message.get("tool_call_id"), message.get("name")
    known = called.get(call, "") if isinstance(call, str) else ""
    return known or (name if isinstance(name, str) else "")


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _function_name(tool: Any) -> str:
    name = field_of(field_of(tool, "function"), "name")
    return name if isinstance(name, str) else ""
