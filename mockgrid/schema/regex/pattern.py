"""A compiled pattern."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockgrid.schema.regex.automaton import build
from mockgrid.schema.regex.example import Exemplar
from mockgrid.schema.regex.meet import Meeting
from mockgrid.schema.regex.parser import parse
from mockgrid.schema.regex.search import Search
from mockgrid.schema.regex.syntax import pieces

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence


_TRIES = 8
_MEETINGS = 3


class Pattern:
    r"""A pattern that is matched in time linear in the text, and that can make up texts it matches.

    ``\d``, ``\w``, ``\s`` and ``\b`` are those of ECMA-262 (ASCII but for white space); ``$`` is the very end
    of the text. Use :func:`compile_pattern` to make one.

    Attributes:
        source: the pattern as written.
        size: how many parts it unfolds to.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self._tree = parse(source)
        automaton = build(self._tree)
        self.size = pieces(self._tree)
        self._work = automaton.work
        self._search = Search(automaton)
        self._exemplar = Exemplar(self._tree)

    def __repr__(self) -> str:
        return f"compile_pattern({self.source!r})"

    def cost(self, text: str) -> int:
        """About how many steps, of a few microseconds each, searching a text takes at worst."""
        return 1 + len(text) * self._work // 8

    def search(self, text: str) -> bool:
        """Whether the pattern matches anywhere in the text."""
        return self._search.found(text)

    def example(self, rng: random.Random, min_length: int = 0, max_length: int | None = None) -> str | None:
        """A text of ``min_length`` to ``max_length`` characters in which the pattern is found.

        The same state of ``rng`` gives the same text on every platform. Nothing is returned when no such text
        exists, and for some patterns with lookarounds, where none was found in a bounded number of attempts.
        """
        for _ in range(_TRIES):
            text = self._exemplar.text(rng, min_length, max_length)
            if text is None:
                return None
            if self.search(text):
                return text
        return common_example([self], rng, min_length, max_length)


def common_example(
    patterns: Sequence[Pattern], rng: random.Random, min_length: int = 0, max_length: int | None = None
) -> str | None:
    """A text in which every one of the patterns is found; nothing where a bounded search has no result."""
    meeting = Meeting(pattern._tree for pattern in patterns)  # noqa: SLF001 (its own module)
    for _ in range(_MEETINGS):
        text = meeting.text(rng, min_length, max_length)
        if text is not None and all(pattern.search(text) for pattern in patterns):
            return text
    return None


def compile_pattern(pattern: str) -> Pattern:
    """The compiled pattern.

    Raises:
        RegexError: the pattern is malformed, or too large, or cannot be matched in linear time.
    """
    return Pattern(pattern)
