"""The files that a contract is made of: read once, and compiled where they were not before."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import replace
from functools import cached_property, partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs
import orjson

import mockgrid
from mockgrid.app.cache import Cache
from mockgrid.contract.compiled import Compiled
from mockgrid.contract.contract import Contract
from mockgrid.data import bundled
from mockgrid.document.document import Document, document_of, read_content
from mockgrid.document.mistakes import Mistakes
from mockgrid.document.packed import Packed
from mockgrid.document.source_map import Position, SourceMap
from mockgrid.document.uncollected import uncollected
from mockgrid.errors import DocumentError

if TYPE_CHECKING:
    from mockgrid.settings import Settings

__all__ = ["Sources", "own_overlay"]

# What tells a scenario from a contract that lacks its first line.
_SCENARIO: Final = frozenset(("steps", "balance", "limits", "pace", "scenario"))
_CONTRACT: Final = frozenset(("openapi", "swagger", "info", "paths"))
# The folders of the package that decide what compiling gives.
_COMPILING: Final = ("contract", "document", "schema", "schema/regex")


class Sources:
    """The document and the overlays that settings name.

    Args:
        settings: those of ``mockgrid serve``.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._own = settings.document is None
        self._overlays: tuple[str | Path, ...] = settings.overlays
        self._document: str | Path = settings.document or ""
        if self._own:
            self._document = bundled("openapi") / "consumption.yaml"
            self._overlays = (own_overlay(), *settings.overlays)
        self._contents: dict[str | Path, Packed] = {}

    def contract(self) -> Contract:
        """Return the compiled contract.

        Raises:
            DocumentError: a document cannot be read or used.
        """
        with uncollected():
            cache = Cache(None) if self._settings.no_cache else Cache.at(self._settings.cache_dir)
            contract = self._known(cache)
            if contract is None:
                try:
                    contract = self._compiled(self._read())
                except DocumentError as error:
                    error.hint = f"{error.hint} {self._others()}".strip()
                    raise
                self._keep(cache, contract, None)
            contract.learned = partial(self._keep, cache, contract)
        return contract

    def _compiled(self, document: Document, known: Compiled | None = None) -> Contract:
        settings = self._settings
        return Contract(
            document,
            base_path=settings.base_path,
            lenient=settings.lenient,
            webhooks=settings.webhooks,
            compiled=known,
        )

    def _others(self) -> str:
        """Say how many mistakes there are besides the one that has refused the document; empty for none."""
        if not self._settings.strict_document or self._own:
            return ""
        loosely = Sources(replace(self._settings, strict_document=False))
        loosely._contents = self._contents
        try:
            contract = loosely._compiled(loosely._read())
            contract.check_compiling()
        except DocumentError:
            return ""
        others = len([*contract.document.mistakes]) - 1
        if others < 1:
            return ""
        words = "is 1 more mistake" if others == 1 else f"are {others} more mistakes"
        return f"There {words} in it; `mockgrid check {self._document}` tells all."

    def _known(self, cache: Cache) -> Contract | None:
        """Return the contract of what was compiled before; None where it was not."""
        content = cache.read(self._key) if self._key else None
        compiled = Compiled.of_bytes(content) if content is not None else None
        compiled = compiled.called(str(self._document)) if compiled is not None else None
        if compiled is None or not self._are_still(compiled.files):
            return None
        mistakes = Mistakes(strict=self._settings.strict_document)
        document = Document(compiled.data, compiled.name, self._positions, mistakes, compiled.files)
        with suppress(DocumentError, KeyError):
            contract = self._compiled(document, compiled)
            mistakes.strict = False  # schemas that a request needs had none when all were looked at
            return contract
        return None  # not what was written: no such document is kept

    def _keep(self, cache: Cache, contract: Contract, warnings: tuple[tuple[str, str], ...] | None) -> None:
        document, compiled = contract.document, None
        if self._key and cache.folder is not None:
            order_counts = contract.order_counts
            compiled = Compiled.of(
                document, contract.sha256, contract.one_way, warnings, order_counts=order_counts
            )
        content = compiled.as_bytes() if compiled is not None else None
        if content is not None:
            cache.write(self._key, content)

    @cached_property
    def _key(self) -> str:
        """What is another for whatever is compiled to something else; empty where that is not known."""
        settings = self._settings
        try:
            digests = [sha256(self._content(path)).hexdigest() for path in (self._document, *self._overlays)]
            parts: list[Any] = [digests, _compiler(), Path(self._document).suffix.lower()]
            parts += [[str(path) for path in self._overlays], settings.allow_refs]
            parts += [settings.strict_document, settings.lenient, settings.webhooks]
            return sha256(orjson.dumps(parts)).hexdigest()
        except (DocumentError, OSError, TypeError):  # the last of a path that is no Unicode
            return ""

    def _are_still(self, files: dict[str, str]) -> bool:
        """Tell whether the other files of a document hold what they did."""
        home = Path(self._document).resolve().parent
        for name, digest in files.items():
            path = home / name
            try:
                if path.resolve() != path or sha256(read_content(path)).hexdigest() != digest:
                    return False
            except (DocumentError, OSError, ValueError):
                return False
        return True

    def _content(self, path: str | Path) -> bytes:
        """Return what is in a file, which may be a pipe."""
        if path not in self._contents:
            content = read_content(path)
            self._contents[path] = Packed(content)
            return content
        return self._contents[path].content

    def _read(self) -> Document:
        from mockgrid.app.fetch import fetch  # noqa: PLC0415 - with the next
        from mockgrid.contract.bundle import bundle  # noqa: PLC0415 - the same
        from mockgrid.contract.reach import Reach  # noqa: PLC0415 - the same
        from mockgrid.document.overlay import apply  # noqa: PLC0415 - 10 ms, for what was not compiled before

        mistakes = None if self._own else Mistakes(strict=self._settings.strict_document)
        document = self._parsed(self._document, mistakes)
        if not self._own:
            _refuse_scenario(document)
            document = bundle(document, Reach(self._settings.allow_refs, fetch))
        files = document.files
        for overlay in self._overlays:
            document = apply(document, self._parsed(overlay)).document
        document.files = files
        return document

    def _parsed(self, path: str | Path, mistakes: Mistakes | None = None) -> Document:
        return document_of(self._content(path), str(path), mistakes)

    def _positions(self) -> SourceMap:
        with suppress(DocumentError):  # another of its files may have gone
            document = self._read()
            if document.source_map is not None:
                return document.source_map
        return SourceMap(Position(str(self._document), 1, 1))


def own_overlay() -> Path:
    """Return the overlay that adds to the bundled document what its publication lacks."""
    return bundled("openapi") / "consumption.overlay.yaml"


def _refuse_scenario(document: Document) -> None:
    """Say of a scenario that is given as a contract where it belongs.

    Raises:
        DocumentError: it is one.
    """
    data = document.data
    if isinstance(data, dict) and not _CONTRACT.intersection(data) and _SCENARIO.intersection(data):
        raise DocumentError(
            "this is a scenario; an OpenAPI document was expected.",
            where=document.where(""),
            hint=f"To play it, give its folder: --scenarios {Path(document.name).parent}.",
        )


def _compiler() -> list[Any]:
    """Return what is another for each version of what compiles, released or under work.

    Raises:
        OSError: this installation has no files.
    """
    package = Path(__file__).parents[1]
    modules = (entry for folder in _COMPILING for entry in os.scandir(package / folder) if entry.is_file())
    versions = sorted((entry.path, entry.stat().st_size, entry.stat().st_mtime_ns) for entry in modules)
    engine = Path(jsonschema_rs.__file__).stat().st_mtime_ns
    return [mockgrid.__version__, sys.version_info[:2], engine, versions]
