"""Replies by what a contract declares: statuses, media types and schemas."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

from mockgrid.reply.checking import Checking
from mockgrid.reply.rendering import render
from mockgrid.reply.values import Values
from mockgrid.scenario.loading import build
from mockgrid.scenario.template import literal
from mockgrid.schema.generate import edge_chooser
from mockgrid.schema.hints import SchemaHints
from mockgrid.strategies.choosing import copies, either
from mockgrid.strategies.texts import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.contract.contract import MediaType, Response
    from mockgrid.strategies.choosing import Drawing, DrawnChooser
    from mockgrid.strategies.target import Target

    Reply: TypeAlias = dict[str, Any]

_ERRORS = 400
_OF_RANGES = {"2": 200, "3": 302, "4": 400, "5": 500}
_JSON = "application/json"
_STREAM = "text/event-stream"
_BY_GATEWAYS = [{"error": {"status": status, "by": "gateway"}} for status in (502, 503, 504, 529)]

# Short waits, in each form that a client has to read; a date is the longest.
_WAITS: tuple[Any, ...] = (
    "1ms",
    {"ms": "1ms"},
    {"seconds": "0s"},
    {"seconds": "0s", "ms": "1ms"},
    {"date": "1s"},
)


def declared_replies(target: Target) -> Drawing[Reply]:
    """Draw successful replies: each status and media type that is declared, with values of its schema."""
    drawn = [
        _body(target, status, media)
        for status, response in _statuses(target)
        if status < _ERRORS
        for media in response.media.values() or (None,)
    ]
    return either(drawn or [lambda _: {"auto": True}])


def declared_errors(target: Target) -> list[Drawing[Reply]]:
    """Return what draws errors: each status that is declared, and those of gateways."""
    worded = _worded(target)
    checking = Checking(target.contract)
    errors: list[Reply] = [
        *({"error": status} for status in worded),
        *({"error": status, "retry_after": wait} for wait in _WAITS for status in worded),
        *_BY_GATEWAYS,
    ]
    detailed = [
        _detailed(status)
        for status in worded
        if _is_sound(checking, target, {"error": {"status": status, "detail": "a"}})
    ]
    bodies = [
        _body(target, status, media)
        for status, response in _statuses(target)
        if status >= _ERRORS
        for media in response.media.values() or (None,)
    ]
    # Clients look at little of what bodies say, of which there are many for each that is short.
    return [*copies(errors), *detailed, *([either(bodies)] if bodies else ())]


def _detailed(status: int) -> Drawing[Reply]:
    return lambda chooser: {"error": {"status": status, "detail": text(chooser)}}


def plain_errors(target: Target) -> list[dict[str, Any]]:
    """Return an error of each status, and of each way to say when to ask again."""
    worded = _worded(target)
    waits = [{"error": status, "retry_after": wait} for status in worded[:1] for wait in reversed(_WAITS)]
    return [*({"error": status} for status in worded), *waits, *_BY_GATEWAYS]


def _worded(target: Target) -> list[int]:
    """Return the statuses of which a contract has an error in words; those that pass by themselves first."""
    checking = Checking(target.contract)
    statuses = (status for status, _ in _statuses(target) if status >= _ERRORS)
    return sorted(
        (status for status in statuses if _is_sound(checking, target, {"error": status})), reverse=True
    )


def _is_sound(checking: Checking, target: Target, reply: dict[str, Any]) -> bool:
    """Tell whether an operation may give a reply, by what its contract says."""
    scenario = build([{"when": {"operation": target.operation.id}, "reply": reply}], where="drawn")
    return not any(finding.severity == "error" for finding in checking.findings(scenario))


def _statuses(target: Target) -> Iterator[tuple[int, Response]]:
    """Yield the statuses that are declared: of a range, and of the default, one that is usual."""
    declared = target.operation.responses
    success = any(name[0] in "23" for name in declared)
    for name, response in declared.items():
        if name == "default":
            yield (500 if success else 200), response
        elif name[0] in _OF_RANGES:
            yield (_OF_RANGES[name[0]] if name.endswith("XX") else int(name)), response


def _body(target: Target, status: int, media: MediaType | None) -> Drawing[Reply]:
    """Draw bodies of a media type; of one that no text can be, the server makes one."""
    head: dict[str, Any] = {} if status == 200 else {"status": status}  # noqa: PLR2004 - OK
    if media is None:
        return lambda _: {"body": "", **head}
    if "*" in media.name or (media.schema is None and not media.is_json):
        return lambda _: {"auto": True, **head}
    if media.schema is not None and not _can_be(target, media.schema.at):
        return lambda _: {"auto": True, **head}
    values = values_of(target, media)
    if media.name == _JSON:
        return lambda chooser: {**_json_body(values(chooser)), **head}
    if media.name == _STREAM:
        return lambda chooser: {
            "events": [{"data": literal(values(chooser))} for _ in range(chooser.integer(1, 3))],
            **head,
        }
    head["headers"] = {"content-type": media.name}
    outline = SchemaHints(media.source.get("schema", {}), target.contract.document.data)

    def rendered(chooser: DrawnChooser) -> Reply:
        return {
            "body": literal(render(media.name, values(chooser), outline).decode("utf-8", "replace")),
            **head,
        }

    return rendered


def _can_be(target: Target, at: str) -> bool:
    """Tell whether a schema has values: of one without, the server makes what is left of it."""
    value = Values(target.contract).edge(at, edge_chooser(0, ""))
    return target.contract.values.at(at).accepts(value, loosely=True)


def _json_body(value: Any) -> dict[str, Any]:
    """Return a JSON body; text alone would be sent as text."""
    if isinstance(value, str):
        return {"body": literal(json.dumps(value)), "headers": {"content-type": _JSON}}
    return {"body": literal(value)}


def values_of(target: Target, media: MediaType) -> Drawing[Any]:
    """Draw values of the schema of a media type."""
    if media.schema is None:
        return lambda _: {}
    return values_at(target, media.schema.at)


def values_at(target: Target, at: str) -> Drawing[Any]:
    """Draw values of the schema under a pointer into the document."""
    values = Values(target.contract)
    return lambda chooser: values.edge(at, chooser)
