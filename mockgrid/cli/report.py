"""``mockgrid report``."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from click.core import ParameterSource

from mockgrid.cli.flags import Value
from mockgrid.cli.servers import fetch, reason, server_options
from mockgrid.errors import MockgridError
from mockgrid.log import write_all
from mockgrid.values import OneOf, Percent

if TYPE_CHECKING:
    from urllib.parse import SplitResult

UNDER: Final = 1
"""Exit code: less is covered than was asked for."""

# A file that may be written in a folder that may not, or that is mounted by itself, as containers do.
_NO_NEIGHBOURS: Final = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY)


def print_schema(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 (click's)
    """Print the schema, and be done."""
    if wanted:
        from mockgrid.report.document import schema  # noqa: PLC0415 (only when asked)

        click.echo(schema(), nl=False)
        ctx.exit()


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@server_options
@click.option(
    "--format",
    "form",
    type=Value(OneOf("text", "markdown", "json", "junit", "html")),
    help="Text for a terminal, Markdown for the summary of a CI job, JUnit XML, or a page to read. "
    "By default as --output ends: .md, .json, .html, .xml for JUnit; .txt, .log or none for text.",
)
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Write to a file instead.")
@click.option(
    "--fail-under",
    type=Value(Percent()),
    metavar="PERCENT",
    help="Exit with 1 if fewer of the declared rows are covered: 80 for 80 %.",
)
@click.option(
    "--schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=print_schema,
    help="Print the JSON Schema of reports, and exit.",
)
@click.pass_context
def report(  # noqa: PLR0913, PLR0917 (click passes them by name)
    ctx: click.Context,
    files: tuple[Path, ...],
    urls: tuple[SplitResult, ...],
    form: str | None,
    output: Path | None,
    fail_under: int | None,
    control_token: str | None,
) -> int:
    """Show what tests never exercised of the contract, and what the client did wrong.

    Reports come from running servers (--url) and from FILES that `--format json` wrote; several are added up.
    They have to be of the same contract. MOCKGRID_URL is read only where no file is named.

    Exits with 0, with 1 if less is covered than --fail-under asks for, and with 2 if it could not run.
    """
    if files and ctx.get_parameter_source("urls") is ParameterSource.ENVIRONMENT:
        urls = ()
    if not files and not urls:
        raise click.UsageError("Name a server with --url, or the files of reports.", ctx)

    from mockgrid import report as reports  # noqa: PLC0415 (mistakes are to be told soon)
    from mockgrid.report.document import locate, read_report  # noqa: PLC0415 (the same)

    form = form or (reports.form_of(output) if output is not None else "text")
    answers = [fetch(url, "report", control_token, "There is no report") for url in urls]
    parts = [read_report(data, name) for data, name in (*answers, *map(read, files))]
    if form == "html":
        for part, (_, url) in zip(parts, answers, strict=False):
            locate(part, url.removesuffix("/report"))
    document = reduce(reports.merge, parts)
    write(reports.rendered(document, form, width(output)), output)
    if fail_under is None or not reports.fail_under(document, fail_under):
        return 0
    percent = document["summary"]["rows"]["percent"]
    click.echo(
        f"mockgrid: {percent:g} % of the declared rows are covered, less than {fail_under} %.", err=True
    )
    return UNDER


def width(output: Path | None) -> int:
    """Return how long lines of text may be: as long as the terminal's, where there is one."""
    from mockgrid.report import WIDTH  # noqa: PLC0415 (the same)

    wide = output is None and sys.stdout.isatty()
    return shutil.get_terminal_size((WIDTH, 0)).columns if wide else WIDTH


def write(text: str, output: Path | None) -> None:
    """Write UTF-8 to a file, whole or not at all, or to standard output."""
    data = text.encode("utf-8", "backslashreplace")
    try:
        if output is None:
            _print(data)
        else:
            _put(data, output)
    except BrokenPipeError:  # its reader has seen enough
        raise
    except OSError as error:
        where = "standard output" if output is None else str(output)
        raise MockgridError(f"The report cannot be written: {reason(error)}.", where=where) from None


def _print(data: bytes) -> None:
    """Write past Python's buffer: what stays in there would fail once more when the interpreter ends."""
    try:
        sys.stdout.flush()
        descriptor = sys.stdout.fileno()
    except (AttributeError, ValueError):  # none, or none of the system's
        click.echo(data, nl=False)
        return
    write_all(descriptor, data)


def _put(data: bytes, output: Path) -> None:
    """Write to a file beside the one that is meant, and rename it: nobody finds half a report."""
    target = output.resolve()  # a link stays one
    if target.exists() and not target.is_file():  # such as /dev/stdout
        target.write_bytes(data)
        return
    half = target.with_name(f".mockgrid-{os.getpid()}")
    try:
        half.write_bytes(data)
        if target.exists():
            shutil.copymode(target, half)
        half.replace(target)
    except OSError as error:
        half.unlink(missing_ok=True)
        if error.errno not in _NO_NEIGHBOURS or not target.exists():
            raise
        target.write_bytes(data)


def read(path: Path) -> tuple[bytes, str]:
    """Read a file, and return it with its name."""
    try:
        return path.read_bytes(), str(path)
    except OSError as error:
        hint = "Write one with `mockgrid report --url URL --format json --output FILE`."
        raise MockgridError(
            f"The report cannot be read: {reason(error)}.", where=str(path), hint=hint
        ) from None
