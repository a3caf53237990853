"""What a test is held to: its session, what it allows, and what is said when that is not kept."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from mockgrid.testing.complaint import complaint, journal
from mockgrid.testing.error import CallError, PlayError

if TYPE_CHECKING:
    from mockgrid.session.records import Summary
    from mockgrid.testing.allowance import Allowance
    from mockgrid.testing.session import GridSession


class Trial:
    """One test's session.

    Args:
        session: its own.
        allowance: what it allows.
    """

    def __init__(self, session: GridSession, allowance: Allowance) -> None:
        self.session = session
        self.allowance = allowance
        self._judged = 0
        self._told = False

    def judge(self) -> str:
        """Return what fails a test that has passed so far; empty where nothing does."""
        summary = self.session.summary
        self._judged = summary.exchanges
        found = self._text(self.allowance.left(summary))
        self._told = bool(found)
        return found

    def excuse(self) -> None:
        """Note that a test was skipped, or has failed by itself: what its client did so far is not judged."""
        with suppress(CallError):
            self._judged = self.session.count

    def judge_rest(self) -> str:
        """Return what is wrong with requests that came after ``judge``, or of a test that it never judged."""
        if self.session.count == self._judged:
            return ""
        summary = self.allowance.left(self.session.summary)
        after = self._judged
        self._judged = summary.exchanges
        return self._text(
            replace(
                summary,
                violations=tuple(one for one in summary.violations if one.exchange > after),
                warnings=tuple(one for one in summary.warnings if one.exchange > after),
                unmatched=tuple(one for one in summary.unmatched if one.exchange > after),
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
            summary = self.allowance.left(self.session.summary)
            self._judged = summary.exchanges
            # A test that failed had no chance to use all steps.
            found = self._text(replace(summary, unused_steps=()))
            exchanges = self.session.exchanges
            # Where what the test asked of MockGrid failed, the client may not have had its turn yet.
            if found or (not exchanges and isinstance(error, (CallError, PlayError))):
                return found
            return journal(exchanges, self.session.base_url)
        except CallError as refused:
            return refused.message

    def _text(self, left: Summary) -> str:
        session = self.session
        return complaint(left, session.exchanges, session.where, session.base_url) if left else ""
