"""A JSON value as XML, by the ``xml`` objects of its schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockgrid.schema.hints import SchemaHints

__all__ = ["xml_of"]

# What XML 1.0 cannot hold, not even escaped.
_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
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


def _of(value: Any, outline: SchemaHints, name: str) -> str:
    attributes = _namespaces(outline)
    if isinstance(value, dict):
        inner = []
        for key, item in value.items():
            part = outline.property(key)
            if _xml(part).get("attribute") and not isinstance(item, (dict, list)):
                attributes += f" {_named(part, key)}={quoteattr(_text(item))}"
            else:
                inner.append(_property(key, item, part))
        return _element(name, "".join(inner), attributes)
    return _element(name, escape(_text(value)), attributes)


def _property(key: str, value: Any, outline: SchemaHints) -> str:
    name = _named(outline, key)
    if not isinstance(value, list):
        return _of(value, outline, name)
    wrapped = bool(_xml(outline).get("wrapped"))
    # The name of an array that is not wrapped names nothing: its items have their own.
    items = "".join(_item(item, outline, index, name if wrapped else key) for index, item in enumerate(value))
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
    xml = _xml(outline)
    name = _NOT_IN_NAMES.sub("_", str(xml.get("name") or fallback)) or "_"
    if not (name[0].isalpha() or name[0] == "_"):
        name = f"_{name}"
    prefix = xml.get("prefix")
    # A prefix without its namespace would not be well-formed.
    return f"{prefix}:{name}" if prefix and xml.get("namespace") else name


def _namespaces(outline: SchemaHints) -> str:
    xml = _xml(outline)
    if not xml.get("namespace") or xml.get("attribute"):
        return ""
    prefix = f":{xml['prefix']}" if xml.get("prefix") else ""
    return f" xmlns{prefix}={quoteattr(str(xml['namespace']))}"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return _FORBIDDEN.sub("", value)
    return orjson.dumps(value).decode() if abs(value) < 2**63 else str(value)
