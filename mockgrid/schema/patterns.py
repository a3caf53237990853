"""Whether a document's patterns match a text: the accepting validator's own engine says so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jsonschema_rs import RegexOptions

from mockgrid.schema.pattern_engine import RegexError, compile_matcher

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockgrid.schema.regex import Pattern

__all__ = ["SLOW_LIMIT", "Patterns", "is_slow", "pattern_mistake"]

SLOW_LIMIT = 5_000
"""Characters of the longest text on which a pattern is tried that takes quadratic time; no other matches."""


class Patterns:
    """The patterns of one document, each compiled once."""

    def __init__(self) -> None:
        # By the pattern: bounded by the document.
        self._matchers: dict[str, Callable[[str], bool] | None] = {}
        self._slow: dict[str, bool] = {}

    def found(self, pattern: str, text: str) -> bool:
        """Tell whether a pattern matches anywhere in a text, or cannot be checked."""
        if pattern not in self._matchers:
            self._matchers[pattern] = compile_matcher(pattern)
        matches = self._matchers[pattern]
        if matches is None:
            return True
        if len(text) > SLOW_LIMIT:
            if pattern not in self._slow:
                self._slow[pattern] = is_slow(pattern)
            return not self._slow[pattern] and matches(text)
        return matches(text)


def is_slow(pattern: str) -> bool:
    """Tell whether matching may take quadratic time: by backreferences, or lookarounds that look far."""
    if compile_matcher(pattern, RegexOptions()) is not None:
        return False
    try:
        return not _compiled(pattern).linear
    except RegexError:
        return True


def pattern_mistake(pattern: str) -> str | None:
    """Return what is wrong with a pattern as a regular expression; None where nothing is."""
    if compile_matcher(pattern) is not None:
        return None
    try:
        _compiled(pattern)
    except RegexError as error:
        try:
            re.compile(pattern)
        except re.error as reason:
            return str(reason)
        return error.message
    return None


def _compiled(pattern: str) -> Pattern:
    from mockgrid.schema.regex import compile_pattern  # noqa: PLC0415 - 3 ms, for documents that have such a one

    return compile_pattern(pattern)
