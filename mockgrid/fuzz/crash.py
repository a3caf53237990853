"""Which error ended a program, and where: read from what it printed, in the words of its language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LIBRARIES: Final = re.compile(
    r"(?:^|[/\\])(?:site-packages|dist-packages|node_modules|lib/python[\d.]+|gems|vendor|\.cargo)[/\\]"
    r"|^(?:node:|internal/|/rustc/|<)|/go/(?:src|pkg)/"
)
"""Paths of files that are not the client's own."""


class Crash(NamedTuple):
    """An error that ended a program.

    Attributes:
        name: its type, such as ``TypeError``.
        file: where it was, the last part of the path of a file of the client's own; may be empty.
        line: of that file.
    """

    name: str
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        return f"{self.name} at {self.file}:{self.line}" if self.file else self.name


class Language:
    """How programs of one language tell of an error that nobody has caught.

    Args:
        error: a pattern for the line that has the error's ``name``.
        frame: for lines of the stack, with ``file`` and ``line``; None where the error's line has those.
        above: whether the stack stands above the error, the innermost call last; else below it, that first.
        last: whether of several errors the last ended the program; else the first did.
    """

    def __init__(
        self, error: str, frame: str | None = None, *, above: bool = False, last: bool = False
    ) -> None:
        self._error = re.compile(error)
        self._frame = re.compile(frame) if frame is not None else None
        self._above = above
        self._last = last

    def crash(self, lines: Sequence[str]) -> Crash | None:
        """Return the error that ended a program; None where none is told in this language."""
        crashes = list(self._crashes(lines))
        return crashes[-1 if self._last else 0] if crashes else None

    def _crashes(self, lines: Sequence[str]) -> Iterator[Crash]:
        matches = [
            (number, match) for number, line in enumerate(lines) if (match := self._error.search(line))
        ]
        bounds = [-1, *(number for number, _ in matches), len(lines)]
        for place, (number, match) in enumerate(matches, 1):
            # Numbers in it, such as an index that is out of range, are the reply's.
            name = re.sub(r"\d+", "N", match["name"]).rpartition("\\")[2]
            stack = [match]
            if self._frame is not None:
                around = (
                    reversed(lines[bounds[place - 1] + 1 : number])
                    if self._above
                    else lines[number + 1 : bounds[place + 1]]
                )
                stack = [frame for frame in map(self._frame.search, around) if frame]
            if stack:
                own = (frame for frame in stack if not _LIBRARIES.search(frame["file"]))
                frame = next(own, stack[0])
                yield Crash(name, re.split(r"[/\\]", frame["file"])[-1], int(frame["line"]))


_LANGUAGES: Final = (
    # pytest: `client.py:12: TypeError`.
    Language(r"^(?P<file>[^\s:]+\.py):(?P<line>\d+): (?P<name>[A-Za-z_][\w.]*)$"),
    # Python, above `KeyError: 0`.
    Language(
        r"^(?: +\| )?(?P<name>[A-Za-z_][\w.]*)(?::|$)",
        r'^[\s|]*File "(?P<file>[^"]+)", line (?P<line>\d+)',
        above=True,
        last=True,
    ),
    # The JVM: `Exception in thread "main" java.lang.NullPointerException: …`.
    Language(
        r"^(?:Exception in thread \S+ |Caused by: )(?P<name>[\w.$]+)",
        r"^\s+at [^(]+\((?P<file>[\w$]+\.\w+):(?P<line>\d+)\)$",
        last=True,
    ),
    # .NET: `Unhandled exception. System.NullReferenceException: …`.
    Language(
        r"^Unhandled exception\. (?P<name>[\w.]+)",
        r"^\s+at .* in (?P<file>.+):line (?P<line>\d+)$",
    ),
    # Node, Deno and Bun: `TypeError: Cannot read properties of null (reading 'trim')`.
    Language(
        r"^(?:error: )?(?:Uncaught )?(?:\(in promise\) )?(?P<name>[A-Z][\w$]*)(?: \[\w+\])?(?::|$)",
        r"^\s+at (?:.*\()?(?:file://)?(?P<file>[^()\s][^()]*?):(?P<line>\d+)(?::\d+)?\)?(?: \{)?$",
    ),
    # Go: `panic: runtime error: index out of range [0] with length 0`.
    Language(r"^panic: (?P<name>[^\[]+\b)", r"^\t(?P<file>\S+\.go):(?P<line>\d+)"),
    # Rust: `thread 'main' panicked at src/main.rs:4:5:`.
    Language(r"^thread '.*' (?:\(\d+\) )?(?P<name>panicked) at (?P<file>[^\s:]+):(?P<line>\d+)"),
    # Ruby: `client.rb:3:in 'ask': undefined method 'strip' for nil (NoMethodError)`.
    Language(r"^(?P<file>[^\s:]+\.rb):(?P<line>\d+):in .*\((?P<name>[A-Z][\w:]*)\)$"),
    # PHP: `PHP Fatal error:  Uncaught TypeError: … in /srv/client.php:12`.
    Language(r"Fatal error:\s+Uncaught (?P<name>[\w\\]+).* in (?P<file>[^\s:]+):(?P<line>\d+)$"),
)


def crash_in(output: str) -> Crash | None:
    r"""Return the error that ended a program; None where none is to be read in what it printed.

    >>> str(crash_in('Traceback (most recent call last):\n  File "client.py", line 3, in ask\nKeyError: 0'))
    'KeyError at client.py:3'
    """
    lines = output.splitlines()
    return next(filter(None, (language.crash(lines) for language in _LANGUAGES)), None)
