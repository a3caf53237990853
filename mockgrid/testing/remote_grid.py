"""A MockGrid that runs elsewhere: in a container, or in another process."""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING

from mockgrid.testing.client import ControlClient
from mockgrid.testing.error import hidden
from mockgrid.testing.grid import Grid
from mockgrid.testing.keys import Keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockgrid.testing.controls import Controls

__tracebackhide__ = hidden


class RemoteGrid(Grid):
    """A server that somebody else started, and that other runs may use at the same time.

    >>> with RemoteGrid("http://127.0.0.1:8080/v1") as grid:
    ...     client = OpenAI(base_url=grid.base_url, api_key=grid.api_key)

    Args:
        url: the base URL of its API, or the address alone.
        token: of its control interface; by default what ``MOCKGRID_CONTROL_TOKEN`` says, if anything. Callers
            on the server's own machine need none.
        folders: of scenario files that may be played by name though the server does not have them.
        worker: of a run that has several.
    """

    def __init__(
        self, url: str, token: str | None = None, *, folders: Sequence[str] = (), worker: str = ""
    ) -> None:
        # Keys differ from run to run: a session opened twice would begin anew under another's feet.
        super().__init__(Keys(f"{uuid.uuid4()}{worker}"), folders)
        self._url = url
        self._token = token or os.environ.get("MOCKGRID_CONTROL_TOKEN")

    def _connect(self) -> tuple[Controls, str]:
        client = ControlClient(self._url, self._token)
        try:
            return client, client.base_url()
        except BaseException:
            client.stop()
            raise
