"""Values as an author would write them, in one short line.

>>> short_repr({"contains": "weather", "not": {"one_of": ["a", 1]}})
'{contains: weather, not: {one_of: [a, 1]}}'
"""

from __future__ import annotations

import json
import re
from itertools import islice
from typing import Any, Final

from mockgrid.document.scalar import plain

__all__ = ["short_repr"]

_CUT: Final = 120
_MOST: Final = 20
_DEEPEST: Final = 6
# Compiled when a value is shown: sets of so many characters take 3 ms.
_BARE: Final = r"[A-Za-z0-9_./*?°\u00c0-\uffff][^\r\n\t#:,\[\]{}\"'`|>&!%@]*"


def short_repr(value: Any, cut: int = _CUT) -> str:
    """Return a JSON value as YAML in one line, cut at so many characters."""
    text = _flow(value, cut, 0)
    return text if len(text) <= cut else text[: cut - 1] + "…"


def _flow(value: Any, cut: int, depth: int) -> str:
    if isinstance(value, str):
        return _scalar(value[: cut + 1])
    if isinstance(value, (dict, list)):
        if depth > _DEEPEST:
            return "…"
        more = ["…"] if len(value) > _MOST else []
        if isinstance(value, dict):
            pairs = (
                f"{_scalar(key[:cut])}: {_flow(item, cut, depth + 1)}"
                for key, item in islice(value.items(), _MOST)
            )
            return "{" + ", ".join([*pairs, *more]) + "}"
        return "[" + ", ".join([*(_flow(item, cut, depth + 1) for item in value[:_MOST]), *more]) + "]"
    if isinstance(value, int) and abs(value) >= 10**64:
        return f"an integer of {value.bit_length()} bits"
    return json.dumps(value)


def _scalar(text: str) -> str:
    """Return a text without quotes where YAML reads it as the same text."""
    if re.fullmatch(_BARE, text) and not text.endswith(" ") and _is_text(text):
        return text
    return json.dumps(text, ensure_ascii=False)


def _is_text(text: str) -> bool:
    try:
        return plain(text) == text
    except ValueError:
        return False
