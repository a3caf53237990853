"""What the control interface needs of the server that it controls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from logging import Logger

    from mockgrid.contract.contract import Contract
    from mockgrid.report import Document
    from mockgrid.scenario.library import Library
    from mockgrid.scenario.scenario import Scenario
    from mockgrid.session.clock import Clock
    from mockgrid.session.play import Play
    from mockgrid.session.redaction import Redaction
    from mockgrid.session.session import Session, Sessions
    from mockgrid.session.turns import Turns
    from mockgrid.settings import Settings


class KeyPolicy(Protocol):
    """Which keys a server accepts."""

    def scenario_of(self, key: str) -> str | None:
        """Return the scenario that a key asks for, empty for the default; None for no valid key."""

    def mask_of(self, key: str) -> str:
        """Return what may be shown of a valid key."""

    def refusal(self, key: str) -> str:
        """Return why a client with a key is refused; empty where it is not."""


class Reporter(Protocol):
    """What adds up the contract report."""

    def leave(self, session: Session) -> None:
        """Add how far a session has come in what it plays, before it plays something else."""

    def report(
        self, sessions: Iterable[Session], *, dropped: int, dropped_violations: int
    ) -> Turns[Document]:
        """Make the contract report, in which the open sessions count as they stand, in turns."""

    def counted(self, kind: str, entry: tuple[str, ...], sessions: Sessions) -> Turns[dict[str, Any]]:
        """Find which of the newest exchanges an entry of the report counts, in turns."""


class Scrape(Protocol):
    """What is counted for Prometheus."""

    async def text(self) -> tuple[bytes, str]:
        """Return all metrics in Prometheus' text format, and its content type."""


class Service(Protocol):
    """A server, as far as operators read and change it; called from its event loop alone.

    Attributes:
        contract: what is served.
        settings: what the server was asked to do.
        sessions: those that are open.
        redaction: hides credentials in what is told.
        library: gives the scenarios that keys and headers may ask for.
        error_log: takes defects of the server's own.
    """

    contract: Contract
    settings: Settings
    sessions: Sessions
    redaction: Redaction
    library: Callable[[], Library]
    error_log: Logger

    @property
    def credentials(self) -> KeyPolicy:
        """Which keys name which sessions."""

    @property
    def recorder(self) -> Reporter:
        """Makes the contract report."""

    @property
    def metrics(self) -> Scrape:
        """Makes the metrics."""

    def newest(self, scenario: Scenario) -> Scenario:
        """Return the version of a scenario that its file has now."""

    def play(self, scenario: Scenario, clock: Clock) -> Play:
        """Return a scenario at its beginning, on a session's clock."""
