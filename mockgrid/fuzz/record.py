"""What a search has found, as scenario files and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockgrid.errors import DocumentError
from mockgrid.report.wording import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from mockgrid.fuzz.search import Discovery

_MOST_LINES: Final = 24
_WIDEST: Final = 160


def write_discoveries(
    discoveries: Iterable[Discovery], folder: Path, seed: int, again: Callable[[Path], str]
) -> Iterator[tuple[Discovery, Path]]:
    """Write a scenario file for each; yield them with their files.

    Args:
        discoveries: what was found.
        folder: where to; it is made where it is missing.
        seed: from which was drawn.
        again: returns the line that plays a file once more.

    Raises:
        DocumentError: a file cannot be written.
    """
    names: set[str] = set()
    for discovery in discoveries:
        name, number = discovery.failure.name, 1
        while (unique := name if number == 1 else f"{name}-{number}") in names:
            number += 1
        names.add(unique)
        path = folder / f"{unique}.yaml"
        text = discovery.example.file(_comment(discovery, seed, again(path)))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode("utf-8", "surrogatepass"))
        except OSError as error:
            raise DocumentError(f"The file cannot be written: {error.strerror}.", where=str(path)) from None
        yield discovery, path


def _comment(discovery: Discovery, seed: int, again: str) -> str:
    lines = [
        f"Found by `mockgrid fuzz` (seed {seed}, example {discovery.first}).",
        f"The client fails by {discovery.failure}.",
    ]
    details = [line.rstrip() for line in discovery.failure.details.splitlines() if line.strip()]
    if details:
        cut = len(details) > _MOST_LINES
        lines += ["", *(["  …"] if cut else []), *(f"  {_short(line)}" for line in details[-_MOST_LINES:])]
    lines += ["", f"Again: {again}"]
    return "\n".join(map(printable, lines))


def _short(line: str) -> str:
    return line if len(line) <= _WIDEST else f"{line[: _WIDEST - 1]}…"
