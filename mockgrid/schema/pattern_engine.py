"""The engine that matches: the one that `jsonschema-rs` brings, its steps limited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jsonschema_rs import Draft202012Validator, FancyRegexOptions, RegexOptions, ValidationError

from mockgrid.errors import MockgridError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PATTERN_OPTIONS", "RegexError", "compile_matcher"]

PATTERN_OPTIONS = FancyRegexOptions(backtrack_limit=100_000)
"""Most patterns take linear time; with lookarounds and backreferences a search ends after so many steps."""


class RegexError(MockgridError):
    """A pattern that is malformed, too large, or cannot be matched in linear time.

    Args:
        message: what was found and what was expected, one sentence.
        position: index of the offending character in the pattern.
        hint: what to write instead; may be empty.
    """

    def __init__(self, message: str, position: int, *, hint: str = "") -> None:
        super().__init__(f"{message} at position {position}", hint=hint)
        self.position = position


def compile_matcher(
    pattern: str, options: FancyRegexOptions | RegexOptions = PATTERN_OPTIONS
) -> Callable[[str], bool] | None:
    """Return what tells whether a pattern matches anywhere in a text; None where the engine refuses it."""
    try:
        matches = Draft202012Validator({"pattern": pattern}, pattern_options=options).is_valid
    except (ValidationError, ValueError, SystemError):  # the last is how old releases tell of lone surrogates
        return None

    def search(text: str) -> bool:
        try:
            return matches(text)
        except (ValueError, SystemError):  # no engine reads lone surrogates
            return False

    return search
