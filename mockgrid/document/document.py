"""Reading a contract, overlay or scenario from disk, as plain data that knows where each part was written."""

from __future__ import annotations

import os
import re
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mockgrid.document import ENDINGS
from mockgrid.document.encoding import encoding_of
from mockgrid.document.source_map import Document
from mockgrid.errors import DocumentError

if TYPE_CHECKING:
    from mockgrid.document.mistakes import Mistakes

__all__ = ["LARGEST", "Document", "document_of", "read_content", "read_document"]

LARGEST = 256 * 1024 * 1024
"""Bytes; the largest published OpenAPI documents, with all references written out, have 80 MB."""

# Bytes that are read at once: room for as many is made, however few there are.
_PIECE: Final = 1024 * 1024
# Windows has neither the flag nor such pipes.
_AT_ONCE: Final = getattr(os, "O_NONBLOCK", 0)
_URL = re.compile(r"[a-z][a-z0-9+.-]+://|(?:https?|ftp|file|data):", re.IGNORECASE)


def read_document(path_or_url: str | Path, mistakes: Mistakes | None = None) -> Document:
    """Reads a JSON or YAML file from disk.

    Args:
        path_or_url: the file.
        mistakes: what becomes of those in it; by default the first refuses it.

    Raises:
        DocumentError: the file is missing, unreadable, a directory, binary, too large or given as a URL.
        YamlError: the file is not strict YAML or JSON.
    """
    return document_of(read_content(path_or_url), str(path_or_url), mistakes)


def document_of(content: bytes, name: str, mistakes: Mistakes | None = None) -> Document:
    """Reads what stands in a file of a name.

    Raises:
        YamlError: it is not strict YAML or JSON.
        DocumentError: it is binary.
    """
    if b"\0" in content[:4096] and encoding_of(content) is None:
        raise DocumentError("The file is binary, not JSON or YAML text.", where=name)
    from mockgrid.document import yaml  # noqa: PLC0415 - 10 ms, for what was not compiled before

    return yaml.load(content, name=name, mistakes=mistakes)


def read_content(path_or_url: str | Path) -> bytes:
    """Reads the bytes of a file.

    Raises:
        DocumentError: the file is missing, unreadable, a directory, too large or given as a URL.
    """
    name = str(path_or_url)
    if isinstance(path_or_url, str) and _URL.match(name):
        raise DocumentError(
            f"{name!r} is a URL, and documents are read from files only.",
            hint="Download it first, for instance with curl -o openapi.yaml URL.",
        )
    return _content(Path(path_or_url), name)


def _content(path: Path, name: str) -> bytes:
    try:
        with open(path, "rb", opener=_unblocked) as file:
            pieces = list(islice(iter(partial(file.read, _PIECE), b""), LARGEST // _PIECE + 1))
    except FileNotFoundError:
        raise DocumentError("There is no such file.", where=name, hint=_sibling(path)) from None
    except IsADirectoryError:
        raise DocumentError("This is a directory; name the file inside it.", where=name) from None
    except ValueError:
        raise DocumentError("The file cannot be read: its path holds a NUL character.", where=name) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise DocumentError(f"The file cannot be read: {reason}.", where=name) from None
    content = b"".join(pieces)
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
    for suffix in ENDINGS:
        other = path.with_name(path.name + suffix) if not path.suffix else path.with_suffix(suffix)
        if other != path and other.is_file():
            return f"Did you mean {other}?"
    return "" if path.is_absolute() else f"Paths are taken from {Path.cwd()}."
