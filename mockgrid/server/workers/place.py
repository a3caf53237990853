"""Which worker a request belongs to."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, cast

from mockgrid.server.control import CONTROL
from mockgrid.server.control.operator import session_called
from mockgrid.server.credentials import Credentials
from mockgrid.server.head import Head

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.types import Scope

    from mockgrid.server.app import App
    from mockgrid.session.store import Store

_ASIDE: Final = (CONTROL, "/openapi.json")
_OF_ONE: Final = f"{CONTROL}/sessions/"


def owner(session: str, workers: int) -> int:
    """Return the worker that has the session of a name: the same one in every process, and each time."""
    return (
        int.from_bytes(hashlib.blake2b(session.encode("utf-8", "surrogatepass"), digest_size=8).digest())
        % workers
    )


class Places:
    """Decides where requests belong, as seen by one worker.

    It is the application's own code that finds the session, over names in place of sessions; so the two
    cannot disagree.

    Args:
        app: of this worker.
        index: of this worker.
        workers: how many there are.

    Attributes:
        settled: whether the last decision holds for every request with this head, at any time.
        absent: names that the last decision has found closed at their owner. A request whose key is in the
            wrong place is journaled in that key's session where it is open. Only the owner knows whether it
            is, and has to tell the next worker.
    """

    def __init__(self, app: App, index: int, workers: int) -> None:
        self.settled = False
        self.index = index
        self.workers = workers
        self._app = app
        self._names = _Names(app.sessions, index, workers)
        settings = app.settings
        self._credentials = Credentials(
            app.contract.policy.keys,
            cast("Store", self._names),
            library=app.library,
            accepted=settings.api_keys,
            accept_any=settings.accept_any_key,
        )

    @property
    def absent(self) -> tuple[str, ...]:
        """Names that the last decision has found closed at their owner."""
        return tuple(sorted(self._names.absent))

    def of(self, scope: Scope, absent: Iterable[str] = ()) -> int:
        """Return the worker that a request belongs to.

        Args:
            scope: at least method, path, raw path, query and headers.
            absent: what another worker has found closed.
        """
        self._names.absent = set(absent)
        self.settled = False
        head = Head(scope)
        if head.path.startswith(_ASIDE):
            if not head.path.startswith(_OF_ONE):
                return self.index
            key = head.path[len(_OF_ONE) :].partition("/")[0]
            return owner(session_called(key, self._app.credentials, self._names.find), self.workers)
        return owner(self.session(head), self.workers)

    def session(self, head: Head) -> str:
        """Return the name of the session that a request of the API belongs to, as this worker sees it."""
        # What the credentials return is what ``_Names`` gave them.
        self.settled = False
        try:
            operation, _ = self._app.route(head)  # the very stage that will find it again
            found: Any = self._credentials.session(head, operation)
            self.settled = not self._app.settings.watch
        except Exception:  # noqa: BLE001 - refused, or a defect: it is answered in this session, too
            found = self._credentials.presumed(head)
        return cast("str", found)

    def candidates(self, key: str) -> list[int]:
        """Return the workers that may have the session that an operator calls ``key``, the likelier first."""
        finds: tuple[Callable[[str], object], ...] = (lambda name: name, lambda _: None)
        names = (session_called(key, self._app.credentials, find) for find in finds)
        return list(dict.fromkeys(owner(name, self.workers) for name in names))


class _Names:
    """Answers with names, as the sessions of all workers would with sessions.

    What another worker may have is there until that worker has said that it is not.
    """

    def __init__(self, sessions: Store, index: int, workers: int) -> None:
        self._sessions = sessions
        self._index = index
        self._workers = workers
        self.absent: set[str] = set()

    def get(self, name: str, _scenario: str = "") -> str:
        """Return the name of a session that will be opened where it is new."""
        return name

    def find(self, name: str) -> str | None:
        """Return the name of a session that is open, or may be; None where it is known that it is not."""
        if name in self.absent:
            return None
        if owner(name, self._workers) != self._index or self._sessions.find(name) is not None:
            return name
        self.absent.add(name)
        return None
