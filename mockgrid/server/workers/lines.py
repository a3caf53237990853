"""What the workers say on stderr, passed on line by line."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from mockgrid.server.log import Sink

if TYPE_CHECKING:
    from collections.abc import Iterable

_READ: Final = 65_536
_MOST: Final = 1024 * 1024
"""Bytes without a line end that are kept."""


class Lines:
    """Puts the lines of several writers on one stream, each whole.

    A stream that takes nothing stops the reading, and a writer whose pipe is full does what it would do at
    the stream itself. Processes could not share that: the room that one was told of, another may have taken.
    """

    def __init__(self, sink: Sink | None = None) -> None:
        self._sink = sink or Sink()
        self._begun: dict[int, bytes] = {}
        self._lines: list[bytes] = []

    @property
    def waiting(self) -> bool:
        """Whether there is something that the stream did not take."""
        return bool(self._lines)

    def read(self, pipe: int) -> bool:
        """Pass on what a writer has said; False at its end."""
        data = os.read(pipe, _READ)
        text = self._begun.pop(pipe, b"") + data
        end = text.rfind(b"\n") + 1
        if not data or len(text) - end > _MOST:
            end = len(text)
        if end < len(text):
            self._begun[pipe] = text[end:]
        self.write(text[:end].splitlines(keepends=True))
        return bool(data)

    def write(self, lines: Iterable[bytes] = ()) -> None:
        """Write lines after those that are waiting, as far as the stream takes them."""
        self._lines += lines
        del self._lines[: self._sink.write(self._lines)]
