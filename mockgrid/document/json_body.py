"""Reading a JSON body: what RFC 8259 allows, no more, and never a crash.

The fast reader is `orjson`. What it refuses is read again by the standard library, which tells where the
error is, and admits integers beyond 64 bits; neither NaN, nor lone surrogates, nor bottomless nesting pass.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

import orjson

from mockgrid.document.json_text import SURROGATE, deeper_than, syntax_mistake
from mockgrid.errors import MockgridError

_MOST_DIGITS = 4300
_BEYOND = re.compile(rb"[0-9]{19}")
# Levels that `orjson` writes; it refuses more, which is the fastest way to know that a body has no more.
_WRITTEN = 254


class MalformedJsonError(MockgridError):
    """A body that is not JSON; the message says what was found and where."""


def read_json(body: bytes, max_depth: int) -> Any:
    """Return the value that a JSON body holds.

    Args:
        body: the bytes as they came.
        max_depth: how many arrays and objects may stand inside each other.

    Raises:
        MalformedJsonError: the body is empty, not UTF-8, not JSON, or nested too deeply.
    """
    return read_and_write(body, max_depth)[0]


def read_and_write(body: bytes, max_depth: int) -> tuple[Any, bytes | None]:
    """Return the value of a JSON body as ``read_json`` does, and beside it its ``canonical_json``.

    That is None where the value need not be written to know how deep it is.

    Raises:
        MalformedJsonError: the same.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        value = _read_carefully(body, max_depth)
    # Each level takes a bracket to open and one to close, so that most bodies are too short to be too deep.
    if len(body) <= 2 * max_depth:
        return value, None
    if max_depth >= _WRITTEN:
        try:
            return value, orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        except TypeError:
            pass  # too deep for it, or integers that it does not write
    if deeper_than(value, max_depth):
        raise _too_deep(max_depth)
    return value, None


def read_exactly(body: bytes, max_depth: int) -> Any:
    """Return the value of a JSON text as ``read_json`` does, integers beyond 64 bits exact.

    Raises:
        MalformedJsonError: the same.
    """
    value = read_json(body, max_depth)
    return reread_integers(body) if _BEYOND.search(body) else value


def reread_integers(body: bytes) -> Any:
    """Return a body's value with integers beyond 64 bits exact, where the fast reader gave floats."""
    return json.loads(body)


def canonical_json(value: Any) -> bytes:
    """Return a JSON value as bytes that do not depend on white space or the order of keys."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # integers beyond 64 bits, or deeper than orjson writes
        return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def json_bytes(value: Any) -> bytes:
    """Return a JSON value as bytes, whatever its texts and numbers."""
    try:
        return orjson.dumps(value)
    except TypeError:  # integers beyond 64 bits, lone surrogates, or deeper than orjson writes
        return json.dumps(value, separators=(",", ":")).encode()


def copied(value: Any) -> Any:
    """Return a JSON value of its own, whatever its depth: ``deepcopy`` ends at some hundred levels."""
    whole = [value]
    left: list[Any] = [whole]
    while left:
        node = left.pop()
        for place, item in node.items() if isinstance(node, dict) else enumerate(node):
            if isinstance(item, (dict, list)):
                own = node[place] = item.copy()
                left.append(own)
    return whole[0]


def _read_carefully(body: bytes, max_depth: int) -> Any:
    if not body or body.isspace():
        raise MalformedJsonError("The request body is empty; a JSON object was expected.")
    if body[:2] == b"\x1f\x8b":
        raise MalformedJsonError(
            "The request body is gzip, but no Content-Encoding header says so; "
            "send `Content-Encoding: gzip` or plain JSON."
        )
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedJsonError(
            f"The request body is not UTF-8: byte 0x{body[error.start]:02x} at offset {error.start}."
        ) from None
    if text.startswith("\ufeff"):
        raise MalformedJsonError("The request body starts with a byte order mark; JSON must not have one.")
    try:
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_integer)
    except json.JSONDecodeError as error:
        message, hint, line, column = syntax_mistake(error)
        where = f"at line {line}, column {column}"
        raise MalformedJsonError(
            f"The request body is not valid JSON {where}: {message}. {hint}".rstrip()
        ) from None
    except RecursionError:
        raise _too_deep(max_depth) from None
    if SURROGATE.search(text) is not None:
        try:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError:
            raise MalformedJsonError(
                "The request body is not valid JSON: it escapes half of a surrogate pair "
                "(\\ud800 to \\udfff)."
            ) from None
        except RecursionError:
            raise _too_deep(max_depth) from None
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedJsonError(f"The request body is not valid JSON: {name} is not a JSON number.")


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise MalformedJsonError(
            f"The request body holds the number {digits[:40]}, which is beyond the range of a 64-bit float."
        )
    return value


def _integer(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise MalformedJsonError(
            f"The request body holds an integer of {len(digits)} digits; at most {_MOST_DIGITS} are read."
        )
    return int(digits)


def _too_deep(limit: int) -> MalformedJsonError:
    return MalformedJsonError(f"The request body is nested too deeply; at most {limit} levels are read.")
