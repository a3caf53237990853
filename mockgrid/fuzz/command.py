"""A client that is a command, run once for each example."""

from __future__ import annotations

import signal
from contextlib import closing
from typing import TYPE_CHECKING, Any

from mockgrid.fuzz.client import Client
from mockgrid.fuzz.failure import ClientFailure, printed
from mockgrid.fuzz.process import CommandProcess, client_variables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from mockgrid.fuzz.judge import ClientJudge
    from mockgrid.testing.grid import Grid
    from mockgrid.testing.session import GridSession


class CommandClient(Client):
    """Runs a command, which asks the server that its environment names.

    Args:
        command: and its arguments.
        grid: the server.
        judge: tells what is a failure.
        seconds: that it may take.
    """

    def __init__(self, command: Sequence[str], grid: Grid, judge: ClientJudge, seconds: float) -> None:
        super().__init__(judge, seconds)
        self._command = command
        self._grid = grid

    def _session(self) -> AbstractContextManager[GridSession]:
        # A new one each time: what an earlier run has left behind may still ask.
        return closing(self._grid.session("fuzz"))

    def _asked(self, session: GridSession, played: Any, seconds: float) -> ClientFailure | None:
        variables = client_variables(session.base_url, session.api_key)
        with CommandProcess(self._command, variables) as process:
            code = process.wait(seconds)
        what = f"no end within {seconds:g} s" if code is None else code_name(code)
        if code is not None and (code == 0 or self._judge.allows(code)):
            return None
        errors, output = process.errors.text(), process.output.text()
        # Where it hangs, what it has printed by then says little of why.
        mistake = "" if code is None else printed(errors, output, played)
        return ClientFailure(what, mistake, errors if errors.strip() else output)


def code_name(code: int) -> str:
    """Return an exit code in words; Python has that of a process that was killed as a negative signal."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"the signal {signal.Signals(-code).name}"
    except ValueError:
        return f"the signal {-code}"
