"""``mockgrid explain``."""

from __future__ import annotations

import click


@click.command()
@click.argument("code")
def explain(code: str) -> None:
    """Explain CODE, such as MG113 or out_of_range."""
    from mockgrid.findings import find, render  # noqa: PLC0415 (long texts, for this alone)

    click.echo(render(find(code)))
