"""Reading the objects of a document: each is of the kind that is expected, or the finding says where not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from mockgrid.document.pointer import resolve
from mockgrid.errors import DocumentError
from mockgrid.schema.violation import shown

if TYPE_CHECKING:
    from mockgrid.document.document import Document

__all__ = ["ObjectReader"]

_LONGEST_CHAIN: Final = 32


class ObjectReader:
    """Takes values of one document for what they should be.

    Each method takes the value and the JSON pointer to it, and raises a DocumentError for another kind.
    """

    def __init__(self, document: Document) -> None:
        self.document = document

    def mapping(self, value: Any, at: str) -> dict[str, Any]:
        """Return a mapping; one that was left empty, as in ``image/png:``, has no keys."""
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.unexpected("a mapping", value, at)
        return value

    def listing(self, value: Any, at: str) -> list[Any]:
        """Return a list; one that was left empty has no items."""
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.unexpected("a list", value, at)
        return value

    def text(self, value: Any, at: str) -> str:
        """Return a text that is not empty."""
        if not isinstance(value, str) or not value:
            raise self.unexpected("a text", value, at)
        return value

    def follow(self, value: Any, at: str) -> tuple[dict[str, Any], str]:
        """Follow references to a mapping; return it with its own place."""
        for _ in range(_LONGEST_CHAIN):
            if not isinstance(value, dict):
                raise self.unexpected("a mapping", value, at)
            reference = value.get("$ref")
            if not isinstance(reference, str):
                return value, at
            where = self.document.where(f"{at}/$ref")
            if not reference.startswith("#"):
                raise DocumentError(f"the reference {reference!r} leads out of the document.", where=where)
            try:
                value = resolve(self.document.data, unquote(reference))
            except KeyError:
                raise DocumentError(f"the reference {reference!r} leads to nothing.", where=where) from None
            at = unquote(reference)[1:]
        raise DocumentError("references lead in a circle.", where=self.document.where(at))

    def unexpected(self, expected: str, value: Any, at: str) -> DocumentError:
        """Return the error for a value of another kind."""
        message = f"{expected} was expected, got {shown(value)}."
        return DocumentError(message, where=self.document.where(at))
