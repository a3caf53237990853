"""A command in a process group of its own, of which nothing is left in the end."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import subprocess
import threading
import uuid
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Self

from mockgrid.errors import StartError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_KEPT: Final = 64 * 1024
"""Bytes of what a stream said that are kept: its end."""
_READ: Final = 16 * 1024
_COLOURS: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
"""What moves the cursor, too: a program that takes its output for a terminal's says both."""
_CLOSING: Final = 1.0
"""Seconds that the streams of a process that has ended get to be read to their end."""
_ROUNDS: Final = 5
_MARK: Final = "RUN_BY_MOCKGRID"
"""A variable that each process of a command has, and those of no other."""
_HAS_GROUPS: Final = hasattr(os, "killpg")


class Tail:
    """The end of what a stream says; a thread of its own reads it, lest a full pipe stops who writes.

    Args:
        stream: of a process.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._kept = bytearray()
        self.size = 0
        """Bytes that it has said in all."""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def text(self, since: int = 0) -> str:
        """Return what it has said since a size, at most the last 64 KiB, without colours."""
        new = self.size - since
        return _COLOURS.sub("", bytes(self._kept[-new:] if new else b"").decode("utf-8", "replace"))

    def close(self) -> None:
        """Wait for the end of the stream, but not for a process that has left the group and has it open."""
        self._thread.join(_CLOSING)
        if not self._thread.is_alive():
            self._stream.close()

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while piece := os.read(self._stream.fileno(), _READ):
                self._kept += piece
                del self._kept[:-_KEPT]
                self.size += len(piece)


class CommandProcess:
    """A command that runs; it and all that it has started end with the ``with`` block.

    Args:
        command: and its arguments.
        variables: of its environment.

    Attributes:
        errors: what it says on standard error.
        output: what it says on standard output.

    Raises:
        StartError: it cannot be run.
    """

    def __init__(self, command: Sequence[str], variables: Mapping[str, str]) -> None:
        self._mark = uuid.uuid4().hex
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the user's own command
                command,
                env={**variables, _MARK: self._mark},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise _unusable(command, error) from None
        assert self._process.stdout is not None  # noqa: S101 - for the type checker
        assert self._process.stderr is not None  # noqa: S101 - the same
        self.output, self.errors = Tail(self._process.stdout), Tail(self._process.stderr)
        self._over = False
        self._ended = threading.Thread(target=self._wait, daemon=True)
        self._ended.start()

    def wait(self, seconds: float) -> int | None:
        """Return the exit code, a negative signal as Python has it; None where it runs on for so long."""
        self._ended.join(seconds)
        return None if self._ended.is_alive() else self.end()

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._ended.is_alive()

    def end(self) -> int:
        """End it, and all of its group; return the exit code. Does nothing the second time."""
        if not self._over:
            self._over = True
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if _HAS_GROUPS:
                    # Before it is reaped: from then on the number may be another group's.
                    os.killpg(self._process.pid, signal.SIGKILL)
                else:
                    self._process.kill()
            self._end_who_left()
            self._ended.join()
            self._process.wait()
            self.output.close()
            self.errors.close()
        return self._process.returncode

    def _end_who_left(self) -> None:
        """End what has left the group, such as a daemon: on Linux its environment says whose it is."""
        for _ in range(_ROUNDS):  # for what starts more before it ends
            left = list(_with_variable(self._mark))
            for number in left:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(number, signal.SIGKILL)
            if not left:
                break

    def _wait(self) -> None:
        if hasattr(os, "waitid"):
            # Where Ctrl+C comes while a thread is waited for, Python takes it for ended: another may reap.
            with contextlib.suppress(ChildProcessError):
                os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
        else:
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.end()


def client_variables(base_url: str, api_key: str) -> dict[str, str]:
    """Return the environment of a client: the caller's own, and where to ask with which key.

    Every name stands there by which clients of OpenAI's API look for the two, and no proxy lies between.
    """
    local = ",".join(filter(None, (os.environ.get("NO_PROXY"), "127.0.0.1,localhost")))
    return {
        **os.environ,
        **dict.fromkeys(_BASE_URLS, base_url),
        "OPENAI_API_KEY": api_key,
        "NO_PROXY": local,
        "no_proxy": local,
    }


def _with_variable(mark: str) -> Iterator[int]:
    """Yield the processes that come from a command."""
    variable = f"{_MARK}={mark}\0".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it is over, or another user's
            if variable in (folder / "environ").read_bytes():
                yield int(folder.name)


_BASE_URLS: Final = ("OPENAI_BASE_URL", "OPENAI_API_BASE", "OPENAI_API_BASE_URL")


def _unusable(command: Sequence[str], error: OSError | ValueError) -> StartError:
    line = shlex.join(command)
    if isinstance(error, FileNotFoundError):
        return StartError(f"There is no command {command[0]!r}.", hint="Is it installed, and on the PATH?")
    reason = getattr(error, "strerror", None) or str(error)
    return StartError(f"The command `{line}` cannot be run: {reason}.")
