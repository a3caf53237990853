"""Regular expressions that take long to compile, for what a process may never do."""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast

__all__ = ["late_pattern"]


def late_pattern(expression: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return a pattern that is compiled when it is first used.

    >>> late_pattern("[a-z]+").findall("ab cd")
    ['ab', 'cd']
    """
    return cast("re.Pattern[AnyStr]", _LatePattern(expression, flags))


class _LatePattern:
    """Stands for a pattern."""

    def __init__(self, *arguments: Any) -> None:
        self._arguments = arguments

    def __getattr__(self, name: str) -> Any:
        value = getattr(re.compile(*self._arguments), name)
        setattr(self, name, value)  # so that this is done once
        return value
