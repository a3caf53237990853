"""MockGrid in this process, for any test, notebook or script."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mockgrid.app.build import build_app
from mockgrid.app.values import read_settings
from mockgrid.errors import StartError
from mockgrid.http.server import start_in_thread
from mockgrid.testing.bridge import Bridge
from mockgrid.testing.error import hidden
from mockgrid.testing.grid import Grid
from mockgrid.testing.keys import Keys
from mockgrid.testing.local import LocalControls

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockgrid.testing.controls import Controls

__tracebackhide__ = hidden

# A free port, a quiet log, and no wait for replies that nobody reads any more.
_DEFAULTS: Final[Mapping[str, Any]] = {"port": 0, "log": "off", "shutdown_timeout": 0.2}


class MockGrid(Grid):
    """A server on a free port, in a thread of its own; stops at the end of a ``with`` block.

    >>> with MockGrid() as grid:
    ...     grid.play([{"error": 503, "retry_after": "10ms"}, {"say": "Hello"}])
    ...     client = OpenAI(base_url=grid.base_url, api_key=grid.api_key)
    ...     ask(client)
    ...     assert [exchange.status for exchange in grid.exchanges] == [503, 200]
    ...     grid.check()

    ``async with`` works too, and so do ``start`` and ``stop``.

    Args:
        settings: those of ``mockgrid serve``, by the names that ``mockgrid.settings`` has:
            ``scenarios="scenarios"``, ``seed=1``, ``clock="virtual"``, ``error_shape="both"``. A value may be
            text as the flag takes it, such as ``max_body="20MiB"``, or a number: of bytes, or of seconds.

    Raises:
        StartError: a setting is not known, or cannot have its value.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(Keys())
        self.settings = read_settings(settings, **_DEFAULTS)
        self._bridge: Bridge | None = None

    @property
    def app(self) -> Bridge:
        """The server as an ASGI application, for transports within the process.

        >>> transport = httpx.ASGITransport(grid.app)
        >>> httpx.AsyncClient(transport=transport, base_url=grid.base_url)

        Raises:
            StartError: it does not run.
        """
        if self._bridge is None:
            raise StartError(
                "This MockGrid does not run, so there is no application to call.",
                hint="Use it as `with MockGrid() as grid:`.",
            )
        return self._bridge

    def _connect(self) -> tuple[Controls, str]:
        app = build_app(self.settings)
        server = start_in_thread(app, self.settings)
        self._bridge = Bridge(app, server.loop)
        return LocalControls(server, app), server.url

    def stop(self) -> None:
        """Stop the server: what is still under way is cut; does nothing the second time."""
        super().stop()
        self._bridge = None
