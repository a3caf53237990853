"""A JSON value as the bytes of a media type, XML by its schema's ``xml`` objects, or as a declared header."""

from __future__ import annotations

import base64
import io
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode

import orjson

from mockgrid.contract.contract import is_json
from mockgrid.contract.http_terms import MediaName, header_fault, sendable
from mockgrid.reply.delivery.form import framed
from mockgrid.reply.negotiation import BOUNDARY, LINES
from mockgrid.reply.reply import json_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mockgrid.schema.hints import SchemaHints

__all__ = ["event", "header_line", "is_event", "lines", "render", "xml_of"]

_FORM = "application/x-www-form-urlencoded"
_EVENT_FIELDS = ("event", "id", "retry")

SAMPLES: Mapping[str, bytes] = MappingProxyType(
    {
        # One transparent pixel each.
        "image/png": base64.b64decode(
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
        ),
        "image/gif": base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"),
        "image/svg+xml": b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>',
        # An archive without files.
        "application/zip": b"PK\x05\x06" + bytes(18),
        # No samples at all, 8000 a second, one byte each.
        "audio/wav": b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"
        b"\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00data\x00\x00\x00\x00",
    }
)
"""The smallest valid files of media types that no schema can describe."""


def render(name: str, value: Any, outline: SchemaHints) -> bytes:  # noqa: PLR0911 - one return for each type
    """Return a body of the media type ``name``, a type and no range.

    JSON is JSON, and YAML too; XML follows the schema's ``xml`` objects; CSV has a row for each item, and
    a header where items are objects; forms have a field for each property. A text stays as it is wherever
    it can. Types that no schema can describe, such as images, give the smallest valid file where one is
    known, else the text's bytes.
    """
    if is_json(name) or name in ("application/yaml", "text/yaml", "application/x-yaml"):
        return json_text(value)
    if name in SAMPLES:
        return SAMPLES[name]
    is_xml = MediaName(name).is_xml
    if isinstance(value, str) and not (is_xml and value.lstrip()[:1] != "<"):
        return value.encode("utf-8", "replace")
    if is_xml:
        return xml_of(value, outline)
    if name == "text/csv":
        return _csv(value)
    if name == "text/html":
        text = _escaped(json_text(value).decode(), quote=True)
        return f"<!doctype html>\n<title>Reply</title>\n<pre>{text}</pre>\n".encode()
    if name == _FORM and isinstance(value, dict):
        return _form(value)
    if name.startswith("multipart/") and isinstance(value, dict):
        return _multipart(value)
    return b"" if value is None else json_text(value)


def is_event(value: Any) -> bool:
    """Tell whether a value can be the description of an event: ``data``, ``event``, ``id`` and ``retry``."""
    return isinstance(value, dict) and "data" in value and value.keys() <= {*_EVENT_FIELDS, "data"}


def event(value: Any, *, fields: bool = False) -> bytes:
    """Return one server-sent event.

    Args:
        value: its data; JSON, except for a text, which stays as it is.
        fields: whether an object that can be the description of the event is; what is null there is left
            out. An object with ``event`` and ``data`` is in any case.
    """
    if not (is_event(value) and (fields or "event" in value)):
        return framed(_text_of(value))
    lines = [
        f"{name}: {line.decode()}"
        for name in _EVENT_FIELDS
        if value.get(name) not in (None, "")
        for line in _text_of(value[name]).splitlines() or [b""]
    ]
    return framed(_text_of(value["data"]), lines)


def _text_of(value: Any) -> bytes:
    return value.encode("utf-8", "replace") if isinstance(value, str) else json_text(value)


def _csv(value: Any) -> bytes:
    import csv  # noqa: PLC0415 - few ask for it

    rows = value if isinstance(value, list) else [value]
    out = io.StringIO()
    writer = csv.writer(out)
    if any(isinstance(row, dict) for row in rows):
        columns = list(dict.fromkeys(name for row in rows if isinstance(row, dict) for name in row))
        writer.writerow(columns)
        rows = [[row.get(name) for name in columns] if isinstance(row, dict) else [row] for row in rows]
    for row in rows:
        writer.writerow(_plain(cell) for cell in (row if isinstance(row, list) else [row]))
    return out.getvalue().encode("utf-8", "replace")


def _form(value: Mapping[str, Any]) -> bytes:
    pairs: list[tuple[str, str]] = []
    for name, item in value.items():
        pairs += [(name, _plain(each)) for each in (item if isinstance(item, list) else [item])]
    return urlencode(pairs, quote_via=quote_plus, errors="replace").encode("ascii")


def _multipart(value: Mapping[str, Any]) -> bytes:
    out = bytearray()
    for name, item in value.items():
        kind = "text/plain; charset=utf-8" if isinstance(item, str) else "application/json"
        quoted = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        head = (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{quoted}"\r\nContent-Type: {kind}\r\n\r\n'
        )
        out += head.encode("utf-8", "replace") + _plain(item).encode("utf-8", "replace") + b"\r\n"
    return bytes(out) + f"--{BOUNDARY}--\r\n".encode()


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json_text(value).decode()


def lines(name: str, values: Iterable[Any]) -> bytes:
    """Return JSON texts in a media type of ``LINES``."""
    return b"".join(LINES[name] + json_text(value) + b"\n" for value in values)


def header_line(name: str, value: Any, *, explode: bool, as_json: bool) -> tuple[bytes, bytes] | None:
    """Return a header as it is sent, in the style ``simple`` or as JSON; None for one that must not be sent.

    Whatever the value, the line holds neither line ends nor other controls nor anything beyond ASCII.
    """
    if header_fault(name, ""):
        return None
    text = json_text(value).decode() if as_json else _simple(value, explode=explode)
    return name.lower().encode("ascii"), sendable(text).encode("ascii")


def _simple(value: Any, *, explode: bool) -> str:
    if isinstance(value, list):
        return ",".join(_plain(item) for item in value)
    if isinstance(value, dict):
        between = "=" if explode else ","
        return ",".join(f"{_plain(name)}{between}{_plain(item)}" for name, item in value.items())
    return _plain(value)


# What XML 1.0 cannot hold, not even escaped. Compiled for the first that is asked for: it takes 3 ms.
_FORBIDDEN = r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
_NOT_IN_NAMES = re.compile(r"[^\w.\-]", re.ASCII)
_ROOT = "root"
_ITEM = "item"


def xml_of(value: Any, outline: SchemaHints) -> bytes:
    """Return a document that holds a value.

    Elements are named by ``xml.name``, else by the property, else by the schema's name in the document;
    ``attribute``, ``wrapped``, ``prefix`` and ``namespace`` are honoured. What XML cannot hold is left
    out.
    """
    name = _named(outline, outline.reference or _ROOT)
    if isinstance(value, list):
        inner = "".join(_item(item, outline, index, _ITEM) for index, item in enumerate(value))
        element = _element(name, inner, _namespaces(outline))
    else:
        element = _of(value, outline, name)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{element}'.encode()


def _escaped(text: str, *, quote: bool) -> str:
    from html import escape  # noqa: PLC0415 - 3 ms, for pages and XML alone

    return escape(text, quote=quote)


def _quoted(text: str) -> str:
    from xml.sax.saxutils import quoteattr  # noqa: PLC0415 - 6 ms, for attributes alone

    return quoteattr(text)


def _of(value: Any, outline: SchemaHints, name: str) -> str:
    attributes = _namespaces(outline)
    if isinstance(value, dict):
        inner = []
        for key, item in value.items():
            part = outline.property(key)
            if _xml(part).get("attribute") and not isinstance(item, (dict, list)):
                declared = _namespaces(part)
                attributes += declared if declared not in attributes else ""
                attributes += f" {_named(part, key)}={_quoted(_text(item))}"
            else:
                inner.append(_property(key, item, part))
        return _element(name, "".join(inner), attributes)
    return _element(name, _escaped(_text(value), quote=False), attributes)


def _property(key: str, value: Any, outline: SchemaHints) -> str:
    name = _named(outline, key)
    if not isinstance(value, list):
        return _of(value, outline, name)
    wrapped = bool(_xml(outline).get("wrapped"))
    # The name of an array that is not wrapped names nothing: its items have their own.
    inside = name.rpartition(":")[2] if wrapped else key
    items = "".join(_item(item, outline, index, inside) for index, item in enumerate(value))
    return _element(name, items, _namespaces(outline)) if wrapped else items


def _item(value: Any, outline: SchemaHints, index: int, name: str) -> str:
    part = outline.item(index)
    fallback = part.reference if name == _ITEM and part.reference else name
    if isinstance(value, list):
        inner = "".join(_item(item, part, place, _ITEM) for place, item in enumerate(value))
        return _element(_named(part, fallback), inner, _namespaces(part))
    return _of(value, part, _named(part, fallback))


def _element(name: str, inner: str, attributes: str) -> str:
    return f"<{name}{attributes}>{inner}</{name}>" if inner else f"<{name}{attributes}/>"


def _xml(outline: SchemaHints) -> Mapping[str, Any]:
    xml = outline.own("xml")
    return xml if isinstance(xml, dict) else {}


def _named(outline: SchemaHints, fallback: str) -> str:
    name = _word(str(_xml(outline).get("name") or fallback))
    prefix = _prefix(outline)
    return f"{prefix}:{name}" if prefix else name


def _word(text: str) -> str:
    """Return a text as a name can be written."""
    name = _NOT_IN_NAMES.sub("_", text) or "_"
    return name if name[0].isalpha() or name[0] == "_" else f"_{name}"


def _prefix(outline: SchemaHints) -> str:
    """Return the prefix of a name; without its namespace, or where XML has it for itself, there is none."""
    prefix = _xml(outline).get("prefix")
    reserved = not prefix or str(prefix).lower().startswith("xml")
    return "" if reserved or not _xml(outline).get("namespace") else _word(str(prefix))


def _namespaces(outline: SchemaHints) -> str:
    xml, prefix = _xml(outline), _prefix(outline)
    # Without a prefix, an attribute is in no namespace.
    if not xml.get("namespace") or (xml.get("attribute") and not prefix):
        return ""
    return f" xmlns{f':{prefix}' if prefix else ''}={_quoted(str(xml['namespace']))}"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return re.sub(_FORBIDDEN, "", value)
    return orjson.dumps(value).decode() if abs(value) < 2**63 else str(value)
