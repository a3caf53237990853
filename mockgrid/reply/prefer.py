"""The ``Prefer`` header, as users of Prism know it: ``Prefer: code=404, example=missing``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mockgrid.errors import MockgridError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PreferError", "Preferences", "read_prefer"]

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
    found: dict[str, str] = {}
    for header in headers:
        for name, value in _PREFERENCE.findall(header):
            found.setdefault(name.lower(), _unquoted(value))
    return Preferences(
        code=_code(found["code"]) if "code" in found else None,
        example=_example(found["example"]) if "example" in found else None,
        dynamic=_dynamic(found["dynamic"]) if "dynamic" in found else False,
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
