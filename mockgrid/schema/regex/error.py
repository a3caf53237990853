"""What is wrong with a regular expression."""

from __future__ import annotations

from mockgrid.errors import MockgridError


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
