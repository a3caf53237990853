"""A server that tests share: its default session, and as many others as they want."""

from __future__ import annotations

import asyncio
import hashlib
from abc import abstractmethod
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, Self

from mockgrid.errors import StartError
from mockgrid.testing.error import hidden
from mockgrid.testing.session import GridSession

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mockgrid.contract.contract import Contract
    from mockgrid.testing.controls import Controls

__tracebackhide__ = hidden

_OF_A_STARTED_ONE: Final = ("base_url", "api_key", "_controls")


class SessionKeys:
    """Gives keys that are the same each time, and never the same twice.

    Args:
        run: tells runs apart that share a server, and so do the workers of one run; empty where the server is
            theirs alone, so that a test has the same key each time. No reply depends on the key.
    """

    def __init__(self, run: str = "") -> None:
        self._run = run
        self._given: Counter[str] = Counter()

    def key(self, name: str) -> str:
        """Return the next key for a name, such as a test's: ``mg-1f3a9c0b7d52-1``."""
        self._given[name] += 1
        digest = hashlib.sha256(f"{self._run}\0{name}".encode("utf-8", "surrogatepass")).hexdigest()
        return f"mg-{digest[:12]}-{self._given[name]}"


class Grid(GridSession):
    """A server, once started; as a session it is its own default one.

    Args:
        keys: names its sessions.
        folders: see ``GridSession``.

    Attributes:
        opener: opens the sessions that are asked for while a test runs; None where none is held to them.
    """

    def __init__(self, keys: SessionKeys, folders: Sequence[str] = ()) -> None:
        # The session of the parent class opens when there is a server that has it.
        self._keys = keys
        self._folders = tuple(folders)
        self._running = False
        self.opener: Callable[[str], GridSession] | None = None

    @property
    def contract(self) -> Contract | None:
        """What the server serves; None where that is not known here."""
        return None

    @abstractmethod
    def _connect(self) -> tuple[Controls, str]:
        """Return the controls of the server, and the base URL of its API."""

    def start(self) -> Self:
        """Have the server answer, and the default session open; does nothing where it does already.

        Raises:
            MockgridError: it cannot.
        """
        if self._running:
            return self
        controls, base_url = self._connect()
        try:
            super().__init__(controls, base_url, self._keys.key("default"), self._folders)
        except BaseException:
            controls.stop()
            raise
        self._running = True
        return self

    def stop(self) -> None:
        """Let go of the server; does nothing the second time, and may be started again."""
        if not self._running:
            return
        self._running = False
        try:
            self.close()
        finally:
            self._controls.stop()
            for name in _OF_A_STARTED_ONE:
                delattr(self, name)

    def session(self, name: str = "session") -> GridSession:
        """Open a session of its own: nothing that happens in another is seen there.

        Args:
            name: what its API key is made from. The same name again gives another key.
        """
        return self.opener(name) if self.opener is not None else GridSession(*self.place(name))

    def place(self, name: str) -> tuple[Controls, str, str, tuple[str, ...], str]:
        """Return what a session is made from; its key, made from a name, is no other's."""
        return self._controls, self.base_url, self._keys.key(name), self._folders, name

    def report(self) -> dict[str, Any]:
        """Return the contract report of all that the server has seen, as JSON."""
        return self._controls.report()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_error: object) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.start)

    async def __aexit__(self, *_error: object) -> None:
        # In a thread: what the server waits for may be a client on this very event loop.
        await asyncio.to_thread(self.stop)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Say why a server that does not run has no URL.

            Raises:
                StartError: it does not run.
            """
            if name in _OF_A_STARTED_ONE:
                raise StartError(
                    f"This {type(self).__name__} does not run.",
                    hint=f"Use it as `with {type(self).__name__}(…) as grid:`, or call start() and stop().",
                )
            return super().__getattr__(name)
