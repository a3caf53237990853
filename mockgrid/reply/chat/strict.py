"""OpenAI's rules between fields, which the contract does not state: enforced when asked for, else told of."""

from __future__ import annotations

import math
import re
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from mockgrid.reply.chat.conversation import field_of, offered_tools, prompt_tokens, text_of
from mockgrid.schema.strict_subset import outside_strict_subset
from mockgrid.schema.violation import violation_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mockgrid.reply.tokens import Tokenizer
    from mockgrid.schema.violation import Violation


_TOOL_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
# What comes after the last message.
_END: Final[dict[str, Any]] = {"role": ""}
_ROLE: Final = itemgetter("role")
# Places of one schema that are told.
_MOST: Final = 10
OUTPUT_LIMITS: Final = frozenset(("max_completion_tokens", "max_tokens"))
"""The options that say how long an answer may be."""


def strict_violations(
    body: dict[str, Any], limits: Mapping[str, Any], tokenizer: Tokenizer
) -> list[Violation]:
    """Return which of OpenAI's rules between fields a valid request breaks.

    Args:
        body: a request that obeys the contract.
        limits: the model's ``context``, ``input`` and ``output`` tokens, where known.
        tokenizer: counts the prompt.
    """
    return [
        *_options(body),
        *_tools(body),
        *misuses(body),
        *_limits(body, limits, tokenizer),
    ]


def misuses(body: Any) -> Iterator[Violation]:
    """Yield what agents break most of these rules: in tools, in schemas that are strict, in calls.

    Args:
        body: one that obeys its contract, which may ask for less than the bundled one.
    """
    tools = field_of(body, "tools")
    if tools == []:
        yield _violation("MG136", ["tools"], "must not be empty; leave it out to offer none", tools, "a tool")
    for place, tool in enumerate(tools if isinstance(tools, list) else ()):
        function = field_of(tool, "function")
        name = field_of(function, "name")
        at: list[str | int] = ["tools", place, "function"]
        if isinstance(name, str) and not _TOOL_NAME.fullmatch(name):
            message = "has other characters than letters, digits, '_' and '-', or more than 64 of them"
            yield _violation("MG138", [*at, "name"], message, name, "such as get_weather")
        if field_of(function, "strict"):
            yield from _strict_schema([*at, "parameters"], field_of(function, "parameters"))
    wanted = field_of(field_of(body, "response_format"), "json_schema")
    if field_of(wanted, "strict"):
        yield from _strict_schema(["response_format", "json_schema", "schema"], field_of(wanted, "schema"))
    messages = field_of(body, "messages")
    if isinstance(messages, list) and _have_tools(messages):
        yield from _calls(messages)


def _strict_schema(at: list[str | int], schema: Any) -> Iterator[Violation]:
    for inside, message, expected in islice(outside_strict_subset(schema), _MOST):
        yield violation_at([*at, *inside], "MG139", message, expected)


def _options(body: dict[str, Any]) -> Iterator[Violation]:
    if body.get("top_logprobs") is not None and not body.get("logprobs"):
        yield _violation(
            "MG130", ["top_logprobs"], "needs logprobs: true", body["top_logprobs"], "logprobs: true"
        )
    if body.get("stream_options") is not None and not body.get("stream"):
        yield _violation(
            "MG131", ["stream_options"], "needs stream: true", body["stream_options"], "stream: true"
        )
    response_format = body.get("response_format") or {}
    if response_format.get("type") == "json_object" and not any(
        "json" in text_of(message.get("content")).lower() for message in body["messages"]
    ):
        message = "json_object needs the word JSON somewhere in the messages"
        yield _violation("MG135", ["response_format"], message, response_format, "a message that says JSON")


def _tools(body: dict[str, Any]) -> Iterator[Violation]:
    tools, choice = body.get("tools"), body.get("tool_choice")
    if choice in (None, "none"):
        return
    if not tools:
        yield _violation("MG132", ["tool_choice"], "needs tools", choice, "tools")
    elif isinstance(choice, dict) and choice["function"]["name"] not in offered_tools(body):
        name = choice["function"]["name"]
        expected = f"one of {', '.join(offered_tools(body))}"
        yield _violation(
            "MG133", ["tool_choice", "function", "name"], "names no tool that is offered", name, expected
        )


def _have_tools(messages: list[Any]) -> bool:
    """Tell whether there may be calls, or answers to them; of a long conversation without in microseconds."""
    try:
        return "tool_calls" in set().union(*messages) or "tool" in set(map(_ROLE, messages))
    except (KeyError, TypeError):  # under a contract that asks for less
        return True


def _calls(messages: list[Any]) -> Iterator[Violation]:
    """Yield calls and their answers that do not belong together."""
    known: set[str] = set()
    open_calls: dict[str, None] = {}
    for place, message in enumerate([*messages, _END]):
        role = field_of(message, "role")
        if role == "tool":
            answered = field_of(message, "tool_call_id")
            if isinstance(answered, str) and answered in open_calls:
                del open_calls[answered]
            else:
                at: list[str | int] = ["messages", place, "tool_call_id"]
                text = "answers no tool call of the assistant message before it"
                yield _violation("MG134", at, text, answered, "the id of a call")
            continue
        if open_calls:
            if message is _END:
                place -= 1  # noqa: PLW2901 - it is the last message that is told of
                text = f"leaves the tool call {min(open_calls)} without an answer"
            else:
                text = f"comes before the tool call {min(open_calls)} is answered"
            at, role = ["messages", place], field_of(messages[place], "role")
            yield _violation("MG134", at, text, role, "a tool message for each call")
            open_calls = {}
        calls = field_of(message, "tool_calls")
        for number, call in enumerate(calls if isinstance(calls, list) else ()):
            own = field_of(call, "id")
            if not isinstance(own, str):
                continue
            if own in known:
                at = ["messages", place, "tool_calls", number, "id"]
                yield _violation("MG151", at, "is the id of an earlier call, too", own, "another id")
            known.add(own)
            open_calls[own] = None


def overflow(body: dict[str, Any], limits: Mapping[str, Any], tokenizer: Tokenizer) -> str:
    """Return how a request is too long for its model, in the words that clients know; empty where it is not.

    Args:
        body: a request that obeys the contract.
        limits: the model's ``context`` and ``input`` tokens, where known.
        tokenizer: counts the prompt.
    """
    most = most_input(limits)
    if most is None:
        return ""
    tokens, _ = prompt_tokens(tokenizer, body)
    context, answer = limits.get("context", math.inf), _output_limit(body) or 0
    if tokens > most:
        length, actual, less = most, f"your messages resulted in {tokens} tokens", "the messages"
    elif tokens + answer > context:
        parts = f"({tokens} in the messages, {answer} in the completion)"
        length, actual = context, f"you requested {tokens + answer} tokens {parts}"
        less = "the messages or completion"
    else:
        return ""
    begin = f"This model's maximum context length is {length} tokens."
    return f"{begin} However, {actual}. Please reduce the length of {less}."


def most_input(limits: Mapping[str, Any]) -> int | None:
    """Return how many tokens a prompt may have; None where that is not known."""
    return min((limits[name] for name in ("input", "context") if name in limits), default=None)


def _output_limit(body: dict[str, Any]) -> int | None:
    return body.get("max_completion_tokens") or body.get("max_tokens")


def _limits(body: dict[str, Any], limits: Mapping[str, Any], tokenizer: Tokenizer) -> Iterator[Violation]:
    limit = _output_limit(body)
    if limit is not None and limit > limits.get("output", limit):
        name = "max_completion_tokens" if body.get("max_completion_tokens") else "max_tokens"
        message = f"is above the model's output limit of {limits['output']} tokens"
        yield _violation("MG137", [name], message, limit, f"at most {limits['output']}")
    most = most_input(limits)
    if most is not None:
        tokens, _ = prompt_tokens(tokenizer, body)
        if tokens > most:
            message = f"has {tokens} tokens, above the model's input limit of {most}"
            yield _violation("MG137", ["messages"], message, f"{tokens} tokens", f"at most {most} tokens")


def _violation(code: str, at: Sequence[str | int], message: str, value: Any, expected: str) -> Violation:
    return violation_at(at, code, message, expected, value)
