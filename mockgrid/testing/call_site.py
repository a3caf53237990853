"""The line of the test that asked."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_HERE: Final = str(Path(__file__).parent) + os.sep


@dataclass(frozen=True, slots=True)
class CallSite:
    """Who asked.

    Attributes:
        where: file and line, such as ``tests/test_agent.py:12``, seen from the current directory.
        folder: where that file is.
    """

    where: str
    folder: Path


def call_site() -> CallSite:
    """Return the nearest line on the stack that is not MockGrid's own."""
    frame = sys._getframe(1)  # noqa: SLF001 - what inspect uses, without its cost
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
        frame = frame.f_back
    return at(frame.f_code.co_filename, frame.f_lineno)


def at(file: str | Path, line: int) -> CallSite:
    """Return a line of a file as a caller."""
    path = Path(file)
    return CallSite(f"{seen_from_here(path)}:{line}", path.parent)


def seen_from_here(path: Path) -> str:
    """Return a path relative to the current directory where it lies inside, else as it is."""
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except (ValueError, OSError):
        return str(path)
