"""Media types as headers write them: ``text/html; charset=utf-8``, and ranges such as ``image/*``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MediaName", "media_name"]

_WORD = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_NAME = re.compile(rf"[ \t]*({_WORD})/({_WORD})[ \t]*")
_PARAMETER = re.compile(rf';[ \t]*(?:({_WORD})=(?:({_WORD})|"((?:[^"\\]|\\.)*)")[ \t]*)?')
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class MediaName:
    """A media type with its parameters.

    Attributes:
        name: ``type/subtype`` in lower case; either may be ``*``.
        parameters: by lower-case name, as they were written, without quotation marks.
    """

    name: str
    parameters: Mapping[str, str] = field(default_factory=dict)

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
            value = parameter[2] if parameter[2] is not None else _ESCAPED.sub(r"\1", parameter[3])
            parameters.setdefault(parameter[1].lower(), value)
        position = parameter.end()
    return MediaName(f"{match[1]}/{match[2]}".lower(), parameters)
