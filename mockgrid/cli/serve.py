"""``mockgrid serve``."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING, Any

import click

from mockgrid.cli.flags import Configured, all_settings, misspelt
from mockgrid.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_WARNINGS = 20
"""Remarks on the document that are told one by one."""


def warn(sentence: str) -> None:
    """Say on stderr what is probably a mistake."""
    click.echo(f"mockgrid: warning: {sentence}", err=True)


def warn_of_files(warnings: Sequence[tuple[str, str]]) -> None:
    """Say what is wrong in the document, or in scenarios, and yet does no harm."""
    for where, message in warnings[:MOST_WARNINGS]:
        warn(f"{where}: {message}")
    if len(warnings) > MOST_WARNINGS:
        warn(f"and {len(warnings) - MOST_WARNINGS} more like these.")


@click.command(cls=Configured, options_metavar="[OPTIONS]")
@click.argument("document", required=False, envvar="MOCKGRID_DOCUMENT")
@all_settings
def serve(**values: Any) -> int:
    """Serve DOCUMENT (or MOCKGRID_DOCUMENT), by default the bundled Consumption API, until Ctrl+C.

    Each flag also reads an environment variable, named beside it; a flag wins. What neither says, the table
    [tool.mockgrid] of pyproject.toml may, as in error_shape = "both".
    """
    settings = Settings(**values)
    for sentence in misspelt(serve, os.environ):
        warn(sentence)

    from mockgrid.app.build import build_app  # noqa: PLC0415 (slow, and mistakes are to be told soon)
    from mockgrid.http.server import run  # noqa: PLC0415 (the same)

    app = build_app(settings)
    warn_of_files(app.contract.warnings)
    if settings.scenarios and app.library is not None:
        warn_of_files(
            [
                (finding.where, f"{finding.code}: {finding.message} {finding.hint}".rstrip())
                for finding in app.library().findings
            ]
        )
    gc.freeze()  # what is there stays: looking through a large document for garbage takes a tenth of a second
    return run(app, settings)
