"""One run of a test with drawn replies, and what is told of it where it fails."""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

import pytest
from hypothesis.errors import HypothesisException

from mockgrid.strategies.text import scenario_text
from mockgrid.testing.error import CallError
from mockgrid.testing.script import seen_from_here

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mockgrid.testing.expectation import TestExpectation

_TITLE: Final = "MockGrid, the smallest replies that fail"
_ATTRIBUTE: Final = "mockgrid_smallest"
_FOLDER: Final = ".mockgrid"
# Characters of what was sent that are shown, and of what a scenario says.
_SENT: Final = 1_500
_SAID: Final = 4_000


class HeldTest(Protocol):
    """A test that is held to its sessions.

    Attributes:
        own: what it is held to in the session that the fixture gives it.
    """

    own: TestExpectation

    def begin_example(self, script: dict[str, Any]) -> None:
        """Begin its own session anew with what is played there."""

    def judge(self) -> str:
        """Return what its client did wrong; empty for nothing."""


class Smallest:
    """The replies of one run; the last failure that Hypothesis raises has the smallest.

    Args:
        holding: of the test's sessions.
        replies: see ``scenario_text``.
    """

    def __init__(self, holding: HeldTest, replies: Any) -> None:
        self._holding = holding
        self._replies = replies
        self._sent = ""

    @contextmanager
    def told(self, allowed: tuple[type[BaseException], ...]) -> Iterator[None]:
        """Note on a failure which replies it is of; what is allowed is none."""
        __tracebackhide__ = True
        try:
            yield
        except HypothesisException:
            raise
        except allowed:
            pass
        except SystemExit as error:
            # It would end the event loop of other tests, too.
            ended = AssertionError(f"The client ended the program: sys.exit({error.code!r}).")
            self._note(ended)
            raise ended from error
        except (Exception, pytest.fail.Exception) as error:
            self._note(error)
            raise

    def judge(self) -> None:
        """Fail for what the client did wrong, as a test does at its end.

        Raises:
            AssertionError: it did.
        """
        __tracebackhide__ = True
        text = self._holding.judge()
        if text:
            error = AssertionError(text)
            self._note(error)
            raise error

    def _note(self, error: BaseException) -> None:
        with suppress(CallError):
            self._sent = _sent(self._holding)
        with suppress(AttributeError):  # of an error that takes none
            setattr(error, _ATTRIBUTE, self)

    def text(self, test: str, folder: Path, error: BaseException) -> str:
        """Return the replies as a scenario, what was sent, and how it is played again.

        Args:
            test: its id.
            folder: of the run, in which the scenario is kept.
            error: with which the test failed.
        """
        lines = str(error).strip().splitlines() or [""]
        what = f"{type(error).__name__}: {lines[0][:200]}".rstrip(": ")
        scenario = scenario_text(self._replies, comment=f"{test}\n{what}")
        name = re.sub(r"\W+", "-", test.rpartition("::")[2]).strip("-")[:60]
        digest = hashlib.sha256(scenario.encode()).hexdigest()[:8]
        file = folder / _FOLDER / f"{name}-{digest}.yaml"
        shown_file = seen_from_here(file)
        try:
            file.parent.mkdir(exist_ok=True)
            file.write_text(scenario, "utf-8")
            again = (
                f'Replay it: mockgrid.play("{shown_file}"), or mockgrid fuzz --replay {shown_file} -- COMMAND'
            )
        except OSError as refused:
            again = f"It could not be written to {shown_file}: {refused.strerror}."
        sent = f"Sent:\n{self._sent}\n\n" if self._sent else ""
        return f"{_cut(scenario, _SAID)}\n{sent}{again}"


def sections(error: BaseException | None, test: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Yield what is told of the failures in an error, each text with its title."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from sections(inner, test, folder)
    smallest = getattr(error, _ATTRIBUTE, None)
    if isinstance(smallest, Smallest) and error is not None:
        yield _TITLE, smallest.text(test, folder, error)


def _sent(holding: HeldTest) -> str:
    """Return the last reply of the test's own session as it was sent."""
    exchanges = holding.own.session.exchanges
    if not exchanges:
        return ""
    last = exchanges[-1]
    body = "".join(chunk.data for chunk in last.reply.chunks)
    if not body and last.reply.body is not None:
        body = last.reply.body if isinstance(last.reply.body, str) else json.dumps(last.reply.body)
    head = [f"{last.status}", *(f"{name}: {value}" for name, value in last.reply.headers.items())]
    broken = "\n(The connection ended here, before the reply did.)" * (last.whole is False)
    return _cut("\n".join((*head, "", body)), _SENT) + broken


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…\n"
