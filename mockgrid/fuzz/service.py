"""A client that runs on, such as a web service, and is called once for each example."""

from __future__ import annotations

import time
from contextlib import closing, nullcontext
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import quote, urlsplit

from mockgrid.errors import StartError
from mockgrid.fuzz.client import Client, UnfitClientError
from mockgrid.fuzz.command import code_name
from mockgrid.fuzz.crash import crash_in
from mockgrid.fuzz.failure import ClientFailure, printed
from mockgrid.fuzz.process import CommandProcess, client_variables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from mockgrid.fuzz.judge import ClientJudge
    from mockgrid.testing.grid import Grid
    from mockgrid.testing.session import GridSession

_START: Final = 30.0
"""Seconds in which a service has to be there."""
_POLL: Final = 0.02
_REACH: Final = 1.0
_LOGGING: Final = 0.1
"""Seconds in which a service that answered with an error may still log which."""
_FAILED: Final = 500
_LEAST: Final = 0.0001
_PIECE: Final = 64 * 1024
_AS_IT_IS: Final = "%/:?#[]@!$&'()*+,;=~"
"""What stands in paths and queries without an escape, and the escape itself."""


class ServiceCall:
    """A request that a service is sent again and again.

    Each time over a connection of its own: one that is kept waits 40 ms for services that write an answer in
    two pieces.

    Args:
        url: of the service.
        data: the body of a POST; None for a GET.

    Raises:
        StartError: this is no URL to be called.
    """

    def __init__(self, url: str, data: str | None = None) -> None:
        try:
            parts = urlsplit(url)
            self._port = parts.port
        except ValueError as error:
            raise StartError(f"--call: {url!r} is no URL: {error}.") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise StartError(f"--call: {url!r} is no URL such as http://127.0.0.1:3000/chat.")
        self._kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self.url = url
        self._host = parts.hostname
        target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        self._target = quote(target, safe=_AS_IT_IS)
        self._data = None if data is None else data.encode()

    def send(self, seconds: float) -> tuple[int, str]:
        """Send it; return status and body.

        Raises:
            TimeoutError: the answer takes too long.
            OSError: there is no answer.
            HTTPException: the same.
        """
        until = time.monotonic() + seconds
        with closing(self._kind(self._host, self._port, timeout=seconds)) as connection:
            if self._data is None:
                connection.request("GET", self._target)
            else:
                connection.request("POST", self._target, self._data, {"Content-Type": "application/json"})
            socket = connection.sock
            pieces = []
            with connection.getresponse() as response:
                while not response.isclosed():
                    # For the whole answer, not for each piece.
                    socket.settimeout(max(until - time.monotonic(), _LEAST))
                    piece = response.read1(_PIECE)
                    if not piece:
                        break
                    pieces.append(piece)
        return response.status, b"".join(pieces).decode("utf-8", "replace")

    def reaches(self) -> bool:
        """Tell whether the service accepts connections."""
        with closing(self._kind(self._host, self._port, timeout=_REACH)) as connection:
            try:
                connection.connect()
            except OSError:
                return False
        return True


class ServiceClient(Client):
    """Starts a service, which asks the server that its environment names whenever it is called.

    It ends with the ``with`` block; should it end before, it is started again.

    Args:
        command: starts the service.
        call: has it ask.
        grid: the server.
        judge: tells what is a failure.
        seconds: that it may take for a call.

    Raises:
        StartError: it cannot be started, does not answer, or is there already.
    """

    def __init__(
        self, command: Sequence[str], call: ServiceCall, grid: Grid, judge: ClientJudge, seconds: float
    ) -> None:
        super().__init__(judge, seconds)
        self._command = command
        self._call = call
        self._kept = grid.session("fuzz")
        if call.reaches():
            raise StartError(
                f"At {call.url} something answers before the service is started.",
                hint="End what was started before, or have the service listen on another port.",
            )
        self._process = self._started()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.end()

    def _session(self) -> AbstractContextManager[GridSession]:
        # Always the same: what runs on has been told its key once.
        self._kept.reset()
        return nullcontext(self._kept)

    def _asked(self, session: GridSession, played: Any, seconds: float) -> ClientFailure | None:
        del session
        process = self._process
        begun = process.errors.size, process.output.size
        answer = ""
        try:
            status, answer = self._call.send(seconds)
        except TimeoutError:
            what = f"no answer within {seconds:g} s"
        except (OSError, HTTPException):
            code = process.wait(_LOGGING)
            what = "no answer" if code is None else code_name(code)
        else:
            if status < _FAILED or self._judge.allows(status):
                return None
            what = f"status {status}"
        mistake, details = self._logged(process, begun, played)
        if not what.startswith("status"):
            self._restart()
        return ClientFailure(what, mistake or printed("", answer, played), details or answer)

    def _logged(self, process: CommandProcess, begun: tuple[int, int], played: Any) -> tuple[str, str]:
        """Return the mistake that shows in what the service has printed since it was called, and that."""
        until = time.monotonic() + _LOGGING
        while True:
            errors, output = process.errors.text(begun[0]), process.output.text(begun[1])
            crash = crash_in(errors) or crash_in(output)
            if crash is not None or time.monotonic() > until or not process.running:
                break
            time.sleep(_POLL)
        details = errors if errors.strip() else output
        return str(crash) if crash is not None else printed(errors, output, played), details

    def _restart(self) -> None:
        self._process.end()
        self._process = self._started()

    def _started(self) -> CommandProcess:
        process = CommandProcess(self._command, client_variables(self._kept.base_url, self._kept.api_key))
        try:
            self._await(process)
        except BaseException:
            process.end()
            raise
        return process

    def _await(self, process: CommandProcess) -> None:
        """Wait until the service accepts connections."""
        until = time.monotonic() + _START
        while not self._call.reaches():
            code = process.wait(_POLL)
            if code is not None:
                errors, output = process.errors.text(), process.output.text()
                last, details = printed(errors, output, {}), (errors if errors.strip() else output).strip()
                said = f" and {last}" if last else ""
                early = f"The service has ended, by {code_name(code)}{said}, before it answered"
                # A single line stands in the sentence already.
                raise UnfitClientError(details if "\n" in details else "", f"{early} at {self._call.url}.")
            if time.monotonic() > until:
                raise StartError(
                    f"The service does not answer at {self._call.url} within {_START:g} s.",
                    hint="--call is the URL at which the command serves.",
                )
