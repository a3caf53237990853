"""Findings about the structure in YAML's words, and what was meant by a key or a value that is refused.

>>> kinds("a boolean, an array or null"), got("yes"), got([1])
('true or false, a list or null', "the text 'yes'", 'a list')
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

from mockgrid.document.scalar import plain
from mockgrid.scenario.short_repr import short_repr

__all__ = ["as_key", "as_text", "as_value", "glued", "got", "kinds", "ours", "remedy"]

_WORDS: Final = {
    "a boolean": "true or false",
    "a string": "text",
    "an array": "a list",
    "an object": "a mapping",
}
_KIND: Final = re.compile("|".join(_WORDS))
_TRUTHS: Final = {
    **dict.fromkeys(("true", "yes", "on", "y"), "true"),
    **dict.fromkeys(("false", "no", "off", "n"), "false"),
}
_YAML_1_2: Final = "`on`, `off`, `yes` and `no` are text in YAML 1.2."
# Quotes that word processors write, and that YAML reads as part of the text.
_TYPOGRAPHIC: Final = frozenset(
    "\u201c\u201d\u201e\u2018\u2019\u201a\u00ab\u00bb"
)  # escaped: they look alike
_DASH: Final = re.compile(r"-[A-Za-z_]")
_COLON: Final = re.compile(r"([A-Za-z_]+):(\S.*)", re.DOTALL)
_CUT: Final = 60
_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


@cache
def _synonyms() -> tuple[dict[str, list[str]], dict[str, str]]:
    """Return words of other tools with ours, the likeliest first; and with sentences where there is none."""
    data = json.loads(Path(__file__).with_name("synonyms.json").read_bytes())
    words: dict[str, list[str]] = {}
    for word, theirs in data["words"].items():
        for their in theirs.split():
            words.setdefault(their, []).append(word)
    return words, {their: hint for hint, theirs in data["remedies"].items() for their in theirs.split()}


def ours(word: str) -> list[str]:
    """Return the words of this language for one that other tools have, the likeliest first.

    >>> ours("finishReason"), ours("$gt")
    (['finish'], ['above'])
    """
    return _synonyms()[0].get(_plain(word), [])


def remedy(word: str) -> str:
    """Return how a matcher of other tools is written here where no word of ours is one; else empty.

    >>> remedy("gte")
    'Write `not: {below: …}` for this number or more.'
    """
    return _synonyms()[1].get(_plain(word), "")


def _plain(word: str) -> str:
    return _HUMP.sub("_", word.lstrip("$")).lower().replace("-", "_")


def kinds(expected: str) -> str:
    """Return the names of JSON's types as they are called in YAML."""
    return _KIND.sub(lambda name: _WORDS[name[0]], expected)


def got(value: Any) -> str:
    """Say what a value is, and which, where it is short."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return f"the text '{value}'" if len(value) <= _CUT else "a long text"
    if isinstance(value, (dict, list)):
        return "a mapping" if isinstance(value, dict) else "a list"
    return short_repr(value, _CUT)


def as_value(value: Any, expected: str, known: list[str]) -> str:
    """Return what was meant by a value of the wrong kind; empty where that is not certain.

    Args:
        value: as it was read.
        expected: the types that can stand in its place, in JSON's words.
        known: the keys of the mapping that can, if one can.
    """
    if isinstance(value, dict) and "an array" in expected:
        dashed = next((key for key in value if _DASH.match(key)), None)
        return "" if dashed is None else _after_dash(dashed)
    if not isinstance(value, str):
        return ""
    truth = _TRUTHS.get(value.lower()) if "a boolean" in expected else None
    if truth is not None:
        quoted = value.lower() == truth
        return f"Write {truth} without quotes." if quoted else f"Write {truth}: {_YAML_1_2}"
    numbers = (int, float) if "a number" in expected else (int,) if "an integer" in expected else ()
    if _is_number(value, numbers):
        return f"Write {value} without quotes."
    if "an object" in expected:
        return _after_colon(value, known)
    return ""


def as_text(value: Any, expected: str) -> str:
    """Return what to do with a number or a truth where text can stand; empty for all else."""
    return "Quote it." if "a string" in expected and isinstance(value, (int, float)) else ""


def glued(key: str, known: list[str]) -> str:
    """Return where a blank is missing in a key; empty where none is.

    Args:
        key: as it was read.
        known: the keys that can stand there.
    """
    return _after_dash(key) if _DASH.match(key) else _after_colon(key, known)


def as_key(key: str, holder: Any) -> str:
    """Return what was meant by a key that resembles none; empty where that cannot be told.

    Args:
        key: as it was read.
        holder: the mapping that it stands in.
    """
    if not isinstance(holder, dict) or key not in holder:
        return ""
    values = [item for item in holder.values() if isinstance(item, str)]
    if any(not _TYPOGRAPHIC.isdisjoint(text[:1] + text[-1:]) for text in (key, *values)):
        return "Quote text with ' or \"; typographic quotes are a part of the text."
    keys = list(holder)
    before = keys[keys.index(key) - 1] if keys.index(key) else None
    if holder[key] is None and before is not None and isinstance(holder[before], str):
        return f"If it is the rest of the text under `{before}`, quote that text: it has a comma."
    return ""


def _after_dash(key: str) -> str:
    return f"A blank is missing after the '-': write `- {key[1 : _CUT + 1]}`."


def _after_colon(text: str, known: list[str]) -> str:
    parts = _COLON.fullmatch(text)
    if parts is None or parts[1] not in known:
        return ""
    return f"A blank is missing after the ':': write `{parts[1]}: {parts[2][:_CUT]}`."


def _is_number(text: str, numbers: tuple[type, ...]) -> bool:
    try:
        value = plain(text)
    except ValueError:
        return False
    return isinstance(value, numbers) and not isinstance(value, bool)
