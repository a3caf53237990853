"""What a client prefers: the headers ``Accept`` (RFC 9110, 12.5.1) and ``Prefer``.

``Prefer`` is as users of Prism know it: ``Prefer: code=404, example=missing``, or ``?__code=404`` in a query.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import parse_qsl

from mockgrid.contract.http_terms import MediaName, media_name
from mockgrid.document.nearest import misspelt
from mockgrid.errors import MockgridError
from mockgrid.fixed import fixed
from mockgrid.schema.violation import FieldWarning

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "NotDeclaredError",
    "PreferError",
    "Preferences",
    "choose_media",
    "misspelt_preferences",
    "named_media",
    "preferred_example",
    "prefers_of",
    "prefers_page",
    "read_prefer",
]

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|,|[^",]+|"')
_QUALITY = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")
_WITH_PARAMETERS = 3
# Parameters that say nothing of the type itself.
_OF_RANGES = frozenset(("q", "charset"))
_PREFERENCE = re.compile(r'([^\s,;="]+)(?:[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|[^\s,;"]*))?')
_SPECIAL = re.compile(r'["\\]')
_IN_QUERIES = frozenset(("__code", "__example", "__dynamic", "__seed"))
_KNOWN = ("code", "dynamic", "example", "seed")
_MOST = 20
_SHORT = 4
_ESCAPED = re.compile(r"\\(.)")
_STATUS = re.compile(r"[2-5](?:[0-9]{2}|XX)|DEFAULT")


class PreferError(MockgridError):
    """A preference that cannot be honoured; the message says which, and what could be asked for.

    Attributes:
        failure: the name of the failure that the client gets.
    """

    failure: ClassVar[str] = "malformed_body"


class NotDeclaredError(PreferError):
    """A preference for what the contract does not have."""

    failure = "not_declared"


@fixed
class Preferences:
    """What a client asks of the reply.

    Attributes:
        code: the status, 200 to 599, a range such as ``4XX``, or ``default``; None where none is asked for.
        example: the name of an example in the contract; None where none is asked for.
        dynamic: whether the body is to be synthesised, although the contract has an example.
        seed: what is made is drawn from it alone; None where none is asked for.
    """

    code: int | str | None = None
    example: str | None = None
    dynamic: bool = False
    seed: str | None = None


def prefers_of(header: bytes | None, query: bytes) -> list[str]:
    """Return what a request prefers: its header ``Prefer``, and what its query says as Prism has it.

    >>> prefers_of(None, b"limit=3&__code=404")
    ['code="404"']
    """
    prefers = [] if header is None else [header.decode("latin-1")]
    if b"__" in query:
        for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
            if name in _IN_QUERIES:
                prefers.append(f'{name[2:]}="{_SPECIAL.sub(_escape, value)}"')
    return prefers


def preferred_example(headers: Mapping[bytes, bytes], query: bytes) -> str:
    """Return the name of the example that a request prefers; empty where it prefers none that can be read."""
    try:
        return read_prefer(prefers_of(headers.get(b"prefer"), query)).example or ""
    except PreferError:
        return ""


def _escape(special: re.Match[str]) -> str:
    return f"\\{special[0]}"


def read_prefer(headers: Sequence[str]) -> Preferences:
    """Read the values of all ``Prefer`` headers of a request.

    Preferences are separated by commas, semicolons or spaces, and their values may be quoted. Of a
    preference that comes twice the first counts (RFC 7240); preferences that are not known are passed
    over.

    Raises:
        PreferError: a value that the preference cannot have.

    >>> read_prefer(['code=404, example="not found"'])
    Preferences(code=404, example='not found', dynamic=False, seed=None)
    """
    preferences = _by_name(headers)
    code, example, seed = (preferences.get(name) for name in ("code", "example", "seed"))
    dynamic = preferences.get("dynamic", "false").lower()
    if code is not None and not _STATUS.fullmatch(code.upper()):
        expected = "a status from 200 to 599, a range such as 4XX, or default was expected"
        raise PreferError(f"Prefer asks for the code {code[:40]!r}; {expected}.")
    if example == "":
        raise PreferError("Prefer asks for an example without a name; example=NAME was expected.")
    if seed == "":
        raise PreferError("Prefer asks for a seed without a value; seed=VALUE was expected.")
    if dynamic not in ("true", "false", ""):
        wrong = preferences["dynamic"][:40]
        raise PreferError(f"Prefer asks for dynamic={wrong!r}; true or false was expected.")
    # A preference without a value is one that is switched on.
    return Preferences(_code(code), example, dynamic != "false", seed)


def misspelt_preferences(headers: Sequence[str]) -> tuple[FieldWarning, ...]:
    """Return a warning for each preference that is surely meant for one of those that are known.

    >>> [str(warning) for warning in misspelt_preferences(["exampel=missing, wait=3"])]
    ['MG143 header.prefer: exampel is not known; did you mean "example"?']
    """
    unknown = islice((name for name in _by_name(headers) if name not in _KNOWN), _MOST)
    meant = {name: likely for name in unknown if (likely := misspelt(name, _KNOWN)) and _surely(name, likely)}
    return tuple(
        FieldWarning("MG143", "", "header.prefer", f'{name} is not known; did you mean "{likely}"?', likely)
        for name, likely in meant.items()
    )


def _surely(name: str, likely: str) -> bool:
    # A letter more makes another word of a short one: speed, coder and codec are preferences of others.
    return (
        len(likely) > _SHORT
        or name.rstrip("s") == likely
        or sorted(filter(str.isalnum, name)) == sorted(likely)
    )


def _by_name(headers: Sequence[str]) -> dict[str, str]:
    preferences: dict[str, str] = {}
    for header in headers:
        for name, value in _PREFERENCE.findall(header):
            preferences.setdefault(name.lower(), _unquoted(value))
    return preferences


def _code(text: str | None) -> int | str | None:
    if text is None or text.isdecimal():
        return None if text is None else int(text)
    return "default" if text.lower() == "default" else text.upper()


def _unquoted(value: str) -> str:
    return _ESCAPED.sub(r"\1", value[1:-1]) if value.startswith('"') else value


def _covers(wanted: MediaName, offered: MediaName) -> bool:
    # What is offered may be a range itself: image/* can be sent as the image/png that is asked for.
    return (wanted.covers(offered.name) or offered.covers(wanted.name)) and all(
        offered.parameters.get(name, "").lower() == value.lower()
        for name, value in wanted.parameters.items()
        if name not in _OF_RANGES
    )


def choose_media(accept: str | None, offered: Sequence[str]) -> str | None:
    """Return the one of the offered media types that an ``Accept`` header likes best.

    The most specific range that covers a type gives its quality. Among equals the type whose range is
    more specific wins, then the one whose range stands first in the header, then the one that is offered
    first. A charset that is asked for does not count: replies are UTF-8. No header, an empty one and one
    that cannot be read accept everything.

    Returns:
        an item of ``offered``; None where nothing is acceptable, or nothing is offered.

    >>> choose_media("text/html, application/json;q=0.9, */*;q=0.1", ["application/json", "text/csv"])
    'application/json'
    """
    ranges = _ranges(accept) if accept is not None and accept.strip() else None
    if not ranges:
        return offered[0] if offered else None
    best, chosen = (0.0, 0, 0), None
    for name in offered:
        media = MediaName.of(name)
        covering = [
            (_specificity(wanted), -place, quality)
            for place, (wanted, quality) in enumerate(ranges)
            if _covers(wanted, media)
        ]
        specificity, place, quality = max(covering, default=(0, 0, 0.0))
        if quality > 0 and (chosen is None or (quality, specificity, place) > best):
            best, chosen = (quality, specificity, place), name
    return chosen


def named_media(accept: str | None) -> list[str]:
    """Return the media types that an ``Accept`` header names, without ranges and parameters.

    >>> named_media("application/xml;q=0.9, text/*")
    ['application/xml']
    """
    return [media.name for media, _ in _ranges(accept or "") or () if "*" not in media.name]


def prefers_page(accept: str | None) -> bool:
    """Tell whether a client would rather have a page than JSON, as browsers would.

    >>> prefers_page("text/html, application/xml;q=0.9, */*;q=0.8"), prefers_page("*/*")
    (True, False)
    """
    return choose_media(accept, ("application/json", "text/html")) == "text/html"


def _specificity(wanted: MediaName) -> int:
    return wanted.specificity if wanted.parameters.keys() <= _OF_RANGES else _WITH_PARAMETERS


def _ranges(accept: str) -> list[tuple[MediaName, float]] | None:
    """Read a header as types with their qualities; None where one of its elements cannot be read."""
    ranges: list[tuple[MediaName, float]] = []
    for element in _elements(accept):
        media = media_name(element)
        if media is None or media.name.startswith("*/") > (media.name == "*/*"):
            return None
        quality = media.parameters.get("q", "1")
        if not _QUALITY.fullmatch(quality):
            return None
        ranges.append((media, float(quality)))
    return ranges


def _elements(header: str) -> list[str]:
    elements = [""]
    for piece in _PIECE.findall(header):
        if piece == ",":
            elements.append("")
        else:
            elements[-1] += piece
    return [stripped for element in elements if (stripped := element.strip())]
