"""The files that a command is to look at, and what each of them is."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import click

from mockgrid.document.nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockgrid.document.document import Document
    from mockgrid.errors import DocumentError

__all__ = ["Kind", "Source", "files_of", "read_source"]

Kind = Literal["contract", "overlay", "scenario"]

_ENDINGS: Final = frozenset((".yaml", ".yml", ".json"))
_KEYS: Final[dict[str, Kind]] = {"openapi": "contract", "swagger": "contract", "overlay": "overlay"}
_FIRST_KEY: Final = re.compile(rb"""^(?:\s*\{)?\s*["']?(openapi|swagger|overlay)["']?\s*:""", re.MULTILINE)
_HEAD: Final = 4096


@dataclass(frozen=True, slots=True)
class Source:
    """A file.

    Attributes:
        path: where it is, as it was given.
        kind: what it is; of a file that cannot be read, what it seems to be.
        document: what it holds; None where it cannot be read.
        error: why it cannot be read; None where it can.
    """

    path: Path
    kind: Kind
    document: Document | None
    error: DocumentError | None = None


def files_of(paths: Iterable[str], ctx: click.Context) -> list[Path]:
    """Return the files, sorted, each once; of a directory those that `mockgrid serve` would read from it.

    Raises:
        UsageError: a path leads to nothing, or a directory has no such files.
    """
    found: dict[Path, Path] = {}
    for given in paths:
        path = Path(given)
        if path.is_dir():
            inside = [file for file in sorted(path.iterdir()) if _is_read(file)]
            if not inside:
                raise click.UsageError(f"There are no YAML or JSON files in {path}.", ctx)
        elif path.exists():
            inside = [path]
        else:
            raise click.UsageError(f"There is no file or directory {given!r}.{_meant(path)}", ctx)
        for file in inside:
            found.setdefault(file.resolve(), file)
    return sorted(found.values())


def read_source(path: Path) -> Source:
    """Read a file, and tell what it is by its first keys."""
    from mockgrid.document.document import read_document  # noqa: PLC0415 (slow, and mistakes are to be told soon)
    from mockgrid.errors import DocumentError  # noqa: PLC0415 (the same)

    try:
        document = read_document(path)
    except DocumentError as error:
        return Source(path, _seeming(path), None, error)
    data = document.data if isinstance(document.data, dict) else {}
    kind: Kind = next((kind for key, kind in _KEYS.items() if key in data), "scenario")
    return Source(path, kind, document)


def _is_read(path: Path) -> bool:
    return path.suffix.lower() in _ENDINGS and not path.name.startswith(".") and path.is_file()


def _meant(path: Path) -> str:
    try:
        siblings = [str(item) for item in path.parent.iterdir()]
    except OSError:
        return ""
    return did_you_mean(str(path), siblings)


def _seeming(path: Path) -> Kind:
    """Tell what a file that cannot be read was probably meant to be."""
    head = b""
    if path.is_file():  # a pipe is not opened again
        with suppress(OSError), path.open("rb") as file:
            head = file.read(_HEAD)
    key = _FIRST_KEY.search(head)
    return _KEYS[key[1].decode()] if key is not None else "scenario"
