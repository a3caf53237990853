"""The clock of a session, as a test has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mockgrid.session.clock import moved_by
from mockgrid.testing.error import CallError, hidden

if TYPE_CHECKING:
    from mockgrid.testing.controls import Controls

__tracebackhide__ = hidden

_REAL: Final = 409


class SessionClock:
    """The clock that limits, balances and waits of one session run on; real unless the server's are virtual.

    Args:
        controls: of the server.
        key: of the session.
    """

    def __init__(self, controls: Controls, key: str) -> None:
        self._controls = controls
        self._key = key

    @property
    def virtual(self) -> bool:
        """Whether the clock stands still until it is moved, and waits pass at once."""
        return bool(self._state()["virtual"])

    @property
    def now(self) -> float:
        """Seconds since the session began."""
        return float(self._state()["now"])

    @property
    def spared(self) -> float:
        """Seconds that replies would have waited by a real clock."""
        return float(self._state()["spared"])

    def advance(self, by: str | float) -> float:
        """Move a virtual clock forward, and return the seconds since the session began.

        Args:
            by: a duration such as ``"2s"`` or ``"150ms"``, or seconds.

        Raises:
            CallError: the clock is real, or ``by`` is no duration.
        """
        try:
            move = {"advance": moved_by(by)}
        except ValueError as error:
            raise CallError(422, str(error)) from None
        try:
            return float(self._controls.call("move_clock", self._key, move)["now"])
        except CallError as error:
            if error.status != _REAL:
                raise
        raise CallError(
            _REAL,
            'The clock of this session is real; to move it, give the tests MockGrid(clock="virtual") by '
            "overriding the fixture mockgrid_server, or start `mockgrid serve --clock virtual`.",
        )

    def _state(self) -> dict[str, Any]:
        return self._controls.call("clock", self._key)
