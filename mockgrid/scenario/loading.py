"""From a file, a text or plain data to a scenario, with everything that is wrong with it at once."""

from __future__ import annotations

import gc
import math
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from mockgrid.document import yaml
from mockgrid.document.document import Document, read_document
from mockgrid.document.json_text import DEEPEST
from mockgrid.errors import DocumentError
from mockgrid.findings import Finding
from mockgrid.scenario.diagnostics import Diagnostics, Node, ScenarioError
from mockgrid.scenario.including import include, not_included
from mockgrid.scenario.reachability import note_unreachable
from mockgrid.scenario.reading.delivery import read_pace, read_period
from mockgrid.scenario.reading.reply import read_reply
from mockgrid.scenario.reading.structure import check_structure, validator
from mockgrid.scenario.scenario import Balance, Limit, Scenario, TopUp
from mockgrid.scenario.step import Step
from mockgrid.scenario.when import read_when

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from mockgrid.scenario.reply import ScriptedReply

__all__ = ["build", "check", "check_file", "load", "load_text", "read_settings", "read_steps"]

LONGEST_NAME: Final = 64
"""Characters of a scenario's name."""

_STEP_KEYS: Final = frozenset(("name", "when", "reply", "replies", "then", "times"))
# What does nothing without steps; keys that begin with `x-` do neither.
_IDLE: Final = frozenset(("scenario", "description", "steps"))
_WRAPPED: Final = "/steps/0/replies"
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
    whole = include(document)
    diagnostics = Diagnostics(whole.document)
    for finding in whole.findings:
        diagnostics.tell(finding)
    if by_name and isinstance(document.data, dict) and "scenario" not in document.data:
        _check_name(name, diagnostics)
    return _checked(whole.document.data, diagnostics, name, operations, whole.files)


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
    data: Any,
    diagnostics: Diagnostics,
    name: str,
    operations: Collection[str] | None,
    included: tuple[str, ...] = (),
) -> tuple[Scenario | None, tuple[Finding, ...]]:
    part = Node(data, "", diagnostics)
    with _uncollected():
        settings = _settings(part, operations) if check_structure(part) and isinstance(data, dict) else {}
    findings = diagnostics.findings
    if any(finding.severity == "error" for finding in findings):
        return None, findings
    known = data.get("scenario") or name
    return Scenario(
        name=known, origin=part.origin, warnings=findings, included=included, **settings
    ), findings


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the garbage collector from looking, again and again, through what is made and is no garbage.

    It takes half of the time that thousands of steps are read in.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _settings(node: Node, operations: Collection[str] | None) -> dict[str, Any]:
    settings = read_settings(node)
    steps = node.find("steps")
    if steps is not None and isinstance(steps.value, list):
        settings["steps"] = read_steps(steps, operations)
        note_unreachable(settings["steps"], steps)
    doing = any(key not in _IDLE and not key.startswith("x-") for key in node.value)
    if node.sound and not node.value.get("steps") and not doing:
        message = "The scenario has no steps; each request gets the default reply."
        hint = "Write them under `steps`, such as steps: [{reply: {say: Hello}}]."
        node.warn("MG214", message, hint)
    return settings


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
        return {_plain(key, at, depth): _plain(item, f"{at}/{key}", depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, f"{at}/{index}", depth + 1) for index, item in enumerate(value)]
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


def read_settings(node: Node) -> dict[str, Any]:
    """Return the settings that are sound, by the names of a scenario's attributes."""
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


def read_steps(node: Node, operations: Collection[str] | None) -> tuple[Step, ...]:
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
    )


def _replies(node: Node) -> tuple[ScriptedReply, ...]:
    single, several = node.find("reply"), node.find("replies")
    parts = [single] if single is not None else []
    if several is not None and isinstance(several.value, list):
        parts += several.members()
    replies = [read_reply(item) for item in parts if item.sound]
    return tuple(reply for reply in replies if reply is not None)
