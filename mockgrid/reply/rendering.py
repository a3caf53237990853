"""A JSON value as the bytes of a media type."""

from __future__ import annotations

import csv
import html
import io
import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode

import orjson

from mockgrid.contract.contract import is_json
from mockgrid.contract.media_types import MediaName
from mockgrid.reply.samples import SAMPLES
from mockgrid.reply.xml import xml_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mockgrid.schema.hints import SchemaHints

__all__ = ["BOUNDARY", "EVENT_STREAM", "LINES", "event", "json_text", "lines", "render"]

EVENT_STREAM = "text/event-stream"
LINES: Mapping[str, bytes] = MappingProxyType(
    {
        "application/jsonl": b"",
        "application/x-ndjson": b"",
        "application/x-jsonlines": b"",
        "application/json-seq": b"\x1e",  # RFC 7464 starts each text with a record separator
    }
)
"""Media types of several JSON texts, one a line, and what stands before each."""

BOUNDARY = "mockgrid-boundary"
_FORM = "application/x-www-form-urlencoded"
_EVENT_FIELDS = ("event", "id", "retry", "data")


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
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    if MediaName(name).is_xml:
        return xml_of(value, outline)
    if name == "text/csv":
        return _csv(value)
    if name == "text/html":
        text = html.escape(json_text(value).decode())
        return f"<!doctype html>\n<title>Reply</title>\n<pre>{text}</pre>\n".encode()
    if name == _FORM and isinstance(value, dict):
        return _form(value)
    if name.startswith("multipart/") and isinstance(value, dict):
        return _multipart(value)
    return b"" if value is None else json_text(value)


def event(value: Any, *, fields: bool = False) -> bytes:
    """Return one server-sent event.

    Args:
        value: its data; JSON, except for a text, which stays as it is.
        fields: whether an object of ``data``, ``event``, ``id`` and ``retry`` describes the event itself.
    """
    if fields and isinstance(value, dict) and "data" in value and set(value) <= set(_EVENT_FIELDS):
        lines = [line for name in _EVENT_FIELDS if name in value for line in _field(name, value[name])]
    else:
        lines = _field("data", value)
    return b"".join(line + b"\n" for line in lines) + b"\n"


def json_text(value: Any) -> bytes:
    """Return compact JSON, also of integers beyond 64 bits and of texts that UTF-8 cannot hold."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, separators=(",", ":")).encode("ascii")


def _field(name: str, value: Any) -> list[bytes]:
    text = value.encode("utf-8", "replace") if isinstance(value, str) else json_text(value)
    # bytes.splitlines knows the three line ends of an event stream, and no others.
    return [f"{name}: ".encode() + line for line in text.splitlines() or [b""]]


def _csv(value: Any) -> bytes:
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
