"""Data as YAML that people like to read: long texts as blocks, short mappings in a line, with comments."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from mockgrid.document.scalar import plain
from mockgrid.fixed import fixed

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

__all__ = ["Block", "Commented", "OneLine", "uncommented", "yaml_text"]

_WIDTH: Final = 110
# A text of so many characters is folded into lines.
_LONG: Final = 90
# A longer key has to be marked as one.
_LONGEST_KEY: Final = 1000
# Needs no quotes: begins as a word and holds nothing that YAML reads, in a line of its own or in braces.
_PLAIN: Final = re.compile(
    r"[A-Za-z0-9_/$(\u00c0-\u024f]"
    r"[^\x00-\x1f\x7f-\xa0\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff:#,\[\]{}\"'`&*!|>%@\\]*"
)
_COLON: Final = re.compile(r":(?=\S)")
# What YAML 1.1 takes for a truth, and people with it.
_TRUTHS: Final = frozenset(("y", "n", "yes", "no", "on", "off"))
# What it takes for a time, a date or a number; other tools do so to this day.
_NUMERAL: Final = re.compile(r"[-+]?[\d_][\d_:.+\-TtZz ]*")
_OFF: Final = frozenset(("contract", "usage"))
# What a block holds as it is: YAML's printable characters without those that end lines elsewhere.
_IN_BLOCK: Final = re.compile(
    r"[\t\n\x20-\x7e\u00a1-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*"
)
_UNSAFE: Final = re.compile(r"[\x7f-\xa0\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


class Block(dict[str, Any]):
    """A mapping that has a line for each of its keys, however short it is."""


class OneLine(dict[str, Any]):
    """A mapping that stands in one line, however long it is."""


@fixed
class Commented:
    """A value with a comment above it, of any number of lines; the value has none itself."""

    value: Any
    comment: str


def uncommented(data: Any) -> Any:
    """Return data as JSON has it."""
    if isinstance(data, Commented):
        return uncommented(data.value)
    if isinstance(data, dict):
        return {key: uncommented(item) for key, item in data.items()}
    return [uncommented(item) for item in data] if isinstance(data, list) else data


def yaml_text(data: Block) -> str:
    """Return data as a YAML document, which MockGrid reads as the same data.

    >>> print(yaml_text(Block(steps=[Block(when={"turn": 1}, reply=Commented({"say": "Hi"}, "Greets."))])))
    steps:
      - when: {turn: 1}
        # Greets.
        reply: {say: Hi}
    <BLANKLINE>
    """
    return "".join(f"{line}\n" for line in _block(data, 0))


def _block(data: dict[str, Any], indent: int) -> Iterator[str]:
    """Yield the lines of a mapping in block style."""
    margin = " " * indent
    for key, item in data.items():
        value = yield from _told(item, margin)
        name = _scalar(key)
        if len(name) > _LONGEST_KEY:
            yield f"{margin}? {name}"
        yield from _under(f"{margin}{name if len(name) <= _LONGEST_KEY else ''}:", value, indent, key)


def _under(head: str, value: Any, indent: int, key: str = "") -> Iterator[str]:
    """Yield the lines of a value that stands behind its key, or behind the dash of an item."""
    if isinstance(value, str):
        yield from _text(head, value, indent, key)
        return
    line = _flow(value)
    short = line is not None and len(head) + len(line) < _WIDTH
    if line is not None and (
        short or isinstance(value, OneLine) or not value or not isinstance(value, (dict, list))
    ):
        yield f"{head} {line}"
    elif isinstance(value, dict):
        yield head
        yield from _block(value, indent + 2)
    elif not any(isinstance(item, (dict, list, Commented)) for item in value):
        yield from _filled(head, [_flow(item) or "" for item in value], indent)
    else:
        yield head
        for item in value:
            yield from _item(item, indent + 2)


def _item(item: Any, indent: int) -> Iterator[str]:
    margin = " " * indent
    value = yield from _told(item, margin)
    lines = list(_block(value, indent + 2)) if isinstance(value, Block) and value else []
    if not lines:
        whole = list(_under(f"{margin}-", value, indent))
        if len(whole) == 1 or not isinstance(value, dict):
            yield from whole
            return
        lines = list(_block(value, indent + 2))
    # A comment cannot stand behind the dash.
    first = next(place for place, line in enumerate(lines) if not line.lstrip().startswith("#"))
    yield from (line[2:] for line in lines[:first])
    yield f"{margin}- {lines[first][indent + 2 :]}"
    yield from lines[first + 1 :]


def _filled(head: str, items: list[str], indent: int) -> Iterator[str]:
    """Yield a list of short texts in as many lines as it takes."""
    yield f"{head} ["
    margin = " " * (indent + 2)
    line = margin
    for item in items:
        if len(line) + len(item) + 2 > _WIDTH and line != margin:
            yield line.rstrip()
            line = margin
        line += f"{item}, "
    yield line.rstrip()
    yield " " * indent + "]"


def _told(item: Any, margin: str) -> Generator[str, None, Any]:
    """Yield the lines of a comment, and return what it is about."""
    if not isinstance(item, Commented):
        return item
    for line in item.comment.splitlines():
        # What a line of a comment may hold is less than what a text may.
        printable = "".join(character if character.isprintable() else " " for character in line)
        yield f"{margin}# {printable}".rstrip()
    return item.value


def _text(head: str, text: str, indent: int, key: str) -> Iterator[str]:
    """Yield a text in a line, or as a block."""
    margin = " " * (indent + 2)
    lines = text.split("\n")
    printable = _IN_BLOCK.fullmatch(text) is not None
    if len(lines) > 1 and printable and text.strip(" \n") and not lines[0].startswith("\t"):
        body = text.rstrip("\n")
        ends = len(text) - len(body)
        first = next(line for line in lines if line)
        # Where the text begins with spaces, or with empty lines, its margin cannot be read from it.
        indicator = "2" if first.startswith((" ", "\t")) or not lines[0] else ""
        yield f"{head} |{indicator}{'-' if not ends else '' if ends == 1 else '+'}"
        yield from (f"{margin}{line}" if line else "" for line in body.split("\n"))
        yield from [""] * (ends - 1)
    elif len(lines) == 1 and len(text) > _LONG and printable and _foldable(text):
        yield f"{head} >-"
        yield from _folded(text, margin)
    elif text == "off" and key in _OFF:
        yield f"{head} off"
    else:
        yield f"{head} {_scalar(text, flow=False)}"


def _foldable(text: str) -> bool:
    return text == text.strip() and "  " not in text and "\t" not in text and " " in text


def _folded(text: str, margin: str) -> Iterator[str]:
    line = margin
    for word in text.split(" "):
        if line != margin and len(line) + len(word) + 1 > _WIDTH:
            yield line
            line = margin
        line += word if line == margin else f" {word}"
    yield line


def _flow(value: Any) -> str | None:
    """Return a value in a line; None where something in it has to have lines of its own."""
    if isinstance(value, (Block, Commented)) and value:
        return None
    if isinstance(value, dict):
        items = [
            (key, "off" if item == "off" and key in _OFF else _flow(item)) for key, item in value.items()
        ]
        if any(item is None for _, item in items):
            return None
        return "{" + ", ".join(f"{_flow_key(key)}: {item}" for key, item in items) + "}"
    if isinstance(value, list):
        parts = [_flow(item) for item in value]
        return None if None in parts else "[" + ", ".join(map(str, parts)) + "]"
    if isinstance(value, str):
        return _scalar(value)
    return json.dumps(value)


def _flow_key(key: str) -> str:
    name = _scalar(key)
    return name if len(name) <= _LONGEST_KEY else f"? {name} "


def _scalar(text: str, *, flow: bool = True) -> str:
    """Return a text as YAML reads it again, quoted where it must be."""
    bare = text if flow else text[:1] + text[1:].replace(",", "")
    bare = bare[:1] + _COLON.sub("", bare[1:])
    if (
        _PLAIN.fullmatch(bare)
        and not text.endswith((" ", ":"))
        and text.lower() not in _TRUTHS
        and not _NUMERAL.fullmatch(text)
        and _is_text(text)
        and not ("{" in text or "}" in text)
    ):
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    if quoted[1:-1].replace('\\"', '"') == text and "'" not in text and not _UNSAFE.search(text):
        return f"'{text}'"
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)


def _is_text(text: str) -> bool:
    try:
        return isinstance(plain(text), str)
    except ValueError:
        return False
