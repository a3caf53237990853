"""The start of a run's own server, which takes place while pytest collects."""

from __future__ import annotations

from concurrent.futures import Future
from threading import Thread
from typing import TYPE_CHECKING

from mockgrid.document.uncollected import uncollected

if TYPE_CHECKING:
    import pytest

    from mockgrid.testing.grid import Grid


class EarlyStart:
    """A server that starts in a thread of its own.

    What a fixture may still write, the files that settings name, it leaves to ``grid``; and what filters
    warnings while it loads, since pytest's filters would be lost meanwhile.

    Args:
        config: of the run, whose options say what the server is.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._grid: Future[Grid] = Future()
        self._taken = False
        Thread(target=self._run, name="mockgrid:start", daemon=True).start()

    def grid(self) -> Grid:
        """Return the server once it answers; who takes it stops it.

        Raises:
            MockgridError: it cannot start.
        """
        grid = self._grid.result().start()
        self._taken = True
        return grid

    def stop(self) -> None:
        """Stop the server where nobody has taken it; does nothing the second time.

        Who has taken it may still use it: of a run that is interrupted, fixtures end when the run has.
        """
        if not self._taken and self._grid.exception() is None:
            self._grid.result().stop()

    def _run(self) -> None:
        try:
            self._grid.set_result(self._started())
        except BaseException as error:  # noqa: BLE001 (raised again in the thread that waits)
            self._grid.set_exception(error)

    def _started(self) -> Grid:
        # Importing makes much, so that the collector would find the garbage of tests here. Where that
        # has errors, pytest tells of them, and parses code for it, which no two threads of Python 3.11 can.
        with uncollected():
            from mockgrid.reply.tokens import has_vocabulary  # noqa: PLC0415 - this is what takes its time
            from mockgrid.testing.run import grid_of, has_files  # noqa: PLC0415 - the same

            grid = grid_of(self._config)
            return grid if has_files(self._config) or has_vocabulary() else grid.start()
