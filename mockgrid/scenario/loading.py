"""From a file, a text or plain data to a scenario, with everything that is wrong with it at once."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mockgrid.document import yaml
from mockgrid.document.document import Document, read_document
from mockgrid.document.json_text import DEEPEST
from mockgrid.errors import DocumentError
from mockgrid.findings import Finding
from mockgrid.scenario.diagnostics import Diagnostics, Node
from mockgrid.scenario.error import ScenarioError
from mockgrid.scenario.reachability import note_unreachable
from mockgrid.scenario.reading.scenario import read_settings, read_steps
from mockgrid.scenario.reading.structure import check_structure, validator
from mockgrid.scenario.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["build", "check", "check_file", "load", "load_text"]

LONGEST_NAME: Final = 64
"""Characters of a scenario's name."""

_STEP_KEYS: Final = frozenset(("name", "when", "reply", "replies", "then", "times"))
_WRAPPED: Final = "/steps/0/replies"


def load(path: str | Path, *, operations: Collection[str] | None = None) -> Scenario:
    """Return the scenario in a file.

    Args:
        path: of a YAML or JSON file; its stem is the scenario's name, unless it says another.
        operations: ids of the contract's operations, to check those that are named; None for no check.

    Raises:
        ScenarioError: it cannot be used; carries all findings.
    """
    return _usable(*check_file(path, operations=operations))


def load_text(text: str | bytes, *, name: str, operations: Collection[str] | None = None) -> Scenario:
    """Return the scenario in a text; ``name`` is what findings call the file.

    Raises:
        ScenarioError: it cannot be used; carries all findings.
    """
    try:
        document = yaml.load(text, name=name)
    except DocumentError as error:
        raise ScenarioError([_unreadable(error, name)]) from None
    return _usable(*check(document, operations=operations))


def build(
    data: Any, *, where: str = "scenario", name: str = "", operations: Collection[str] | None = None
) -> Scenario:
    """Return the scenario in plain Python data, checked like a file.

    Args:
        data: a mapping as in a file, a list of steps, or a list of replies, which become one step that
            repeats the last.
        where: what findings give as the place, such as ``tests/test_agent.py:12``.
        name: of the scenario, unless the data says another.
        operations: ids of the contract's operations; None for no check.

    Raises:
        ScenarioError: it cannot be used; carries all findings.
    """
    try:
        plain = _plain(data, "", 0)
    except _NotJsonError as error:
        finding = Finding("MG212", "error", error.message, f"{where}#{error.where}", error.hint)
        raise ScenarioError([finding]) from None
    if plain == []:
        message = "There is nothing to play: the list is empty."
        hint = "Give one reply at least, such as {say: Hello}, or one step."
        raise ScenarioError([Finding("MG215", "error", message, f"{where}#", hint)])
    whole, wrapped = _wrapped(plain)
    return _usable(
        *_checked(whole, Diagnostics(Document(plain, where), wrapped), name or "scenario", operations)
    )


def check_file(
    path: str | Path, *, by_name: bool = False, operations: Collection[str] | None = None
) -> tuple[Scenario | None, tuple[Finding, ...]]:
    """Return the scenario in a file, None where it has errors, and all findings; see ``check``."""
    try:
        document = read_document(path)
    except DocumentError as error:
        return None, (_unreadable(error, str(path)),)
    return check(document, by_name=by_name, operations=operations)


def check(
    document: Document, *, by_name: bool = False, operations: Collection[str] | None = None
) -> tuple[Scenario | None, tuple[Finding, ...]]:
    """Return the scenario in a document, None where it has errors, and all findings in the order of the file.

    Args:
        document: its data is what the schema of the language describes.
        by_name: whether keys are to ask for it: then the file's name has to be one that they can have, unless
            the document says another. What is played by its path may be called anything.
        operations: ids of the contract's operations; None for no check.
    """
    name = Path(document.name).stem
    diagnostics = Diagnostics(document)
    if by_name and isinstance(document.data, dict) and "scenario" not in document.data:
        _check_name(name, diagnostics)
    return _checked(document.data, diagnostics, name, operations)


def _check_name(name: str, diagnostics: Diagnostics) -> None:
    """Note a file's name that no key can have."""
    if not validator().accepts({"scenario": name, "steps": []}):
        message = f"The file's name makes {name!r} the scenario's name, and no key can ask for that."
        diagnostics.add(
            "MG215", "/scenario", message, f"Rename the file, or write `scenario: {_like(name)}` in it."
        )


def _like(name: str) -> str:
    """Return a name that keys can have, made of one that they cannot."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:LONGEST_NAME].rstrip("-") or "a-name"


def _checked(
    data: Any, diagnostics: Diagnostics, name: str, operations: Collection[str] | None
) -> tuple[Scenario | None, tuple[Finding, ...]]:
    part = Node(data, "", diagnostics)
    readable = check_structure(part)
    settings: dict[str, Any] = {}
    if readable and isinstance(data, dict):
        settings = read_settings(part)
        steps = part.find("steps")
        if steps is not None and isinstance(steps.value, list):
            settings["steps"] = read_steps(steps, operations)
            note_unreachable(settings["steps"], steps)
    findings = diagnostics.findings
    if any(finding.severity == "error" for finding in findings):
        return None, findings
    known = data.get("scenario") or name
    return Scenario(name=known, origin=part.origin, warnings=findings, **settings), findings


def _usable(scenario: Scenario | None, findings: tuple[Finding, ...]) -> Scenario:
    if scenario is None:
        raise ScenarioError(findings)
    return scenario


def _unreadable(error: DocumentError, name: str) -> Finding:
    return Finding("MG210", "error", error.message, error.where or name, error.hint)


def _wrapped(data: Any) -> tuple[Any, str]:
    """Return a whole scenario for a list of steps or replies, and what was put around it."""
    if not isinstance(data, list):
        return data, ""
    if any(isinstance(item, dict) and not _STEP_KEYS.isdisjoint(item) for item in data):
        return {"steps": data}, "/steps"
    return {"steps": [{"replies": data}]}, _WRAPPED


class _NotJsonError(DocumentError):
    """Python data that JSON does not have; ``where`` is a pointer."""


def _plain(value: Any, at: str, depth: int) -> Any:
    """Return a copy of data as JSON has it: tuples become lists; what has no counterpart is refused."""
    if depth > DEEPEST:
        raise _NotJsonError(f"The nesting is deeper than {DEEPEST} levels.", where=at)
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise _NotJsonError(f"The key {key!r} is not text.", where=at, hint="Keys are text.")
        return {str(key): _plain(item, f"{at}/{key}", depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, f"{at}/{index}", depth + 1) for index, item in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        raise _NotJsonError(f"{value} is not a number that JSON has.", where=at)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return str(value)
    hint = "Write a text such as '20ms'." if type(value).__name__ == "timedelta" else "Use what JSON has."
    raise _NotJsonError(f"A value of type {type(value).__name__} cannot stand here.", where=at, hint=hint)
