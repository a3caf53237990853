"""Named texts of a query, a form or a cookie header, and the styles in which they write arrays and objects.

Where a text can be read in more than one way, each reading is returned, the most literal first: the caller
takes the first that the schema accepts. So ``1%2C2`` is one text for a schema of texts, and two numbers for a
schema of numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeAlias

from mockgrid.contract.brackets import UnreadableError, holder_of, is_part, put, steps_to
from mockgrid.fixed import fixed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from mockgrid.schema.hints import Raw, SchemaHints

__all__ = [
    "Fields",
    "Written",
    "in_fields",
    "in_header",
    "in_path",
    "percent_decoded",
]

# What is quoted within brackets, in JSON or as Python shows it.
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'", re.DOTALL)
_DEPTHS = {"[": 1, "{": 1, "]": -1, "}": -1}
# In runs: a character may be several octets.
_ENCODED = re.compile(r"(?:%[0-9a-fA-F]{2})+")
_LONE_PERCENT = re.compile(r"%(?![0-9a-fA-F]{2})")


def percent_decoded(text: str, *, plus: bool = True) -> str:
    """Undo percent-encoding, strictly.

    Args:
        text: as it stood in the URL.
        plus: whether ``+`` stands for a space, as form encoders write it.

    Raises:
        UnreadableError: a ``%`` without two hexadecimal digits, or bytes that are not UTF-8.
    """
    if plus:
        text = text.replace("+", " ")
    if "%" not in text:
        return text
    if _LONE_PERCENT.search(text):
        raise UnreadableError("holds a % that is not followed by two hexadecimal digits")
    try:
        return _ENCODED.sub(_octets, text)
    except UnicodeDecodeError:
        raise UnreadableError("is not UTF-8 once its percent-encoding is undone") from None


def _octets(match: re.Match[str], errors: str = "strict") -> str:
    return bytes.fromhex(match[0].replace("%", "")).decode(errors=errors)


def _name_decoded(text: str) -> str:
    """Undo the percent-encoding of a name, as far as it is one."""
    text = text.replace("+", " ")
    if "%" in text:  # brackets are what most names have encoded
        text = text.replace("%5B", "[").replace("%5D", "]")
    return _ENCODED.sub(_OCTETS_OF_NAME, text) if "%" in text else text


_OCTETS_OF_NAME = partial(_octets, errors="replace")


class Fields:
    """Texts by name, each name with all its texts in the order in which they came.

    Args:
        pairs: decoded names and undecoded texts.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._texts: dict[str, list[str]] = {}
        for name, text in pairs:
            self._texts.setdefault(name, []).append(text)

    @cached_property
    def _held(self) -> dict[str, list[str]]:
        """Names by where they begin: else each value would be looked for among all of them."""
        held: dict[str, list[str]] = {}
        for name in self._texts:
            held.setdefault(holder_of(name), []).append(name)
        return held

    @classmethod
    def of_query(cls, query: bytes) -> Fields:
        """Read a query string or a form body; ``flag`` without ``=`` is a field with an empty text."""
        pairs = []
        for piece in query.decode("utf-8", "replace").split("&"):
            if piece:
                name, _, text = piece.partition("=")
                pairs.append((_name_decoded(name), text))
        return cls(pairs)

    @classmethod
    def of_cookies(cls, header: bytes) -> Fields:
        """Read a ``Cookie`` header; quotation marks around a text are not part of it."""
        pairs = []
        for piece in header.decode("utf-8", "replace").split(";"):
            name, equals, text = piece.partition("=")
            if equals and name.strip():
                pairs.append((name.strip(), _unquoted(text.strip())))
        return cls(pairs)

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in the order of their first text."""
        return tuple(self._texts)

    def texts(self, name: str) -> list[str]:
        """Return the undecoded texts under a name; none where the name was not sent."""
        return self._texts.get(name, [])

    def under(self, name: str, hints: SchemaHints, taken: Collection[str] = ()) -> list[str]:
        """Return the names of fields that hold parts of a value.

        Those that are taken are left out, since they belong to other values.
        """
        held = self._held.get(holder_of(name), ())
        return [key for key in held if key not in taken and is_part(name, key, hints)]

    def tree(self, name: str, hints: SchemaHints, taken: Collection[str] = ()) -> Raw:
        """Return what stands under ``name[a]``, ``name.a.b``, ``name[a][]`` and the like, decoded.

        ``name[]`` gives a list, all else dicts, also ``name[0]``. Nothing under the name gives an empty dict.

        Raises:
            UnreadableError: brackets that do not pair, more than 16 levels, or a name that holds both a text
                and further names.
        """
        tree: dict[str, Any] = {}
        for key in self.under(name, hints, taken):
            put(tree, steps_to(name, key, hints), key, [percent_decoded(text) for text in self._texts[key]])
        listed: Raw = tree.pop("") if list(tree) == [""] else tree
        return listed


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


Decode: TypeAlias = Callable[[str], str]


@fixed
class Written:
    """How a value is written among named fields.

    Attributes:
        name: the field's name; an exploded object's properties are fields themselves.
        style: ``form``, ``spaceDelimited``, ``pipeDelimited`` or ``deepObject``.
        explode: whether each item, or property, is a field of its own.
        decode: undoes the encoding of one text.
        taken: names of fields that belong to other values.
    """

    name: str
    style: str = "form"
    explode: bool = True
    decode: Decode = percent_decoded
    taken: frozenset[str] = frozenset()


def in_path(text: str, name: str, style: str, hints: SchemaHints, *, explode: bool) -> list[Raw]:
    """Return the readings of a path segment, in the style ``simple``, ``label`` or ``matrix``.

    The segment is percent-encoded: what is encoded separates nothing.

    Raises:
        UnreadableError: the segment does not begin as its style asks, its percent-encoding is wrong, or an
            object's text does not fall into pairs.
    """
    if style == "label":
        if not text.startswith("."):
            raise UnreadableError("must start with a full stop")
        # OpenAPI 3.0 has full stops in both; in a number alone they are its own.
        alone = "," not in text and not hints.item(0).names("number")
        separator = "." if explode or alone else ","
        return _joined(text[1:], separator, hints, _path_text, explode=explode)
    if style == "matrix":
        return _matrix(text, name, hints, explode=explode)
    return _joined(text, ",", hints, _path_text, explode=explode)


def in_header(text: str, hints: SchemaHints, *, explode: bool) -> list[Raw]:
    """Return the readings of a header; spaces around its commas mean nothing.

    Raises:
        UnreadableError: an object's text does not fall into pairs.
    """
    return _joined(text.strip(" \t"), ",", hints, str.strip, explode=explode)


def in_fields(  # noqa: PLR0911 - one return for each way of writing
    fields: Fields, written: Written, hints: SchemaHints
) -> list[Raw]:
    """Return the readings of a value among fields; none where it was not sent.

    Raises:
        UnreadableError: wrong percent-encoding, a single value that was sent more than once, or an
            object's text that does not fall into pairs.
    """
    texts = fields.texts(written.name)
    # Clients write arrays and objects in brackets in other styles, too.
    structured = not texts and (hints.names("object") or hints.names("array"))
    if (structured or written.style == "deepObject") and (
        tree := fields.tree(written.name, hints, written.taken)
    ):
        return [tree]
    if written.style == "form" and written.explode and hints.names("object") and not (texts and hints.scalar):
        properties = _spread(fields, written, hints)
        if properties:
            return [properties]
    if not texts:
        return []
    if len(texts) > 1:
        return [_repeated(texts, written, hints)]
    if written.style == "form" and not written.explode:
        return _joined(texts[0], ",", hints, written.decode, explode=False)
    if written.style in _DELIMITERS and not written.explode:
        # These delimiters cannot be part of a value, encoded or not.
        return _joined(written.decode(texts[0]), _DELIMITERS[written.style], hints, _same, explode=False)
    return _alone(written.decode(texts[0]), hints)


_DELIMITERS = {"spaceDelimited": " ", "pipeDelimited": "|"}


def _same(text: str) -> str:
    return text


def _path_text(text: str) -> str:
    return percent_decoded(text, plus=False)


def _alone(text: str, hints: SchemaHints) -> list[Raw]:
    readings: list[Raw] = []
    if hints.scalar or not hints.names("array"):
        readings.append(text)
    if hints.names("array"):
        readings.append([text])
        if not text and not hints.item(0).names("string"):
            readings.append([])
    return readings + _null(text, hints)


def _repeated(texts: list[str], written: Written, hints: SchemaHints) -> Raw:
    if hints.kinds is not None and not hints.names("array"):
        raise UnreadableError(f"is given {len(texts)} times, where once is expected")
    if not written.explode:
        raise UnreadableError(f"is given {len(texts)} times, where one list of all its items is expected")
    return [written.decode(text) for text in texts]


def _spread(fields: Fields, written: Written, hints: SchemaHints) -> dict[str, Raw]:
    """Collect the properties of an exploded object, which are fields of their own."""
    names = [name for name in fields.names if name in hints.properties]
    if hints.open:
        names += [name for name in fields.names if name not in hints.properties and name not in written.taken]
    properties: dict[str, Raw] = {}
    for name in names:
        texts = [written.decode(text) for text in fields.texts(name)]
        properties[name] = list(texts) if len(texts) > 1 else texts[0]
    return properties


def _joined(text: str, separator: str, hints: SchemaHints, decode: Decode, *, explode: bool) -> list[Raw]:
    """Return the readings of a text in which a separator joins items, or names and values."""
    readings: list[Raw] = []
    pieces = text.split(separator) if text else []
    if hints.scalar:
        readings.append(decode(text))
    if hints.names("array"):
        readings.append([decode(piece) for piece in pieces])
        if not text:
            readings.append([""])
        elif len(pieces) == 1 and separator in (whole := decode(text)):
            # Many clients encode the separator, too.
            readings.append([*whole.split(separator)])
    if hints.names("object"):
        if len(pieces) == 1 and separator in (whole := decode(text)):
            text, decode = whole, _same
        try:
            readings += _objects(text, separator, decode, explode=explode)
        except UnreadableError:
            if not readings:
                raise
    return readings + _null(text, hints) or [decode(text)]


def _null(text: str, hints: SchemaHints) -> list[Raw]:
    """Return the reading of a text as null, where the schema takes null beside an array or an object."""
    return [text] if not hints.scalar and hints.names("null") and text in ("", "null") else []


def _objects(text: str, separator: str, decode: Decode, *, explode: bool) -> list[Raw]:
    """Return the readings of a text in which a separator joins names and values.

    Clients write objects inside others as JSON and the like, within which nothing is separated.
    """
    pieces = text.split(separator) if text else []
    whole = _parted(text, separator) if any(bracket in text for bracket in "[{") else pieces
    if whole == pieces:
        return [_pairs(pieces, separator, decode, explode=explode)]
    objects: list[Raw] = []
    for alternative in (pieces, whole):
        with suppress(UnreadableError):
            objects.append(_pairs(alternative, separator, decode, explode=explode))
    return objects or [_pairs(pieces, separator, decode, explode=explode)]


def _parted(text: str, separator: str) -> list[str]:
    """Return what separators part that stand in no brackets with which a name or a value begins."""
    pieces, depth, start, at = [], 0, 0, 0
    while at < len(text):
        quoted = _QUOTED.match(text, at) if depth else None
        if quoted is not None:
            at = quoted.end()
            continue
        if depth or at == start or text[at - 1] == "=":  # elsewhere a bracket is a character like any other
            depth = max(0, depth + _DEPTHS.get(text[at], 0))
        if not depth and text[at] == separator:
            pieces.append(text[start:at])
            start = at + 1
        at += 1
    return [*pieces, text[start:]]


def _pairs(pieces: list[str], separator: str, decode: Decode, *, explode: bool) -> Raw:
    if explode:
        joined: list[str] = []
        for piece in pieces:
            if "=" in piece:
                joined.append(piece)
            elif joined:  # a comma in a header's value, or a full stop in a label's, is not encoded
                joined[-1] += separator + piece
            else:
                raise UnreadableError("must be written as name=value pairs")
        return {decode(name): decode(value) for name, _, value in (piece.partition("=") for piece in joined)}
    if len(pieces) % 2:
        raise UnreadableError("must be written as names and values in turn")
    return {decode(name): decode(value) for name, value in zip(pieces[::2], pieces[1::2], strict=True)}


def _matrix(text: str, name: str, hints: SchemaHints, *, explode: bool) -> list[Raw]:
    if not text.startswith(";"):
        raise UnreadableError("must start with a semicolon")
    pieces = text[1:].split(";")
    if explode and hints.names("object"):
        return [_matrix_object(pieces, hints)]
    values = []
    for piece in pieces:
        called, _, value = piece.partition("=")
        if called != name:
            raise UnreadableError(f"must be written as ;{name}=value")
        values.append(value)
    if len(values) == 1 and not explode:
        return _joined(values[0], ",", hints, _path_text, explode=False)
    if len(values) > 1 and not (explode and hints.names("array")):
        raise UnreadableError(f"is given {len(values)} times, where once is expected")
    decoded = [_path_text(value) for value in values]
    return _alone(decoded[0], hints) if len(values) == 1 else [[*decoded]]


def _matrix_object(pieces: list[str], hints: SchemaHints) -> Raw:
    """Read pairs, in which an empty text has no ``=`` before it (RFC 6570)."""
    parted = [piece.partition("=") for piece in pieces]
    pairs = [(_path_text(name), equals, _path_text(value)) for name, equals, value in parted]
    for name, equals, _ in pairs:
        kinds = hints.property(name).kinds
        if not equals and kinds is not None and "string" not in kinds:
            raise UnreadableError("must be written as name=value pairs")
    return {name: value for name, _, value in pairs}
