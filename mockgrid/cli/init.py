"""``mockgrid init``."""

from __future__ import annotations

from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import click

from mockgrid.errors import DocumentError

EXISTS = 1
"""Exit code: something is there already, and nothing was written."""


@click.command()
@click.argument("directory", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
def init(directory: Path, force: bool) -> int:  # noqa: FBT001 (click passes it by name)
    """Write a first scenario and a first test into DIR, by default this directory.

    Nothing is overwritten: where one of the files exists, none is written, and the exit code is 1.
    The test uses the openai package, or the standard library where that is not installed.
    """
    with_openai = find_spec("openai") is not None
    targets = {
        directory / "scenarios" / "first.yaml": "first.yaml",
        directory / "tests" / "test_first.py": (
            "test_first.py.txt" if with_openai else "test_first_without_openai.py.txt"
        ),
    }
    present = [path for path in targets if path.exists() or path.is_symlink()]
    if present and not force:
        names = " and ".join(map(str, present))
        several = len(present) > 1
        click.echo(
            f"mockgrid: {names} already {'exist' if several else 'exists'}; nothing was written. "
            f"Use --force to overwrite {'them' if several else 'it'}.",
            err=True,
        )
        return EXISTS
    for path, source in targets.items():
        _write(path, files("mockgrid.cli").joinpath("starter", source).read_bytes())
        click.echo(f"wrote {path}")
    inside = "" if directory == Path() else f" in {directory}"
    if find_spec("pytest") is None:
        click.echo(
            "The test needs pytest, which is not installed beside MockGrid: run `pip install pytest` first."
        )
    click.echo(f"Now run `pytest` and `mockgrid check`{inside}.")
    return 0


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise DocumentError(f"The file cannot be written: {error.strerror}.", where=str(path)) from None
