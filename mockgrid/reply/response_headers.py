"""The headers that a contract declares for a response."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mockgrid.reply.rendering import json_text

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["NEVER", "header_line"]

NEVER = frozenset(
    (
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "keep-alive",
        "proxy-connection",
        "server",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "x-request-id",
    )
)
"""Headers that sending decides, whatever a contract declares for them."""

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_UNSENDABLE = re.compile(r"[^\x20-\x7e]+")


def header_line(name: str, value: Any, header: Mapping[str, Any]) -> tuple[bytes, bytes] | None:
    """Return a header as it is sent, in the style ``simple``; None for one that must not be sent.

    Whatever the value, the line holds neither line ends nor other controls nor anything beyond ASCII.
    """
    if not _NAME.fullmatch(name) or name.lower() in NEVER:
        return None
    text = (
        json_text(value).decode()
        if "content" in header
        else _simple(value, explode=bool(header.get("explode")))
    )
    return name.lower().encode("ascii"), _UNSENDABLE.sub(" ", text).strip().encode("ascii")


def _simple(value: Any, *, explode: bool) -> str:
    if isinstance(value, list):
        return ",".join(_plain(item) for item in value)
    if isinstance(value, dict):
        between = "=" if explode else ","
        return ",".join(f"{_plain(name)}{between}{_plain(item)}" for name, item in value.items())
    return _plain(value)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json_text(value).decode()
