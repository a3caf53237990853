"""``mockgrid check``."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mockgrid.app.values import KINDS, OneOf
from mockgrid.cli.contract import contract_options, load
from mockgrid.cli.values import Setting, Value

if TYPE_CHECKING:
    from mockgrid.contract.contract import Contract
    from mockgrid.reply.errors import ErrorShape

DEFAULT = "scenarios"
"""The directory that is checked where none is named."""

FOUND = 1
"""Exit code: something was found."""


@click.command()
@click.argument("paths", nargs=-1)
@contract_options
@click.option(
    "--format",
    "form",
    type=Value(OneOf("text", "json", "github")),
    default="text",
    show_default=True,
    help="Lines for people, JSON for programs, or annotations for GitHub Actions.",
)
@click.option(
    "--error-shape",
    cls=Setting,
    type=Value(KINDS["error_shape"]),
    default="vendor",
    help="As for `mockgrid serve`: which parts of an error its bodies have a place for.",
)
@click.option("--strict/--no-strict", default=True, help="Whether warnings fail, too; by default they do.")
@click.pass_context
def check(  # noqa: PLR0913, PLR0917 (click passes them by name)
    ctx: click.Context,
    paths: tuple[str, ...],
    document: str | None,
    overlays: tuple[str, ...],
    form: str,
    error_shape: ErrorShape,
    strict: bool,  # noqa: FBT001 (the same)
) -> int:
    """Check contracts, overlays and scenarios: syntax, schema, contract, and steps that no request reaches.

    PATHS are files, and directories whose YAML and JSON files are meant, without those of directories inside
    them; by default `scenarios`. The last line counts the files. The replies of scenarios are held to the
    contract that --contract names. An overlay is applied to what it extends, else to the contract among
    PATHS, if there is one, else to that of the scenarios.

    Exits with 0 if nothing is wrong, with 1 if something was found, be it a warning, and with 2 if it could
    not run.
    """
    if not paths and not Path(DEFAULT).is_dir():
        raise click.UsageError(f"There is no directory {DEFAULT} here; name the files to check.", ctx)

    from mockgrid.cli.sources import files_of  # noqa: PLC0415 (slow, and mistakes are to be told soon)

    files = files_of(paths or (DEFAULT,), ctx)

    from mockgrid.cli.annotations import FORMATS, lines_of  # noqa: PLC0415 (the same)
    from mockgrid.cli.checking import check_files  # noqa: PLC0415 (the same)

    @cache
    def contract() -> Contract:
        return load(document, overlays)

    checked = check_files(files, contract, error_shape, chosen=document is not None)
    for line in FORMATS[form](checked):
        click.echo(line)
    failing = ("error", "warning") if strict else ("error",)
    return FOUND if any(line.severity in failing for line in lines_of(checked)) else 0
