"""References to other files, brought into the document that makes them.

A file that is referred to is embedded whole, once, under ``x-bundled``, and the reference points there:
``$ref: schemas/pet.yaml#/Cat`` becomes ``$ref: "#/x-bundled/schemas_pet.yaml/Cat"``. References stay
references, so files may refer to each other in circles. A path item is put in the place of its reference.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cached_property, partial
from hashlib import sha256
from os.path import normpath
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urljoin

from mockgrid.contract.reach import Reach
from mockgrid.document import yaml
from mockgrid.document.document import Document, document_of, read_content
from mockgrid.document.pointer import join, mappings, resolve, split
from mockgrid.document.source_map import Position, SourceMap
from mockgrid.errors import DocumentError
from mockgrid.schema.discriminators import BUNDLED, naming_files
from mockgrid.schema.keywords import DATA, NAMED
from mockgrid.schema.schemas import free_name

__all__ = ["BUNDLED", "MOST_BYTES", "MOST_DOWNLOADS", "NOWHERE", "bundle"]

# Beside those of schemas: under these, too, the keys are names that the author chose.
_NAMED: Final = NAMED | {
    *("callbacks", "content", "encoding", "examples", "headers", "links", "parameters", "pathItems"),
    *("paths", "requestBodies", "responses", "schemas", "securitySchemes", "webhooks"),
}
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:|//")
_METASCHEMA: Final = re.compile(r"https?://json-schema\.org/draft")
_FILE: Final = re.compile(r"[#/]|\.(?:ya?ml|json)$")
_LONGEST_CHAIN: Final = 16
MOST_DOWNLOADS: Final = 1000
MOST_BYTES: Final = 100 * 2**20
"""What one document may have downloaded: a server may make up files that refer to others without end."""
NOWHERE: Final = Reach()
"""The document's own folder alone."""


def bundle(document: Document, reach: Reach = NOWHERE) -> Document:
    """The document with everything that it refers to in other files; the same object where it refers to none.

    Files are found from the directory of the file that refers to them, the first one by ``document.name``.

    Args:
        document: of a file.
        reach: what lies outside its folder and may be read.

    Raises:
        DocumentError: a reference to what may not be read, or is not there.
    """
    if not isinstance(document.data, dict) or not _leads_out(document.data):
        return document
    bundling = _Bundling(document, reach)
    data = bundling.finished()
    if not bundling.embedded:
        document.files = bundling.digests
        return document
    positions = partial(_source_map, document, tuple(bundling.embedded), tuple(bundling.inlined))
    return Document(data, document.name, positions, document.mistakes, bundling.digests)


class _Embedded:
    """A file or what a URL holds, the key under ``x-bundled`` where it goes, and its rewritten data."""

    __slots__ = ("__dict__", "data", "document", "key", "place")

    def __init__(self, document: Document, place: str, key: str | None) -> None:
        self.document = document
        self.place = place
        self.key = key
        self.data: Any = None

    @property
    def prefix(self) -> str:
        return "" if self.key is None else join((BUNDLED, self.key))

    @cached_property
    def anchors(self) -> dict[str, str]:
        """Pointers to its schemas by their ``$anchor``."""
        anchored = (
            _own_texts(self.document.data, "$anchor"),
            _own_texts(self.document.data, "$dynamicAnchor"),
        )
        return {name: at for texts in anchored for at, name in reversed(texts)}

    @cached_property
    def ids(self) -> dict[str, str]:
        """The addresses that its schemas give themselves, by their pointers, from the outside in."""
        ids: dict[str, str] = {}
        for at, own in _own_texts(self.document.data, "$id"):
            with suppress(ValueError):
                ids[at] = urljoin(self._base(ids, at), own).removesuffix("#")
        return ids

    def meant(self, address: str, at: str) -> str | None:
        """Return the pointer to the schema of this file that an address means at a place; None for none."""
        with suppress(ValueError):
            absolute = urljoin(self._base(self.ids, at), address)
            return next((pointer for pointer, own in self.ids.items() if own == absolute), None)
        return None

    @staticmethod
    def _base(ids: dict[str, str], at: str) -> str:
        return next((own for outer, own in reversed(ids.items()) if f"{at}/".startswith(f"{outer}/")), "")


class _Bundling:
    """One run: which files are known, and which path items were put in place."""

    def __init__(self, document: Document, reach: Reach) -> None:
        path = Path(document.name).resolve()
        self._root = _Embedded(document, str(path), None)
        self._home = path.parent
        self._reach = reach
        self._files = {str(path): self._root}
        self.embedded: list[_Embedded] = []
        self.inlined: list[tuple[str, str]] = []
        self.digests: dict[str, str] | None = {}  # of the files in the folder; None where there are others
        self._unreadable: set[str] = set()  # places of files
        self._downloads = 0  # also those that failed
        self._downloaded = 0  # bytes

    def finished(self) -> dict[str, Any]:
        data: dict[str, Any] = self._rewritten(self._root, self._root.document.data, (), names=False)
        for file in self.embedded:  # grows while it is worked off
            file.data = self._rewritten(file, file.document.data, (), names=False)
        if self.embedded:
            data[BUNDLED] = {str(file.key): file.data for file in self.embedded}
            self._put_path_items(data)
        return data

    def _rewritten(self, file: _Embedded, value: Any, at: tuple[str | int, ...], *, names: bool) -> Any:
        if isinstance(value, list):
            return [
                self._rewritten(file, item, (*at, index), names=False) for index, item in enumerate(value)
            ]
        if not isinstance(value, dict):
            return value
        result: dict[str, Any] = {}
        for key, item in value.items():
            if not names and (
                key in DATA or key.startswith("x-") or (key == "examples" and isinstance(item, list))
            ):
                result[key] = item
            elif key == "$ref" and isinstance(item, str):  # no name leads to a text
                result[key] = self._reference(file, item, (*at, key))
            elif not names and key == "mapping" and isinstance(item, dict) and "propertyName" in value:
                result[key] = {
                    name: self._mapped(file, target, (*at, key, name)) if isinstance(target, str) else target
                    for name, target in item.items()
                }
            elif not names and key == "$id" and isinstance(item, str) and file.key is not None:
                # It would give the references inside another base than the document they now stand in.
                continue
            else:
                result[key] = self._rewritten(file, item, (*at, key), names=not names and key in _NAMED)
        return result if names else naming_files(value, result)

    def _mapped(self, file: _Embedded, target: str, at: tuple[str | int, ...]) -> str:
        if _FILE.search(target):
            return self._reference(file, target, at)
        pointer = join(("components", "schemas", target))
        return f"#{file.prefix}{pointer}" if file.key is not None and file.document.holds(pointer) else target

    def _reference(self, file: _Embedded, reference: str, at: tuple[str | int, ...]) -> str:
        """Return a reference as it is in the whole; one that leads nowhere stays as it is."""
        with self._root.document.mistakes:
            return self._target(file, reference, at)
        if not _URL.match(reference):
            self.digests = None  # what is not there now may be there the next time
        return reference

    def _target(self, file: _Embedded, reference: str, at: tuple[str | int, ...]) -> str:
        address, _, fragment = reference.partition("#")
        if not address:
            return f"#{file.prefix}{fragment}" if not fragment or fragment[0] == "/" else reference
        if _METASCHEMA.match(address) or self._root.meant(address, join(at) if file is self._root else ""):
            return reference
        inside = file.meant(address, join(at)) if file is not self._root else None
        if inside is not None and (not fragment or fragment[0] == "/"):
            return f"#{file.prefix}{inside}{fragment}"
        target = self._file(file, address, at)
        if target.place in self._unreadable:
            return f"#{target.prefix}"
        pointer = unquote(fragment)
        if pointer and not pointer.startswith("/"):
            if pointer not in target.anchors:
                message = f"{reference!r} must lead into the file by a JSON pointer, as in #/a/b."
                raise self._error(file, at, message)
            return f"#{target.prefix}{target.anchors[pointer]}"
        if not target.document.holds(pointer) and not _is_beyond_reference(target.document.data, pointer):
            raise self._error(file, at, f"{target.document.name} holds nothing at {pointer}.")
        return f"#{target.prefix}{fragment}"

    def _file(self, file: _Embedded, address: str, at: tuple[str | int, ...]) -> _Embedded:
        if _URL.match(address) or _URL.match(file.place):
            try:
                place = urljoin(file.place, address) if _URL.match(file.place) else address
                admitted = self._reach.admits_url(place)
            except ValueError:
                raise self._error(file, at, f"{address!r} is no URL.") from None
            if not admitted:
                message = f"{address!r} refers to a URL, and nothing is downloaded."
                raise self._error(file, at, message, "Save it beside this file, or name it by --allow-ref.")
        else:
            place = self._path(file, unquote(address), at)
        if place not in self._files:
            document = self._read(file, address, place, at)
            if document is None:
                self._unreadable.add(place)
                document = Document({}, place)
            path = Path(place)
            plain = path.relative_to(self._home).as_posix() if path.is_relative_to(self._home) else path.name
            key = free_name(plain, [other.key for other in self.embedded])
            self._files[place] = _Embedded(document, place, key)
            self.embedded.append(self._files[place])
        return self._files[place]

    def _path(self, file: _Embedded, address: str, at: tuple[str | int, ...]) -> str:
        if Path(address).is_absolute():
            hint = f"Did you mean #{address}?" if self._root.document.holds(address) else ""
            raise self._error(file, at, f"{address!r} must be relative to this file.", hint)
        try:
            written = Path(file.place).parent / address
            path = written.resolve()
        except ValueError:  # Python's words for it are others in each version
            raise self._error(file, at, f"{address!r} cannot be read: it holds a NUL character.") from None
        if str(path) != normpath(written):
            self.digests = None  # a link may lead elsewhere the next time
        if not self._reach.admits_file(path, self._home):
            message = f"{address!r} leads out of the document's folder."
            raise self._error(file, at, message, f"To read it, name its folder: --allow-ref {path.parent}.")
        return str(path)

    def _read(self, file: _Embedded, address: str, place: str, at: tuple[str | int, ...]) -> Document | None:
        """Return what a file holds; None where it cannot be read for a mistake in it, which is told."""
        mistakes = self._root.document.mistakes
        called = place if _URL.match(place) else _shown(Path(place), self._root.document.name, self._home)
        if not Path(place).is_relative_to(self._home):
            self.digests = None
        try:
            if _URL.match(place):
                return self._download(place)
            content = read_content(called)
            if self.digests is not None:
                self.digests[Path(place).relative_to(self._home).as_posix()] = sha256(content).hexdigest()
            return document_of(content, called, mistakes)
        except DocumentError as error:
            if error.where.startswith(f"{called}:"):
                mistakes.tell(error)
                return None
            message = f"{address!r} cannot be read: {error.message}"
            component = join(("components", "schemas", address))
            meant = f"Did you mean #{component}?" if self._root.document.holds(component) else error.hint
            raise self._error(file, at, message, meant) from None

    def _download(self, url: str) -> Document:
        if self._downloads >= MOST_DOWNLOADS:
            raise DocumentError(f"{MOST_DOWNLOADS} files were downloaded already, which is the limit.")
        if self._downloaded >= MOST_BYTES:
            raise DocumentError(f"{MOST_BYTES // 2**20} MB were downloaded already, which is the limit.")
        self._downloads += 1
        content = self._reach.download(url)
        self._downloaded += len(content)
        return yaml.load(content, name=url, mistakes=self._root.document.mistakes)

    def _put_path_items(self, data: dict[str, Any]) -> None:
        paths = data.get("paths")
        if not isinstance(paths, dict):
            return
        for path in paths:
            for _ in range(_LONGEST_CHAIN):
                pointer = _embedded_pointer(paths[path])
                target = resolve(data, pointer) if pointer else None
                if not isinstance(target, dict):
                    break
                beside = {key: value for key, value in paths[path].items() if key != "$ref"}
                paths[path] = {**target, **beside}
                self.inlined.append((path, pointer))

    def _error(
        self, file: _Embedded, at: tuple[str | int, ...], message: str, hint: str = ""
    ) -> DocumentError:
        return file.document.error(message, join(at), hint)


def _is_beyond_reference(data: Any, pointer: str) -> bool:
    """Tell whether a pointer leads through a reference, as in ``components: {schemas: {$ref: all.yaml}}``."""
    value = data
    for part in split(pointer):
        if isinstance(value, dict) and "$ref" in value:
            return True
        value = value.get(part) if isinstance(value, dict) else None
    return False


def _leads_out(value: Any) -> bool:
    """Tell whether any reference may lead out of a document."""
    for item in mappings(value):
        mapping = item.get("mapping")
        targets = [item.get("$ref"), *(mapping.values() if isinstance(mapping, dict) else ())]
        if any(isinstance(target, str) and not target.startswith("#") for target in targets):
            return True
    return False


def _own_texts(value: Any, key: str) -> list[tuple[str, str]]:
    """Return the texts that schemas have under a key, with the pointers to these, from the outside in."""
    texts: list[tuple[str, str]] = []
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        at, value = waiting.pop()
        if isinstance(value, dict) and isinstance(value.get(key), str):
            texts.append((at, value[key]))
        items = (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        )
        waiting += [
            (at + join((part,)), item) for part, item in reversed([*items]) if isinstance(item, (dict, list))
        ]
    return texts


def _shown(path: Path, name: str, home: Path) -> str:
    """The file as the operator would name it: relative where the first document was named so."""
    return str(Path(name).parent / path.relative_to(home)) if path.is_relative_to(home) else str(path)


def _embedded_pointer(item: Any) -> str:
    """Where an object that refers to an embedded file points; empty for all others."""
    reference = item.get("$ref") if isinstance(item, dict) else None
    if isinstance(reference, str) and reference.startswith(f"#/{BUNDLED}/"):
        return unquote(reference.removeprefix("#"))
    return ""


def _source_map(
    document: Document, embedded: tuple[_Embedded, ...], inlined: tuple[tuple[str, str], ...]
) -> SourceMap:
    root = (document.source_map or SourceMap(Position(document.name, 1, 1), None, {})).copy()
    if not isinstance(root.inside, dict):
        return root
    files = {
        str(file.key): file.document.source_map or SourceMap(Position(file.document.name, 1, 1))
        for file in embedded
    }
    root.inside[BUNDLED] = SourceMap(root.position, None, dict(files))
    paths = root.inside.get("paths")
    for path, pointer in inlined:
        mapped = root.at(split(pointer))
        old = paths.child(path) if paths is not None else None
        if mapped is None or old is None or paths is None or not isinstance(paths.inside, dict):
            continue
        put = mapped.under(old.key).copy()
        if isinstance(put.inside, dict) and isinstance(old.inside, dict):
            put.inside.update(old.inside)
        paths.inside[path] = put
    return root
