"""What a test is held to: its session, what it allows, and what is said when that is not kept."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from mockgrid.testing.error import CallError, PlayError
from mockgrid.testing.failure_text import failure_text, journal

if TYPE_CHECKING:
    from mockgrid.session.records import Summary
    from mockgrid.testing.session import GridSession
    from mockgrid.testing.tolerances import Tolerances


class TestExpectation:
    """One test's session.

    Args:
        session: its own.
        tolerances: what it allows.
    """

    def __init__(self, session: GridSession, tolerances: Tolerances) -> None:
        self.session = session
        self.tolerances = tolerances
        self._judged = 0
        self._told = False

    def judge(self) -> str:
        """Return what fails a test that has passed so far; empty where nothing does."""
        summary = self.session.summary
        self._judged = summary.exchanges
        failure = self._text(self.tolerances.left(summary))
        self._told = bool(failure)
        return failure

    def excuse(self) -> None:
        """Note that a test was skipped, or has failed by itself: what its client did so far is not judged."""
        with suppress(CallError):
            self._judged = self.session.count

    def judge_rest(self) -> str:
        """Return what is wrong with requests that came after ``judge``, or of a test that it never judged."""
        if self.session.count == self._judged:
            return ""
        summary = self.tolerances.left(self.session.summary)
        after = self._judged
        self._judged = summary.exchanges
        return self._text(
            replace(
                summary,
                violations=tuple(item for item in summary.violations if item.exchange > after),
                warnings=tuple(item for item in summary.warnings if item.exchange > after),
                unmatched=tuple(item for item in summary.unmatched if item.exchange > after),
                unused_steps=(),
                verdicts=(),
            )
        )

    def aside(self, error: BaseException | None = None) -> str:
        """Return what helps to understand why a test failed by itself; empty where it was told already.

        Args:
            error: what the test failed with.
        """
        if self._told:
            return ""
        try:
            summary = self.tolerances.left(self.session.summary)
            self._judged = summary.exchanges
            # A test that failed had no chance to use all steps.
            failure = self._text(replace(summary, unused_steps=()))
            exchanges = self.session.exchanges
            # Where what the test asked of MockGrid failed, the client may not have had its turn yet.
            if failure or (not exchanges and isinstance(error, (CallError, PlayError))):
                return failure
            return journal(exchanges, self.session.base_url)
        except CallError as refused:
            return refused.message

    def _text(self, left: Summary) -> str:
        session = self.session
        return failure_text(left, session.exchanges, session.where, session.base_url) if left else ""
