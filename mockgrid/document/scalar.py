"""What a text without quotes means in YAML: a number, true, false, null, or itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mockgrid.document.json_text import finite, integer

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["plain"]

_CONSTANTS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_NUMBER_STARTS = frozenset("+-.0123456789")


def plain(text: str) -> str | float | bool | None:
    """What a text without quotes means by the core schema of YAML 1.2.

    >>> [plain(text) for text in ("true", "~", "0777", "0x1F", "1e3", "off", "1:30", "2024-01-01", "1_000")]
    [True, None, 777, 31, 1000.0, 'off', '1:30', '2024-01-01', '1_000']

    Raises:
        ValueError: a number that JSON cannot hold; the message is a sentence.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] in _NUMBER_STARTS:
        for pattern, read in _NUMBERS:
            if pattern.fullmatch(text):
                return read(text)
    return text


def _not_finite(text: str) -> float:
    raise ValueError(f"{text} is not a number that JSON has.")


_NUMBERS: tuple[tuple[re.Pattern[str], Callable[[str], int | float]], ...] = (
    (re.compile(r"[-+]?[0-9]+"), integer),
    (re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"), finite),
    (re.compile(r"0o[0-7]+"), lambda text: integer(text[2:], 8)),
    (re.compile(r"0x[0-9a-fA-F]+"), lambda text: integer(text[2:], 16)),
    (re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"), _not_finite),
)
