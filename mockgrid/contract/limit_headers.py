"""The headers by which replies tell what is left of limits: two ready-made styles, and a document's own.

For what a limit counts (``requests``, ``tokens``, ``concurrent``), each header has a template: a text is
filled in for the limit that is nearest to its end, a list of one text for each limit, joined by commas.
"""

from __future__ import annotations

from string import Template
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mockgrid.contract.http_terms import header_fault
from mockgrid.document.nearest import did_you_mean
from mockgrid.document.pointer import join

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockgrid.contract.object_reader import ObjectReader
    from mockgrid.errors import DocumentError

LimitHeaders: TypeAlias = "Mapping[str, Mapping[str, str | tuple[str]]]"
"""By what is counted, and by the header's lower-case name; a tuple holds the text of an item."""

WORDS: Final = ("limit", "remaining", "reset", "reset_duration", "window", "name")
"""What a template may hold, as ``${limit}``: the limit; what is left of it; the seconds until it is whole,
rounded up; the same as ``1m30s``; the seconds in which an empty one is whole; a name that no other has."""

_COUNTED: Final = ("requests", "tokens", "concurrent")
STYLES: Final[Mapping[str, LimitHeaders]] = MappingProxyType(
    {
        "none": {},
        "openai": {
            counts: {
                f"x-ratelimit-limit-{counts}": "${limit}",
                f"x-ratelimit-remaining-{counts}": "${remaining}",
                f"x-ratelimit-reset-{counts}": "${reset_duration}",
            }
            for counts in ("requests", "tokens")
        },
        # draft-ietf-httpapi-ratelimit-headers, since its version 08.
        "ietf": {
            counts: {
                "ratelimit-policy": (f'"${{name}}";q=${{limit}}{unit}',),
                "ratelimit": (f'"${{name}}";r=${{remaining}}{reset}',),
            }
            for counts, unit, reset in (
                ("requests", ";w=${window}", ";t=${reset}"),
                ("tokens", ';qu="tokens";w=${window}', ";t=${reset}"),
                ("concurrent", ';qu="concurrent-requests"', ""),
            )
        },
    }
)


def read_limit_headers(objects: ObjectReader, value: Any, at: str) -> LimitHeaders:
    """Read a style's name, or headers with their templates by what is counted; mistakes are told."""
    mistakes = objects.document.mistakes
    if value is None or isinstance(value, str):
        style = STYLES.get(value or "none")
        if style is None:
            mistakes.tell(_wrong(objects, at, f"{value!r} is no style of headers", value, STYLES))
        return style or {}
    headers: dict[str, dict[str, str | tuple[str]]] = {}
    for counts, described in objects.mapping(value, at).items():
        place = at + join((counts,))
        if counts not in _COUNTED:
            message = f"{counts!r} is nothing that a limit counts"
            mistakes.tell(_wrong(objects, place, message, counts, _COUNTED))
            continue
        headers[counts] = {}
        for name, text in objects.mapping(described, place).items():
            with mistakes:
                headers[counts][name.lower()] = _template(objects, name, text, place + join((name,)))
    return headers


def _template(objects: ObjectReader, name: str, value: Any, at: str) -> str | tuple[str]:
    listed = isinstance(value, list) and len(value) == 1
    text = objects.text(value[0] if listed else value, f"{at}/0" if listed else at)
    fault = header_fault(name, text)
    if fault:
        raise objects.document.error(fault, at)
    for place in Template.pattern.finditer(text):
        word = place["named"] or place["braced"]
        if word not in WORDS and place["escaped"] is None:
            raise _wrong(objects, at, f"{place[0]!r} stands for nothing", word or "", WORDS)
    return (text,) if listed else text


def _wrong(objects: ObjectReader, at: str, message: str, word: Any, known: Any) -> DocumentError:
    hint = did_you_mean(str(word), known).strip() or f"Known: {', '.join(known)}."
    return objects.document.error(f"{message}.", at, hint)
