"""The objects of a document, taken for what they should be, and where their references lead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from mockgrid.document.pointer import resolve
from mockgrid.schema.violation import shown

if TYPE_CHECKING:
    from mockgrid.document.document import Document
    from mockgrid.errors import DocumentError

__all__ = ["ObjectReader"]

_LONGEST_CHAIN: Final = 32


class ObjectReader:
    """Takes values of one document for what they should be.

    Each method takes the value and the JSON pointer to it. Another kind of value is a mistake, and as if it
    were not there.
    """

    def __init__(self, document: Document) -> None:
        self.document = document

    def mapping(self, value: Any, at: str) -> dict[str, Any]:
        """Return a mapping; one that was left empty, as in ``image/png:``, has no keys."""
        if isinstance(value, dict):
            return value
        if value is not None:
            self.document.mistakes.tell(self.unexpected("a mapping", value, at))
        return {}

    def listing(self, value: Any, at: str) -> list[Any]:
        """Return a list; one that was left empty has no items."""
        if isinstance(value, list):
            return value
        if value is not None:
            self.document.mistakes.tell(self.unexpected("a list", value, at))
        return []

    def flag(self, value: Any, at: str, *, default: bool = False) -> bool:
        """Return what is true or false, perhaps as a text."""
        if isinstance(value, bool):
            return value
        if value is not None:
            self.document.mistakes.tell(self.unexpected("true or false", value, at))
        return default if value is None else str(value).strip().lower() == "true"

    def text(self, value: Any, at: str) -> str:
        """Return a text that is not empty.

        Raises:
            DocumentError: it is none.
        """
        if not isinstance(value, str) or not value:
            raise self.unexpected("a text", value, at)
        return value

    def field(self, holder: dict[str, Any], name: str, at: str, expected: str) -> str:
        """Return the text that an object has under a name.

        Raises:
            DocumentError: there is none.
        """
        value = holder.get(name)
        if value is None:
            message = f"the field {name} is missing; {expected} was expected."
            raise self.document.error(message, at, key=True)
        return self.text(value, f"{at}/{name}").strip()

    def follow(self, value: Any, at: str, *, referring: bool = True) -> tuple[dict[str, Any], str]:
        """Follow references to a mapping; return it with its own place.

        Args:
            value: the mapping, or a reference.
            at: JSON pointer to it.
            referring: whether OpenAPI has references here; one is followed where it has none, too.
        """
        with self.document.mistakes:
            return self.led_to(value, at, referring=referring)
        return {}, at

    def led_to(self, value: Any, at: str, *, referring: bool = True) -> tuple[dict[str, Any], str]:
        """Follow references, which must lead somewhere.

        Raises:
            DocumentError: one leads to nothing.
        """
        for _ in range(_LONGEST_CHAIN):
            reference = value.get("$ref") if isinstance(value, dict) else None
            if not isinstance(reference, str):
                return self.mapping(value, at), at
            if not referring:
                message = "OpenAPI has no reference here, so that other tools read none."
                hint = "Write out what it refers to."
                self.document.mistakes.tell(self.document.error(message, f"{at}/$ref", hint))
            if not reference.startswith("#"):
                raise self.document.error(
                    f"the reference {reference!r} leads out of the document.", f"{at}/$ref"
                )
            target = unquote(reference)[1:]
            if not self.document.holds(target):
                raise self.document.error(f"the reference {reference!r} leads to nothing.", f"{at}/$ref")
            at, value = target, resolve(self.document.data, target)
        raise self.document.error("references lead in a circle.", at)

    def unexpected(self, expected: str, value: Any, at: str) -> DocumentError:
        """Return the error for a value of another kind."""
        return self.document.error(f"{expected} was expected, got {shown(value)}.", at)
