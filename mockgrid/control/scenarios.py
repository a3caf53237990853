"""The scenarios that keys and headers may ask for, each with its text and the story that this begins with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mockgrid.document.document import read_content
from mockgrid.errors import DocumentError

if TYPE_CHECKING:
    from mockgrid.scenario.library import Library
    from mockgrid.scenario.scenario import Scenario

__all__ = ["listed_scenarios", "scenario_with_text"]

# Lines for editors, which tell a person nothing.
_FOR_EDITORS: Final = "yaml-language-server:"


def listed_scenarios(library: Library) -> dict[str, Any]:
    """Return all scenarios of a library, by name."""
    return {
        "scenarios": [_described(scenario, _text(scenario)) for scenario in library.scenarios.values()],
        "findings": [finding.as_json() for finding in library.findings],
    }


def scenario_with_text(scenario: Scenario) -> dict[str, Any]:
    """Return a scenario with the text of its file, empty where that cannot be read any more."""
    text = _text(scenario)
    return {**_described(scenario, text), "source": text}


def _described(scenario: Scenario, text: str) -> dict[str, Any]:
    return {
        "name": scenario.name,
        "description": scenario.description,
        "story": _story(text),
        "strict": scenario.strict,
        "where": scenario.where,
        "steps": [step.label for step in scenario.steps],
        "contract_off": [reply.where for _, reply in scenario.contract_off],
    }


def _text(scenario: Scenario) -> str:
    try:
        return read_content(Path(scenario.origin.document.name)).decode("utf-8", "replace")
    except DocumentError:
        return ""


def _story(text: str) -> str:
    """Return the comment that a file begins with, as paragraphs."""
    paragraphs: list[list[str]] = [[]]
    for line in text.split("\n"):
        if not line.startswith("#"):
            break
        words = line.lstrip("#").strip()
        if words and not words.startswith(_FOR_EDITORS):
            paragraphs[-1].append(words)
        elif paragraphs[-1]:
            paragraphs.append([])
    return "\n\n".join(" ".join(lines) for lines in paragraphs if lines)
