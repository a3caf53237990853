"""The string and number formats that are checked, by one set of functions for every validator.

Both validators call these, so they cannot disagree; a format that is not listed here is not checked.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mockgrid.schema.pattern_engine import compile_matcher

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?"
_OFFSET = r"(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)"
_DATE_TIME = re.compile(rf"({_DATE.pattern})[Tt]{_CLOCK}{_OFFSET}", re.ASCII)
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_EMAIL = re.compile(r"(?:[^@\s]{1,64}|\"(?:[^\"\\]|\\.){0,62}\")@[^@\s.]+(?:\.[^@\s.]+)*")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]*")
# What no part of a URI may hold; a percent sign begins two digits.
_IN_IRI = r"(?:[^\x00-\x20\x7f-\x9f\s%<>\"{}|\\^`]|%[0-9A-Fa-f]{2})"
_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]*:"
_VARIABLE = r"(?:\w|%[0-9A-Fa-f]{2})(?:\.?(?:\w|%[0-9A-Fa-f]{2}))*(?::[1-9]\d{0,3}|\*)?"
_EXPRESSION = rf"\{{[+#./;?&=,!@|]?{_VARIABLE}(?:,{_VARIABLE})*\}}"
# An offset may be missing, as it is of the time of day in many languages.
_TIME = rf"{_CLOCK}{_OFFSET}?"
_AMOUNT = r"\d+(?:[.,]\d+)?"
_DURATION = (
    rf"-?P(?=[\dT])(?:{_AMOUNT}Y)?(?:{_AMOUNT}M)?(?:{_AMOUNT}W)?(?:{_AMOUNT}D)?"
    rf"(?:T(?=\d)(?:{_AMOUNT}H)?(?:{_AMOUNT}M)?(?:{_AMOUNT}S)?)?"
)
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOSTNAME = rf"(?=.{{1,254}}\Z){_LABEL}(?:\.{_LABEL})*\.?"
# Vowels, tones and joiners of many scripts are no letters by themselves.
_IN_NO_LABEL = r"\x00-,./:-@\[-`{-\x9f\s\u3002\uff0e\uff61"
_IDN_LABEL = rf"[^\W_](?:[^{_IN_NO_LABEL}]{{0,61}}[^{_IN_NO_LABEL}-])?"
_IDN_HOSTNAME = rf"(?=.{{1,254}}\Z){_IDN_LABEL}(?:[.\u3002\uff0e\uff61]{_IDN_LABEL})*\.?"
_JSON_POINTER = r"(?:/(?:[^~/]|~[01])*)*"
# What JavaScript alone has, or writes otherwise; \\Z and the like are not among it.
_OF_JAVASCRIPT = re.compile(
    r"\\(?:k<[^<>]+>|u[0-9a-fA-F]{4}|u\{[0-9a-fA-F]+\}|x[0-9a-fA-F]{2}|c[a-zA-Z]|0|[^\w])"
    r"|(\\[pP]\{[^{}]*\}|\\.|\(\?<(?![=!])[^<>]+>)"
    r"|\[(?P<plain>[\w -]+)\]|\[\^?(?:\\.|[^\]\\])*(?:\]|(?P<open>\Z))"
    r"|(?P<quantifier>\{\d+(?:,\d*)?\})|[{}]",
    re.DOTALL,
)


def _on_text(check: Callable[[str], bool]) -> Callable[[Any], bool]:
    def checked(value: Any) -> bool:
        return not isinstance(value, str) or check(value)

    return checked


def _in_range(low: int, high: int) -> Callable[[Any], bool]:
    def checked(value: Any) -> bool:
        return isinstance(value, bool) or not isinstance(value, (int, float)) or low <= value <= high

    return checked


def _is_date(value: str) -> bool:
    if _DATE.fullmatch(value) is None:  # Python would take 2026-W05-6, too
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_date_time(value: str) -> bool:
    match = _DATE_TIME.fullmatch(value)
    return match is not None and _is_date(match[1])


def _is_base64(value: str) -> bool:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _is_address(parse: Callable[[str], object]) -> Callable[[str], bool]:
    def checked(value: str) -> bool:
        try:
            parse(value)
        except ValueError:
            return False
        return "%" not in value

    return checked


def _is_regex(value: str) -> bool:
    """Tell whether the engine reads a pattern, but for what JavaScript alone has."""
    return compile_matcher(_OF_JAVASCRIPT.sub(_as_engines_have_it, value)) is not None


def _as_engines_have_it(match: re.Match[str]) -> str:
    if match[0].startswith("(?<"):
        return "("
    kept = match[1] or match["plain"] or match["quantifier"] or match["open"] is not None
    return match[0] if kept else "."


def _matches(pattern: str, flags: int = 0) -> Callable[[Any], bool]:
    """Return the check of a format by its pattern, which is compiled when it is first needed."""
    return _on_text(lambda value: re.fullmatch(pattern, value, flags) is not None)


RANGES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
)
"""The formats of numbers: the lowest and the highest of each."""

FORMATS: Mapping[str, Callable[[Any], bool]] = MappingProxyType(
    {
        "byte": _on_text(_is_base64),
        "date": _on_text(_is_date),
        "date-time": _on_text(_is_date_time),
        "duration": _matches(_DURATION, re.ASCII),
        **dict.fromkeys(("email", "idn-email"), _on_text(lambda value: _EMAIL.fullmatch(value) is not None)),
        "hostname": _matches(_HOSTNAME),
        "idn-hostname": _matches(_IDN_HOSTNAME),
        **{name: _in_range(low, high) for name, (low, high) in RANGES.items()},
        "ipv4": _on_text(_is_address(ipaddress.IPv4Address)),
        "ipv6": _on_text(_is_address(ipaddress.IPv6Address)),
        "iri": _matches(rf"{_SCHEME}{_IN_IRI}*"),
        "iri-reference": _matches(rf"{_IN_IRI}*"),
        "json-pointer": _matches(_JSON_POINTER, re.DOTALL),
        "regex": _on_text(_is_regex),
        "relative-json-pointer": _matches(
            rf"(?:0|[1-9]\d*)(?:[+-][1-9]\d*)?(?:#|{_JSON_POINTER})", re.ASCII | re.DOTALL
        ),
        "time": _matches(_TIME, re.ASCII),
        "uri": _on_text(lambda value: _URI.fullmatch(value) is not None),
        "uri-reference": _on_text(
            lambda value: value.isascii() and re.fullmatch(rf"{_IN_IRI}*", value) is not None
        ),
        "uri-template": _matches(rf"(?:{_IN_IRI}|{_EXPRESSION})*", re.ASCII),
        "uuid": _on_text(lambda value: _UUID.fullmatch(value) is not None),
    }
)
