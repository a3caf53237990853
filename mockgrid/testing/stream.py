"""The text of a stream of server-sent events."""

from __future__ import annotations

import json


def text_of_stream(sent: str) -> str:
    r"""Return what the deltas of the first choice say together; events that cannot be read say nothing.

    >>> text_of_stream('data: {"choices": [{"index": 0, "delta": {"content": "Hi"}}]}\n\n')
    'Hi'
    """
    lines = sent.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    said = []
    for event in lines.split("\n\n"):
        data = "\n".join(line[5:].removeprefix(" ") for line in event.split("\n") if line.startswith("data:"))
        if data and data != "[DONE]":
            said.append(_content(data))
    return "".join(said)


def _content(data: str) -> str:
    try:
        choices = json.loads(data)["choices"]
        content = next(choice["delta"]["content"] for choice in choices if choice.get("index", 0) == 0)
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration):
        return ""
    return content if isinstance(content, str) else ""
