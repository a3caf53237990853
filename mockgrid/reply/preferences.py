"""What a client prefers: the headers ``Accept`` (RFC 9110, 12.5.1) and ``Prefer``.

``Prefer`` is as users of Prism know it: ``Prefer: code=404, example=missing``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mockgrid.contract.http_terms import MediaName, media_name
from mockgrid.errors import MockgridError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockgrid.contract.contract import Operation, Response

__all__ = ["PreferError", "Preferences", "choose_media", "preferred_response", "read_prefer"]

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|,|[^",]+|"')
_QUALITY = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")
_WITH_PARAMETERS = 3
_PREFERENCE = re.compile(r'([^\s,;="]+)(?:[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|[^\s,;"]*))?')
_ESCAPED = re.compile(r"\\(.)")
_STATUS = re.compile(r"[2-5][0-9]{2}")


class PreferError(MockgridError):
    """A preference that cannot be honoured; the message says which, and what could be asked for."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a client asks of the reply.

    Attributes:
        code: the status, 200 to 599; None where none is asked for.
        example: the name of an example in the contract; None where none is asked for.
        dynamic: whether the body is to be synthesised, although the contract has an example.
    """

    code: int | None = None
    example: str | None = None
    dynamic: bool = False


def preferred_response(operation: Operation, status: int) -> Response:
    """Return what an operation declares for a status that is asked for.

    Raises:
        PreferError: it declares nothing.
    """
    response = operation.response(status)
    if response is None:
        declared = ", ".join(sorted(operation.responses)) or "none"
        message = f"Prefer asks for the status {status}, which {operation.id} does not declare ({declared})."
        raise PreferError(message)
    return response


def read_prefer(headers: Sequence[str]) -> Preferences:
    """Read the values of all ``Prefer`` headers of a request.

    Preferences are separated by commas, semicolons or spaces, and their values may be quoted. Of a
    preference that comes twice the first counts (RFC 7240); preferences that are not known are passed
    over.

    Raises:
        PreferError: a value that the preference cannot have.

    >>> read_prefer(['code=404, example="not found"'])
    Preferences(code=404, example='not found', dynamic=False)
    """
    preferences: dict[str, str] = {}
    for header in headers:
        for name, value in _PREFERENCE.findall(header):
            preferences.setdefault(name.lower(), _unquoted(value))
    return Preferences(
        code=_code(preferences["code"]) if "code" in preferences else None,
        example=_example(preferences["example"]) if "example" in preferences else None,
        dynamic=_dynamic(preferences["dynamic"]) if "dynamic" in preferences else False,
    )


def _code(value: str) -> int:
    if not _STATUS.fullmatch(value):
        raise PreferError(f"Prefer asks for the code {value[:40]!r}; a status from 200 to 599 was expected.")
    return int(value)


def _example(value: str) -> str:
    if not value:
        raise PreferError("Prefer asks for an example without a name; example=NAME was expected.")
    return value


def _dynamic(value: str) -> bool:
    # A preference without a value is one that is switched on.
    if value.lower() not in ("true", "false", ""):
        raise PreferError(f"Prefer asks for dynamic={value[:40]!r}; true or false was expected.")
    return value.lower() != "false"


def _unquoted(value: str) -> str:
    return _ESCAPED.sub(r"\1", value[1:-1]) if value.startswith('"') else value


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
        media = MediaName.of(name)
        covering = [
            (candidate.specificity, -place, candidate.quality)
            for place, candidate in enumerate(ranges)
            if candidate.covers(media)
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
    ranges: list[_Range] = []
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
        ranges.append(_Range(media, float(quality), specificity))
    return ranges


def _elements(header: str) -> list[str]:
    elements = [""]
    for piece in _PIECE.findall(header):
        if piece == ",":
            elements.append("")
        else:
            elements[-1] += piece
    return [stripped for element in elements if (stripped := element.strip())]
