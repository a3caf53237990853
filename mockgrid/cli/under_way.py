"""A line on a terminal that says what a command is at, and goes when that is done."""

from __future__ import annotations

import sys
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING, Final, Self, TextIO

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["UnderWay"]

_SOON: Final = 0.5  # seconds, in which most is done
_OFTEN: Final = 0.2
_CLEAR: Final = "\r\x1b[K"
_LONGEST: Final = 60


class UnderWay:
    """Shows what is under way, with the seconds that it has taken, where somebody looks at a terminal.

    >>> with UnderWay() as under_way:
    ...     under_way.at("checking api.yaml (1 of 2)")

    Args:
        stream: where the line is; on anything but a terminal there is none.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._text = ""
        self._since = monotonic()
        self._done = Event()
        self._thread = Thread(target=self._show, daemon=True) if self._stream.isatty() else None

    def at(self, text: str) -> None:
        """Say what is under way now."""
        plain = "".join(char if char.isprintable() else "?" for char in text)
        self._text = plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}…"

    def __enter__(self) -> Self:
        if self._thread is not None:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        if self._thread is not None:
            self._thread.join()

    def _show(self) -> None:
        if self._done.wait(_SOON):
            return
        while True:
            self._stream.write(f"{_CLEAR}mockgrid: {self._text}, {monotonic() - self._since:.0f} s")
            self._stream.flush()
            if self._done.wait(_OFTEN):
                break
        self._stream.write(_CLEAR)
        self._stream.flush()
