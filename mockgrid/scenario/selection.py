"""Which step answers a request; or why none does, predicate by predicate: what the nearest lacked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mockgrid.fixed import fixed
from mockgrid.scenario.predicate import Outcome
from mockgrid.scenario.scenario import Cursors

if TYPE_CHECKING:
    from collections.abc import Collection

    from mockgrid.scenario.scenario import Scenario
    from mockgrid.scenario.step import Selection, Step, StepVerdict
    from mockgrid.scenario.view import RequestView

__all__ = ["Explained", "MissedStep", "NoStep", "explain", "near_misses", "select"]

_MOST: Final = 3
# Of so many it is told whether they lack more than upper and lower case: each looks through a long text.
_SPELLED: Final = 100


@fixed
class MissedStep:
    """A step that nearly matched.

    Attributes:
        step: which one.
        failed: the first predicate that did not hold; for a step that had given all its replies, ``then``.
        held: how many predicates held.
        of: how many there are.
        others: the other predicates that did not hold.
    """

    step: Step
    failed: Outcome
    held: int
    of: int
    others: tuple[Outcome, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the near miss as it stands in headers, and with ``others`` in replies and journals."""
        return {
            "step": self.step.label,
            "index": self.step.index,
            "where": _without_folder(self.step.where),
            "held": self.held,
            "of": self.of,
            "failed": self.failed.as_json(),
        }

    def __str__(self) -> str:
        return f"{self.step.label} (held {self.held} of {self.of}): {self.failed}"


@fixed
class NoStep:
    """There is no reply for a request.

    Attributes:
        near_misses: at most three, the nearest first.
        failed: the step that matched and had given all its replies, with ``then: fail``; None where none did.
    """

    near_misses: tuple[MissedStep, ...]
    failed: Step | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what is known, as it stands in the 424's body and in journals."""
        return {
            "message": str(self),
            "step": self.failed.label if self.failed is not None else None,
            "near_misses": [
                {**near_miss.as_json(), "others": [outcome.as_json() for outcome in near_miss.others]}
                for near_miss in self.near_misses
            ],
        }

    def __str__(self) -> str:
        if self.failed is not None:
            spent = f"{self.failed.label} ({self.failed.allowance()})"
            return f"The step matches and has given all its replies: {spent}."
        if not self.near_misses:
            return "No request was expected: what plays has no steps."
        return f"No step matches. Nearest: {self.near_misses[0]}."


def _without_folder(where: str) -> str:
    """Return a place by its file's name alone: what a reply says is the same on every machine."""
    file, mark, pointer = where.partition("#")
    return file.rpartition("/")[2] + mark + pointer


def near_misses(scenario: Scenario, cursors: Cursors, view: RequestView) -> tuple[MissedStep, ...]:
    """Return the three steps that came closest: those that are used up, then by how many predicates held.

    What differs in case only counts as if it held, and before what does.
    """
    state = cursors.state
    counted = [
        (sum(predicate.holds(view, state) for predicate in step.when), step)
        for step in scenario.binding.steps_for(view)
    ]
    nearest = sorted(counted, key=lambda item: _farness(*item))[:_SPELLED]

    def farness_but_for_case(item: tuple[int, Step]) -> tuple[bool, int, int]:
        held, step = item
        spelled = sum(predicate.differs_in_case(view, state) for predicate in step.when)
        return held < len(step.when), -held - spelled, -spelled

    nearest.sort(key=farness_but_for_case)
    return tuple(_near_miss(step, held, cursors, view) for held, step in nearest[:_MOST])


def _farness(held: int, step: Step) -> tuple[bool, int, int, int]:
    """Return what puts steps in order, the nearest first, by how many of their predicates held."""
    return held < len(step.when), -held, len(step.when), step.index


def _used_up(step: Step, cursors: Cursors) -> Outcome | None:
    """Return why a step that matches gives no reply any more; None where it gives one."""
    given = cursors.given[step.index]
    if isinstance(step.following(given), int):
        return None
    return Outcome("then", step.allowance(), f"{given} given", held=False)


def _near_miss(step: Step, held: int, cursors: Cursors, view: RequestView) -> MissedStep:
    outcomes = (predicate.outcome(view, cursors.state) for predicate in step.when)
    lacking = [outcome for outcome in outcomes if not outcome.held]
    lacking = lacking or [_used_up(step, cursors) or Outcome("when", "", "", held=True)]
    return MissedStep(step, lacking[0], held, len(step.when), tuple(lacking[1:]))


@fixed
class Explained:
    """What one step makes of a request.

    Attributes:
        step: which one.
        outcomes: of all its predicates, in order.
        verdict: see ``StepVerdict``.
        reply: which of its replies it would give, from 0; None for none.
    """

    step: Step
    outcomes: tuple[Outcome, ...]
    verdict: StepVerdict
    reply: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the explanation as the control interface gives it."""
        return {
            "step": self.step.label,
            "index": self.step.index,
            "where": self.step.where,
            "verdict": self.verdict,
            "reply": self.reply,
            "predicates": [outcome.as_json() for outcome in self.outcomes],
        }


class _Judged(NamedTuple):
    """What one step makes of a request, in short.

    Attributes:
        step: which one.
        held: how many of its predicates held; -1 for a step that is for other operations.
        verdict: see ``Explained``.
        reply: the same.
    """

    step: Step
    held: int
    verdict: StepVerdict
    reply: int | None

    def order(self) -> tuple[Any, ...]:
        """Return what puts steps in order: the one that decides, used-up ones, near misses, later ones."""
        later, decides = self.verdict == "later", self.verdict in {"answers", "fails"}
        return later, not decides, *_farness(self.held, self.step)


def explain(
    scenario: Scenario, view: RequestView, cursors: Cursors | None = None, most: int | None = None
) -> tuple[Explained, ...]:
    """Return what each step makes of a request; nothing is consumed.

    Args:
        scenario: whose steps.
        view: the request.
        cursors: how far the session has come; None for its beginning.
        most: of how many steps that is told. Of more, those that matter most come first: the one that
            decides, those that are used up, near misses, and those behind the one that decides. None for all,
            in their own order.
    """
    cursors = cursors or Cursors(scenario)
    concerned = {step.index for step in scenario.binding.steps_for(view)}
    judged = _judged(scenario, view, cursors, concerned)
    if most is not None and len(judged) > most:
        judged = sorted(judged, key=_Judged.order)[:most]
    explained: list[Explained] = []
    for step, _, verdict, reply in judged:
        outcomes = tuple(predicate.outcome(view, cursors.state) for predicate in step.when)
        if step.index not in concerned:
            outcomes = (Outcome("operation", "`when` to name it", view.operation, held=False), *outcomes)
        if verdict in {"passes", "fails"}:
            outcomes += tuple(outcome for outcome in [_used_up(step, cursors)] if outcome is not None)
        explained.append(Explained(step, outcomes, verdict, reply))
    return tuple(explained)


def _judged(
    scenario: Scenario, view: RequestView, cursors: Cursors, concerned: Collection[int]
) -> list[_Judged]:
    judged: list[_Judged] = []
    decided = False
    for step in scenario.steps:
        held = -1
        if step.index in concerned:
            held = sum(predicate.holds(view, cursors.state) for predicate in step.when)
        verdict: StepVerdict = "no match"
        reply: int | None = None
        if held == len(step.when):
            following = step.following(cursors.given[step.index])
            if decided:
                verdict = "later"
            elif isinstance(following, int):
                verdict, reply, decided = "answers", following, True
            else:
                verdict = "fails" if following == "fail" else "passes"
                decided = following == "fail"
        judged.append(_Judged(step, held, verdict, reply))
    return judged


def select(scenario: Scenario, cursors: Cursors, view: RequestView) -> Selection | NoStep | None:
    """Match, consume and record, as one atomic step: nothing else runs on the event loop meanwhile.

    Returns:
        The reply; ``NoStep`` where there is to be none, since the scenario is strict or a step fails; None
        for the default reply.
    """
    state = cursors.state
    given = cursors.given
    for step in scenario.binding.candidates(view, state):
        if step.when and not step.matches(view, state):
            continue
        count, final = given[step.index], step.final
        if final is not None:  # as most steps have it
            selected = step.selections[count if count < final else final]  # noqa: FURB136 - a call costs more
        else:
            index = step.following(count)
            if index == "pass":
                continue
            if index == "fail":
                return NoStep(near_misses(scenario, cursors, view), failed=step)
            selected = step.selections[index]
        given[step.index] = count + 1
        go_to = selected.reply.go_to or step.go_to
        if go_to:
            cursors.state = go_to
        return selected
    return NoStep(near_misses(scenario, cursors, view)) if scenario.strict else None
