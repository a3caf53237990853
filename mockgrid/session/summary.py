"""What a session has come to: what the client broke, what it met, and what it left."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic, time
from typing import TYPE_CHECKING, Any

from mockgrid.session.accounts import request_body, warnings
from mockgrid.session.redaction import redacted_violation
from mockgrid.session.verdicts import verdicts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockgrid.scenario.scenario import Scenario
    from mockgrid.scenario.step import Step
    from mockgrid.session.redaction import Hidden, Redaction
    from mockgrid.session.session import Session
    from mockgrid.session.verdicts import Verdict


def summary(
    session: Session, redaction: Redaction, retry: Mapping[str, Any], *, final: bool = False
) -> dict[str, Any]:
    """Return a session's state and all that its journal shows, as JSON.

    Args:
        session: whose.
        redaction: hides credentials.
        retry: which statuses may be retried, and when, as the contract's policy says.
        final: whether no more requests will come.
    """
    journal = session.journal
    epoch = time() - monotonic()  # only to read dates that a reply asked to wait for
    violations, remarks, unmatched = [], [], []
    secrets = {}
    for exchange in journal:
        hidden = secrets[exchange.number] = redaction.of(exchange, request_body(exchange))
        told = {"exchange": exchange.number}
        violations += [
            {**told, **redacted_violation(found.as_json(), hidden)} for found in exchange.violations
        ]
        remarks += [{**told, **found} for found in warnings(exchange, hidden)]
        if exchange.no_step is not None:
            unmatched.append({**told, **hidden.value(exchange.no_step.as_json())})
    return {
        "session": session.name,
        "scenario": _scenario(session),
        "clock": clock_state(session),
        "exchanges": {
            "count": journal.count,
            "kept": len(journal),
            "dropped": journal.dropped,
            "dropped_violations": journal.dropped_violations,
        },
        "violations": violations,
        "warnings": remarks,
        "unmatched": unmatched,
        "unused_steps": _unused(session),
        "verdicts": [
            redacted_verdict(verdict, secrets).as_json()
            for verdict in verdicts(journal, retry, final=final, epoch=epoch)
        ],
    }


def redacted_verdict(verdict: Verdict, secrets: Mapping[int, Hidden]) -> Verdict:
    """Return a verdict without the secrets of the exchanges that prove it, given by their numbers."""
    message = verdict.message
    for number in verdict.exchanges:
        message = secrets[number].text(message)
    return replace(verdict, message=message)


def clock_state(session: Session) -> dict[str, Any]:
    """Return a session's time, in seconds since it began, and what waits a virtual clock has spared it."""
    clock = session.clock
    now = clock.now() if clock.virtual else clock.now() - session.opened
    return {"virtual": clock.virtual, "now": round(now, 6), "spared": round(clock.spared, 6)}


def _scenario(session: Session) -> dict[str, Any] | None:
    play = session.play
    if play is None:
        return None
    scenario, cursors = play.scenario, play.cursors
    return {
        "name": scenario.name,
        "where": scenario.where,
        "strict": scenario.strict,
        "state": cursors.state,
        "steps": [
            {"index": step.index, "name": step.label, "where": step.where, "given": cursors.given[step.index]}
            for step in scenario.steps
        ],
    }


def _unused(session: Session) -> list[dict[str, Any]]:
    """Return the steps of strict scenarios that gave nothing, those of replaced ones first."""
    left = [_step(scenario, step) for scenario, step in session.left_unused]
    play = session.play
    if play is not None and play.scenario.strict:
        left += [_step(play.scenario, step) for step in play.cursors.unused(play.scenario)]
    return left


def _step(scenario: Scenario, step: Step) -> dict[str, Any]:
    return {"scenario": scenario.name, "index": step.index, "step": step.label, "where": step.where}
