"""Reads a scenario's settings and steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from mockgrid.scenario.including import not_included
from mockgrid.scenario.reachability import note_unreachable
from mockgrid.scenario.reading.delivery import read_pace, read_period
from mockgrid.scenario.reading.reply import read_reply
from mockgrid.scenario.scenario import Balance, Limit, TopUp
from mockgrid.scenario.step import Step
from mockgrid.scenario.when import read_when

if TYPE_CHECKING:
    from collections.abc import Collection

    from mockgrid.scenario.diagnostics import Node
    from mockgrid.scenario.reply import ScriptedReply

__all__ = ["read_scenario"]

# What does nothing without steps; keys that begin with `x-` do neither.
_IDLE: Final = frozenset(("scenario", "description", "steps"))


def read_scenario(node: Node, operations: Collection[str] | None) -> dict[str, Any]:
    """Return the settings and steps that are sound, by the names of a scenario's attributes."""
    settings = _settings(node)
    steps = node.find("steps")
    if steps is not None and isinstance(steps.value, list):
        settings["steps"] = _steps(steps, operations)
        note_unreachable(settings["steps"], steps)
    doing = any(key not in _IDLE and not key.startswith("x-") for key in node.value)
    if node.sound and not node.value.get("steps") and not doing:
        message = "The scenario has no steps; each request gets the default reply."
        hint = "Write them under `steps`, such as steps: [{reply: {say: Hello}}]."
        node.warn("MG214", message, hint)
    return settings


def _settings(node: Node) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for key, argument in node.items():
        if argument.sound:
            value = argument.value
            match key:
                case "description" | "strict" | "limit_headers":
                    settings[key] = value
                case "seed":
                    settings[key] = int(value)
                case "models" | "funded":
                    settings[key] = tuple(value)
                case "pace":
                    settings[key] = read_pace(argument)
                case "limits":
                    settings[key] = tuple(_limit(item) for item in argument.members())
                case "balance":
                    settings[key] = _balance(argument)
                case _:
                    pass  # the name and the steps are read elsewhere
    return settings


def _limit(node: Node) -> Limit:
    value = node.value
    if "concurrent" in value:
        return Limit("concurrent", int(value["concurrent"]), scope=value.get("scope", "key"))
    counts: Literal["requests", "tokens"] = "requests" if "requests" in value else "tokens"
    per = read_period(node, "per", "Leave the limit out for none.")
    return Limit(counts, int(value[counts]), per, value.get("scope", "key"))


def _balance(node: Node) -> Balance:
    tokens, top_up = int(node.value["tokens"]), node.find("top_up")
    if top_up is None:
        return Balance(tokens)
    after = read_period(top_up, "after", "Leave the balance out for one that never ends.")
    return Balance(tokens, TopUp(int(top_up.value["tokens"]), after))


def _steps(node: Node, operations: Collection[str] | None) -> tuple[Step, ...]:
    """Read the steps that are sound; what is wrong with the others is noted."""
    steps: list[Step] = []
    names: dict[str, int] = {}
    for index, item in enumerate(node.members()):
        if not isinstance(item.value, dict):
            continue
        _check_step_name(item, index, names)
        step = _step(item, index, operations)
        if step is not None:
            steps.append(step)
    return tuple(steps)


def _check_step_name(node: Node, index: int, names: dict[str, int]) -> None:
    name = node.value.get("name")
    if not isinstance(name, str):
        return
    first = names.setdefault(name, index)
    if first != index:
        node["name"].error("MG226", f"Step {first + 1} is called '{name}' as well.", "Rename one of the two.")


def _step(node: Node, index: int, operations: Collection[str] | None) -> Step | None:
    value = node.value
    if not_included(node):
        return None
    when = node.find("when")
    predicates = read_when(when, operations) if when is not None and when.sound else ()
    replies = _replies(node)
    if not node.sound:
        return None
    times = value.get("times")
    if times is not None and times < len(replies):
        message = f"`times` is {times}, and there are {len(replies)} replies: the last are never given."
        node["times"].warn("MG233", message, f"Write times: {len(replies)}, or remove the replies.")
    return Step(
        index=index,
        name=value.get("name", ""),
        when=predicates,
        replies=replies,
        then=value.get("then", "repeat"),
        times=int(times) if times is not None else None,
        go_to=value.get("go_to", ""),
        origin=node.origin,
        open=times is None and "then" not in value,
        lenient="contract" in value,
    )


def _replies(node: Node) -> tuple[ScriptedReply, ...]:
    single, several = node.find("reply"), node.find("replies")
    parts = [single] if single is not None else []
    if several is not None and isinstance(several.value, list):
        parts += several.members()
    replies = [read_reply(item) for item in parts if item.sound]
    return tuple(reply for reply in replies if reply is not None)
