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

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(?:\.[^@\s.]+)*")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]*")


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


RANGES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
)
"""The formats of numbers: the lowest and the highest of each."""

FORMATS: Mapping[str, Callable[[Any], bool]] = MappingProxyType(
    {
        "byte": _on_text(_is_base64),
        "date": _on_text(_is_date),
        "date-time": _on_text(_is_date_time),
        "email": _on_text(lambda value: _EMAIL.fullmatch(value) is not None),
        **{name: _in_range(low, high) for name, (low, high) in RANGES.items()},
        "ipv4": _on_text(_is_address(ipaddress.IPv4Address)),
        "ipv6": _on_text(_is_address(ipaddress.IPv6Address)),
        "uri": _on_text(lambda value: _URI.fullmatch(value) is not None),
        "uuid": _on_text(lambda value: _UUID.fullmatch(value) is not None),
    }
)
