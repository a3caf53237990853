"""Whether a document's patterns match a text, without any that could take for ever."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mockgrid.errors import DocumentError
from mockgrid.schema.engine import compile_fast

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockgrid.schema.regex import Pattern
    from mockgrid.schema.translate import Draft

__all__ = ["Patterns", "pattern_mistake"]

_DEAREST = 200_000


class Patterns:
    """The patterns of one document, each compiled once.

    Args:
        draft: of the document's schemas.
    """

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        # Both by the pattern: bounded by the document.
        self._linear: dict[str, Pattern | None] = {}
        self._others: dict[str, Callable[[str], bool]] = {}

    def found(self, pattern: str, text: str) -> bool:
        """Tell whether a pattern matches anywhere in a text."""
        if pattern not in self._linear:
            self._linear[pattern] = _linear(pattern)
        linear = self._linear[pattern]
        if linear is not None and linear.cost(text) <= _DEAREST:
            return linear.search(text)
        if pattern not in self._others:
            self._others[pattern] = self._other(pattern, linear)
        return self._others[pattern](text)

    def _other(self, pattern: str, linear: Pattern | None) -> Callable[[str], bool]:
        """Return the accepting validator's own matcher, whose steps are limited.

        Without it, the linear one, however long the text; Python's only for what that does not read.
        """
        try:
            fast = compile_fast({"pattern": pattern}, self._draft)
        except DocumentError:
            fast = None
        if fast is not None:
            return fast
        if linear is not None:
            return linear.search
        try:
            compiled = re.compile(pattern)
        except re.error:
            return lambda _: True  # what cannot be checked is not held against anyone
        return lambda text: compiled.search(text) is not None


def pattern_mistake(pattern: str, draft: Draft) -> str | None:
    """Return what is wrong with a pattern as a regular expression; None where nothing is."""
    try:
        if compile_fast({"pattern": pattern}, draft) is not None:
            return None
    except DocumentError:
        pass
    if _linear(pattern) is not None:
        return None
    try:
        re.compile(pattern)
    except re.error as error:
        return str(error)
    return None


def _linear(pattern: str) -> Pattern | None:
    from mockgrid.schema.regex import RegexError, compile_pattern  # noqa: PLC0415 - few requests need it

    try:
        return compile_pattern(pattern)
    except RegexError:
        return None
