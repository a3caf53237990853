"""Reading the conversation in the body of any request, whatever shape it has."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ChatRequests"]


class ChatRequests:
    """Chat completions as scenarios see them."""

    sample: Mapping[str, Any] = MappingProxyType({"messages": [{"role": "user", "content": "x"}]})
    sending = ("stream", "stream_options")

    def model(self, body: Any) -> str | None:
        """Return the model that is asked for; None where none is."""
        model = body.get("model") if isinstance(body, dict) else None
        return model if isinstance(model, str) else None

    def stream(self, body: Any) -> bool:
        """Tell whether a stream is asked for."""
        return isinstance(body, dict) and body.get("stream") is True

    def messages(self, body: Any) -> list[dict[str, Any]]:
        """Return the messages."""
        messages = body.get("messages") if isinstance(body, dict) else None
        return [item for item in messages if isinstance(item, dict)] if isinstance(messages, list) else []

    def turn(self, body: Any) -> int:
        """Return 1 + the number of the assistant's messages."""
        return 1 + sum(1 for message in self.messages(body) if message.get("role") == "assistant")

    def last_user(self, body: Any) -> str | None:
        """Return the text of the last user message; None where there is none."""
        messages = body.get("messages") if isinstance(body, dict) else None
        if isinstance(messages, list):
            for message in reversed(messages):
                if isinstance(message, dict) and message.get("role") == "user":
                    content = message.get("content")
                    return content if isinstance(content, str) else _text_of(content)
        return None

    def system(self, body: Any) -> str | None:
        """Return the texts of all system and developer messages, one per line; None where there is none."""
        texts = [
            _text_of(message.get("content"))
            for message in self.messages(body)
            if message.get("role") in {"system", "developer"}
        ]
        return "\n".join(texts) if texts else None

    def texts(self, body: Any) -> list[str]:
        """Return the texts of all messages."""
        return [_text_of(message.get("content")) for message in self.messages(body)]

    def tool_results(self, body: Any) -> list[str]:
        """Return the names of the tools whose results stand after the assistant's last message, in order."""
        names: list[str] = []
        messages = self.messages(body)
        called = _called(messages)
        for message in reversed(messages):
            if message.get("role") == "assistant":
                break
            if message.get("role") in {"tool", "function"}:
                call, name = message.get("tool_call_id"), message.get("name")
                known = called.get(call, "") if isinstance(call, str) else ""
                names.insert(0, known or (name if isinstance(name, str) else ""))
        return names

    def tools(self, body: Any) -> list[str]:
        """Return the names of the tools that are offered, in order."""
        tools = body.get("tools") if isinstance(body, dict) else None
        names = [_function_name(tool) for tool in tools] if isinstance(tools, list) else []
        return [name for name in names if name]

    def response_format(self, body: Any) -> dict[str, Any] | None:
        """Return the format that is asked for; None where none is."""
        wanted = body.get("response_format") if isinstance(body, dict) else None
        return wanted if isinstance(wanted, dict) else None


def _called(messages: list[dict[str, Any]]) -> dict[str, str]:
    """Return which function each tool call was for, by the call's id."""
    names: dict[str, str] = {}
    for message in messages:
        calls = message.get("tool_calls")
        for call in calls if isinstance(calls, list) else ():
            if isinstance(call, dict) and isinstance(call.get("id"), str):
                names[call["id"]] = _function_name(call)
    return names


def _text_of(content: Any) -> str:
    """Return the text of a message's content: a text, a list of parts, or nothing."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    texts = (part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text")
    return " ".join(text for text in texts if isinstance(text, str))


def _function_name(tool: Any) -> str:
    function = tool.get("function") if isinstance(tool, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    return name if isinstance(name, str) else ""
