"""Whether a body is XML at all; what it holds is not read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.parsers import expat

from mockgrid.contract.encodings import MalformedBodyError
from mockgrid.contract.http_terms import media_name

if TYPE_CHECKING:
    from typing import NoReturn

__all__ = ["check_well_formed"]

# Of an encoding that is not known here, nothing can be told.
_UNKNOWN: Final = (
    expat.errors.codes[expat.errors.XML_ERROR_UNKNOWN_ENCODING],
    expat.errors.codes[expat.errors.XML_ERROR_INCORRECT_ENCODING],
)


def check_well_formed(content_type: str, body: bytes) -> None:
    """Check that a body of a media type for XML is there and well formed; other types may hold anything.

    Raises:
        MalformedBodyError: it is not, or declares entities, which could make it grow without end.
    """
    named = media_name(content_type)
    if named is None or not named.is_xml:
        return
    if not body.strip():
        raise MalformedBodyError("The request body is empty; XML was expected.")
    parser = expat.ParserCreate(named.parameters.get("charset"))
    parser.EntityDeclHandler = _refuse_entity
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        if error.code not in _UNKNOWN:
            reason = expat.ErrorString(error.code)
            raise MalformedBodyError(
                f"The request body is not XML: {reason} at line {error.lineno}, column {error.offset + 1}."
            ) from None
    except LookupError:  # a charset that Python does not know either
        return


def _refuse_entity(name: str, *_: object) -> NoReturn:
    raise MalformedBodyError(f"The request body declares the entity {name[:40]!r}; none are read.")
