"""What tests ask of a server, be it in the process or elsewhere."""

from __future__ import annotations

from typing import Any, Literal, Protocol

CallName = Literal["open", "script", "reset", "close", "session", "clock", "move_clock"]
"""What can be done about one session: these are methods of ``mockgrid.control.operator.Operator``."""


class Controls(Protocol):
    """The control interface as Python; values are JSON as ``mockgrid/control/openapi.yaml`` has it.

    Every method may be called from any thread, and raises ``CallError`` where the server refuses.
    """

    def open(self, key: str, label: str) -> None:
        """Open a session by a new key, and label it; what is wrong may be told by the next call alone."""

    def call(self, name: CallName, key: str, *body: dict[str, Any], **query: bool) -> dict[str, Any]:
        """Do something about a session, with a body where that takes one; returns what the server says."""

    def leave(self, key: str, count: int) -> bool:
        """Close a session, unless there have been more exchanges than so many; returns whether it has."""

    def exchanges(
        self, key: str, *, after: int = 0, wait: int = 0, seconds: float = 0.0
    ) -> list[dict[str, Any]]:
        """Return the exchanges that come after a number, when so many have ended or the time is over."""

    def explanation(self, key: str, number: int) -> dict[str, Any]:
        """Return why each step did or did not answer an exchange."""

    def report(self) -> dict[str, Any]:
        """Return the contract report of all that the server has seen."""

    def where(self, pointer: str) -> str:
        """Return the file and line of a part of the contract; empty where that is not known here."""

    def stop(self) -> None:
        """Let go of the server; does nothing the second time."""
