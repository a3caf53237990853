"""Reads what a scenario says beside its steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from mockgrid.scenario.limit import Balance, Limit, TopUp
from mockgrid.scenario.reading.stream import read_pace, read_period

if TYPE_CHECKING:
    from mockgrid.scenario.part import Part

__all__ = ["read_settings"]


def read_settings(part: Part) -> dict[str, Any]:
    """Return the settings that are sound, by the names of a scenario's attributes."""
    found: dict[str, Any] = {}
    for key, argument in part.items():
        if argument.sound:
            value = argument.value
            match key:
                case "description" | "strict":
                    found[key] = value
                case "seed":
                    found[key] = int(value)
                case "models":
                    found[key] = tuple(value)
                case "pace":
                    found[key] = read_pace(argument)
                case "limits":
                    found[key] = tuple(_limit(item) for item in argument.members())
                case "balance":
                    found[key] = _balance(argument)
                case _:
                    pass  # the name and the steps are read elsewhere
    return found


def _limit(part: Part) -> Limit:
    value = part.value
    counts: Literal["requests", "tokens"] = "requests" if "requests" in value else "tokens"
    per = read_period(part, "per", "Leave the limit out for none.")
    return Limit(counts, int(value[counts]), per, value.get("scope", "key"))


def _balance(part: Part) -> Balance:
    tokens, top_up = int(part.value["tokens"]), part.find("top_up")
    if top_up is None:
        return Balance(tokens)
    after = read_period(top_up, "after", "Leave the balance out for one that never ends.")
    return Balance(tokens, TopUp(int(top_up.value["tokens"]), after))
