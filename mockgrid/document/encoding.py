"""The encoding of a file, and its text: UTF-8, or what else is written."""

from __future__ import annotations

from typing import Final

from mockgrid.document import json_text
from mockgrid.errors import YamlError

__all__ = ["decoded", "encoding_of", "loosely_decoded"]

# By which of the first four bytes are not zero.
_UNMARKED: Final = {
    b"\0\0\0\1": "utf-32-be",
    b"\1\0\0\0": "utf-32-le",
    b"\0\1\0\1": "utf-16-be",
    b"\1\0\1\0": "utf-16-le",
}


def encoding_of(content: bytes) -> str | None:
    """Return the encoding of text that takes two bytes or four for a letter; None for all other content."""
    if content.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return "utf-32"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    # Without a mark, as RFC 4627 tells them apart: what OpenAPI begins with is ASCII.
    return _UNMARKED.get(bytes(byte > 0 for byte in content[:4]))


def loosely_decoded(text: str | bytes) -> str:
    """Return what is not UTF-8 as the text that editors write so."""
    if isinstance(text, str):
        return text.encode("utf-8", "replace").decode()
    return text.decode(encoding_of(text) or "cp1252", "replace").removeprefix("\ufeff")


def decoded(text: str | bytes, name: str) -> str:
    """Return a text without its mark.

    Raises:
        YamlError: it is not UTF-8; ``where`` says in which line and column.
    """
    if isinstance(text, str):
        try:
            text.encode()
        except UnicodeEncodeError as error:
            where = json_text.position(text, error.start, name)
            raise YamlError("Half of a surrogate pair is not text.", where=str(where)) from None
        return text.removeprefix("\ufeff")
    encoding = encoding_of(text)
    if encoding is not None:
        called = encoding.upper().removesuffix("-LE").removesuffix("-BE")
        raise YamlError(f"The file is {called}.", where=f"{name}:1:1", hint="Save it as UTF-8.")
    content = text.removeprefix(b"\xef\xbb\xbf")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start].decode()
        message = f"The byte 0x{content[error.start]:02x} is not UTF-8."
        where = json_text.position(before, len(before), name)
        raise YamlError(message, where=str(where), hint="Save the file as UTF-8.") from None
