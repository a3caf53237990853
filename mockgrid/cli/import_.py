"""``mockgrid import``."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from mockgrid.cli.flags import Configured, contract_options, load, scrub_option, setting
from mockgrid.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mockgrid.recording.scribe import Scribe, WrittenScenario
    from mockgrid.recording.sources.files import Recordings
    from mockgrid.reply.errors import ErrorShape

NOTHING: Final = 1
"""Exit code: no exchange could be written, or a file is there already; nothing was."""

_LONGEST_NAME: Final = 64


@click.command("import", cls=Configured, options_metavar="[OPTIONS]")
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="Scenario file to write; of a folder, a scenario for each FILE. By default the scenario is printed.",
)
@click.option("--force", is_flag=True, help="Overwrite files that are there.")
@scrub_option
@click.option("--pace/--no-pace", "paced", default=True, help="Whether replies take as long as they took.")
@contract_options
@setting("error_shape", "As for `mockgrid serve`: the shape that errors are served in.", show_default=False)
def import_(  # noqa: PLR0913, PLR0917 (click passes them by name)
    paths: tuple[Path, ...],
    output: Path | None,
    force: bool,  # noqa: FBT001 (the same)
    scrubbed: tuple[str, ...],
    paced: bool,  # noqa: FBT001 (the same)
    document: str | None,
    overlays: tuple[str, ...],
    allow_refs: tuple[str, ...],
    error_shape: ErrorShape,
) -> int:
    """Write scenarios of recordings that other tools have made.

    FILE is a cassette of VCR (vcrpy, pytest-recording, go-vcr), a HAR file, aimock's fixtures, lines of
    requests and responses (JSONL), or a folder of such; its content tells which. Secrets do not reach what is
    written. What is not for the contract is counted and named.

    Exits with 1 if there was nothing to write.
    """
    from mockgrid.recording.scribe import Scribe  # noqa: PLC0415 (slow, and mistakes come first)
    from mockgrid.recording.scrubbing import ScrubRules  # noqa: PLC0415 (the same)
    from mockgrid.recording.sources.files import files_below, read_files  # noqa: PLC0415 (the same)

    rules = ScrubRules.read(scrubbed)
    files = list(files_below(paths))
    unnamed = set(files) - set(paths)
    contract = load(document, overlays, allow_refs)
    scribe = Scribe(contract, error_shape, rules=rules, paced=paced, placeholders={})
    if output is None or output.suffix.lower() in {".yaml", ".yml"}:
        whole = read_files(files, unnamed)
        written = _written(scribe, whole, files)
        if output is None and written.steps:
            click.echo(written.text, nl=False)
        elif output is not None and written.steps and not _write(output, written.text, force=force):
            return NOTHING
        code = _told(written, whole.left_out, str(output) if output is not None and written.steps else "")
        _tell(rules.taken_out(written.taken))
        return code
    code, taken = NOTHING, Counter[str]()
    for name, several in _grouped(files, paths):
        recordings = read_files(several, unnamed)
        written = _written(scribe, recordings, several)
        target = output / f"{name}.yaml"
        if written.steps and not _write(target, written.text, force=force):
            return NOTHING
        code = min(code, _told(written, recordings.left_out, str(target) if written.steps else ""))
        taken.update(written.taken)
    _tell(rules.taken_out(taken))
    return code


def _written(scribe: Scribe, recordings: Recordings, files: list[Path]) -> WrittenScenario:
    names = [file.name for file in files]
    description = f"Recorded in {names[0]}{f' and {len(names) - 1} more' if names[1:] else ''}."
    return scribe.scenario(recordings.exchanges, description=description, steps=recordings.steps)


def _told(written: WrittenScenario, unread: list[str], target: str) -> int:
    """Tell what was written and what was not; return the exit code."""
    exchanges = f"{written.exchanges} exchange{'' if written.exchanges == 1 else 's'}"
    steps = f"{written.steps} step{'' if written.steps == 1 else 's'}"
    where = f" in {target}" if target else ""
    click.echo(f"mockgrid: {exchanges}: {steps}{where}", err=True)
    if not (written.exchanges or written.steps or written.elsewhere or unread or written.left_out):
        click.echo("mockgrid: nothing to write: no exchange was recorded there", err=True)
    for name, count in written.elsewhere.items():
        click.echo(f"mockgrid: left out {count} of {name}, which the contract does not have", err=True)
    for sentence in (*unread, *written.left_out):
        click.echo(f"mockgrid: left out: {sentence}", err=True)
    _tell(written.remarks)
    return 0 if written.steps else NOTHING


def _tell(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        click.echo(f"mockgrid: {sentence}", err=True)


def _grouped(files: Iterable[Path], roots: Iterable[Path]) -> Iterator[tuple[str, list[Path]]]:
    """Yield the name of a scenario for each file, unlike all others; keys can ask for it."""
    folders = [root for root in roots if root.is_dir()]
    taken: set[str] = set()
    for file in files:
        below = next(
            (file.relative_to(root) for root in folders if file.is_relative_to(root)), Path(file.name)
        )
        words = (
            re.sub(r"[^A-Za-z0-9_]+", "-", str(below.with_suffix(""))).strip("-_")[:_LONGEST_NAME].strip("-_")
        )
        name, number = words or "recording", 1
        while name in taken:
            number += 1
            name = f"{(words or 'recording')[: _LONGEST_NAME - 4]}-{number}"
        taken.add(name)
        yield name, [file]


def _write(path: Path, text: str, *, force: bool) -> bool:
    """Write a scenario; tell of one that is there already."""
    if path.exists() and not force:
        click.echo(f"mockgrid: {path} already exists; use --force to overwrite it.", err=True)
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        raise DocumentError(f"The file cannot be written: {error.strerror}.", where=str(path)) from None
    return True
