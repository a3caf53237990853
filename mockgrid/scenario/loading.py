"""From a file, a text or plain data to a scenario, with everything that is wrong with it at once."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mockgrid.document import yaml
from mockgrid.document.document import Document, read_document
from mockgrid.document.json_text import DEEPEST
from mockgrid.document.pointer import join
from mockgrid.document.uncollected import uncollected
from mockgrid.errors import DocumentError
from mockgrid.findings import Finding
from mockgrid.scenario.diagnostics import Diagnostics, Node, ScenarioError
from mockgrid.scenario.including import include
from mockgrid.scenario.reading.scenario import read_scenario
from mockgrid.scenario.reading.structure import accepts, check_structure
from mockgrid.scenario.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from mockgrid.scenario.reply import ScriptedReply
    from mockgrid.scenario.view import RequestView

    Function = Callable[[RequestView], Any]
    Functions = dict[str, Function]
    Judge = Callable[[Scenario], Iterable[Finding]]

__all__ = ["build", "check", "check_file", "load", "load_text"]

LONGEST_NAME: Final = 64
"""Characters of a scenario's name."""

_STEP_KEYS: Final = frozenset(("name", "when", "reply", "replies", "then", "times"))
_WRAPPED: Final = "/steps/0/replies"
_REPLY: Final = re.compile(r"/steps/\d+/(?:reply|replies/\d+)")
_FUNCTION: Final = "Put it in place of a reply; it is called with the request, and returns the reply."
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_HALF: Final = "Write the character itself, or both halves: \\ud83d\\ude00."


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
    return _usable(*_checked(document.data, Diagnostics(document), Path(name).stem, operations))


def build(
    data: Any,
    *,
    where: str = "scenario",
    name: str = "",
    operations: Collection[str] | None = None,
    judge: Judge | None = None,
) -> Scenario:
    """Return the scenario in plain Python data, checked like a file.

    Args:
        data: a mapping as in a file, a list of steps, or a list of replies, which become one step that
            repeats the last. In place of a reply may stand a function, which makes it of a ``RequestView``.
        where: what findings give as the place, such as ``tests/test_agent.py:12``.
        name: of the scenario, unless the data says another.
        operations: ids of the contract's operations; None for no check.
        judge: finds where computed replies break the contract; None for no check.

    Raises:
        ScenarioError: it cannot be used; carries all findings.
    """
    functions: Functions = {}
    plain = _as_json([data] if callable(data) else data, where, functions)
    if plain == []:
        message = "There is nothing to play: the list is empty."
        hint = "Give one reply at least, such as {say: Hello}, or one step."
        raise ScenarioError([Finding("MG215", "error", message, f"{where}#", hint)])
    whole, wrapped = _wrapped(plain)
    _check_functions(functions, wrapped, where)
    scenario = _usable(
        *_checked(whole, Diagnostics(Document(plain, where), wrapped), name or "scenario", operations)
    )
    if not functions:
        return scenario
    steps = tuple(
        replace(step, replies=tuple(_computed(reply, functions, judge) for reply in step.replies))
        for step in scenario.steps
    )
    # Where a computed reply leads is not known.
    warnings = tuple(finding for finding in scenario.warnings if finding.code != "MG232")
    return replace(scenario, steps=steps, warnings=warnings)


def _check_functions(functions: Functions, around: str, where: str) -> None:
    for pointer in functions:
        if not _REPLY.fullmatch(around + pointer):
            message = "A function stands where no reply does."
            raise ScenarioError([Finding("MG212", "error", message, f"{where}#{pointer}", _FUNCTION)])


def _computed(reply: ScriptedReply, functions: Functions, judge: Judge | None) -> ScriptedReply:
    function = functions.get(reply.origin.own)
    if function is None:
        return reply
    return replace(reply, computed=partial(_made, function, reply.origin.document.name, judge))


def _made(function: Function, where: str, judge: Judge | None, view: RequestView) -> ScriptedReply:
    """Return the reply that a function makes of a request; its errors, and those of the reply, it is told."""
    try:
        functions: Functions = {}
        plain = _as_json(function(view), where, functions)
        _check_functions(functions, "", where)
        steps = {"steps": [{"when": {"operation": view.operation}, "reply": plain}]}
        diagnostics = Diagnostics(Document(plain, where), "/steps/0/reply")
        scenario = _usable(*_checked(steps, diagnostics, "computed", None))
        _judged(judge(scenario) if judge is not None else ())
    except BaseException as error:
        getattr(function, "failed", _unheard)(error)
        raise
    return scenario.steps[0].replies[0]


def _judged(findings: Iterable[Finding]) -> None:
    errors = tuple(finding for finding in findings if finding.severity == "error")
    if errors:
        raise ScenarioError(errors)


def _unheard(_error: BaseException) -> None:
    """Of a function that nobody asks, the server's reply tells alone."""


def _as_json(data: Any, where: str, functions: Functions) -> Any:
    try:
        return _plain(data, "", 0, functions)
    except _NotJsonError as error:
        finding = Finding("MG212", "error", error.message, f"{where}#{error.where}", error.hint)
        raise ScenarioError([finding]) from None


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
    whole = include(document)
    diagnostics = Diagnostics(whole.document)
    for finding in whole.findings:
        diagnostics.tell(finding)
    if by_name and isinstance(document.data, dict) and "scenario" not in document.data:
        _check_name(name, diagnostics)
    return _checked(whole.document.data, diagnostics, name, operations, whole.files)


def _check_name(name: str, diagnostics: Diagnostics) -> None:
    """Note a file's name that no key can have."""
    if not accepts({"scenario": name, "steps": []}):
        message = f"The file's name makes {name!r} the scenario's name, and no key can ask for that."
        diagnostics.add(
            "MG215", "/scenario", message, f"Rename the file, or write `scenario: {_like(name)}` in it."
        )


def _like(name: str) -> str:
    """Return a name that keys can have, made of one that they cannot."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:LONGEST_NAME].rstrip("-") or "a-name"


def _checked(
    data: Any,
    diagnostics: Diagnostics,
    name: str,
    operations: Collection[str] | None,
    included: tuple[str, ...] = (),
) -> tuple[Scenario | None, tuple[Finding, ...]]:
    part = Node(data, "", diagnostics)
    with uncollected():
        settings = read_scenario(part, operations) if check_structure(part) and isinstance(data, dict) else {}
    findings = diagnostics.findings
    if any(finding.severity == "error" for finding in findings):
        return None, findings
    known = data.get("scenario") or name
    return Scenario(
        name=known, origin=part.origin, warnings=findings, included=included, **settings
    ), findings


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


def _plain(value: Any, at: str, depth: int, functions: Functions) -> Any:
    """Return a copy of data as JSON has it: tuples become lists; what has no counterpart is refused.

    A function becomes a default reply, and is kept under its pointer.
    """
    if depth > DEEPEST:
        raise _NotJsonError(f"The nesting is deeper than {DEEPEST} levels.", where=at)
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise _NotJsonError(f"The key {key!r} is not text.", where=at, hint="Keys are text.")
        return {
            _scalar(key, at): _plain(item, at + join((key,)), depth + 1, functions)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_plain(item, f"{at}/{index}", depth + 1, functions) for index, item in enumerate(value)]
    if callable(value) and not isinstance(value, type):
        functions[at] = value
        return {"auto": True}
    return _scalar(value, at)


def _scalar(value: Any, at: str) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        raise _NotJsonError(f"{value} is not a number that JSON has.", where=at)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        if _SURROGATE.search(value):
            message = "A text holds half a character, a surrogate without its other half."
            raise _NotJsonError(message, where=at, hint=_HALF)
        return str(value)
    hint = "Write a text such as '20ms'." if type(value).__name__ == "timedelta" else "Use what JSON has."
    raise _NotJsonError(f"A value of type {type(value).__name__} cannot stand here.", where=at, hint=hint)
