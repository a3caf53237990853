"""Reads steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockgrid.scenario.reading.reply import read_reply
from mockgrid.scenario.step import Step
from mockgrid.scenario.when import read_when

if TYPE_CHECKING:
    from collections.abc import Collection

    from mockgrid.scenario.part import Part
    from mockgrid.scenario.reply import ScriptedReply

__all__ = ["read_steps"]


def read_steps(part: Part, operations: Collection[str] | None) -> tuple[Step, ...]:
    """Read the steps that are sound; what is wrong with the others is noted."""
    steps: list[Step] = []
    names: dict[str, int] = {}
    for index, item in enumerate(part.members()):
        if not isinstance(item.value, dict):
            continue
        _check_name(item, index, names)
        step = _step(item, index, operations)
        if step is not None:
            steps.append(step)
    return tuple(steps)


def _check_name(part: Part, index: int, names: dict[str, int]) -> None:
    name = part.value.get("name")
    if not isinstance(name, str):
        return
    first = names.setdefault(name, index)
    if first != index:
        part["name"].error("MG226", f"Step {first + 1} is called '{name}' as well.", "Rename one of the two.")


def _step(part: Part, index: int, operations: Collection[str] | None) -> Step | None:
    value = part.value
    when = part.find("when")
    predicates = read_when(when, operations) if when is not None and when.sound else ()
    replies = _replies(part)
    if not part.sound:
        return None
    times = value.get("times")
    if times is not None and times < len(replies):
        message = f"`times` is {times}, and there are {len(replies)} replies: the last are never given."
        part["times"].warn("MG233", message, f"Write times: {len(replies)}, or remove the replies.")
    return Step(
        index=index,
        name=value.get("name", ""),
        when=predicates,
        replies=replies,
        then=value.get("then", "repeat"),
        times=int(times) if times is not None else None,
        go_to=value.get("go_to", ""),
        origin=part.origin,
    )


def _replies(part: Part) -> tuple[ScriptedReply, ...]:
    one, several = part.find("reply"), part.find("replies")
    parts = [one] if one is not None else []
    if several is not None and isinstance(several.value, list):
        parts += several.members()
    found = [read_reply(item) for item in parts if item.sound]
    return tuple(reply for reply in found if reply is not None)
