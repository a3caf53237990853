"""How a server reaches its sessions, wherever they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockgrid.session.clock import Clock
    from mockgrid.session.journal import Room
    from mockgrid.session.play import Play
    from mockgrid.session.session import Session


class Store(Protocol):
    """The sessions of one worker: all that the application and the control interface ask for.

    ``mockgrid.session.sessions.Sessions`` keeps them in memory. A session has one worker at a time, so that a
    store outside of the process needs no locks; ``docs/workers.md`` says what it does need.
    """

    room: Room
    """What all journals share; whoever watches exchanges watches here."""

    def get(self, name: str, scenario: str = "") -> Session:
        """Return the session of a name, opened with a scenario where it is new, as the one used last."""
        ...

    def find(self, name: str) -> Session | None:
        """Return an open session without using it; None where there is none of this name."""
        ...

    def restart(self, session: Session, start: Callable[[Clock], Play | None] | None = None) -> None:
        """Begin a session anew: with what is started on its new clock, or with the scenario that it has."""
        ...

    def close(self, session: Session) -> None:
        """Close a session; its name may be opened anew."""
        ...

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Session]:
        """Those that are open, the one idle longest first; a session may be closed meanwhile."""
        ...
