"""What a test is held to: its sessions, what it allows, and what is said when that is not kept."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from traceback import format_exception
from typing import TYPE_CHECKING, Any, Final

from mockgrid.errors import MockgridError
from mockgrid.testing.error import CallError, PlayError, hidden
from mockgrid.testing.failure_text import failure_text, journal
from mockgrid.testing.session import GridSession

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from mockgrid.schema.violation import FieldWarning
    from mockgrid.session.records import Summary
    from mockgrid.testing.grid import Grid
    from mockgrid.testing.script import CallSite, Played
    from mockgrid.testing.tolerances import Tolerances

__tracebackhide__ = hidden

_MISSED: Final = "MG142"
_NO_REQUESTS: Final = {"steps": {"steps": []}, "strict": True}


class HeldSession(GridSession):
    """A session of a test's own, whose client is judged when the test ends.

    Args:
        grid: the server.
        name: what its API key is made from.
    """

    def __init__(self, grid: Grid, name: str) -> None:
        super().__init__(*grid.place(name))
        self._strict: bool | None = None
        self._left = False
        self._open_one: Callable[[str], HeldSession]

    def begin(self, open_one: Callable[[str], HeldSession], *, strict: bool | None) -> None:
        """Begin a test.

        Args:
            open_one: opens one more session for the test, by a name.
            strict: what is meant where the test plays something and does not say. Where that is True, no
                request is expected before.
        """
        self._open_one, self._strict = open_one, strict
        if strict:
            self._controls.call("script", self.api_key, _NO_REQUESTS)

    def restart(self) -> None:
        """Forget what was played and what happened: the next test begins."""
        self.end()
        self.failures = []
        self._left = False
        self._controls.call("open", self.api_key, {})

    def replay(self, script: dict[str, Any]) -> None:
        """Forget what happened, and play something else, at once.

        Args:
            script: what the control interface takes; findings name its ``where``.

        Raises:
            PlayError: it cannot be played.
        """
        self.failures = []
        try:
            self._controls.call("open", self.api_key, script)
        except CallError as error:
            raise PlayError(error.message, where=script["where"]) from None

    def session(self, name: str = "session") -> HeldSession:
        """Open one more session, which the test is held to by the same rules; for a second client, say.

        Args:
            name: what its API key is made from, beside the test's. The same name again gives another key.
        """
        return self._open_one(name)

    def play_as(self, site: CallSite, played: Played, *, strict: bool | None = None) -> None:
        """Play something on behalf of a line; what the test does not say of ``strict``, its marker does."""
        super().play_as(site, played, strict=self._strict if strict is None else strict)

    def close(self) -> None:
        """Do nothing: the test is held to the session until its end."""

    def leave(self, count: int) -> bool:
        """Forget the session, unless there have been more exchanges than so many; returns whether it has."""
        self._left = self._controls.leave(self.api_key, count)
        return self._left

    def end(self) -> None:
        """Forget the session; does nothing where that is done."""
        if not self._left:
            super().close()


def _own_frames(error: BaseException) -> TracebackType | None:
    """Return where an error comes from, from the test's own function on."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_globals.get("__name__", "").startswith("mockgrid."):
        trace = trace.tb_next
    return trace


class TestExpectation:
    """One session of a test.

    Args:
        session: which.
        tolerances: what the test allows.
        name: of a session that the test has opened besides; empty for its own.
    """

    def __init__(self, session: HeldSession, tolerances: Tolerances, name: str = "") -> None:
        self.session = session
        self.title = f"MockGrid, session {name}" if name else "MockGrid"
        self._tolerances = tolerances
        self._name = name
        self._judged = 0
        self.missed: list[FieldWarning] = []
        """What replies were to insert of requests that do not have it, as ``judge`` has seen it."""

    def judge(self) -> str:
        """Return what fails a test that has passed so far; empty where nothing does.

        Raises:
            Exception: the first of a function that computes replies; what it made wrong is text.
        """
        __tracebackhide__ = True
        for failure in self.session.failures:
            self.excuse()
            if isinstance(failure, MockgridError):
                return str(failure)
            raise failure.with_traceback(_own_frames(failure))
        summary = self.session.summary
        self._judged = summary.exchanges
        self.missed = [item for item in summary.warnings if item.code == _MISSED]
        return self._text(self._tolerances.left(summary))

    def excuse(self) -> None:
        """Note that a test was skipped, or has failed by itself: what its client did so far is not judged."""
        with suppress(CallError):
            self._judged = self.session.count

    def judge_rest(self) -> str:
        """Return what is wrong with requests that came after ``judge``, or of a test that it never judged."""
        if self.session.leave(self._judged):
            return ""
        summary = self._tolerances.left(self.session.summary)
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
        """Return what helps to understand why a test failed by itself; empty for nothing.

        Args:
            error: what the test failed with.
        """
        for first in self.session.failures[:1]:
            if first is error or isinstance(first, MockgridError):
                return "" if first is error else str(first)
            return "".join(format_exception(type(first), first, _own_frames(first)))
        try:
            summary = self._tolerances.left(self.session.summary)
            self._judged = summary.exchanges
            # A test that failed had no chance to use all steps.
            failure = self._text(replace(summary, unused_steps=()))
            exchanges = self.session.exchanges
            # Where what the test asked of MockGrid failed, the client may not have had its turn yet.
            if failure or (not exchanges and (self._name or isinstance(error, (CallError, PlayError)))):
                return failure
            return journal(exchanges, self.session.base_url)
        except CallError as refused:
            return refused.message

    def _text(self, left: Summary) -> str:
        if not left:
            return ""
        session = self.session
        text = failure_text(left, session.exchanges, session.where, session.base_url)
        return f"{text}\n\nThis was in the session {self._name!r} of the test." if self._name else text
