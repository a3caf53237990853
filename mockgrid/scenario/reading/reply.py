"""Reads replies."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from mockgrid.document.nearest import did_you_mean
from mockgrid.document.pointer import split
from mockgrid.scenario.duration import seconds
from mockgrid.scenario.including import not_included
from mockgrid.scenario.reading.delivery import read_delivery
from mockgrid.scenario.reading.wording import ours
from mockgrid.scenario.reply import (
    Auto,
    Body,
    Call,
    Error,
    Example,
    Form,
    Json,
    Redirect,
    Refuse,
    RetryAfter,
    SaidChoice,
    SaidChoices,
    Say,
    ScriptedEvent,
    ScriptedReply,
    ToolCall,
    Usage,
)
from mockgrid.scenario.short_repr import short_repr
from mockgrid.scenario.template import Structure, Template
from mockgrid.schema.values import as_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mockgrid.scenario.diagnostics import Node

__all__ = ["FINISHES", "OPTIONS", "read_reply"]

_FORMS: Final = ("call", "say", "json", "refuse", "choices", "error", "redirect", "example", "body", "auto")
_ALWAYS: Final = ("headers", "delay", "fault", "go_to", "contract")
_PATCHES: Final = ("fields", "without")
_CHAT: Final = (
    *(*_ALWAYS, *_PATCHES, "think", "finish", "usage", "served"),
    *("events", "status", "retry_after", "stream"),
)
OPTIONS: Final = {
    **dict.fromkeys(("say", "json", "refuse"), _CHAT),
    **dict.fromkeys(("call", "auto"), (*_CHAT, "edges", "call_ids")),
    "choices": (*(option for option in _CHAT if option not in {"think", "finish"}), "edges", "call_ids"),
    "error": (*_ALWAYS, *_PATCHES, "retry_after"),
    "redirect": (*_ALWAYS, "retry_after"),
    "example": (*_ALWAYS, *_PATCHES, "retry_after", "status"),
    "body": (*_ALWAYS, "retry_after", "status"),
}
"""The keys that may stand beside each form."""
# What the chunk of an event is made of.
_CHUNK: Final = ("delta", "index", "finish", "usage", "chunk")
FINISHES: Final = ("stop", "length", "tool_calls", "content_filter", "function_call")
"""The finish reasons that a contract knows."""
# The keys of a tool call in the API.
_API_CALL: Final = frozenset(("id", "type", "index", "function", "name", "arguments"))
_TOOL: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BREAKING: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]|[^\x00-\xff]")
_FRAMING: Final = ("content-length", "transfer-encoding", "connection", "trailer", "upgrade")


def read_reply(node: Node) -> ScriptedReply | None:
    """Read a reply whose structure is sound; None where something else is wrong, which is noted."""
    value = node.value
    if not_included(node):
        return None
    name = next((form for form in _FORMS if form in value), "auto")
    for option, argument in node.items():
        if option not in _FORMS and option not in OPTIONS[name]:
            hint = f"It belongs to {_takers(option)}."
            if (option, name) == ("stream", "body"):
                hint = "Write the stream as `events` in place of `body`, with `data` for each."
            argument.error("MG221", f"`{option}` has no effect beside `{name}`.", hint, key=True)
    free = value.get("contract") == "off"
    reply = ScriptedReply(
        form=_form(name, node, free=free),
        origin=node.origin,
        think=_template(node, "think"),
        finish=_finish(node, free=free),
        usage=_usage(value.get("usage")),
        served=_template(node, "served"),
        call_ids=tuple(Template.read(own) for own in node["call_ids"].members())
        if "call_ids" in value
        else (),
        edges=int(value["edges"]) if "edges" in value else None,
        fields={split(at): Structure.read(item) for at, item in node["fields"].items()}
        if "fields" in value
        else {},
        without=tuple(split(at) for at in value.get("without", ())),
        status=int(value["status"]) if "status" in value else None,
        headers=_headers(node["headers"]) if "headers" in value else {},
        retry_after=_retry_after(node["retry_after"]) if "retry_after" in node else None,
        events=tuple(_event(item) for item in node["events"].members()) if "events" in node else (),
        delivery=read_delivery(node, _texts(value)),
        go_to=value.get("go_to", ""),
        contract="off" if free else "on",
    )
    return reply if node.sound else None


def _texts(said: dict[str, Any]) -> Iterator[str]:
    """Yield the texts of a reply that a stream cuts, in their order, as they are written."""
    for choice in said.get("choices", (said,)):
        yield choice.get("think", "")
        yield choice.get("say", "") or choice.get("refuse", "")
        if "json" in choice:
            yield as_text(choice["json"])
        calls = choice.get("call", ())
        for several in [calls] if isinstance(calls, dict) else calls if isinstance(calls, list) else ():
            for arguments in several.values():
                yield arguments if isinstance(arguments, str) else as_text(arguments or {})


def _retry_after(node: Node) -> RetryAfter:
    if isinstance(node.value, str):
        return RetryAfter.of(seconds(node.value))
    return RetryAfter(**{form: seconds(duration) for form, duration in node.value.items()})


def _takers(option: str) -> str:
    *others, last = [f"`{form}`" for form in OPTIONS if option in OPTIONS[form]]
    return f"{', '.join(others)} and {last}" if others else last


def _form(name: str, node: Node, *, free: bool) -> Form:  # noqa: PLR0911 - one for each form
    match name:
        case "call":
            return _call(node["call"], _template(node, "say"), free=free)
        case "say":
            return Say(Template.read(node["say"]))
        case "json":
            return Json(Structure.read(node["json"]))
        case "refuse":
            return Refuse(Template.read(node["refuse"]))
        case "choices":
            return SaidChoices(tuple(_said(choice, free=free) for choice in node["choices"].members()))
        case "error":
            return _error(node["error"])
        case "redirect":
            return _redirect(node["redirect"])
        case "example":
            return Example(node.value["example"])
        case "body":
            return Body(_content(node["body"]))
        case _:
            return Auto()


def _said(node: Node, *, free: bool) -> SaidChoice:
    name = next(form for form in _FORMS if form in node.value)
    form = _form(name, node, free=free)
    return SaidChoice(form, _template(node, "think"), _finish(node, free=free))  # type: ignore[arg-type]  # by the schema


def _event(node: Node) -> ScriptedEvent:
    value = node.value
    if isinstance(value, str):
        return ScriptedEvent(data=Template.read(node))
    if "comment" in value:
        return ScriptedEvent((f": {value['comment']}",))
    lines = [f"{name}: {value[name]}" for name in ("event", "id") if name in value]
    if "retry" in value:
        lines.append(f"retry: {round(seconds(value['retry']) * 1000)}")
    data = _content(node["data"]) if "data" in value else None
    said = {name: Structure.read(node[name]) for name in _CHUNK if name in value}
    return ScriptedEvent(tuple(lines), data, said)


def _template(node: Node, key: str) -> Template | None:
    template = node.find(key)
    return Template.read(template) if template is not None else None


def _content(node: Node) -> Template | Structure:
    return Template.read(node) if isinstance(node.value, str) else Structure.read(node)


def _call(node: Node, text: Template | None, *, free: bool) -> Call:
    if isinstance(node.value, (int, float)):
        return Call((), text, offered=int(node.value))
    return Call(tuple(_calls(node, free=free)), text)


def _calls(node: Node, *, free: bool) -> Iterator[ToolCall]:
    for calls in node.members() if isinstance(node.value, list) else (node,):
        meant = _meant_call(calls.value)
        if meant is not None and not free:
            hint = f"Write `call: {short_repr(meant)}`."
            calls.error("MG222", "The tool's name is the key of its arguments.", hint)
            continue
        for name, argument in calls.items():
            if isinstance(argument.value, str):
                yield ToolCall(name, _raw_arguments(argument, free=free))
            elif argument.value is None:
                yield ToolCall(name, Structure({}, {}, constant=True))
            else:
                yield ToolCall(name, Structure.read(argument))


def _meant_call(value: dict[str, Any]) -> dict[str, Any] | None:
    """Return the call that was meant by one written as the API has it; None for any other.

    >>> _meant_call({"type": "function", "function": {"name": "get_weather", "arguments": {"city": "Oslo"}}})
    {'get_weather': {'city': 'Oslo'}}
    """
    function = value.get("function", value)
    if not isinstance(function, dict) or not (value.keys() | function.keys()) <= _API_CALL:
        return None
    name, arguments = function.get("name"), function.get("arguments")
    if not isinstance(name, str) or _TOOL.fullmatch(name) is None:
        return None
    if isinstance(arguments, str):
        with suppress(ValueError):
            arguments = json.loads(arguments)
    return {name: {} if arguments is None else arguments}


def _raw_arguments(node: Node, *, free: bool) -> Template:
    template = Template.read(node)
    if free or not node.sound:
        return template
    hint = "Write a mapping, or add `contract: off` to send it as it is."
    try:
        arguments = json.loads(template.sample())
    except ValueError as error:
        node.error("MG222", f"The arguments are not JSON: {error}.", hint)
    else:
        if not isinstance(arguments, dict):
            node.error("MG222", "The arguments are JSON, but not an object.", hint)
    return template


def _error(node: Node) -> Error:
    value = node.value
    if not isinstance(value, dict):
        return Error(int(value))
    detail = _content(node["detail"]) if "detail" in value else None
    code = value.get("code", "")
    return Error(
        int(value["status"]),
        detail,
        code=code if isinstance(code, str) else int(code),
        type=value.get("type", ""),
        param=value.get("param", ""),
        gateway="by" in value,
    )


def _redirect(node: Node) -> Redirect:
    plain = isinstance(node.value, str)
    to = node if plain else node["to"]
    text: str = to.value
    known = text in {"same", "other"} or re.match(r"/(?!/)|https?://[^/]", text)
    if not known or _BREAKING.search(text) or " " in text:
        guess = did_you_mean(text, ("same", "other")).strip()
        message = f"A client cannot be sent to '{text[:80]}'."
        to.error(
            "MG225", message, guess or "Write same, other, a path that begins with /, or an http(s) URL."
        )
    if plain:
        return Redirect(Template.read(to))
    value = node.value
    return Redirect(Template.read(to), status=value.get("status", 307), page=value.get("page", False))


def _finish(node: Node, *, free: bool) -> str:
    finish: str = node.value.get("finish", "")
    if finish and not free and finish not in FINISHES:
        theirs = (f"Did you mean {word}?" for word in ours(finish) if word in FINISHES)
        guess = next(theirs, did_you_mean(finish, FINISHES).strip())
        guess = guess or "Add `contract: off` if that is the point."
        choices = ", ".join(f'"{known}"' for known in FINISHES)
        message = f'`finish` must be one of {choices}, got "{finish[:80]}".'
        node["finish"].error("MG213", message, guess)
    return finish


def _usage(value: Any) -> Usage | None:
    return {key: int(item) for key, item in value.items()} if isinstance(value, dict) else value


def _headers(node: Node) -> Mapping[str, tuple[Template, ...]]:
    headers: dict[str, tuple[Template, ...]] = {}
    for name, argument in node.items():
        lower = name.lower()
        if not _HEADER.fullmatch(name):
            hint = "Write a name of letters, digits and '-', such as x-request-id."
            argument.error("MG225", f"'{name[:80]}' is not a header's name.", hint, key=True)
        elif lower in _FRAMING:
            hint = "`fault: wrong_length` and `fault: cut_body` break it on purpose."
            argument.error("MG225", f"The server sets `{lower}` itself.", hint, key=True)
        elif lower in headers:
            argument.error(
                "MG226", f"The header `{lower}` is given twice.", "Write a list of values.", key=True
            )
        else:
            headers[lower] = tuple(_values(argument))
    return headers


def _values(node: Node) -> Iterator[Template]:
    if node.value is None:
        return
    for item in node.members() if isinstance(node.value, list) else (node,):
        if not isinstance(item.value, str):
            yield Template.plain(json.dumps(item.value))
            continue
        if _BREAKING.search(item.value):
            hint = "Write several values as a list; escape other characters, as in %E2%82%AC."
            item.error("MG225", "A header's value is one line of Latin-1 characters.", hint)
        yield Template.read(item)
