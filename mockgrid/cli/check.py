"""``mockgrid check``."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mockgrid.cli.flags import Configured, Value, contract_options, load, setting
from mockgrid.cli.under_way import UnderWay
from mockgrid.document import is_document
from mockgrid.values import OneOf

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockgrid.contract.contract import Contract
    from mockgrid.reply.errors import ErrorShape

DEFAULT = "scenarios"
"""The directory that is checked where none is named."""


@click.command(cls=Configured)
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
@setting(
    "error_shape",
    "As for `mockgrid serve`: which parts of an error its bodies have a place for.",
    show_default=False,
)
@click.option("--strict/--no-strict", default=True, help="Whether warnings fail, too; by default they do.")
@click.pass_context
def check(  # noqa: PLR0913, PLR0917 (click passes them by name)
    ctx: click.Context,
    paths: tuple[str, ...],
    document: str | None,
    overlays: tuple[str, ...],
    allow_refs: tuple[str, ...],
    form: str,
    error_shape: ErrorShape,
    strict: bool,  # noqa: FBT001 (the same)
) -> int:
    """Check contracts, overlays and scenarios: syntax, schema, contract, and steps that no request reaches.

    PATHS are files, and directories whose YAML and JSON files are meant, without those of directories inside
    them; by default those that [tool.mockgrid] of pyproject.toml names, else `scenarios`. The last line
    counts the files. The replies of scenarios are held to the contract that --contract names. An overlay is
    applied to what it extends, else to the contract among PATHS, if there is one, else to that of the
    scenarios.

    Exits with 0 if nothing is wrong, with 1 if something was found, be it a warning, and with 2 if it could
    not run.
    """
    paths = paths or (ctx.default_map or {}).get("scenarios", ())
    if not paths and not Path(DEFAULT).is_dir():
        raise click.UsageError(f"There is no directory {DEFAULT} here; name the files to check.", ctx)

    files = files_of(paths or (DEFAULT,), ctx)

    from mockgrid.app.fetch import fetch  # noqa: PLC0415 (the same)
    from mockgrid.cli.checking import check_files  # noqa: PLC0415 (slow, and mistakes come first)
    from mockgrid.cli.listing import FORMATS, exit_code  # noqa: PLC0415 (the same)
    from mockgrid.contract.reach import Reach  # noqa: PLC0415 (the same)

    reach = Reach(allow_refs, fetch)

    @cache
    def contract() -> Contract:
        return load(document, overlays, allow_refs)

    with UnderWay() as under_way:
        chosen = document is not None
        checked = check_files(files, contract, error_shape, chosen=chosen, reach=reach, at=under_way.at)
        texts = list(FORMATS[form](checked.listing))
    for text in texts:
        click.echo(text)
    return exit_code(checked.listing, strict=strict)


def files_of(paths: Iterable[str], ctx: click.Context) -> list[Path]:
    """Return the files, sorted, each once; of a directory those that `mockgrid serve` would read from it.

    Raises:
        UsageError: a path leads to nothing, or a directory has no such files.
    """
    files: dict[Path, Path] = {}
    for given in paths:
        path = Path(given)
        if path.is_dir():
            inside = [file for file in sorted(path.iterdir()) if is_document(file)]
            if not inside:
                raise click.UsageError(f"There are no YAML or JSON files in {path}.", ctx)
        elif path.exists():
            inside = [path]
        else:
            raise click.UsageError(f"There is no file or directory {given!r}.{_meant(path)}", ctx)
        for file in inside:
            files.setdefault(file.resolve(), file)
    return sorted(files.values())


def _meant(path: Path) -> str:
    from mockgrid.document.nearest import did_you_mean  # noqa: PLC0415 (only for mistakes)

    try:
        siblings = [str(item) for item in path.parent.iterdir()]
    except OSError:
        return ""
    return did_you_mean(str(path), siblings)
