"""Fixtures of aimock, which are matchers and replies already, in its words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from mockgrid.document.pointer import join
from mockgrid.recording.difference import same
from mockgrid.recording.sources.pairs import NotRecordedError
from mockgrid.recording.timing import duration, pace
from mockgrid.scenario.template import literal
from mockgrid.schema.values import as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["FixtureStep", "fixture", "in_sequence"]

_CHAT: Final = (None, "chat")
_EMBEDDINGS: Final = "embedding"
_EMBEDDED: Final = "/embeddings"
# What a response may have beside what it says.
_ENVELOPE: Final = ("id", "created", "systemFingerprint")
_SAYING: Final = frozenset(
    (
        *("content", "toolCalls", "blocks", "reasoning", "error", "status", "embedding", "finishReason"),
        *("usage", "model", "role", "reasoningContent", *_ENVELOPE),
    )
)
_CAPITAL: Final = re.compile("(?=[A-Z])")


@dataclass(slots=True)
class FixtureStep:
    """A fixture as a step.

    Attributes:
        when: its matchers.
        replies: what it replies, each with its place in a sequence; None for any.
        comment: what of it has no word here.
        where: its place.
        passes: whether others reply once it has given all its replies.
        operation: the path that it is for, without a base path; empty for chat.
    """

    when: dict[str, Any]
    replies: list[tuple[int | None, dict[str, Any]]]
    comment: str = ""
    where: str = ""
    passes: bool = False
    operation: str = ""


def fixture(data: Any) -> FixtureStep:
    """Return the step that a fixture is.

    Raises:
        NotRecordedError: it is none, or for what has no words here.
    """
    if not isinstance(data, dict) or not isinstance(data.get("match"), dict):
        raise NotRecordedError("A fixture has no `match` that is a mapping.")
    try:
        orjson.dumps(data)
    except TypeError:
        raise NotRecordedError(
            "A text of a fixture holds half a character, or a number is too large."
        ) from None
    match, response = data["match"], data.get("response")
    if not isinstance(response, dict):
        raise NotRecordedError("A fixture has no `response` that is a mapping.")
    when, sequence = _when(match)
    of_embeddings = match.get("endpoint") == _EMBEDDINGS or "inputText" in match
    words = _error(response) if "error" in response else _said(response)
    lost = [name for name in response if name not in _SAYING]
    if "error" not in words:
        words |= _delivered(data, lost)
    comment = f"Without words here: {', '.join(sorted(lost))}." if lost else ""
    return FixtureStep(when, [(sequence, words)], comment, operation=_EMBEDDED if of_embeddings else "")


def in_sequence(steps: Iterable[FixtureStep]) -> list[FixtureStep]:
    """Return steps with those in one, in their order, that reply to the same requests one after the other."""
    joined: list[FixtureStep] = []
    for step in steps:
        (place, _), *_ = step.replies
        known = next((each for each in joined if each.passes and same(each.when, step.when)), None)
        if place is None or known is None:
            step.passes = place is not None
            joined.append(step)
            continue
        known.replies = sorted([*known.replies, *step.replies], key=lambda reply: reply[0] or 0)
        known.comment = "\n".join(dict.fromkeys(filter(None, (known.comment, step.comment))))
    return joined


def _contains(text: Any) -> dict[str, Any]:
    return {"contains": text}


# The matchers by the words for them, and what becomes of their values.
_MATCHERS: Final[dict[str, tuple[str, Callable[[Any], Any]]]] = {
    "userMessage": ("last_user", _contains),
    "systemMessage": ("system", _contains),
    "toolName": ("tools", lambda name: name),
    "toolCallId": ("any_message", lambda call: {"role": "tool", "tool_call_id": call}),
    "toolResultContains": ("any_message", lambda text: {"role": "tool", "content": _contains(text)}),
    "model": ("model", lambda name: name),
    "responseFormat": ("response_format", lambda kind: kind),
    "turnIndex": ("turn", lambda count: int(count) + 1),
    "hasToolResult": ("tool_result", lambda there: {"exists": bool(there)}),
    "inputText": ("body", lambda text: {"input": _contains(text)}),
}


def _when(match: dict[str, Any]) -> tuple[dict[str, Any], int | None]:
    """Return the matchers of a fixture, and its place in a sequence; None for any."""
    endpoint = match.get("endpoint", _EMBEDDINGS if "inputText" in match else None)
    if endpoint not in (*_CHAT, _EMBEDDINGS):
        raise NotRecordedError(f"A fixture is for the endpoint {endpoint!r}, which has no words here.")
    when: dict[str, Any] = {}
    sequence: int | None = None
    for name, value in match.items():
        if value is None or name == "endpoint":
            continue
        if name == "sequenceIndex" and isinstance(value, int):
            sequence = value
        elif name not in _MATCHERS:
            raise NotRecordedError(f"A fixture matches by `{name}`, which has no words here.")
        else:
            word, made = _MATCHERS[name]
            try:
                predicate = made(value)
            except (OverflowError, TypeError, ValueError):
                raise NotRecordedError(f"A fixture's `{name}` is a {type(value).__name__}.") from None
            if word in when:  # a tool's id and its result speak of one message
                predicate = {**when[word], **predicate}
            when[word] = predicate
    return when, sequence


def _error(response: dict[str, Any]) -> dict[str, Any]:
    error, status = response["error"], response.get("status", 500)
    error = error if isinstance(error, dict) else {"message": str(error)}
    words = {"status": status}
    if isinstance(error.get("message"), str):
        words["detail"] = literal(error["message"])
    for name in ("code", "type", "param"):
        if isinstance(error.get(name), str):
            words[name] = error[name]
    return {"error": words}


def _said(response: dict[str, Any]) -> dict[str, Any]:
    if "embedding" in response:
        item = {"object": "embedding", "index": 0, "embedding": response["embedding"]}
        usage = {"prompt_tokens": 0, "total_tokens": 0}
        model = response.get("model", "${model}")
        return {"body": {"object": "list", "data": [item], "model": model, "usage": usage}}
    text, calls = response.get("content"), response.get("toolCalls") or []
    blocks = response.get("blocks") or []
    if isinstance(blocks, list) and blocks:
        blocks = [block for block in blocks if isinstance(block, dict)]
        text = "".join(str(block.get("text", "")) for block in blocks if block.get("type") == "text") or None
        calls = [block for block in blocks if block.get("type") == "toolCall"]
    words: dict[str, Any] = {}
    if calls:
        words |= _calls(calls)
    if isinstance(text, str):
        words["say"] = literal(text)
    elif text is not None:
        words["say" if calls else "json"] = literal(as_text(text) if calls else text)
    if not words:
        names = ", ".join(sorted(response)) or "nothing"
        raise NotRecordedError(f"A fixture responds with {names}, which has no words here.")
    return words | _envelope(response)


def _calls(calls: Any) -> dict[str, Any]:
    said, ids = [], []
    for call in calls if isinstance(calls, list) else ():
        if not isinstance(call, dict) or not isinstance(call.get("name"), str):
            raise NotRecordedError("A tool call has no name.")
        said.append({call["name"]: literal(call.get("arguments", {}))})
        ids.append(call.get("id"))
    words: dict[str, Any] = {"call": said[0] if len(said) == 1 else said}
    if all(isinstance(own, str) and own for own in ids):
        words["call_ids"] = ids
    return words


def _envelope(response: dict[str, Any]) -> dict[str, Any]:
    words: dict[str, Any] = {}
    thought = response.get("reasoning", response.get("reasoningContent"))
    if isinstance(thought, str):
        words["think"] = literal(thought)
    if isinstance(response.get("finishReason"), str):
        words["finish"] = response["finishReason"]
    if isinstance(response.get("model"), str):
        words["served"] = literal(response["model"])
    usage = response.get("usage")
    counts = usage.items() if isinstance(usage, dict) else ()
    if tokens := {name: count for name, count in counts if name.endswith("_tokens") and type(count) is int}:
        words["usage"] = tokens
    names = (name for name in _ENVELOPE if name in response)
    fields = {join((_CAPITAL.sub("_", name).lower(),)): response[name] for name in names}
    return {**words, "fields": literal(fields)} if fields else words


def _delivered(data: dict[str, Any], lost: list[str]) -> dict[str, Any]:
    """Return how a reply comes, in words; what has none is noted."""
    stream: dict[str, Any] = {}
    profile, timings = data.get("streamingProfile"), data.get("recordedTimings")
    if isinstance(timings, dict):
        first = _seconds(timings.get("ttftMs"))
        delays = timings.get("interChunkDelaysMs")
        gaps = [_seconds(delay) for delay in delays] if isinstance(delays, list) else []
        stream["pace"] = pace([first, first + sum(gaps) / len(gaps)] if gaps else [first])
    elif isinstance(profile, dict):
        rate, jitter = profile.get("tps"), profile.get("jitter")
        speed: dict[str, Any] = {"first_token": duration(_seconds(profile.get("ttft")))}
        if isinstance(rate, (int, float)) and rate > 0:
            speed["tokens_per_second"] = rate
        if isinstance(jitter, (int, float)) and 0 < jitter <= 1:
            speed["jitter"] = f"{jitter * 100:g}%"
        stream["pace"] = {name: value for name, value in speed.items() if value}
    elif delay := duration(_seconds(data.get("latency"))):
        stream["pace"] = {"first_token": delay, "per_token": delay}
    if isinstance(data.get("chunkSize"), int) and data["chunkSize"] > 0:
        stream["chunks"] = {"chars": data["chunkSize"]}
    if isinstance(data.get("truncateAfterChunks"), int):
        stream["fault"] = {"kind": "disconnect", "after": max(data["truncateAfterChunks"] - 1, 0)}
    if data.get("openRouterProcessing"):
        stream["comments"] = {"text": "OPENROUTER PROCESSING", "every": 0, "idle": "1s"}
    lost += [name for name in ("chaos", "disconnectAfterMs", "replaySpeed") if name in data]
    stream = {name: value for name, value in stream.items() if value}
    return {"stream": stream} if stream else {}


def _seconds(milliseconds: Any) -> float:
    return float(milliseconds) / 1000 if isinstance(milliseconds, (int, float)) else 0.0
