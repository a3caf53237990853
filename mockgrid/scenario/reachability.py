"""Steps that no request can reach, and states that nothing leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockgrid.document.nearest import did_you_mean
from mockgrid.scenario.matcher import same, texts
from mockgrid.scenario.predicate import Check
from mockgrid.scenario.scenario import START

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockgrid.scenario.diagnostics import Node
    from mockgrid.scenario.predicate import Predicate
    from mockgrid.scenario.step import Step

__all__ = ["note_unreachable"]

# Comparing each step with all before it is quadratic: so many comparisons are made for all steps together,
# with those nearest above.
_COMPARED: Final = 200_000


def note_unreachable(steps: Sequence[Step], node: Node) -> None:
    """Note the steps that can never answer, as warnings.

    Args:
        steps: those that are sound.
        node: all of them, as they were written.
    """
    diagnostics = node.diagnostics
    whole: Step | None = None
    lasting = _Lasting(_COMPARED // max(len(steps), 1))
    for step in steps:
        pointer = step.origin.pointer
        if step.lenient:
            continue  # those before it may not be for what breaks the contract
        if whole is not None:
            message = f"No request reaches this step: {whole.label} before it matches all and never passes."
            diagnostics.add("MG230", pointer, message, _remedy(whole), severity="warning")
            continue
        hiding = lasting.hiding(step)
        if hiding is not None:
            message = f"Every request for this step is answered by {hiding.label}, which never passes."
            diagnostics.add("MG231", pointer, message, _remedy(hiding), severity="warning")
        if step.lasting:
            lasting.add(step)
            if not step.when:
                whole = step
    _note_states(steps, node)


class _Lasting:
    """The steps that never pass, by the first value that each is for: few of them can hide a given step.

    Args:
        compared: how many of those for one value a step is compared with.
    """

    def __init__(self, compared: int) -> None:
        self._compared = compared
        self._steps: dict[tuple[str, object] | None, list[Step]] = {}

    def add(self, step: Step) -> None:
        """Remember a step."""
        keys: Sequence[tuple[str, object] | None] = next(_keys(step), [])
        for key in keys or [None]:
            self._steps.setdefault(key, []).append(step)

    def hiding(self, step: Step) -> Step | None:
        """Return a step that answers every request that this one matches; None where none does."""
        for key in [None, *(keys[0] for keys in _keys(step))]:
            for other in self._steps.get(key, [])[-self._compared - 1 :]:
                if _weaker(other.when, step.when):
                    return other
        return None


def _keys(step: Step) -> Iterator[list[tuple[str, object]]]:
    """The values that each predicate can hold for, where they are known and scalars."""
    for predicate in step.when:
        choices = predicate.matcher.choices if isinstance(predicate, Check) else None
        if choices and not any(isinstance(choice, (dict, list)) for choice in choices):
            yield [(predicate.name, choice) for choice in choices]


def _remedy(step: Step) -> str:
    return f"Move the step up, or let {step.label} pass with `times` or `then: pass`."


def _weaker(when: tuple[Predicate, ...], other: tuple[Predicate, ...]) -> bool:
    """Tell whether the first holds wherever the second does; where that is not plain, it is denied."""
    return all(any(_implies(known, wanted) for known in other) for wanted in when)


def _implies(known: Predicate, wanted: Predicate) -> bool:
    if known.name != wanted.name:
        return False
    if same(known.source, wanted.source):
        return True
    if not isinstance(known, Check) or not isinstance(wanted, Check) or known.several:
        return False
    if known.matcher.choices is not None:
        return all(wanted.matcher.holds(choice) for choice in known.matcher.choices)
    contained, wanted_text = _contained(known), _contained(wanted)
    return contained is not None and wanted_text is not None and wanted_text in contained


def _contained(check: Check) -> str | None:
    """Return the text of a matcher that is a single ``contains``."""
    source = check.source
    text = source.get("contains") if isinstance(source, dict) and len(source) == 1 else None
    return text if isinstance(text, str) else None


def _note_states(steps: Sequence[Step], node: Node) -> None:
    reached = {START, *(step.go_to for step in steps)}
    reached.update(reply.go_to for step in steps for reply in step.replies)
    reached.discard("")
    # What is wrong with the other steps has been said. Where they lead once they are mended is not known: any
    # text in them may be the state that a `go_to` names, or one that is misspelt.
    sound = {step.index for step in steps}
    broken = [item for index, item in enumerate(node.value) if index not in sound and isinstance(item, dict)]
    possible = reached.union(*(texts({**item, "when": None}) for item in broken))
    for step in steps:
        for predicate in step.when:
            if not isinstance(predicate, Check) or predicate.name != "state":
                continue
            for state in predicate.matcher.choices or ():
                if state not in possible:
                    guess = did_you_mean(state, reached).strip()
                    hint = guess or "Add `go_to`, or use `start`, in which sessions begin."
                    pointer = _place(step)
                    message = f"No `go_to` leads to the state '{state}'."
                    node.diagnostics.add("MG232", pointer, message, hint, severity="warning")


def _place(step: Step) -> str:
    """The predicate may stand inside ``all``; the step's own is by far the most common."""
    return f"{step.origin.pointer}/when/state"
