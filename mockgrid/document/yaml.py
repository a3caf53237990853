"""Strict YAML 1.2, read by the core schema, as editors do: what JSON can say, and nothing else.

``load("{retry: off, at: 1:30, codes: {200: ok}}", name="a.yaml").data`` gives
``{"retry": "off", "at": "1:30", "codes": {"200": "ok"}}``.
"""

from __future__ import annotations

from functools import partial

from mockgrid.document import json_text as jsontext
from mockgrid.document.document import Document
from mockgrid.document.yaml_events import Composer
from mockgrid.errors import YamlError

__all__ = ["load"]


def load(text: str | bytes, *, name: str) -> Document:
    """Reads one document.

    Args:
        text: YAML or JSON; bytes are UTF-8.
        name: what findings call the document; a name that ends in ``.json`` gets JSON's error messages.

    Raises:
        YamlError: the text is not strict YAML; ``where`` gives line and column, ``hint`` what was meant.
    """
    source = _decoded(text, name)
    is_json = name.lower().endswith(".json") and bool(source.strip())
    if is_json or source.lstrip(" \t\r\n")[:1] in ("{", "[", '"'):
        try:
            return Document(jsontext.load(source, name), name, partial(jsontext.spots, source, name))
        except jsontext.NotJsonError as error:
            if is_json:
                raise YamlError(error.message, where=error.where) from None
    return Document(Composer(source, name).data(), name, Composer(source, name, keep_spots=True).spots)


def _decoded(text: str | bytes, name: str) -> str:
    if isinstance(text, str):
        try:
            text.encode()
        except UnicodeEncodeError as error:
            where = jsontext.place(text, error.start, name)
            raise YamlError("Half of a surrogate pair is not text.", where=str(where)) from None
        return text.removeprefix("\ufeff")
    if text.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise YamlError("The file is UTF-16.", where=f"{name}:1:1", hint="Save it as UTF-8.")
    content = text.removeprefix(b"\xef\xbb\xbf")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start].decode()
        found = f"The byte 0x{content[error.start]:02x} is not UTF-8."
        where = jsontext.place(before, len(before), name)
        raise YamlError(found, where=str(where), hint="Save the file as UTF-8.") from None
