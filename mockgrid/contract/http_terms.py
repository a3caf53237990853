"""Terms of HTTP: media types as headers write them, ranges such as ``image/*``, and reason phrases."""

from __future__ import annotations

import re
from dataclasses import field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from mockgrid.fixed import fixed

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["GATEWAY", "NEVER", "MediaName", "header_fault", "media_name", "phrase", "sendable"]

_WORD = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_NAME = re.compile(rf"[ \t]*({_WORD})/({_WORD})[ \t]*")
_PARAMETER = re.compile(rf';[ \t]*(?:({_WORD})(?:=(?:({_WORD})|"((?:[^"\\]|\\.)*)"))?[ \t]*)?')
_ESCAPED = re.compile(r"\\(.)")
_HEADER = re.compile(_WORD)
_UNSENDABLE = re.compile(r"[^\x20-\x7e]+")
_NOT_IN_HEADERS = re.compile(r"[^\x20-\x7e\xa0-\xff]")
# Newer Pythons have other words for some, and none knows those that gateways send.
_PHRASES: Final = {status.value: status.phrase for status in HTTPStatus} | {
    413: "Request Entity Too Large",
    414: "Request-URI Too Long",
    416: "Requested Range Not Satisfiable",
    422: "Unprocessable Entity",
    520: "Web Server Returned an Unknown Error",
    521: "Web Server Is Down",
    522: "Connection Timed Out",
    523: "Origin Is Unreachable",
    524: "A Timeout Occurred",
    525: "SSL Handshake Failed",
    526: "Invalid SSL Certificate",
    529: "Site Is Overloaded",
    530: "Origin DNS Error",
}

GATEWAY: Final = frozenset((502, 503, 504, *(status for status in _PHRASES if status >= 520)))  # noqa: PLR2004
"""The statuses that gateways answer by themselves, whatever the API behind them declares."""

NEVER: Final = frozenset(
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


@fixed
class MediaName:
    """A media type with its parameters.

    Attributes:
        name: ``type/subtype`` in lower case; either may be ``*``.
        parameters: by lower-case name, as they were written, without quotation marks; ``;simple`` is empty.
    """

    name: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str) -> MediaName:
        """Read a media type; a text that is none is a name like any other."""
        return media_name(text) or cls(text.strip().lower())

    def __str__(self) -> str:
        """The media type as one text, of which ``MediaName.of`` makes the same again."""
        return ";".join((self.name, *(f"{key}{_written(value)}" for key, value in self.parameters.items())))

    @property
    def is_xml(self) -> bool:
        """Whether bodies of this type are XML."""
        return self.name in ("application/xml", "text/xml") or self.name.endswith("+xml")

    @property
    def specificity(self) -> int:
        """How much is said: 0 for ``*/*``, 1 for ``image/*``, 2 for a type."""
        return 0 if self.name == "*/*" else 1 if self.name.endswith("/*") else 2

    def covers(self, other: str) -> bool:
        """Tell whether a type, given without parameters, falls under this type or range.

        >>> MediaName("image/*").covers("image/png")
        True
        """
        if self.name in ("*/*", other):
            return True
        return self.name.endswith("/*") and other.startswith(self.name[:-1])


def _written(value: str) -> str:
    """Return a parameter's value as it stands behind its name: in quotation marks where it is no word."""
    if not value or _HEADER.fullmatch(value):
        return f"={value}" if value else ""
    return '="' + re.sub(r'["\\]', r"\\\g<0>", value) + '"'


def media_name(text: str) -> MediaName | None:
    """Read a media type; None for a text that is none.

    >>> media_name('Text/HTML; Charset="utf-8"')
    MediaName(name='text/html', parameters={'charset': 'utf-8'})
    """
    match = _NAME.match(text)
    if match is None:
        return None
    parameters: dict[str, str] = {}
    position = match.end()
    while position < len(text):
        parameter = _PARAMETER.match(text, position)
        if parameter is None:
            return None
        if parameter[1]:
            value = parameter[2] if parameter[2] is not None else _ESCAPED.sub(r"\1", parameter[3] or "")
            parameters.setdefault(parameter[1].lower(), value)
        position = parameter.end()
    return MediaName(f"{match[1]}/{match[2]}".lower(), parameters)


def phrase(status: int) -> str:
    """Return the reason phrase of a status; empty for one that has none.

    >>> phrase(422)
    'Unprocessable Entity'
    """
    return _PHRASES.get(status, "")


def header_fault(name: str, value: str) -> str:
    """Say why a header cannot be sent as it is written; empty for one that can.

    >>> header_fault("Content-Length", "5")
    "'Content-Length' is decided by what is sent."
    """
    if not _HEADER.fullmatch(name):
        return f"{name!r} is not a header's name."
    if name.lower() in NEVER:
        return f"{name!r} is decided by what is sent."
    stray = _NOT_IN_HEADERS.search(value)
    return f"no header can hold {stray[0]!r}, a control or beyond Latin-1." if stray is not None else ""


def sendable(text: str) -> str:
    """Return a text as a header can hold it: without line ends, other controls or anything beyond ASCII."""
    return _UNSENDABLE.sub(" ", text).strip()
