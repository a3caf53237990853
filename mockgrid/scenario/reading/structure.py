"""What the schema of the language says of a file, in the language's own words."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mockgrid.document.document import Document
from mockgrid.document.nearest import likeness, nearest
from mockgrid.document.pointer import join, resolve, split
from mockgrid.scenario.diagnostics import MOST_TOLD
from mockgrid.scenario.duration import duration_mistake, share_mistake
from mockgrid.scenario.reading import wording
from mockgrid.scenario.reading.wording import ours, remedy
from mockgrid.scenario.short_repr import short_repr
from mockgrid.schema.engine import compile_fast
from mockgrid.schema.schemas import Schemas
from mockgrid.schema.validator import SchemaValidator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockgrid.scenario.diagnostics import Node
    from mockgrid.schema.violation import Violation

__all__ = ["accepts", "check_structure", "fault_options", "schema", "usual_order"]

_CODES: Final = {
    "MG110": "MG212",
    "MG111": "MG214",
    "MG112": "MG213",
    "MG113": "MG215",
    "MG114": "MG215",
    "MG115": "MG215",
    "MG118": "MG211",
    "MG119": "MG212",
    "MG120": "MG220",
}
_GUESS: Final = re.compile(r'; did you mean "?([^"?]*)"?\?$')
_PROPERTY: Final = re.compile(r"(\d) propert(?:y|ies)\b")
_WITHIN: Final = frozenset(("allOf", "anyOf", "not", "then", "$ref"))
# Where a key belongs that stands in the wrong place.
_HOLDERS: Final = (
    ("step", "to the step"),
    ("reply", "inside `reply`"),
    ("stream", "inside `stream`"),
    ("when", "inside `when`"),
)
# How much alike a word is to the one that was meant (1 is the same), where they begin with other letters.
_ALIKE: Final = 0.7
# Which kinds of faults stand where; each schema has a list of its own.
_FAULTS: Final = {
    "faultKind": ("streamFaultKind", "`{}` belongs inside `stream`: stream: {{fault: {}}}."),
    "streamFaultKind": ("faultKind", "`{}` belongs beside `stream`, in the reply: fault: {}."),
}
# What the pattern of a duration or share refuses is a mistake in a unit, not in a form.
_UNITS: Final = {
    **dict.fromkeys(("duration", "delay", "retry_after"), duration_mistake),
    "percentage": share_mistake,
}


def schema() -> dict[str, Any]:
    """Return the schema; the caller may change it."""
    content: dict[str, Any] = json.loads((Path(__file__).parents[1] / "scenario.schema.json").read_bytes())
    return content


_schema = cache(schema)


def fault_kinds() -> list[str]:
    """Return how each fault is asked for: ``fault=reset``, ``stream.fault=stall``."""
    keys = (("fault", "faultKind"), ("stream.fault", "streamFaultKind"))
    return [f"{key}={kind}" for key, name in keys for kind in _schema()["definitions"][name]["enum"]]


def usual_order(definition: str) -> tuple[str, ...]:
    """Return the keys of what a definition describes, such as ``reply``, in their usual order."""
    return tuple(_schema()["definitions"][definition]["properties"])


def fault_options(definition: str, kind: str) -> tuple[str, ...]:
    """Return the options that a kind of fault takes, by the definition that lists the kinds."""
    return tuple(_schema()["definitions"][definition]["x-options"].get(kind, ()))


@cache
def _acceptor() -> Callable[[Any], bool]:
    """Return the schema compiled; it is a part of the program, so compiling it once is enough."""
    whole = schema()
    del whole["$schema"]  # it says the same in the draft that editors know and in this one
    return compile_fast(whole, "draft2020-12")


def accepts(data: Any) -> bool:
    """Tell whether data obeys the schema, as most does: to explain what does not, it is translated first."""
    return _acceptor()(data)


@cache
def _explaining() -> SchemaValidator:
    """Return the schema translated, which takes 10 ms."""
    document = Document({"openapi": "3.1.0", **schema()}, "scenario.schema.json")
    return SchemaValidator(Schemas(document, "request"), "")


def check_structure(node: Node) -> bool:
    """Note the places where data breaks the schema; tell whether all of them could be noted.

    Of more than a hundred mistakes the rest is counted; what stands there cannot be read.
    """
    if accepts(node.value):
        return True
    violations = _explaining().explain(node.value)
    whole = _schema()
    unknown = [item.pointer.rpartition("/") for item in violations if item.code == "MG118"]
    wrong = {item.pointer for item in violations if item.code == "MG110"}
    for violation in violations:
        rule = _Rule(whole, violation.contract)
        conflict = bool(rule.alternatives) and violation.code == "MG120"
        if conflict and violation.pointer in wrong:
            continue  # it is no mapping at all, which has been said
        if conflict:
            _note_conflict(node, violation, rule)
        elif rule.needed and violation.code in {"MG111", "MG119"}:
            _note_missing(node, violation, rule, unknown)
        elif violation.code != "MG111" or not _written(violation.pointer, unknown):
            _note(node, violation, rule)
    if node.sound:  # what the schema refuses is refused, even where it cannot be told why
        node.error("MG212", "This is not what the schema of the language describes.")
    if len(violations) < MOST_TOLD:
        return True
    silent = [part.pointer for part in _silent(node)]
    node.diagnostics.leave_untold(silent or [violations[-1].pointer], more=not silent)
    return False


def _silent(node: Node) -> Iterator[Node]:
    """Return the steps and replies that have mistakes of which nothing has been said."""
    steps = node.find("steps")
    for step in steps.members() if steps is not None and isinstance(steps.value, list) else ():
        replies = step.find("replies")
        if step.sound and not accepts({"steps": [step.value]}):
            yield step
        elif not step.sound and replies is not None and isinstance(replies.value, list):
            for reply in replies.members():
                if reply.sound and not accepts({"steps": [{"reply": reply.value}]}):
                    yield reply


class _Rule:
    """What the schema says beside the keyword that was broken.

    Args:
        whole: the schema.
        pointer: to the keyword.
    """

    def __init__(self, whole: dict[str, Any], pointer: str) -> None:
        parts = list(split(pointer))
        self._whole = whole
        self._around: list[tuple[str, dict[str, Any]]] = []
        parts.pop()
        while True:
            node = resolve(whole, join(parts))
            if isinstance(node, dict):
                self._around.append((parts[-1] if parts else "", node))
            if not parts or not (parts[-1] in _WITHIN or parts[-1].isdecimal()):
                break
            parts.pop()
        self.needed: list[str] = self._said("x-needed") or []
        self.alternatives: list[str] = self._said("x-alternatives") or []
        self.hint: str = self._said("errorMessage") or ""
        self.unit = next((name for name, _ in self._around if name in _UNITS), "")
        self.examples: list[Any] = self._said("examples") or []
        self.choices: list[Any] = self._around[0][1].get("enum", []) if self._around else []
        self._fault = next((_FAULTS[name] for name, _ in self._around if name in _FAULTS), None)
        self._properties: dict[str, Any] = self._said("properties") or {}
        self.known: list[str] = sorted(self._properties)

    def meant(self, name: str, holder: Any) -> str:
        """Return a hint for a key that is not known here: the nearest one, or where it belongs."""
        present = holder if isinstance(holder, dict) else {}
        return (
            wording.glued(name, self.known)
            or self._word_here(name, present)
            or self._place_of(name)
            or wording.as_key(name, holder)
            or self._said("x-unknown")
            or (f"Known here: {', '.join(self.known)}." if self.known else "")
        )

    def _word_here(self, name: str, present: dict[str, Any]) -> str:
        """Return a hint at the word of this place that was meant by another; empty where none was."""
        for key, word in ((key, word) for word in ours(name) for key in present):
            if word in self._keys(self._properties.get(key, {})):
                return f"It belongs inside `{key}`, as `{word}`."
        guess = next((word for word in ours(name) if word in self.known and word not in present), None)
        guess = guess or (None if len(self._within(name)) == 1 else _likely(name, self.known))
        if guess:
            return f"Did you mean {guess}?"
        return remedy(name) if "equals" in self.known else ""

    def _within(self, name: str) -> list[str]:
        """Return the keys of this place in whose mappings a key can stand."""
        return [key for key, node in self._properties.items() if name in self._keys(node)]

    def _place_of(self, name: str) -> str:
        """Return where a word belongs that is not known here; empty for one that is known nowhere."""
        within = self._within(name)
        if not within and self._around and "x-fields" in self._around[0][1]:
            within = [self._around[0][1]["x-fields"]]
        if len(within) == 1:
            return f"It belongs inside `{within[0]}`."
        for word in (name, *ours(name)):
            for key, place in _HOLDERS:
                if word in self._whole["definitions"][key]["properties"]:
                    return f"It belongs {place}." if word == name else f"It belongs {place}, as `{word}`."
        return ""

    def examples_of(self, name: str) -> list[Any]:
        """Return the examples of a key that can stand here."""
        return list(self._properties.get(name, {}).get("examples", ()))

    def misplaced(self, value: Any) -> str:
        """Return where a kind of fault belongs that is none of those known here; empty for all else."""
        if self._fault is None:
            return ""
        other, words = self._fault
        known = isinstance(value, str) and value in self._whole["definitions"][other]["enum"]
        return words.format(value, value) if known else ""

    def _keys(self, node: dict[str, Any]) -> frozenset[str]:
        """Return the keys of a mapping that can stand under a key."""
        if "$ref" in node:
            return self._keys(resolve(self._whole, node["$ref"].removeprefix("#")))
        inner = (self._keys(form) for form in node.get("anyOf", ()))
        return frozenset(node.get("properties", ())).union(*inner)

    def _said(self, keyword: str) -> Any:
        return next((node[keyword] for _, node in self._around if keyword in node), None)


def _note(node: Node, violation: Violation, rule: _Rule) -> None:
    code = _CODES.get(violation.code, "MG215")
    name = _name(violation.pointer)
    around = violation.pointer.rpartition("/")[0]
    if code == "MG211":
        key = split(violation.pointer)[-1]
        message = f"`{key}` is not a key that is known here."
        hint = rule.meant(key, _value(node, around))
        node.diagnostics.add(code, violation.pointer, message, hint, key=True)
        return
    if code == "MG214":
        message = f"`{name}` is missing{_inside(around)}."
        node.diagnostics.add(code, violation.pointer, message, _example(name, rule.examples_of(name)))
        return
    value = _value(node, violation.pointer)
    if rule.unit and violation.code in {"MG110", "MG115"} and not isinstance(value, (dict, list)):
        wrong, hint = _UNITS[rule.unit](value)
        node.diagnostics.add("MG216", violation.pointer, f"`{name}` {wrong}.", hint)
        return
    if violation.code == "MG110":
        _note_kind(node, violation, rule, value)
        return
    guess_found = _GUESS.search(violation.message)
    message = violation.message[: guess_found.start()] if guess_found else violation.message
    message = _PROPERTY.sub(r"\1 key", message)
    if violation.code == "MG119":
        message = "has none of the forms that are allowed here"
    if violation.code == "MG115" and rule.hint:
        message = f"is {violation.got}, which does not have the right form"
    meant = next((word for word in ours(str(value)) if word in rule.choices), guess_found and guess_found[1])
    guess = f"Did you mean {meant}?" if meant else ""
    hint = rule.misplaced(value) or guess or rule.hint
    if violation.code != "MG113":  # a bound needs no example
        hint = hint or _example(name, rule.examples)
    node.diagnostics.add(code, violation.pointer, f"`{name}` {message}.", hint)


def _note_kind(node: Node, violation: Violation, rule: _Rule, value: Any) -> None:
    name = _name(violation.pointer)
    expected = wording.kinds(violation.expected)
    meant = wording.as_value(value, violation.expected, rule.known)
    if not violation.pointer:
        above = "Write `steps:` above the list." if isinstance(value, list) else meant
        meant = above or _example("steps", rule.examples_of("steps"))
        message = f"A scenario must be a mapping with `steps`, got {wording.got(value)}."
    elif isinstance(value, float) and "integer" in violation.expected:
        message = f"`{name}` {wording.kinds(violation.message)}."
    elif " or " in violation.expected and rule.hint:  # the hint says what can stand there
        message = f"`{name}` cannot be {wording.got(value)}."
    else:
        message = f"`{name}` must be {expected}, got {wording.got(value)}."
    # A number in quotes is none of the words that a list of choices has.
    quoted = "" if rule.choices else wording.as_text(value, violation.expected)
    hint = meant or rule.hint or quoted or _example(name, rule.examples)
    node.diagnostics.add("MG212", violation.pointer, message, hint)


def _example(name: str, examples: list[Any]) -> str:
    if not examples:
        return ""
    key = "" if name.endswith("]") else f"{name}: "
    return f"For example: `{key}{short_repr(examples[0])}`."


def _likely(name: str, known: list[str]) -> str:
    """Return the word that was meant by one that is mistyped; empty where none is much like it."""
    word = nearest(name, known) or ""
    alike = word[:1] == name[:1].lower() or sorted(word) == sorted(name)
    return word if alike or likeness(word, name) >= _ALIKE else ""


def _written(pointer: str, unknown: list[tuple[str, str, str]]) -> bool:
    """Tell whether a key that is missing is there, but for its name, which has been said."""
    around, _, missing = pointer.rpartition("/")
    keys = [key for holder, _, key in unknown if holder == around]
    return any(missing in ours(key) or _likely(key, [missing]) for key in keys)


def _note_missing(node: Node, violation: Violation, rule: _Rule, unknown: list[tuple[str, str, str]]) -> None:
    """One of several keys is needed; where one is there and mistyped, that has been said."""
    # The explanation points to one of the keys, or to the mapping that lacks them.
    at = violation.pointer
    around = at.rpartition("/")[0] if _name(at) in rule.needed and violation.code == "MG111" else at
    value = _value(node, around)
    if not isinstance(value, dict):
        return
    if any(_written(f"{around}/{key}", unknown) for key in rule.needed):
        return
    listed = " or ".join(f"`{key}`" for key in rule.needed)
    node.diagnostics.add(
        "MG214", around, f"There is neither {listed}{_inside(around)}.".replace(" or ", " nor "), rule.hint
    )


def _note_conflict(node: Node, violation: Violation, rule: _Rule) -> None:
    """Two keys say the same thing; the finding stands at the later one."""
    value = _value(node, violation.pointer)
    present = [key for key in value if key in rule.alternatives] if isinstance(value, dict) else []
    if len(present) < len(("one", "other")):
        _note(node, violation, rule)
        return
    at = violation.pointer + join((present[-1],))
    others = " and ".join(f"`{key}`" for key in present[:-1])
    message = f"`{present[-1]}` cannot stand beside {others}."
    node.diagnostics.add("MG220", at, message, rule.hint or "Keep one of them.", key=True)


def _value(node: Node, pointer: str) -> Any:
    try:
        return resolve(node.value, pointer)
    except KeyError:
        return None


def _name(pointer: str) -> str:
    """Return the key that a pointer ends with; an item of a list is named with its list."""
    parts = split(pointer)
    if not parts:
        return "scenario"
    if parts[-1].isdecimal() and len(parts) > 1:
        return f"{parts[-2]}[{parts[-1]}]"
    return parts[-1]


def _inside(pointer: str) -> str:
    return f" in `{_name(pointer)}`" if pointer else ""
