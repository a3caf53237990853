"""How far a search is: a line that changes on a terminal, lines that stay elsewhere."""

from __future__ import annotations

import time
from typing import IO, TYPE_CHECKING, Final

from mockgrid.log import say
from mockgrid.report.wording import counted

if TYPE_CHECKING:
    from mockgrid.fuzz.search import Search

_OFTEN: Final = 0.2
"""Seconds after which a line on a terminal changes."""
_SELDOM: Final = 10.0
"""Seconds after which there is a new line elsewhere."""
_SLOW: Final = 1
"""Examples a second that are told by a decimal, where there are fewer."""
_ERASE: Final = "\r\x1b[K"


class Progress:
    """Says how far a search is.

    Args:
        stream: where to; a terminal, or none.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._begun = self._last = time.monotonic()
        self._mistakes = 0

    def __call__(self, search: Search) -> None:
        """Say it, where it is time to."""
        now = time.monotonic()
        if len(search.discoveries) > self._mistakes:
            self._mistakes = len(search.discoveries)
            newest = list(search.discoveries.values())[-1]
            self.line(f"example {newest.first}: {newest.failure}")
        elif now - self._last < (_OFTEN if self._terminal else _SELDOM):
            return
        self._last = now
        state = self.state(search)
        if self._terminal:
            self._stream.write(f"{_ERASE}{state}")
            self._stream.flush()
        elif now - self._begun > _SELDOM:
            say(f"mockgrid: {state}", self._stream)

    def state(self, search: Search) -> str:
        """Return how far it is, such as ``212 examples, 21 a second, 2 distinct failures``."""
        seconds = max(time.monotonic() - self._begun, 0.001)
        rate = search.tried / seconds
        return (
            f"{counted(search.tried, 'example')}, {rate:.{int(rate < _SLOW)}f} a second, "
            f"{counted(len(search.discoveries), 'distinct failure')}"
        )

    def line(self, text: str) -> None:
        """Say something that stays."""
        say(f"{_ERASE if self._terminal else ''}mockgrid: {text}", self._stream)

    def end(self) -> None:
        """Take away what would change."""
        if self._terminal:
            self._stream.write(_ERASE)
            self._stream.flush()
