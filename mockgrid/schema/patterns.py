"""Whether a document's patterns match a text: the accepting validator's own engine says so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mockgrid.schema.regex.engine import compile_matcher

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Patterns", "pattern_mistake"]


class Patterns:
    """The patterns of one document, each compiled once."""

    def __init__(self) -> None:
        # By the pattern: bounded by the document.
        self._matchers: dict[str, Callable[[str], bool] | None] = {}

    def found(self, pattern: str, text: str) -> bool:
        """Tell whether a pattern matches anywhere in a text, or cannot be checked."""
        if pattern not in self._matchers:
            self._matchers[pattern] = compile_matcher(pattern)
        matches = self._matchers[pattern]
        return matches is None or matches(text)


def pattern_mistake(pattern: str) -> str | None:
    """Return what is wrong with a pattern as a regular expression; None where nothing is."""
    if compile_matcher(pattern) is not None:
        return None
    from mockgrid.schema.regex import RegexError, compile_pattern  # noqa: PLC0415 - only to word a mistake

    try:
        compile_pattern(pattern)
    except RegexError as error:
        try:
            re.compile(pattern)
        except re.error as reason:
            return str(reason)
        return error.message
    return None
