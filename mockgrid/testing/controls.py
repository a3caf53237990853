"""What a test asks of a server, whether that runs in the same process or elsewhere."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

CallName = Literal["open", "script", "reset", "close", "session", "clock", "move_clock"]
"""What can be done about one session: these are methods of ``mockgrid.control.operator.Operator``."""

CALLS: Final[Mapping[CallName, tuple[str, str]]] = MappingProxyType(
    {
        "open": ("PUT", ""),
        "script": ("PUT", "/steps"),
        "reset": ("POST", "/reset"),
        "close": ("DELETE", ""),
        "session": ("GET", ""),
        "clock": ("GET", "/clock"),
        "move_clock": ("POST", "/clock"),
    }
)
"""The method of each on HTTP, and what follows the session in its path."""


class Controls(Protocol):
    """The control interface as Python; values are JSON as ``mockgrid/control/openapi.yaml`` has it.

    Every method may be called from any thread, and raises ``CallError`` where the server refuses.
    """

    def call(self, name: CallName, key: str, *body: dict[str, Any], **query: bool) -> dict[str, Any]:
        """Do something about a session, with a body where that takes one; returns what the server says."""

    def exchanges(
        self, key: str, *, after: int = 0, wait: int = 0, seconds: float = 0.0
    ) -> list[dict[str, Any]]:
        """Return the exchanges that come after a number, when so many have ended or the time is over."""

    def report(self) -> dict[str, Any]:
        """Return the contract report of all that the server has seen."""

    def where(self, pointer: str) -> str:
        """Return the file and line of a part of the contract; empty where that is not known here."""

    def stop(self) -> None:
        """Let go of the server; does nothing the second time."""
