"""What a discriminator has to name, as a document has it: a property, and schemas that are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from mockgrid.document.pointer import join
from mockgrid.schema.violation import shown

if TYPE_CHECKING:
    from mockgrid.document.document import Document

__all__ = ["checked_discriminator"]


def checked_discriminator(value: Any, document: Document, at: str) -> dict[str, Any] | None:
    """Return what the keyword means in a schema; None where it means what it says.

    Args:
        value: of the keyword.
        document: its mistakes are told of this one's.
        at: JSON pointer to the schema.
    """

    def tell(message: str, place: str, hint: str = "") -> None:
        document.mistakes.tell(document.error(message, f"{at}/discriminator{place}", hint))

    if isinstance(value, str):
        tell(f"discriminator is {shown(value)}; a mapping was expected.", "", f"Write propertyName: {value}.")
        return {"discriminator": {"propertyName": value}}
    if not isinstance(value, dict) or not isinstance(value.get("propertyName"), str):
        message = f"discriminator is {shown(value)}; a mapping with propertyName was expected."
        tell(message, "", "It names the property that tells the schema.")
        return {}
    mapping = value.get("mapping", {})
    if not isinstance(mapping, dict):
        tell(f"mapping is {shown(mapping)}; schemas by their values were expected.", "/mapping")
        return {"discriminator": {name: item for name, item in value.items() if name != "mapping"}}
    for name, target in mapping.items():
        if not _is_there(target, document):
            tell(
                f"the mapping of {shown(name)} leads to nothing: {shown(target)}.", f"/mapping{join((name,))}"
            )
    return None


def _is_there(target: Any, document: Document) -> bool:
    """Tell whether what a mapping names is in the document; another file is told of where it is read."""
    if not isinstance(target, str):
        return False
    if document.holds(join(("components", "schemas", target))):
        return True
    return (
        document.holds(unquote(target)) if target.startswith("#") else any(mark in target for mark in "#/.")
    )
