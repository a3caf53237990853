"""Recordings in files, whatever tool wrote them: what a file is, its content tells."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from mockgrid.errors import DocumentError
from mockgrid.recording.sources import archive, cassette, fixtures, log
from mockgrid.recording.sources.pairs import NotRecordedError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from mockgrid.recording.exchange import RecordedExchange
    from mockgrid.recording.sources.fixtures import FixtureStep
    from mockgrid.recording.sources.log import LoggedLine

__all__ = ["Recordings", "files_below", "read_files"]

_ENDINGS: Final = (".yaml", ".yml", ".json", ".har", ".jsonl", ".ndjson")
_KINDS: Final = (
    "a VCR cassette (YAML or JSON), a HAR file, aimock's fixtures, or lines of requests and responses"
)
_MOST: Final = 256 * 1024 * 1024


@dataclass(slots=True)
class Recordings:
    """What files hold.

    Attributes:
        exchanges: in the order of the files.
        steps: of fixtures, which are matchers and replies already.
        left_out: why parts of the files are not among these, a sentence each, with its place.
    """

    exchanges: list[RecordedExchange] = field(default_factory=list)
    steps: list[FixtureStep] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # where libyaml is
    """Reads what recorders write: their texts are texts, and objects of Python are what they hold."""


for _tag in ("python/str", "python/unicode", "timestamp"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", lambda loader, node: loader.construct_scalar(node))
_Loader.add_constructor(
    "tag:yaml.org,2002:python/tuple", lambda loader, node: loader.construct_sequence(node, deep=True)
)
_Loader.add_constructor(
    "tag:yaml.org,2002:python/object/new:_io.BytesIO",
    lambda loader, node: (loader.construct_mapping(node, deep=True).get("state") or [b""])[0],
)
# Ruby's VCR names its classes.
_Loader.add_multi_constructor("!ruby/", lambda loader, _, node: loader.construct_mapping(node, deep=True))


def files_below(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield files, of folders those in them that may be recordings, in the order of their names.

    Raises:
        DocumentError: there is none, or a folder holds none.
    """
    for path in paths:
        if not path.exists():
            raise DocumentError("There is no such file or folder.", where=str(path))
        if not path.is_dir():
            yield path
            continue
        below = sorted(file for file in path.rglob("*") if file.suffix.lower() in _ENDINGS and file.is_file())
        if not below:
            hint = f"Recordings end in {', '.join(_ENDINGS)}; name others one by one."
            raise DocumentError("The folder holds no recordings.", where=str(path), hint=hint)
        yield from below


def read_files(paths: Iterable[Path], unnamed: Collection[Path] = ()) -> Recordings:
    """Return what files hold; requests and replies of a batch may stand in two of them.

    Args:
        paths: of the files.
        unnamed: those of them that nobody named: in a folder stand others, too, which are left out.

    Raises:
        DocumentError: one that was named is not readable, or no recording.
    """
    recordings = Recordings()
    lines: list[LoggedLine] = []
    for path in paths:
        try:
            _read(path, recordings, lines)
        except DocumentError as error:
            if path not in unnamed:
                raise
            recordings.left_out.append(str(error))
    recordings.exchanges += log.paired(lines, recordings.left_out)
    recordings.steps = fixtures.in_sequence(recordings.steps)
    return recordings


def _read(path: Path, recordings: Recordings, lines: list[LoggedLine]) -> None:
    text = _text(path)
    reader = _Items(path.name, recordings)
    is_json = text.lstrip().startswith(("{", "["))
    data, places = (_json(text, str(path)), None) if is_json else _yaml(text, str(path))
    if is_json and data is None:
        lines += list(reader.read(_lines(text, str(path)), log.logged))
    else:
        _read_data(data, places, str(path), reader, lines)


def _read_data(
    data: Any, places: Sequence[int] | None, path: str, reader: _Items, lines: list[LoggedLine]
) -> None:
    """Read what a whole document is."""
    named = data if isinstance(data, dict) else {}
    listed = next((named[key] for key in cassette.INTERACTIONS if isinstance(named.get(key), list)), None)
    of_cassette = cassette.INTERACTIONS[0]
    entries = named.get("log")
    if listed is None and named.get(of_cassette) is not None:
        kind = type(named[of_cassette]).__name__
        raise DocumentError(
            f"`{of_cassette}` must be a list of interactions, not of type {kind}.", where=path
        )
    matching = data if isinstance(data, list) and data else []
    is_matching = all(isinstance(item, dict) and "match" in item for item in matching)
    steps = named.get("fixtures", matching if is_matching else [])
    if listed is not None or of_cassette in named:
        reader.recordings.exchanges += reader.read(_placed(listed or (), places), cassette.interaction)
    elif isinstance(entries, dict) and isinstance(entries.get("entries"), list):
        in_folder = partial(archive.entry, folder=Path(path).parent)
        reader.recordings.exchanges += reader.read(_placed(entries["entries"], None), in_folder)
    elif isinstance(steps, list) and (steps or "fixtures" in named):
        reader.recordings.steps += reader.read(_placed(steps, None), fixtures.fixture)
    elif isinstance(data, list) and any(map(log.is_logged, data)):
        lines += reader.read(_placed(data, None), log.logged)
    elif log.is_logged(data):
        lines += reader.read([(":1", data)], log.logged)
    else:
        raise DocumentError(f"It is no recording that is known: {_KINDS} was expected.", where=path)


class _Items:
    """The items of one file, each read or left out."""

    def __init__(self, name: str, recordings: Recordings) -> None:
        self._name = name
        self.recordings = recordings

    def read(self, items: Iterable[tuple[str, Any]], read: Callable[[Any], Any]) -> Iterator[Any]:
        """Yield what items are, each with its place; those that are nothing are noted."""
        for place, data in items:
            where = f"{self._name}{place}"
            try:
                yield replace(read(data), where=where)
            except NotRecordedError as error:
                self.recordings.left_out.append(f"{where}: {error.message}")


def _placed(items: Sequence[Any], lines: Sequence[int] | None) -> Iterator[tuple[str, Any]]:
    """Yield items, each with its place: its line, or else which it is."""
    for number, item in enumerate(items):
        place = f":{lines[number]}" if lines is not None and number < len(lines) else f"#{number + 1}"
        yield place, item


def _text(path: Path) -> str:
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= _MOST else b""
    except OSError as error:
        raise DocumentError(f"It cannot be read: {error.strerror}.", where=str(path)) from None
    if size > _MOST:
        raise DocumentError(f"It has {size} bytes; at most {_MOST} are read.", where=str(path))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"Byte {error.start + 1} is not UTF-8; {_KINDS} was expected."
        raise DocumentError(message, where=f"{path}:{line}") from None
    if not text.strip():
        raise DocumentError(f"The file is empty; {_KINDS} was expected.", where=str(path))
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise DocumentError(
            f"It holds NUL characters, as no text does; {_KINDS} was expected.", where=f"{path}:{line}"
        )
    return text


def _json(text: str, path: str) -> Any:
    """Return the value of a JSON text; None where it is one in each line."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            return None
        message = f"The JSON breaks off or is malformed: {error.msg}."
        raise DocumentError(message, where=f"{path}:{error.lineno}:{error.colno}") from None
    except RecursionError:
        raise DocumentError("The JSON is nested too deeply.", where=path) from None


def _lines(text: str, path: str) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            yield f":{number}", json.loads(line)
        except json.JSONDecodeError as error:
            message = f"The JSON of this line breaks off or is malformed: {error.msg}."
            raise DocumentError(message, where=f"{path}:{number}:{error.colno}") from None
        except RecursionError:
            raise DocumentError(
                "The JSON of this line is nested too deeply.", where=f"{path}:{number}"
            ) from None


def _yaml(text: str, path: str) -> tuple[Any, list[int]]:
    """Return the data of a YAML text, and the lines of the interactions in it."""
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        places = [item.start_mark.line + 1 for item in _interactions(node)]
        return loader.construct_document(node) if node is not None else None, places
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark is not None else path
        raise DocumentError(f"The YAML breaks off or is malformed: {error.problem}.", where=where) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise DocumentError(f"The YAML cannot be read: {str(error).splitlines()[0]}.", where=path) from None
    finally:
        loader.dispose()


def _interactions(node: Any) -> list[Any]:
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if key.value in cassette.INTERACTIONS and isinstance(value, yaml.SequenceNode):
            return list(value.value)
    return []
