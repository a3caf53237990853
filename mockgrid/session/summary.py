"""What a session has come to: what the client broke, what it met, and what it left."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic, time
from typing import TYPE_CHECKING, Any

from mockgrid.session.exchange import request_body
from mockgrid.session.exchange_json import unmatched, violations, warnings
from mockgrid.session.records import ClockState, PlayedScenario, PlayedStep, Summary, UnusedStep
from mockgrid.session.verdicts import verdicts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockgrid.scenario.scenario import Scenario
    from mockgrid.scenario.step import Step
    from mockgrid.session.records import Verdict
    from mockgrid.session.redaction import Hidden, Redaction
    from mockgrid.session.session import Session
    from mockgrid.session.verdicts.streams import TranscriptOf


def summary(
    session: Session,
    redaction: Redaction,
    retry: Mapping[str, Any],
    transcript_of: TranscriptOf,
    *,
    final: bool = False,
) -> Summary:
    """Return a session's state and all that its journal shows.

    Args:
        session: whose.
        redaction: hides credentials.
        retry: which statuses may be retried, and when, as the contract's policy says.
        transcript_of: returns what reads the texts of a behaviour, by its name; None where it has none.
        final: whether no more requests will come.
    """
    journal = session.journal
    epoch = time() - monotonic()  # only to read dates that a reply asked to wait for
    secrets = {exchange.number: redaction.of(exchange, request_body(exchange)) for exchange in journal}
    numbered = [(exchange, secrets[exchange.number], exchange.number) for exchange in journal]
    missed = (unmatched(*each) for each in numbered)
    return Summary(
        session=session.name,
        scenario=_scenario(session),
        clock=clock_state(session),
        exchanges=journal.count,
        kept=len(journal),
        dropped=journal.dropped,
        dropped_violations=journal.dropped_violations,
        violations=tuple(violation for each in numbered for violation in violations(*each)),
        warnings=tuple(warning for each in numbered for warning in warnings(*each)),
        unmatched=tuple(each for each in missed if each is not None),
        unused_steps=_unused(session),
        verdicts=tuple(
            redacted_verdict(verdict, secrets)
            for verdict in verdicts(journal, retry, transcript_of, final=final, epoch=epoch)
        ),
    )


def redacted_verdict(verdict: Verdict, secrets: Mapping[int, Hidden]) -> Verdict:
    """Return a verdict without the secrets of the exchanges that prove it, given by their numbers."""
    message = verdict.message
    for number in verdict.exchanges:
        message = secrets[number].text(message)
    return replace(verdict, message=message)


def clock_state(session: Session) -> ClockState:
    """Return a session's time, in seconds since it began, and what waits a virtual clock has spared it."""
    clock = session.clock
    now = clock.now() if clock.virtual else clock.now() - session.opened
    return ClockState(clock.virtual, round(now, 6), round(clock.spared, 6))


def _scenario(session: Session) -> PlayedScenario | None:
    play = session.play
    if play is None:
        return None
    scenario, cursors = play.scenario, play.cursors
    steps = tuple(
        PlayedStep(step.index, step.label, step.where, cursors.given[step.index]) for step in scenario.steps
    )
    return PlayedScenario(scenario.name, scenario.where, scenario.strict, cursors.state, steps)


def _unused(session: Session) -> tuple[UnusedStep, ...]:
    """Return the steps of strict scenarios that gave nothing, those of replaced ones first."""
    left = list(session.left_unused)
    play = session.play
    if play is not None and play.scenario.strict:
        left += [(play.scenario, step) for step in play.cursors.unused(play.scenario)]
    return tuple(_unused_step(scenario, step) for scenario, step in left)


def _unused_step(scenario: Scenario, step: Step) -> UnusedStep:
    return UnusedStep(scenario.name, step.label, step.where, step.index)
