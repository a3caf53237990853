"""Where a ``$ref`` leads, as text: URIs and JSON pointers."""

from __future__ import annotations

from typing import Any
from urllib.parse import urldefrag, urljoin

from mockgrid.errors import InvalidSchemaError
from mockgrid.schema.generate.shape import describe

_INDEX_DIGITS = 6


def resolve(base: str, reference: str, where: str) -> tuple[str, str]:
    """A reference, taken from ``base``, as absolute URI and fragment.

    Raises:
        InvalidSchemaError: it is no URI reference.
    """
    try:
        uri, fragment = urldefrag(reference)
        return (urljoin(base, uri) if uri else base), fragment
    except ValueError as error:
        raise InvalidSchemaError(f"{describe(reference)} is no URI reference", where=where) from error


def find(root: object, pointer: str, reference: str, where: str) -> dict[str, Any] | bool:
    """The raw schema at a JSON pointer.

    Raises:
        InvalidSchemaError: there is nothing, or no schema.
    """
    raw: Any = root
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        if isinstance(raw, dict) and key in raw:
            raw = raw[key]
        elif isinstance(raw, list) and _is_index(key) and int(key) < len(raw):
            raw = raw[int(key)]
        else:
            raise InvalidSchemaError(f"the reference {describe(reference)} leads to nothing", where=where)
    if not isinstance(raw, (dict, bool)):
        raise InvalidSchemaError(
            f"the reference {describe(reference)} leads to {describe(raw)}, which is no schema", where=where
        )
    return raw


def _is_index(key: str) -> bool:
    return key.isascii() and key.isdecimal() and len(key) <= _INDEX_DIGITS
