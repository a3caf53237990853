"""``mockgrid schema``."""

from __future__ import annotations

from importlib.resources import files

import click


@click.command()
def schema() -> None:
    """Print the JSON Schema (draft-07) of scenario files, for editors."""
    click.echo(files("mockgrid.scenario").joinpath("scenario.schema.json").read_bytes(), nl=False)
