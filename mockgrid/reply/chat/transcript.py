"""The assistant's words in chat completions: in chunks, in whole replies, and in the next request."""

from __future__ import annotations

import json
from typing import Any, Final

from mockgrid.reply.chat.conversation import field_of
from mockgrid.session.verdicts.streams import EventTexts

__all__ = ["ChatTranscript"]

_NOTHING: Final = EventTexts(counts=False)


class ChatTranscript:
    """Finds the assistant's words; nothing is expected of what is read."""

    done = b"[DONE]"

    def event(self, value: Any) -> EventTexts:
        """Return what a chunk gives."""
        if not isinstance(value, dict):
            return _NOTHING
        error = bool(value.get("error") or value.get("errors"))
        choices = value.get("choices")
        if not isinstance(choices, list):
            return EventTexts(error=error, counts=False)
        texts: list[tuple[int, str]] = []
        finished: set[int] = set()
        for choice in choices:
            if isinstance(choice, dict) and isinstance(index := choice.get("index", 0), int):
                if choice.get("finish_reason") is not None:
                    finished.add(index)
                content = field_of(choice.get("delta"), "content")
                texts.append((index, content if isinstance(content, str) else ""))
        return EventTexts(tuple(texts), frozenset(finished), error)

    def given(self, body: bytes) -> set[str]:
        """Return the texts of a completion's choices."""
        choices = field_of(_json(body), "choices")
        if not isinstance(choices, list):
            return set()
        return {_text(field_of(field_of(choice, "message"), "content")) for choice in choices} - {""}

    def repeated(self, body: bytes) -> set[str]:
        """Return the texts of the assistant's messages."""
        messages = field_of(_json(body), "messages") if b'"assistant"' in body else None
        if not isinstance(messages, list):
            return set()
        spoken = (message for message in messages if field_of(message, "role") == "assistant")
        return {_text(field_of(message, "content")) for message in spoken} - {""}


def _text(content: Any) -> str:
    """Return the text of a message's content, which is a text or a list of parts."""
    if isinstance(content, list):
        parts = [field_of(part, "text") for part in content]
        content = "".join(part for part in parts if isinstance(part, str))
    return content.strip() if isinstance(content, str) else ""


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
