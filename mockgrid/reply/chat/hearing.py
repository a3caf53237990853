"""What a chat completion says, in the words of scenarios: the inverse of what says them."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import orjson

from mockgrid.reply.chat.conversation import field_of
from mockgrid.reply.tokens import ShortWords, pieces_of
from mockgrid.scenario.template import literal
from mockgrid.schema.values import as_text

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

__all__ = ["ChatHearer"]

_TOOL: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_COUNTS: Final = ("prompt_tokens", "completion_tokens")
_MOST: Final = 10**12
_TOTAL: Final = "total_tokens"
_DETAILS: Final = (
    ("prompt_tokens_details", "cached_tokens"),
    ("completion_tokens_details", "reasoning_tokens"),
)
# The texts of a delta, which clients join.
_JOINED: Final = ("content", "refusal", "reasoning_content")
_UNCUT: Final = ShortWords()
_IN_CHOICE: Final = frozenset(("index", "delta", "logprobs", "finish_reason"))


class ChatHearer:
    """Says in the words of scenarios what completions say, and what their chunks do."""

    def reply(self, value: Any, request: Any) -> dict[str, Any] | None:
        """Return the words for a completion; None for what is none.

        What they leave open, such as ids, is for others to add.

        Args:
            value: the body of the reply.
            request: the body of its request.
        """
        choices = field_of(value, "choices")
        if not isinstance(choices, list) or not choices:
            return None
        structured = field_of(field_of(request, "response_format"), "type") in {"json_schema", "json_object"}
        said = [_choice(choice, structured=structured) for choice in choices]
        if not all(said):
            return None
        words: dict[str, Any] = {**(said[0] or {})} if len(said) == 1 else {"choices": said}
        ids = [
            call.get("id")
            for choice in choices
            for call in field_of(choice["message"], "tool_calls") or ()
            if isinstance(call, dict)
        ]
        says_calls = all("call" in each for each in said if each) or "choices" in words
        if ids and says_calls and all(isinstance(call, str) and call for call in ids):
            words["call_ids"] = ids
        model = field_of(value, "model")
        if isinstance(model, str) and model and model != field_of(request, "model"):
            words["served"] = literal(model)
        words["usage"] = _usage(field_of(value, "usage"))
        return words

    def stream(self, values: Sequence[Any], request: Any) -> dict[str, Any] | None:
        """Return the words for a completion that came in chunks, which their texts are cut into.

        Args:
            values: the data of its events, without the one that ends it.
            request: the body of its request.
        """
        heard = _Joined()
        for value in values:
            if not heard.add(value):
                return None
        words = self.reply(heard.completion(), request)
        if words is None:
            return None
        if words["usage"] == "off" and not field_of(field_of(request, "stream_options"), "include_usage"):
            del words["usage"]  # a stream has none by itself
        if cut := heard.cut():
            words["stream"] = {"chunks": cut, **({"interleave": True} if heard.in_turn else {})}
        return words

    def event(self, value: Any, whole: Collection[str] = ()) -> dict[str, Any] | None:
        """Return the words for one chunk; None for what is none.

        Args:
            value: the data of the event.
            whole: the names of its fields that are given as they are.
        """
        choices = field_of(value, "choices")
        if not isinstance(choices, list):
            return None
        given = {name: literal(value[name]) for name in whole}
        words: dict[str, Any] = {}
        if choices and "choices" not in whole:
            choice = choices[0]
            plain = len(choices) == 1 and isinstance(choice, dict) and choice.keys() <= _IN_CHOICE
            if plain and choice.get("logprobs") is None:
                words |= _event(choice)
            else:
                given["choices"] = literal(choices)
        if isinstance(value.get("usage"), dict) and "usage" not in whole:
            words["usage"] = literal(value["usage"])
        if not words and not given:
            given = {"choices": literal(choices)}
        return {**words, "chunk": given} if given else words


def _event(choice: dict[str, Any]) -> dict[str, Any]:
    index, delta, finish = choice.get("index"), choice.get("delta"), choice.get("finish_reason")
    words: dict[str, Any] = {}
    if isinstance(delta, dict) and (delta or finish is None):
        text = delta.get("content")
        words["delta"] = literal(text if len(delta) == 1 and isinstance(text, str) else delta)
    if isinstance(index, int) and index > 0:
        words["index"] = index
    if isinstance(finish, str):
        words["finish"] = literal(finish)
    return words


def _choice(choice: Any, *, structured: bool) -> dict[str, Any] | None:
    message, finish = field_of(choice, "message"), field_of(choice, "finish_reason")
    if not isinstance(message, dict):
        return None
    content, refusal = message.get("content"), message.get("refusal")
    calls = _calls(message.get("tool_calls"))
    words: dict[str, Any] = {}
    if calls:
        words = {"say": literal(content)} if isinstance(content, str) else {}
        words["call"] = calls
    elif isinstance(refusal, str):
        words["refuse"] = literal(refusal)
    elif isinstance(content, str) and structured and (value := _structured(content)) is not None:
        words["json"] = literal(value)
    else:
        words["say"] = literal(content) if isinstance(content, str) else ""
    thought = message.get("reasoning_content")
    if isinstance(thought, str):
        words["think"] = literal(thought)
    if isinstance(finish, str) and finish and finish != ("tool_calls" if calls else "stop"):
        words["finish"] = finish
    return words


def _structured(text: str) -> Any:
    """Return the JSON that a text is, written as scenarios write it; None for any other text."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, (dict, list)) and as_text(value) == text else None


def _calls(calls: Any) -> Any:
    """Return the words for tool calls; None where they are none that can be said."""
    if not isinstance(calls, list) or not calls:
        return None
    said: list[tuple[str, Any]] = []
    for call in calls:
        function = field_of(call, "function")
        name, arguments = field_of(function, "name"), field_of(function, "arguments")
        if not isinstance(name, str) or not _TOOL.fullmatch(name) or not isinstance(arguments, str):
            return None
        value = _structured(arguments)
        said.append((name, literal(value if isinstance(value, dict) else arguments)))
    together = dict(said)
    return together if len(together) == len(said) else [{name: arguments} for name, arguments in said]


def _usage(usage: Any) -> dict[str, int] | str:
    """Return the tokens that a reply reports, in the words of scenarios."""
    if not isinstance(usage, dict) or not all(_is_count(usage.get(name)) for name in _COUNTS):
        return "off"
    words = {name: usage[name] for name in _COUNTS}
    total = usage.get(_TOTAL)
    if _is_count(total) and total != sum(words.values()):
        words[_TOTAL] = total
    for details, name in _DETAILS:
        count = field_of(usage.get(details), name)
        if _is_count(count) and count:
            words[name] = count
    return words


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _MOST


class _Joined:
    """A completion that is joined from its chunks, as clients do.

    Attributes:
        in_turn: whether one call goes on after a piece of the next.
    """

    def __init__(self) -> None:
        self.in_turn = False
        self._whole: dict[str, Any] = {}
        self._choices: dict[int, dict[str, Any]] = {}
        self._pieces: dict[tuple[Any, ...], list[str]] = {}

    def add(self, value: Any) -> bool:
        """Add a chunk; tell whether it is one."""
        choices = field_of(value, "choices")
        if not isinstance(choices, list):
            return False
        self._whole |= {name: item for name, item in value.items() if item is not None}
        return all(isinstance(choice, dict) and self._add(choice) for choice in choices)

    def _add(self, choice: dict[str, Any]) -> bool:
        index, delta = choice.get("index", 0), choice.get("delta")
        if not isinstance(index, int) or not isinstance(delta, dict):
            return False
        whole = self._choices.setdefault(index, {"message": {}, "finish_reason": None})
        whole["finish_reason"] = choice.get("finish_reason") or whole["finish_reason"]
        message = whole["message"]
        for name in _JOINED:
            if isinstance(delta.get(name), str):
                message[name] = message.get(name, "") + delta[name]
                self._piece(delta[name], index, name)
        calls = delta.get("tool_calls") or ()
        return isinstance(calls, (list, tuple)) and all(self._call(message, call, index) for call in calls)

    def _call(self, message: dict[str, Any], call: Any, choice: int) -> bool:
        function, place = field_of(call, "function") or {}, field_of(call, "index")
        calls: list[Any] = message.setdefault("tool_calls", [])
        if not isinstance(place, int) or not 0 <= place <= len(calls) or not isinstance(function, dict):
            return False
        if place == len(calls):
            calls.append({"function": {"name": "", "arguments": ""}})
        self.in_turn = self.in_turn or place < len(calls) - 1
        known = calls[place]
        if isinstance(call.get("id"), str):
            known["id"] = known.get("id", "") + call["id"]
        for name in ("name", "arguments"):
            if isinstance(function.get(name), str):
                known["function"][name] += function[name]
        if isinstance(function.get("arguments"), str):
            self._piece(function["arguments"], choice, "tool_calls", place)
        return True

    def _piece(self, text: str, *of: Any) -> None:
        if text:
            self._pieces.setdefault(of, []).append(text)

    def completion(self) -> dict[str, Any]:
        """Return the completion that the chunks came to."""
        choices = [self._choices[index] for index in sorted(self._choices)]
        for choice in choices:
            message = choice["message"]
            if not message.get("content") and (message.get("tool_calls") or message.get("refusal")):
                message["content"] = None  # a stream's first chunk may have an empty text
            if not message.get("refusal"):
                message["refusal"] = None
        return {**self._whole, "choices": choices}

    def cut(self) -> Any:
        """Return how the texts were cut, the shortest way to say it; nothing where there are none."""
        pieces = list(self._pieces.values())
        texts = ["".join(several) for several in pieces]
        size = max((len(piece) for several in pieces for piece in several), default=0)
        if [pieces_of(text, _UNCUT, "word") for text in texts] == pieces:
            return "word"
        if [pieces_of(text, _UNCUT, size) for text in texts] == pieces:
            return {"chars": size}
        return literal(list(chain.from_iterable(pieces)))
