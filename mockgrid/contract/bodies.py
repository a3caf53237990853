"""Reading a request body, of whatever media type, to a JSON value that its schema can be asked about."""

from __future__ import annotations

import codecs
import re
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal

from mockgrid.contract.brackets import UnreadableError, is_part, part_of, put, steps_to
from mockgrid.contract.encodings import MalformedBodyError
from mockgrid.contract.http_terms import MediaName, media_name
from mockgrid.contract.operation import is_json
from mockgrid.contract.styles import Fields, Written, in_fields, percent_decoded
from mockgrid.document.json_body import MalformedJsonError, read_exactly, read_json
from mockgrid.schema.hints import SchemaHints

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mockgrid.contract.multipart import Part
    from mockgrid.contract.operation import MediaType, Operation
    from mockgrid.schema.hints import Raw
    from mockgrid.schema.violation import Violation

__all__ = [
    "UNREAD",
    "MalformedBodyError",
    "UnreadBody",
    "encoding_violations",
    "media_type_for",
    "read_body",
    "unsupported_sentence",
    "value_as_sent",
]


class UnreadBody(Enum):
    """The one value that says: a body was accepted, and what it holds is not known."""

    UNREAD = "unread"


UNREAD: Final = UnreadBody.UNREAD
_MOST_FIELDS = 10_000
_LONGEST_SHOWN = 200
_HOLDER: Final = re.compile(r"[^.\[]+(?=[.\[])")


def media_type_for(operation: Operation, content_type: str | None) -> MediaType | None:
    """Return the declared media type that a body falls under; None where the operation takes no such body.

    The exact type goes before a range such as ``image/*``, and that before ``*/*``. Case and parameters
    do not count, but JSON in a charset other than UTF-8 is not taken. A body without a content type is a
    stream of bytes (RFC 9110, 8.3), which only ``application/octet-stream`` and ``*/*`` take.
    """
    named = media_name(content_type if content_type is not None else "application/octet-stream")
    if named is None:
        return None
    return None if _has_wrong_charset(named) else _declared(operation, named)


def unsupported_sentence(operation: Operation, content_type: str | None) -> str:
    """Say why ``media_type_for`` gave None: the type is not taken, or only its charset is not.

    Args:
        operation: takes some body.
        content_type: the header as it was sent; None or empty where there was none.
    """
    named = media_name(content_type or "")
    if named is not None and _has_wrong_charset(named) and _declared(operation, named) is not None:
        charset = named.parameters["charset"][:_LONGEST_SHOWN]
        sentence = f"The request has {named.name} with charset={charset}"
        return f"{sentence}; JSON is always UTF-8. Leave the charset out."
    sent = content_type or "no Content-Type"
    sent = sent if len(sent) <= _LONGEST_SHOWN else f"{sent[: _LONGEST_SHOWN - 1]}…"
    return f"The request has {sent}; this operation takes {', '.join(operation.body)}."


def _has_wrong_charset(named: MediaName) -> bool:
    charset = named.parameters.get("charset", "utf-8").lower()
    return is_json(named.name) and charset not in ("utf-8", "utf8")


def _declared(operation: Operation, named: MediaName) -> MediaType | None:
    if "*" in named.name:
        return None
    alike = [key for key in operation.body if key.partition(";")[0] == named.name]
    if len(alike) > 1:  # they differ in their parameters: the one with most of them that were sent
        sent = named.parameters.items()
        fitting = [key for key in alike if MediaName.of(key).parameters.items() <= sent]
        alike = sorted(fitting or alike, key=lambda key: -key.count(";"))
    for name in (*alike, f"{named.name.partition('/')[0]}/*", "*/*"):
        if name in operation.body:
            return operation.body[name]
    return None


def read_body(
    media: MediaType, content_type: str, body: bytes, max_depth: int
) -> Any | Literal[UnreadBody.UNREAD]:
    """Return the value that a body holds, for validation by ``media.schema``.

    JSON gives its value; a form gives an object with its fields, each of the JSON type that the schema
    asks for where its text has that form; a file in a form, and text, give a string. All else gives
    ``UNREAD``.

    Args:
        media: the declared media type, which may be a range.
        content_type: the body's own type, with its parameters.
        body: the bytes, their content encoding undone.
        max_depth: how many arrays and objects may stand inside each other.

    Raises:
        MalformedBodyError: the body is not of its type.
    """
    named = media_name(content_type) or MediaName(media.name)
    if is_json(named.name):
        try:
            return read_json(body, max_depth=max_depth)
        except MalformedJsonError as error:
            raise MalformedBodyError(error.message) from None
    hints = SchemaHints.of(media.schema)
    if named.name == "application/x-www-form-urlencoded":
        form = _Form(media, hints, max_depth)
        return form.meant(form.of_fields(body))
    if named.name == "multipart/form-data":
        from mockgrid.contract.multipart import read_parts  # noqa: PLC0415 - 1 ms, for such forms alone

        form = _Form(media, hints, max_depth)
        return form.meant(form.of_parts(read_parts(body, named.parameters.get("boundary"))))
    if named.name.startswith("text/") and not named.is_xml and hints.scalar:
        return hints.typed(_text(body, named.parameters.get("charset", "utf-8")))
    return UNREAD


def value_as_sent(operation: Operation, content_type: str | None, body: bytes, max_depth: int) -> Any:
    """Return the value of a body that breaks the contract, None for none: JSON where its type is not taken.

    Raises:
        MalformedBodyError: the body is not of its type; or MalformedJsonError.
    """
    sent = content_type or "application/json"
    media = media_type_for(operation, sent)
    if media is None:
        return read_json(body, max_depth)
    value = read_body(media, sent, body, max_depth) if body else None
    return None if value is UNREAD else value


def encoding_violations(media: MediaType, content_type: str | None, body: bytes) -> list[Violation]:
    """Return where the parts of a form break the encodings that its media type declares.

    Args:
        media: as declared.
        content_type: the header as it was sent.
        body: what ``read_body`` has read.
    """
    encoding, named = media.source.get("encoding"), MediaName.of(content_type or "")
    if not isinstance(encoding, dict) or named.name != "multipart/form-data":
        return []
    from mockgrid.contract.multipart import broken_parts, read_parts  # noqa: PLC0415 - the same

    parts = read_parts(body, named.parameters.get("boundary"))
    return list(broken_parts(parts, encoding, f"{media.at}/encoding"))


class _Form:
    def __init__(self, media: MediaType, hints: SchemaHints, max_depth: int) -> None:
        encoding = media.source.get("encoding")
        self._encoding: Mapping[str, Any] = encoding if isinstance(encoding, dict) else {}
        self._hints = hints
        self._taken = frozenset(hints.properties)
        self._max_depth = max_depth
        self._schema = media.schema

    def meant(self, value: dict[str, Any]) -> dict[str, Any]:
        """Return a value with null for the texts that say so, where it is valid in this way alone."""
        if self._schema is None or self._schema.accepts(value):
            return value
        nulled = {
            name: None if item == "null" and self._hints.property(name).names("null") else item
            for name, item in value.items()
        }
        return nulled if self._schema.accepts(nulled) else value

    def of_fields(self, body: bytes) -> dict[str, Any]:
        """Return the value of an ``application/x-www-form-urlencoded`` body."""
        if body.count(b"&") > _MOST_FIELDS:
            raise MalformedBodyError(f"The form has more than {_MOST_FIELDS} fields.")
        fields = Fields.of_query(body.strip(b"\r\n"))
        value: dict[str, Any] = {}
        claimed: set[str] = set()
        for name in self._hints.properties:
            try:
                readings = self._field(fields, name)
            except UnreadableError as error:
                raise MalformedBodyError(f"The form's field {name} {error.message}.") from None
            if not readings:
                continue
            value[name] = readings[0]
            claimed.update(self._names(fields, name, readings[0]))
        for name in fields.names:
            if name not in claimed:
                value[name] = self._further(name, fields.texts(name))
        return value

    def _field(self, fields: Fields, name: str) -> list[Any]:
        """Return at most one value: of a property's readings the first whose JSON types fit."""
        encoding, hints = self._of(name), self._hints.property(name)
        texts = fields.texts(name)
        if len(texts) == 1 and self._meant_as_json(name, hints):
            decoded = percent_decoded(texts[0])
            try:
                return [read_exactly(decoded.encode(), max_depth=self._max_depth)]
            except MalformedJsonError as error:
                if is_json(str(encoding.get("contentType", ""))):
                    raise UnreadableError(
                        error.message.removeprefix("The request body ").rstrip(".")
                    ) from None
        style = str(encoding.get("style", "form"))
        plus = not encoding.get("allowReserved")
        written = Written(
            name,
            style,
            bool(encoding.get("explode", style == "form")),
            partial(percent_decoded, plus=plus),
            self._taken,
        )
        readings: list[Raw] = []
        if len(texts) > 1 and not (hints.kinds is None or hints.names("array")):
            readings = [_decoded(texts)]  # that one value came twice is the schema's to tell
        elif texts or "style" in encoding:
            readings = in_fields(fields, written, hints)
        elif tree := fields.tree(name, hints, self._taken):
            readings = [tree]
        elif "contentType" not in encoding and hints.names("object") and not hints.scalar:
            readings = self._spread(fields, hints)
        values = [hints.typed(raw) for raw in readings]
        return next(([value] for value in values if hints.fits(value)), values[:1])

    def _spread(self, fields: Fields, hints: SchemaHints) -> list[Raw]:
        """Return an object of fields that are its properties, which is how forms write one by default."""
        own = {
            name: _decoded(texts)
            for name in hints.properties
            if name not in self._taken and (texts := fields.texts(name))
        }
        # What lacks a part of it was hardly meant to be one.
        return [own] if own and all(name in own for name in hints.anywhere("required") or ()) else []

    def _names(self, fields: Fields, name: str, value: Any) -> Iterable[str]:
        """Return the names of the fields that a property's value was read from."""
        if fields.texts(name):
            return [name]
        # An exploded object's properties are fields of their own.
        own = self._hints.property(name)
        return fields.under(name, own, self._taken) or (value if isinstance(value, dict) else ())

    def _further(self, name: str, texts: list[str]) -> Any:
        try:
            text = _decoded(texts)
        except UnreadableError as error:
            raise MalformedBodyError(f"The form's field {name[:80]} {error.message}.") from None
        return self._hints.property(name).typed(text)

    def of_parts(self, parts: list[Part]) -> dict[str, Any]:
        """Return the value of a ``multipart/form-data`` body."""
        values_by_name: dict[str, list[Any]] = {}
        trees: dict[str, dict[str, list[Any]]] = {}
        for part in parts:
            name = self._holder(part.name)
            if name != part.name:
                trees.setdefault(name, {}).setdefault(part.name, []).append(self._inside(name, part))
                continue
            hints = self._hints.property(name)
            value = self._part(part, hints)
            values = values_by_name.setdefault(name, [])
            if hints.names("array") and isinstance(value, list):
                values.extend(value)
            else:
                values.append(value)
        value = {}
        for name, values in values_by_name.items():
            listed = self._hints.property(name).names("array")
            value[name] = values if listed or len(values) > 1 else values[0]
        for name, fields in trees.items():
            value.setdefault(name, self._tree(name, fields))
        return value

    def _inside(self, name: str, part: Part) -> Any:
        hints = self._hints.property(name)
        try:
            return self._part(part, part_of(hints, steps_to(name, part.name, hints)))
        except UnreadableError as error:
            raise MalformedBodyError(f"The form's field {name} {error.message}.") from None

    def _tree(self, name: str, fields: dict[str, list[Any]]) -> Any:
        hints = self._hints.property(name)
        tree: dict[str, Any] = {}
        try:
            for key, values in fields.items():
                put(tree, steps_to(name, key, hints), key, values)
        except UnreadableError as error:
            raise MalformedBodyError(f"The form's field {name} {error.message}.") from None
        return _arranged(tree.pop("") if list(tree) == [""] else tree, hints)

    def _holder(self, name: str) -> str:
        """Return the property that a part belongs to, which goes on in brackets or behind a full stop."""
        if name in self._hints.properties:
            return name
        holder = _HOLDER.match(name)
        hints = self._hints.property(holder[0]) if holder and holder[0] in self._hints.properties else None
        structured = hints is not None and (hints.names("object") or hints.names("array"))
        return holder[0] if holder and hints and structured and is_part(holder[0], name, hints) else name

    def _part(self, part: Part, hints: SchemaHints) -> Any:
        declared = media_name(part.content_type) or MediaName("")
        item = hints.item(0) if hints.names("array") and not hints.scalar else hints
        if part.filename is not None and item.names("string"):
            return _octets(part.content)
        if is_json(declared.name) and not item.names("string"):
            return self._json(part)
        if not declared.name and self._meant_as_json(part.name, hints):
            try:
                return self._json(part)
            except MalformedBodyError:
                if is_json(str(self._of(part.name).get("contentType", ""))):
                    raise
        if part.filename is not None:
            return _octets(part.content)
        charset = declared.parameters.get("charset")
        return item.typed(_text(part.content, charset) if charset else _octets(part.content))

    def _json(self, part: Part) -> Any:
        try:
            return read_exactly(part.content, max_depth=self._max_depth)
        except MalformedJsonError as error:
            message = error.message.removeprefix("The request body ")
            raise MalformedBodyError(f"The form's part {part.name[:80]} {message}") from None

    def _meant_as_json(self, name: str, hints: SchemaHints) -> bool:
        """Tell whether a field's text is JSON: its encoding says so, or it can be nothing but an object."""
        encoding = self._of(name)
        if "contentType" in encoding:
            return is_json(str(encoding["contentType"]).partition(";")[0].strip().lower())
        structured = hints.item(0) if hints.names("array") else hints
        return structured.names("object") and not structured.scalar and "style" not in encoding

    def _of(self, name: str) -> Mapping[str, Any]:
        encoding = self._encoding.get(name)
        return encoding if isinstance(encoding, dict) else {}


def _arranged(value: Any, hints: SchemaHints) -> Any:
    """Return a tree with lists where it has indices, or one value alone, and its schema arrays."""
    if not isinstance(value, dict):
        alone = hints.names("array") and not hints.scalar and not isinstance(value, list)
        return [value] if alone else value
    if hints.names("array") and not hints.names("object") and all(key.isdecimal() for key in value):
        # By their digits, of which there may be more than Python makes a number of.
        places = sorted(value, key=lambda key: (len(key.lstrip("0")), key.lstrip("0")))
        return [_arranged(value[key], hints.item(0)) for key in places]
    return {key: _arranged(item, hints.property(key)) for key, item in value.items()}


def _decoded(texts: list[str]) -> Raw:
    decoded = [percent_decoded(text) for text in texts]
    return list(decoded) if len(decoded) > 1 else decoded[0]


def _octets(content: bytes) -> str:
    """Return content as text; of what is not UTF-8 each byte is a character, so its length can be checked."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _text(body: bytes, charset: str) -> str:
    try:
        codec = codecs.lookup(charset)
    except (LookupError, ValueError):
        codec = None
    if codec is None or not codec._is_text_encoding:  # noqa: SLF001 - as bytes.decode itself asks
        raise MalformedBodyError(f"The charset {charset[:40]!r} is not known.")
    try:
        return codec.decode(body)[0]
    except UnicodeDecodeError as error:
        raise MalformedBodyError(f"The request body is not {codec.name}, at offset {error.start}.") from None
