"""The language of scenarios: reading, matching, selecting; what a reply becomes is decided elsewhere.

Names are imported when they are first used: a server that plays no scenario loads none of this.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mockgrid.scenario.cursors import Cursors
    from mockgrid.scenario.error import ScenarioError
    from mockgrid.scenario.explanation import Explained, explain
    from mockgrid.scenario.library import Library, load_library
    from mockgrid.scenario.loading import build, check, check_file, load, load_text
    from mockgrid.scenario.near_miss import NearMiss, NoStep
    from mockgrid.scenario.reply import ScriptedReply
    from mockgrid.scenario.scenario import START, Scenario
    from mockgrid.scenario.selection import select
    from mockgrid.scenario.step import Selection, Step
    from mockgrid.scenario.view import RequestView

_HOMES = {
    "Cursors": "cursors",
    "Explained": "explanation",
    "Library": "library",
    "NearMiss": "near_miss",
    "NoStep": "near_miss",
    "RequestView": "view",
    "START": "scenario",
    "Scenario": "scenario",
    "ScenarioError": "error",
    "ScriptedReply": "reply",
    "Selection": "step",
    "Step": "step",
    "build": "loading",
    "check": "loading",
    "check_file": "loading",
    "explain": "explanation",
    "load": "loading",
    "load_library": "library",
    "load_text": "loading",
    "select": "selection",
}

__all__ = [
    "START",
    "Cursors",
    "Explained",
    "Library",
    "NearMiss",
    "NoStep",
    "RequestView",
    "Scenario",
    "ScenarioError",
    "ScriptedReply",
    "Selection",
    "Step",
    "build",
    "check",
    "check_file",
    "explain",
    "load",
    "load_library",
    "load_text",
    "select",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
