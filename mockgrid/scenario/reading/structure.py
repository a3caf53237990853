"""What the schema of the language says of a file, in the language's own words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from mockgrid.contract.nearest import nearest
from mockgrid.contract.pointer import join, resolve, split
from mockgrid.scenario.duration import duration_mistake, share_mistake
from mockgrid.scenario.schema import schema, validator

if TYPE_CHECKING:
    from mockgrid.contract.violation import Violation
    from mockgrid.scenario.part import Part

__all__ = ["check_structure"]

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
_WITHIN: Final = frozenset(("allOf", "anyOf", "not", "$ref"))
# Where a key belongs that stands in the wrong place.
_HOLDERS: Final = (
    ("step", "to the step"),
    ("reply", "inside `reply`"),
    ("stream", "inside `stream`"),
    ("when", "inside `when`"),
)
# What the pattern of a duration or share refuses is a mistake in a unit, not in a form.
_UNITS: Final = {"duration": duration_mistake, "delay": duration_mistake, "percentage": share_mistake}


def check_structure(part: Part) -> None:
    """Note every place where data breaks the schema."""
    check = validator()
    if check.accepts(part.value):
        return
    found = check.explain(part.value)
    whole = schema()
    mistyped = {item.pointer.rpartition("/")[0] for item in found if item.code == "MG118"}
    wrong = {item.pointer for item in found if item.code == "MG110"}
    for violation in found:
        rule = _Rule(whole, violation.contract)
        conflict = bool(rule.alternatives) and violation.code == "MG120"
        if conflict and violation.pointer in wrong:
            continue  # it is no mapping at all, which has been said
        if conflict:
            _note_conflict(part, violation, rule)
        elif rule.needed and violation.code in {"MG111", "MG119"}:
            _note_missing(part, violation, rule, mistyped)
        else:
            _note(part, violation, rule)
    if part.sound:  # what the schema refuses is refused, even where it cannot be told why
        part.error("MG212", "This is not what the schema of the language describes.")


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
        self.known: list[str] = sorted(self._around[0][1].get("properties", ())) if self._around else []

    def meant(self, name: str) -> str:
        """Return a hint for a key that is not known here: the nearest one, or where it belongs."""
        guess = nearest(name, self.known)
        if guess is not None:
            return f"Did you mean {guess}?"
        for holder, words in _HOLDERS:
            if name in self._whole["definitions"][holder]["properties"]:
                return f"It belongs {words}."
        return f"Known here: {', '.join(self.known)}." if self.known else ""

    def _said(self, keyword: str) -> Any:
        return next((node[keyword] for _, node in self._around if keyword in node), None)


def _note(part: Part, violation: Violation, rule: _Rule) -> None:
    code = _CODES.get(violation.code, "MG215")
    name = _name(violation.pointer)
    if code == "MG211":
        message = f"`{name}` is not a key that is known here."
        part.ledger.add(code, violation.pointer, message, rule.meant(name), key=True)
        return
    if code == "MG214":
        around = violation.pointer.rpartition("/")[0]
        message = f"`{name}` is missing{_inside(around)}."
        part.ledger.add(code, violation.pointer, message, _misspelt(violation))
        return
    value = _value(part, violation.pointer)
    if rule.unit and violation.code in {"MG110", "MG115"} and not isinstance(value, (dict, list)):
        wrong, hint = _UNITS[rule.unit](value)
        part.ledger.add("MG216", violation.pointer, f"`{name}` {wrong}.", hint)
        return
    guess_found = _GUESS.search(violation.message)
    message = violation.message[: guess_found.start()] if guess_found else violation.message
    if violation.code == "MG119":
        message = "has none of the forms that are allowed here"
    if violation.code == "MG115" and rule.hint:
        message = f"is {violation.got}, which does not have the right form"
    hint = f"Did you mean {guess_found[1]}?" if guess_found else rule.hint
    part.ledger.add(code, violation.pointer, f"`{name}` {message}.", hint)


def _note_missing(part: Part, violation: Violation, rule: _Rule, mistyped: set[str]) -> None:
    """One of several keys is needed; where one is there and mistyped, that has been said."""
    # The explanation points to one of the keys, or to the mapping that lacks them.
    at = violation.pointer
    around = at.rpartition("/")[0] if _name(at) in rule.needed and violation.code == "MG111" else at
    value = _value(part, around)
    if not isinstance(value, dict):
        return
    if around in mistyped and any(nearest(key, rule.needed) for key in value if key not in rule.needed):
        return
    listed = " or ".join(f"`{key}`" for key in rule.needed)
    part.ledger.add(
        "MG214", around, f"There is neither {listed}{_inside(around)}.".replace(" or ", " nor "), rule.hint
    )


def _note_conflict(part: Part, violation: Violation, rule: _Rule) -> None:
    """Two keys say the same thing; the finding stands at the later one."""
    value = _value(part, violation.pointer)
    present = [key for key in value if key in rule.alternatives] if isinstance(value, dict) else []
    if len(present) < len(("one", "other")):
        _note(part, violation, rule)
        return
    at = violation.pointer + join((present[-1],))
    others = " and ".join(f"`{key}`" for key in present[:-1])
    message = f"`{present[-1]}` cannot stand beside {others}."
    part.ledger.add("MG220", at, message, rule.hint or "Keep one of them.", key=True)


def _misspelt(violation: Violation) -> str:
    found = re.search(r'; is "([^"]*)" a misspelling of it\?$', violation.message)
    return f"Is {found[1]} a misspelling of it?" if found else ""


def _value(part: Part, pointer: str) -> Any:
    try:
        return resolve(part.value, pointer)
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
