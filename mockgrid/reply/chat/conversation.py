"""Reading a conversation: what the user said last, which tools were called, how many tokens it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockgrid.schema.values import as_text

if TYPE_CHECKING:
    from mockgrid.reply.tokens import Tokenizer

_IMAGE_TOKENS = 85
_AUDIO_TOKENS = 10
# What the chat format itself adds, as OpenAI documents it: 3 for each message and 3 to begin the answer.
_PER_MESSAGE = 3
_ANSWER = 3


def text_of(content: Any) -> str:
    """Return the text of a message's content, which is a text, a list of parts, or nothing."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return " ".join(part["text"] for part in content if part.get("type") == "text")


def last_user_text(messages: list[dict[str, Any]]) -> str:
    """Return what the user said last; of a message without text, what it holds; the empty string for none."""
    for message in reversed(messages):
        if message["role"] == "user":
            content = message.get("content")
            if isinstance(content, str):
                return content
            text = text_of(content)
            if text:
                return text
            kinds = [str(part.get("type", "")) for part in content or ()]
            if "image_url" in kinds:
                return "(an image)"
            return "(a recording)" if "input_audio" in kinds else ""
    return ""


def called_tools(messages: list[dict[str, Any]]) -> set[str]:
    """Return the names of the tools that the assistant has called in this conversation."""
    return {
        call["function"]["name"]
        for message in messages
        if message["role"] == "assistant"
        for call in message.get("tool_calls") or ()
    }


def offered_tools(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the offered functions by name, in order; the first of two with one name counts."""
    offered: dict[str, dict[str, Any]] = {}
    for tool in body.get("tools") or ():
        offered.setdefault(tool["function"]["name"], tool["function"])
    return offered


def prompt_tokens(tokenizer: Tokenizer, body: dict[str, Any]) -> tuple[int, int]:
    """Return the tokens of a prompt, and how many of them are audio."""
    messages = body["messages"]
    try:
        # Most conversations are texts alone, and a long one is looked at no more often than it must be.
        texts = [message["content"] for message in messages if "tool_calls" not in message]
        tokens = tokenizer.total(texts)
    except (KeyError, TypeError):  # no content, or parts
        texts = []
    if len(texts) < len(messages) or "tools" in body:
        return _prompt_of_parts(tokenizer, body)
    return _ANSWER + _PER_MESSAGE * len(texts) + tokens, 0


def _prompt_of_parts(tokenizer: Tokenizer, body: dict[str, Any]) -> tuple[int, int]:
    messages = body["messages"]
    texts: list[str] = []
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
    if body.get("tools"):
        texts.append(as_text(body["tools"]))
    return _ANSWER + _PER_MESSAGE * len(messages) + tokenizer.total(texts) + extra + audio, audio
