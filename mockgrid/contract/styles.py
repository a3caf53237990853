"""Named texts of a query, a form or a cookie header, and the styles in which they write arrays and objects.

Where a text can be read in more than one way, each reading is returned, the most literal first: the caller
takes the first that the schema accepts. So ``1%2C2`` is one text for a schema of texts, and two numbers for a
schema of numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import unquote, unquote_plus

from mockgrid.errors import MockgridError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from mockgrid.schema.hints import Raw, SchemaHints

__all__ = [
    "Fields",
    "UnreadableError",
    "Written",
    "in_fields",
    "in_header",
    "in_path",
    "is_part",
    "part_of",
    "percent_decoded",
    "put",
    "steps_to",
]

_LONE_PERCENT = re.compile(r"%(?![0-9a-fA-F]{2})")
_PATH = re.compile(r"(?:\[[^\[\]]*\]|\.[^.\[\]]+)+")
_ITEM = re.compile(r"\[[0-9]*\]")
_STEP = re.compile(r"\[([^\[\]]*)\]|\.([^.\[\]]+)")
_DEEPEST = 16


class UnreadableError(MockgridError):
    """A text without the form that its style asks for; the message is a sentence without its subject."""


def percent_decoded(text: str, *, plus: bool = True) -> str:
    """Undo percent-encoding, strictly.

    Args:
        text: as it stood in the URL.
        plus: whether ``+`` stands for a space, as form encoders write it.

    Raises:
        UnreadableError: a ``%`` without two hexadecimal digits, or bytes that are not UTF-8.
    """
    if "%" in text and _LONE_PERCENT.search(text):
        raise UnreadableError("holds a % that is not followed by two hexadecimal digits")
    try:
        return unquote_plus(text, errors="strict") if plus else unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise UnreadableError("is not UTF-8 once its percent-encoding is undone") from None


class Fields:
    """Texts by name, each name with all its texts in the order in which they came.

    Args:
        pairs: decoded names and undecoded texts.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._texts: dict[str, list[str]] = {}
        for name, text in pairs:
            self._texts.setdefault(name, []).append(text)

    @classmethod
    def of_query(cls, query: bytes) -> Fields:
        """Read a query string or a form body; ``flag`` without ``=`` is a field with an empty text."""
        pairs = []
        for piece in query.decode("utf-8", "replace").split("&"):
            if piece:
                name, _, text = piece.partition("=")
                pairs.append((unquote_plus(name, errors="replace"), text))
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
        return [key for key in self._texts if key not in taken and is_part(name, key, hints)]

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


def is_part(name: str, key: str, hints: SchemaHints) -> bool:
    """Tell whether a field holds a part of a value: its name goes on in brackets, or behind a full stop.

    Of what is no object, only items are parts.
    """
    if not key.startswith((f"{name}[", f"{name}.")):
        return False
    return hints.kinds is None or hints.names("object") or _ITEM.match(key, len(name)) is not None


def steps_to(name: str, key: str, hints: SchemaHints) -> list[str]:
    """Return the steps from a value to the part of it that a field holds; ``[]`` is an empty one.

    Args:
        name: of the value.
        key: of the field: the name, and a path in brackets or behind full stops.
        hints: of the value.

    Raises:
        UnreadableError: the path is none, or has ``[]`` inside it where there is no array.
    """
    path = key[len(name) :]
    steps = [inside or dotted for inside, dotted in _STEP.findall(path)] if _PATH.fullmatch(path) else []
    misplaced = any(
        not step and not part_of(hints, steps[:n]).names("array") for n, step in enumerate(steps[:-1])
    )
    if misplaced or not 0 < len(steps) <= _DEEPEST:
        raise UnreadableError(f"is not written as {name}[property]=value: {key[:80]!r}")
    return steps


def part_of(hints: SchemaHints, steps: list[str]) -> SchemaHints:
    """Return the outline of a part of a value."""
    for step in steps:
        listed = hints.names("array") and (not step or step.isdecimal() or not hints.names("object"))
        hints = hints.item(0) if listed else hints.property(step)
    return hints


def put(tree: dict[str, Any], steps: list[str], key: str, values: list[Any]) -> None:
    """Put the values of a field into the tree of the value that it is a part of.

    >>> tree = {}
    >>> put(tree, ["b", "c", ""], "a[b].c[]", ["x"])
    >>> put(tree, ["d", "", "e"], "a[d][][e]", ["y", "z"])  # those of the first item and of the second
    >>> tree
    {'b': {'c': ['x']}, 'd': {'0': {'e': 'y'}, '1': {'e': 'z'}}}

    Args:
        tree: of dicts; a list itself stands under "".
        steps: where the field belongs.
        key: of the field.
        values: in their order, at least one.

    Raises:
        UnreadableError: the steps lead through what holds a value.
    """
    listed = steps[-1] == ""
    steps = steps[:-1] if listed and len(steps) > 1 else steps
    if "" not in steps[:-1]:
        _put(tree, steps, values if listed or len(values) > 1 else values[0], key)
        return
    for index, value in enumerate(values):
        _put(tree, [step or str(index) for step in steps], value, key)


def _put(tree: dict[str, Any], steps: list[str], value: Any, key: str) -> None:
    for step in steps[:-1]:
        tree = tree.setdefault(step, {})
        if not isinstance(tree, dict):
            raise UnreadableError(f"holds both a value and properties under one name: {key[:80]!r}")
    if steps[-1] in tree:
        raise UnreadableError(f"holds both a value and properties under one name: {key[:80]!r}")
    tree[steps[-1]] = value


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


Decode: TypeAlias = Callable[[str], str]


@dataclass(frozen=True, slots=True)
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
        separator = "." if explode or "," not in text else ","
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
        if not text:
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
            pieces, decode = whole.split(separator), _same
        try:
            readings.append(_pairs(pieces, decode, explode=explode))
        except UnreadableError:
            if not readings:
                raise
    return readings + _null(text, hints) or [decode(text)]


def _null(text: str, hints: SchemaHints) -> list[Raw]:
    """Return the reading of a text as null, where the schema takes null beside an array or an object."""
    return [text] if not hints.scalar and hints.names("null") and text in ("", "null") else []


def _pairs(pieces: list[str], decode: Decode, *, explode: bool) -> Raw:
    if explode:
        if not all("=" in piece for piece in pieces):
            raise UnreadableError("must be written as name=value pairs")
        return {decode(name): decode(value) for name, _, value in (piece.partition("=") for piece in pieces)}
    if len(pieces) % 2:
        raise UnreadableError("must be written as names and values in turn")
    return {decode(name): decode(value) for name, value in zip(pieces[::2], pieces[1::2], strict=True)}


def _matrix(text: str, name: str, hints: SchemaHints, *, explode: bool) -> list[Raw]:
    if not text.startswith(";"):
        raise UnreadableError("must start with a semicolon")
    pieces = text[1:].split(";")
    if explode and hints.names("object"):
        return [_pairs(pieces, _path_text, explode=True)]
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
