"""A contract, overlay or scenario as plain data that knows where each part of it was written."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

from mockgrid.document.pointer import split
from mockgrid.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockgrid.document.source_map import Spot

__all__ = ["LARGEST", "Document", "read_document"]

LARGEST = 64 * 1024 * 1024
"""Bytes; the largest published OpenAPI documents stay below 40 MB."""

# Windows has neither the flag nor such pipes.
_AT_ONCE: Final = getattr(os, "O_NONBLOCK", 0)
_URL = re.compile(r"[a-z][a-z0-9+.-]+://|(?:https?|ftp|file|data):", re.IGNORECASE)


@final
class Document:
    """Plain JSON data with a name, and the place in a file of every part of it.

    Args:
        data: dicts with text keys, lists, str, int, float, bool and None; treat it as immutable, since
            parts of it may be shared (YAML aliases, overlays).
        name: what findings call the document: the path as the operator gave it.
        spots: makes the tree of positions; called once, when a position is first asked for. Data that
            was never written down has none, and its positions read ``name#/json/pointer``.
    """

    __slots__ = ("_root", "_spots", "data", "name")

    def __init__(self, data: Any, name: str, spots: Callable[[], Spot] | None = None) -> None:
        self.data = data
        self.name = name
        self._spots = spots
        self._root: Spot | None = None

    def __repr__(self) -> str:
        return f"Document({self.name!r})"

    @property
    def spots(self) -> Spot | None:
        """The tree of positions; None for data that was never written down."""
        if self._root is None and self._spots is not None:
            self._root = self._spots()
        return self._root

    def where(self, pointer: str) -> str:
        """``name:line:column`` of the value under a JSON pointer, or of its nearest parent that exists."""
        return self._located(pointer, key=False)

    def where_key(self, pointer: str) -> str:
        """The same of the key that leads to the value; of the value itself where it has no key."""
        return self._located(pointer, key=True)

    def _located(self, pointer: str, *, key: bool) -> str:
        spot = self.spots
        if spot is None:
            return f"{self.name}#{pointer.removeprefix('#')}"
        for part in split(pointer):
            child = spot.child(part)
            if child is None:
                return str(spot.place)
            spot = child
        return str((spot.key if key else None) or spot.place)


def read_document(path_or_url: str | Path) -> Document:
    """Reads a JSON or YAML file from disk.

    Raises:
        DocumentError: the file is missing, unreadable, a directory, binary, too large or given as a URL.
        YamlError: the file is not strict YAML or JSON.
    """
    name = str(path_or_url)
    if isinstance(path_or_url, str) and _URL.match(name):
        raise DocumentError(
            f"{name!r} is a URL, and documents are read from files only.",
            hint="Download it first, for instance with curl -o openapi.yaml URL.",
        )
    content = _content(Path(path_or_url), name)
    if b"\0" in content[:4096] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DocumentError("The file is binary, not JSON or YAML text.", where=name)
    from mockgrid.document import yaml  # noqa: PLC0415 - it makes Documents, so it imports this module

    return yaml.load(content, name=name)


def _content(path: Path, name: str) -> bytes:
    try:
        with open(path, "rb", opener=_unblocked) as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise DocumentError("There is no such file.", where=name, hint=_sibling(path)) from None
    except IsADirectoryError:
        raise DocumentError("This is a directory; name the file inside it.", where=name) from None
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL character
        reason = getattr(error, "strerror", None) or str(error)
        raise DocumentError(f"The file cannot be read: {reason}.", where=name) from None
    if len(content) > LARGEST:
        raise DocumentError(f"The file is larger than {LARGEST // 2**20} MB.", where=name)
    return content


def _unblocked(path: str, flags: int) -> int:
    """Open a file at once: a pipe that nobody writes to is empty, and not waited for."""
    descriptor = os.open(path, flags | _AT_ONCE)
    if _AT_ONCE:
        os.set_blocking(descriptor, True)
    return descriptor


def _sibling(path: Path) -> str:
    """A hint for the commonest slip: the right name with the other ending."""
    for suffix in (".yaml", ".yml", ".json"):
        other = path.with_name(path.name + suffix) if not path.suffix else path.with_suffix(suffix)
        if other != path and other.is_file():
            return f"Did you mean {other}?"
    return "" if path.is_absolute() else f"Paths are taken from {Path.cwd()}."
