"""A client under test: what it does at the plainest replies, and whether it fails at others."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Final

from mockgrid.errors import StartError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from mockgrid.fuzz.failure import ClientFailure
    from mockgrid.fuzz.judge import ClientJudge
    from mockgrid.testing.exchange import Exchange
    from mockgrid.testing.script import Played
    from mockgrid.testing.session import GridSession

_PATIENCE: Final = 30.0
"""Seconds that a client gets for the plainest replies at least, so that it can be told how long it takes."""


class UnfitClientError(StartError):
    """The client fails before it is tried with anything.

    Attributes:
        details: what it printed.
    """

    def __init__(self, details: str, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.details = details


class Client(ABC):
    """What asks a server.

    Args:
        judge: tells what is a failure.
        seconds: that the client may take for an example.
    """

    def __init__(self, judge: ClientJudge, seconds: float) -> None:
        self._judge = judge
        self._seconds = seconds

    @abstractmethod
    def _session(self) -> AbstractContextManager[GridSession]:
        """Return the session that the client asks within a ``with`` block, with nothing in it."""

    @abstractmethod
    def _asked(self, session: GridSession, played: Any, seconds: float) -> ClientFailure | None:
        """Have the client ask; return how it says, or shows, that it failed."""

    def failure_at(self, played: Played) -> ClientFailure | None:
        """Return how the client fails when something plays; None where it does not."""
        with self._session() as session:
            session.play(played)
            return self._asked(session, played, self._seconds) or self._judge.conduct(session)

    def calls(self) -> list[Exchange]:
        """Return what the client asks when it gets the plainest replies, at which it does not fail.

        Raises:
            StartError: it fails even then, takes too long, or asks nothing.
        """
        with self._session() as session:
            begun = time.monotonic()
            patience = max(_PATIENCE, self._seconds)
            failure = self._asked(session, {}, patience) or self._judge.conduct(session)
            taken = time.monotonic() - begun
            exchanges = session.exchanges
        if self._seconds < taken < patience:
            raise StartError(
                f"Even for the plainest reply the client takes {taken:.1f} s, longer than --timeout admits.",
                hint=f"Give it --timeout {int(2 * taken) + 1}s.",
            )
        if failure is not None:
            raise UnfitClientError(
                failure.details,
                f"The client fails even for the plainest reply, by {failure}.",
                hint="Have it do its work against `mockgrid serve` first.",
            )
        if not exchanges:
            raise StartError(
                "The client sends the server no request with the key that it was given.",
                hint="It is to take its base URL from OPENAI_BASE_URL, and its key from OPENAI_API_KEY, "
                "which its requests carry even where the API wants none: Authorization: Bearer KEY.",
            )
        return exchanges
