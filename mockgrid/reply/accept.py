"""Choosing a reply's media type by what the client says it accepts (RFC 9110, 12.5.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mockgrid.contract.media_types import MediaName, media_name

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["choose_media"]

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|,|[^",]+|"')
_QUALITY = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")
_WITH_PARAMETERS = 3


@dataclass(frozen=True, slots=True)
class _Range:
    media: MediaName
    quality: float
    specificity: int

    def covers(self, offered: MediaName) -> bool:
        # What is offered may be a range itself: image/* can be sent as the image/png that is asked for.
        if not (self.media.covers(offered.name) or offered.covers(self.media.name)):
            return False
        return all(
            offered.parameters.get(name, "").lower() == value.lower()
            for name, value in self.media.parameters.items()
            if name not in ("q", "charset")
        )


def choose_media(accept: str | None, offered: Sequence[str]) -> str | None:
    """Return the one of the offered media types that an ``Accept`` header likes best.

    The most specific range that covers a type gives its quality. Among equals the type whose range is
    more specific wins, then the one whose range stands first in the header, then the one that is offered
    first. A charset that is asked for does not count: replies are UTF-8. No header, an empty one and one
    that cannot be read accept everything.

    Returns:
        an item of ``offered``; None where nothing is acceptable, or nothing is offered. A server may
        disregard the header then (RFC 9110 leaves the choice), and MockGrid's replies do: they use the
        first that is offered.

    >>> choose_media("text/html, application/json;q=0.9, */*;q=0.1", ["application/json", "text/csv"])
    'application/json'
    """
    ranges = _ranges(accept) if accept is not None and accept.strip() else None
    if not ranges:
        return offered[0] if offered else None
    best: tuple[float, int, int] | None = None
    chosen = None
    for name in offered:
        media = media_name(name) or MediaName(name.lower())
        covering = [
            (found.specificity, -place, found.quality)
            for place, found in enumerate(ranges)
            if found.covers(media)
        ]
        if not covering:
            continue
        specificity, place, quality = max(covering)
        rank = (quality, specificity, place)
        if quality > 0 and (best is None or rank > best):
            best, chosen = rank, name
    return chosen


def _ranges(accept: str) -> list[_Range] | None:
    """Read a header; None where one of its elements cannot be read."""
    found: list[_Range] = []
    for element in _elements(accept):
        media = media_name(element)
        quality = media.parameters.get("q", "1") if media is not None else ""
        if (
            media is None
            or not _QUALITY.fullmatch(quality)
            or media.name.startswith("*/") > (media.name == "*/*")
        ):
            return None
        specificity = media.specificity
        if any(name not in ("q", "charset") for name in media.parameters):
            specificity = _WITH_PARAMETERS
        found.append(_Range(media, float(quality), specificity))
    return found


def _elements(header: str) -> list[str]:
    elements = [""]
    for piece in _PIECE.findall(header):
        if piece == ",":
            elements.append("")
        else:
            elements[-1] += piece
    return [stripped for element in elements if (stripped := element.strip())]
