"""What a test asks of a server, whether that runs in the same process or elsewhere."""

from __future__ import annotations

from typing import Any, Protocol


class Controls(Protocol):
    """The control interface as Python; values are JSON as ``mockgrid/control/openapi.yaml`` has it.

    Every method may be called from any thread, and raises ``CallError`` where the server refuses.
    """

    def open(self, key: str, script: dict[str, Any]) -> dict[str, Any]:
        """Open a session anew."""

    def script(self, key: str, script: dict[str, Any]) -> dict[str, Any]:
        """Play something else in a session from now on."""

    def reset(self, key: str) -> dict[str, Any]:
        """Begin a session anew."""

    def close(self, key: str) -> None:
        """Close a session."""

    def session(self, key: str, *, final: bool = False) -> dict[str, Any]:
        """Return what a session has come to; ``final`` says that no more requests will come."""

    def exchanges(
        self, key: str, *, after: int = 0, wait: int = 0, seconds: float = 0.0
    ) -> list[dict[str, Any]]:
        """Return the exchanges that come after a number, when so many have ended or the time is over."""

    def clock(self, key: str) -> dict[str, Any]:
        """Return a session's time."""

    def move_clock(self, key: str, move: dict[str, Any]) -> dict[str, Any]:
        """Move a session's virtual clock."""

    def report(self) -> dict[str, Any]:
        """Return the contract report of all that the server has seen."""

    def where(self, pointer: str) -> str:
        """Return the file and line of a part of the contract; empty where that is not known here."""

    def stop(self) -> None:
        """Let go of the server; does nothing the second time."""
