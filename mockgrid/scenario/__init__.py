"""The language of scenarios: reading, matching, selecting; what a reply becomes is decided elsewhere."""

from mockgrid.scenario.cursors import Cursors
from mockgrid.scenario.error import ScenarioError
from mockgrid.scenario.explanation import Explained, explain
from mockgrid.scenario.library import Library, load_library
from mockgrid.scenario.loading import build, check, check_file, load, load_text
from mockgrid.scenario.near_miss import NearMiss, NoStep
from mockgrid.scenario.reply import ScriptedReply
from mockgrid.scenario.scenario import START, Scenario
from mockgrid.scenario.schema import schema
from mockgrid.scenario.selection import Selection, select
from mockgrid.scenario.step import Step
from mockgrid.scenario.view import RequestView

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
    "schema",
    "select",
]
