"""What a contract leaves open of a conversation's replies beyond the words: a field that is null, or new."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson

from mockgrid.document.pointer import join
from mockgrid.reply.behaviour import Kit, Turn
from mockgrid.reply.behaviours import BEHAVIOURS, readings
from mockgrid.reply.delivery.form import data_of
from mockgrid.reply.negotiation import EVENT_STREAM
from mockgrid.reply.playing import DEFAULT
from mockgrid.reply.request import Request
from mockgrid.reply.tokens import ShortWords
from mockgrid.reply.values import Values
from mockgrid.scenario.reply import Call, ToolCall
from mockgrid.scenario.template import Structure, literal
from mockgrid.schema.generate import edge_chooser
from mockgrid.schema.members import members

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockgrid.reply.reply import Reply
    from mockgrid.schema.members import Member
    from mockgrid.strategies.target import Target

# So that a sample has calls.
_CALL = Call((ToolCall("tool", Structure({"a": 1}, {"a": 1}, constant=True)),))
_EMPTY: tuple[Any, ...] = (None, [], {})

Patch: TypeAlias = dict[str, Any]
"""The keys ``fields`` or ``without`` of a reply."""

Valued: TypeAlias = "Callable[[int], Patch]"
"""Gives a field a value by a number below 256, the simplest by 0."""


def patches(target: Target) -> tuple[list[Patch], list[Patch], list[Valued]]:
    """Return fields that are given or left out, those of calls, and what makes others by their schemas.

    Each is valid both in whole replies and in streams.
    """
    contract = target.contract
    kit = Kit(contract=contract, tokenizer=ShortWords(), models=contract.policy.models)
    behaviour = BEHAVIOURS[target.operation.behaviour or ""](kit)
    speaker = behaviour.speaker
    declared: dict[str, list[Member]] = {}
    if speaker is None:
        return [], [], []
    calls: set[str] = set()
    reading = readings(contract.operations)[target.operation.id]
    for scripted in (DEFAULT, replace(DEFAULT, form=_CALL)):
        for body, _ in speaker.samples(scripted):
            request = _request(target, body)
            reply = speaker.scripted(scripted, Turn(request, reading.view(request), "0" * 32, "0" * 128))
            for pointer, member in _declared(target, reply).items():
                if scripted.form is _CALL and pointer not in declared:
                    calls.add(pointer)
                declared.setdefault(pointer, []).append(member)
    values = Values(contract)
    still: list[Patch] = []
    of_calls: list[Patch] = []
    for fields in speaker.further:
        (of_calls if calls.issuperset(fields) else still).append({"fields": dict(fields)})
    valued: list[Valued] = []
    for pointer, alike in declared.items():
        if pointer in speaker.settled:
            continue
        (of_calls if pointer in calls else still).extend(_still(pointer, alike, said=pointer in speaker.said))
        if pointer not in speaker.said and alike[0].listed is None:
            valued.append(_valued(values, pointer, alike[0].at))
    return still, of_calls, valued


def _still(pointer: str, alike: list[Member], *, said: bool) -> Iterator[Patch]:
    """Yield what can be said of a field by itself: left out, null, each listed value.

    Args:
        pointer: to the field.
        alike: what each document declares under it.
        said: whether its values are what the words of a reply say, so that no others are given.
    """
    if not any(member.required for member in alike):
        yield {"without": [pointer]}
    if all(member.nullable for member in alike):
        yield {"fields": {pointer: None}}
    for value in () if said else alike[0].listed or ():
        if all(value in (member.listed or ()) for member in alike):
            yield {"fields": {pointer: value}}


def _valued(values: Values, pointer: str, at: str) -> Valued:
    """Return what makes values at the edges of a field's schema by a number, the least by 0.

    To draw them part by part takes long.
    """

    @cache
    def patch(number: int) -> Patch:
        # What says nothing is drawn by itself.
        tries = (values.edge(at, edge_chooser(number, seed)) for seed in ("", "a", "b", "c"))
        value = next((value for value in tries if value not in _EMPTY), None)
        return {
            "fields": {pointer: literal(value) if value is not None else values.edge(at, edge_chooser(0, ""))}
        }

    return patch


def _declared(target: Target, reply: Reply) -> dict[str, Member]:
    """Return what the contract declares of the objects in a reply, by pointers."""
    response = target.operation.response(reply.status)
    if response is None:
        return {}
    texts = [reply.body] if reply.events is None else [data_of(event) for event in reply.events]
    name = EVENT_STREAM if reply.events is not None else ""
    declared: dict[str, Member] = {}
    for media in response.media.values():
        if media.schema is None or (media.name != name if name else not media.is_json):
            continue
        for text in texts:
            with suppress(orjson.JSONDecodeError):
                for member in members(media.schema.schema, orjson.loads(text)):
                    declared.setdefault(join(member.path), member)
    return declared


def _request(target: Target, body: Any) -> Request:
    path = f"{target.contract.base_path}{target.operation.path}"
    return Request(target.operation, path, b"", {b"host": b"127.0.0.1"}, {}, body, b"")
