"""The part of a JSON value that is at fault, with enough around it to find it."""

from __future__ import annotations

import json
from typing import Any, Final

from mockgrid.document.pointer import split

# Neighbours that are shown on each side of what is at fault.
_BEFORE: Final = 3
_AFTER: Final = 2
_NARROWEST: Final = 16


def fragment(value: Any, pointer: str, width: int = 76) -> list[str]:
    r"""Return a JSON value as lines; the one at fault begins with ``>``, and what is far from it is left out.

    Args:
        value: the whole.
        pointer: JSON pointer to what is at fault. Where that is missing, what should have it is marked.
        width: columns of the longest line.

    >>> print("\n".join(fragment({"model": "text-prime", "temperature": 3}, "/temperature")))
      {
        "model": "text-prime",
    >   "temperature": 3
      }
    """
    lines = _lines(value, list(split(pointer)), "", "", 0)
    return [f"{'>' if marked else ' '} {_cut(text, width - 2)}" for marked, text in lines]


def _lines(value: Any, parts: list[str], before: str, after: str, depth: int) -> list[tuple[bool, str]]:
    indent = "  " * depth
    children = _children(value)
    if not parts or parts[0] not in children:
        return [(True, f"{indent}{before}{_short(value)}{after}")]
    place = list(children).index(parts[0])
    first, last = max(place - _BEFORE, 0), min(place + _AFTER + 1, len(children))
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    lines = [(False, f"{indent}{before}{opening}")]
    if first:
        lines.append((False, f"{indent}  … {first} before"))
    for index, (name, child) in enumerate(children.items()):
        if not first <= index < last:
            continue
        key = f"{json.dumps(name, ensure_ascii=False)}: " if isinstance(value, dict) else ""
        comma = "" if index == len(children) - 1 else ","
        if index == place:
            lines += _lines(child, parts[1:], key, comma, depth + 1)
        else:
            lines.append((False, f"{indent}  {key}{_short(child)}{comma}"))
    if last < len(children):
        lines.append((False, f"{indent}  … {len(children) - last} more"))
    return [*lines, (False, f"{indent}{closing}{after}")]


def _children(value: Any) -> dict[str, Any]:
    """Return what a container holds, by the parts that pointers name it with."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list):
        return {str(index): item for index, item in enumerate(value)}
    return {}


def _short(value: Any) -> str:
    """Return a value in one line; of containers within containers, only that they are there."""
    if isinstance(value, dict) and value:
        inside = ", ".join(
            f"{json.dumps(key, ensure_ascii=False)}: {_shorter(item)}" for key, item in value.items()
        )
        return f"{{{inside}}}"
    if isinstance(value, list) and value:
        return f"[{', '.join(map(_shorter, value))}]"
    return json.dumps(value, ensure_ascii=False)


def _shorter(value: Any) -> str:
    if isinstance(value, dict) and value:
        return "{…}"
    if isinstance(value, list) and value:
        return "[…]"
    return json.dumps(value, ensure_ascii=False)


def _cut(text: str, width: int) -> str:
    width = max(width, _NARROWEST)
    return text if len(text) <= width else f"{text[: width - 1]}…"
