"""Reads what a scenario says beside its steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockgrid.scenario.duration import seconds
from mockgrid.scenario.limit import Balance, Limit, TopUp
from mockgrid.scenario.reading.stream import read_pace

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
                    found[key] = tuple(_limit(item) for item in value)
                case "balance":
                    found[key] = _balance(value)
                case _:
                    pass  # the name and the steps are read elsewhere
    return found


def _limit(value: dict[str, Any]) -> Limit:
    per, scope = seconds(value["per"]), value.get("scope", "key")
    if "requests" in value:
        return Limit("requests", int(value["requests"]), per, scope)
    return Limit("tokens", int(value["tokens"]), per, scope)


def _balance(value: dict[str, Any]) -> Balance:
    top_up = value.get("top_up")
    if top_up is None:
        return Balance(int(value["tokens"]))
    return Balance(int(value["tokens"]), TopUp(int(top_up["tokens"]), seconds(top_up["after"])))
