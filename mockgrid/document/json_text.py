"""Strict JSON text: its data quickly, and its mistakes by position.

The standard library reads it, since orjson turns long integers into floats and neither of them can refuse
duplicate keys alone; a walk over the text explains what is refused.
"""

from __future__ import annotations

import json
import math
import re
from contextlib import suppress
from typing import Any, Final

from mockgrid.document.json_places import members, space_end
from mockgrid.document.mistakes import Mistakes
from mockgrid.document.source_map import Position
from mockgrid.errors import YamlError

__all__ = [
    "CLOSING",
    "DEEPEST",
    "NotJsonError",
    "check",
    "deeper_than",
    "finite",
    "integer",
    "is_unclosed",
    "load",
    "load_loosely",
    "not_json",
    "outer_brackets",
    "position",
    "syntax_mistake",
]

DEEPEST: Final = 200
"""Levels of nesting; what reads the data afterwards recurses."""

LONGEST_INTEGER: Final = 1000
"""Digits. Reading longer ones takes Python quadratic time, and beyond 4300 it refuses."""

_BRACKET: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]', re.DOTALL)
_CONTROL: Final = re.compile(r"[\x00-\x1f]")
_LONE: Final = re.compile(
    r"\\u[dD][89aAbB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89aAbB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
CLOSING: Final = {"{": "}", "[": "]"}
SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


_QUOTES: Final = "Texts and keys stand in double quotes in JSON."
# How a parser's complaint begins, the text that follows, what is wrong, and what to do; the first that fits.
_MISTAKES: Final = (
    ("Illegal trailing comma", "", "the comma before this bracket is one too many", "Remove it."),
    ("E", r"//|/\*|#", "a comment stands here", "Remove it; YAML has comments, JSON has none."),
    ("Expecting", "'", "a text stands in single quotes", _QUOTES),
    ("Expecting ',' delimiter", r"\d", "a number begins with 0", "Leave the 0 out, or quote the number."),
    ("Expecting ',' delimiter", "", "a comma or a closing bracket is missing before this", ""),
    ("Expecting ':' delimiter", "", "the ':' after the key is missing", ""),
    ("Expecting property name", ",", "this comma is one too many", "Remove it."),
    ("Expecting property name", "", "a key without quotes stands here", _QUOTES),
    (
        "Expecting value",
        r"True\b|False\b|None\b",
        "a word of Python stands here",
        "Write true, false or null.",
    ),
    ("Expecting value", r"[,\]}:]", "a value is missing before this", ""),
    ("Expecting value", "", "this is no value that JSON has", _QUOTES),
    ("Extra data", ",", "the bracket before this is one too many", "Remove it."),
    ("Extra data", "", "something follows the end of the value", "There is room for one; remove the rest."),
    ("Invalid control character", "", "a text holds a control character", "Write \\n for the end of a line."),
    ("Invalid \\", "", "this backslash starts no escape that JSON knows", "Double it for a plain backslash."),
    ("Unterminated string", "", "the quotes that open here are never closed", "Close them."),
)


class NotJsonError(YamlError):
    """The text is not JSON, though it may well be YAML."""


class _RefusedError(ValueError):
    """JSON by the letter that is refused here; the scan says where."""


def load(text: str, name: str) -> Any:
    """The data of a JSON text.

    Raises:
        NotJsonError: the text is not JSON.
        YamlError: it is, but with duplicate keys, nesting too deep, or a number or text that cannot be kept.
    """
    try:
        data = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_int=integer,
            parse_float=finite,
            parse_constant=_no_constant,
        )
    except json.JSONDecodeError as error:
        raise not_json(error, name) from None
    except (ValueError, RecursionError):
        with suppress(RecursionError):
            _read_whole(text, name)
        check(text, name, Mistakes())
        raise NotJsonError("This is not JSON that can be kept.", where=f"{name}:1:1") from None
    if SURROGATE.search(text) or deeper_than(data, DEEPEST):
        check(text, name, Mistakes())
    return data


def _read_whole(text: str, name: str) -> None:
    """Check that a text of which something is refused is JSON behind that, too.

    Raises:
        NotJsonError: it is not.
    """
    try:
        json.loads(text, parse_int=len, parse_float=len)
    except json.JSONDecodeError as error:
        raise not_json(error, name) from None


def not_json(error: json.JSONDecodeError, name: str) -> NotJsonError:
    """Return what is wrong with a text that is not JSON."""
    message, hint, line, column = syntax_mistake(error)
    return NotJsonError(f"This is not JSON: {message}.", where=f"{name}:{line}:{column}", hint=hint)


def is_unclosed(error: json.JSONDecodeError) -> bool:
    """Tell whether quotes were surely meant to close where their line ends: the next begins anew."""
    before, following = error.doc[error.pos : error.pos + 1], error.doc[error.pos :].lstrip()[:1]
    return error.msg.startswith("Invalid control") and before in "\r\n" and following in ('"', "}", "]")


def outer_brackets(text: str) -> list[str]:
    """Return the brackets that are open where a beginning of JSON ends, the outermost first."""
    opened: list[str] = []
    for bracket in _BRACKET.finditer(text):
        if bracket[0] in "{[":
            opened.append(bracket[0])
        elif bracket[0] in "]}" and opened:
            opened.pop()
    return opened


def load_loosely(text: str) -> Any:
    """The data of a JSON text with mistakes that ``check`` tells of; for a number beyond all, null.

    Raises:
        JSONDecodeError: the standard library cannot read it.
    """

    def number(digits: str) -> float | None:
        try:
            return integer(digits) if digits.lstrip("-").isdecimal() else finite(digits)
        except ValueError:
            return None

    whole = _LONE.sub(r"\\ufffd", text)
    return json.loads(
        whole, strict=False, parse_int=number, parse_float=number, parse_constant=lambda _: None
    )


def syntax_mistake(error: json.JSONDecodeError) -> tuple[str, str, int, int]:
    """Return what is wrong with a text that is not JSON, what to do, its line and its column.

    They are alike under every Python: 3.13 tells of a comma behind the last member; those before it expect
    what comes after the comma.
    """
    if is_unclosed(error):
        opened = error.doc.rfind('"', 0, error.pos)
        return syntax_mistake(json.JSONDecodeError("Unterminated string", error.doc, opened))
    words, position = error.msg.removesuffix(" at"), error.pos
    before = error.doc[:position].rstrip(" \t\r\n")
    closing = error.doc[position : position + 1]
    if closing and closing in "]}" and before.endswith(","):
        words = f"Illegal trailing comma before end of {'array' if closing == ']' else 'object'}"
        position = len(before) - 1
    above = error.doc[:position]
    message, hint = _in_plain_words(words, error.doc[error.pos :].lstrip(" \t\r\n"))
    return message, hint, above.count("\n") + 1, position - above.rfind("\n")


def _in_plain_words(complaint: str, following: str) -> tuple[str, str]:
    """Return what is wrong with a text and what to do, for a parser's complaint and the text that follows."""
    if not following:
        return "the text ends before all of it is closed", "Add the quotes or brackets that are missing."
    for start, pattern, message, hint in _MISTAKES:
        if complaint.startswith(start) and re.match(pattern, following):
            return message, hint
    return f"{complaint[:1].lower()}{complaint[1:]}", ""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise _RefusedError
    return data


def _no_constant(_text: str) -> Any:
    raise _RefusedError


def deeper_than(value: Any, most: int) -> bool:
    """Tell whether lists and objects are nested more deeply; level by level, without recursion."""
    level = [value] if isinstance(value, (list, dict)) else []
    for _ in range(most):
        if not level:
            return False
        level = [
            item
            for holder in level
            for item in (holder.values() if isinstance(holder, dict) else holder)
            if isinstance(item, (list, dict))
        ]
    return bool(level)


def integer(text: str, base: int = 10) -> int:
    """An integer of bounded length."""
    if len(text) > LONGEST_INTEGER:
        raise ValueError(f"This integer has {len(text)} digits; at most {LONGEST_INTEGER} are read.")
    return int(text, base)


def finite(text: str) -> float:
    """A number that is not too large for a float."""
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:40]} is too large for a number in JSON.")
    return number


def position(text: str, offset: int, name: str) -> Position:
    """Line and column of an offset."""
    return Position(name, text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


def check(text: str, name: str, mistakes: Mistakes) -> None:
    """Tell what is refused of a JSON text although the standard library reads it.

    Raises:
        YamlError: the nesting is too deep.
    """
    depth = 0
    for bracket in _BRACKET.finditer(text):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(bracket[0], 0)
        if depth > DEEPEST:
            here = position(text, bracket.start(), name)
            raise YamlError(f"The nesting is deeper than {DEEPEST} levels.", where=here)
    waiting = [space_end(text, 0)]
    while waiting:
        inside = []
        seen: dict[str, int] = {}
        for member in members(text, waiting.pop()):
            if member.key is not None:
                with mistakes:
                    _check(text, member.key_at, member.key_end, name)
                if member.key in seen:
                    mistakes.tell(_given_twice(member.key, text, seen[member.key], member.key_at, name))
                seen.setdefault(member.key, member.key_at)
            if text[member.at] in "{[":
                inside.append(member.at)
            else:
                with mistakes:
                    _check(text, member.at, member.end, name)
        waiting += reversed(inside)


def _given_twice(key: str, text: str, first: int, second: int, name: str) -> YamlError:
    message = f"The key {key!r} is given twice, first on line {position(text, first, name).line}."
    return YamlError(message, where=position(text, second, name), hint="Remove one of the two.")


def _check(text: str, start: int, end: int, name: str) -> None:
    """Check that a text or a number can be kept; where it stands is counted only where it cannot.

    Raises:
        YamlError: it cannot.
    """
    word = text[start:end]
    control = _CONTROL.search(word)
    if control is not None:
        raise not_json(json.JSONDecodeError("Invalid control character", text, start + control.start()), name)
    if word[0] == '"':
        if SURROGATE.search(word):
            try:
                json.loads(word, strict=False).encode()
            except UnicodeEncodeError:
                here = position(text, start, name)
                raise YamlError("Half of a surrogate pair is not text.", where=here) from None
    elif word[0] in "-0123456789IN":
        try:
            json.loads(word, parse_int=integer, parse_float=finite, parse_constant=_no_constant)
        except _RefusedError:
            # In YAML, NaN without a dot is text.
            here = position(text, start, name)
            raise NotJsonError(f"{word} is not a number that JSON has.", where=here) from None
        except ValueError as error:
            raise YamlError(str(error), where=position(text, start, name)) from None
