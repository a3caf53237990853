"""Strict YAML 1.2, read by the core schema, as editors do: what JSON can say, and nothing else.

``load("{retry: off, at: 1:30, codes: {200: ok}}", name="a.yaml").data`` gives
``{"retry": "off", "at": "1:30", "codes": {"200": "ok"}}``.

PyYAML parses; a reader of ours decides what its events mean, for its own constructors follow YAML 1.1, lose
duplicate keys without a word and recurse as deeply as the text likes.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from yaml.reader import Reader

from mockgrid.document import json_text
from mockgrid.document.encoding import decoded, loosely_decoded
from mockgrid.document.json_mending import mended_json
from mockgrid.document.json_places import places
from mockgrid.document.mistakes import Mistakes
from mockgrid.document.packed import Packed
from mockgrid.document.source_map import Document
from mockgrid.document.yaml_mending import mended_yaml
from mockgrid.document.yaml_mistakes import NotYamlError
from mockgrid.document.yaml_places import yaml_places
from mockgrid.document.yaml_reader import YamlReader
from mockgrid.errors import YamlError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockgrid.document.source_map import SourceMap

__all__ = ["load"]

_TABS: Final = re.compile(r"^[ \t]*(?:- *)*\t[ \t]*", re.MULTILINE)


def load(text: str | bytes, *, name: str, mistakes: Mistakes | None = None) -> Document:
    """Reads one document.

    Args:
        text: YAML or JSON; bytes are UTF-8.
        name: what findings call the document; a name that ends in ``.json`` gets JSON's error messages.
        mistakes: what becomes of those in it, as far as its text can be read in spite of them; by default the
            first refuses it. Of two equal keys the last counts, and a number that JSON cannot say is null.

    Raises:
        YamlError: the text is not strict YAML; ``where`` gives line and column, ``hint`` what was meant.
    """
    tolerant = mistakes is not None and not mistakes.strict
    try:
        source = decoded(text, name)
    except YamlError as error:
        if mistakes is None or not tolerant:
            raise
        mistakes.tell(error)
        source = loosely_decoded(text)
    try:
        return _strict(source, name, mistakes)
    except YamlError as error:
        if mistakes is None or not tolerant:
            raise
        return _tolerant(source, name, mistakes, error)


def _strict(source: str, name: str, mistakes: Mistakes | None) -> Document:
    is_json = name.lower().endswith(".json") and bool(source.strip())
    if is_json or source.lstrip(" \t\r\n")[:1] in ("{", "[", '"'):
        try:
            data = json_text.load(source, name)
            return Document(data, name, _later(places, source, name), mistakes)
        except json_text.NotJsonError as error:
            if is_json:
                raise NotYamlError(error.message, where=error.where) from None
    data = YamlReader(source, name, Mistakes()).data()
    return Document(data, name, _later(yaml_places, source, name), mistakes)


def _tolerant(source: str, name: str, mistakes: Mistakes, refusal: YamlError) -> Document:
    """Read a text that is not strict YAML as far as it goes."""
    is_json = name.lower().endswith(".json")
    may_be_json = is_json or source.lstrip()[:1] in ("{", "[")
    document = None
    if may_be_json:
        document = _json(mended_json(source, name, mistakes) if is_json else source, name, mistakes)
    if document is not None:
        return document
    readable = source
    try:
        data = YamlReader(source, name, mistakes, keep_positions=True).data()
    except NotYamlError as error:
        document = _json(mended_json(source, name, mistakes), name, mistakes) if may_be_json else None
        if document is not None:
            return document
        readable = _TABS.sub(lambda match: match[0].expandtabs(), Reader.NON_PRINTABLE.sub(" ", source))
        if readable != source:
            mistakes.tell(error)
        try:
            readable = mended_yaml(readable, name, mistakes)
        except NotYamlError:
            raise (refusal if is_json else error) from None
        data = YamlReader(readable, name, mistakes, keep_positions=True).data()
    if is_json:
        mistakes.tell(refusal)
    return Document(data, name, _later(yaml_places, readable, name), mistakes)


def _json(source: str | None, name: str, mistakes: Mistakes) -> Document | None:
    """Read a text as JSON, in spite of what cannot be kept of it; None where it is none."""
    with suppress(ValueError):
        if source is not None:
            data = json_text.load_loosely(source)
            json_text.check(source, name, mistakes)
            return Document(data, name, _later(places, source, name), mistakes)
    return None


def _later(find: Callable[[str, str], SourceMap], source: str, name: str) -> Callable[[], SourceMap]:
    """Return what finds the places in a text when it is asked to, from a copy that takes little room."""
    packed = Packed(source.encode())
    return lambda: find(packed.content.decode(), name)
