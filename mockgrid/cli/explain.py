"""``mockgrid explain``."""

from __future__ import annotations

import click


@click.command()
@click.argument("code", required=False)
def explain(code: str | None) -> None:
    """Explain CODE, such as MG113 or out_of_range; without one, list them all."""
    from mockgrid.findings import CODES, find, render  # noqa: PLC0415 (long texts, for this alone)

    if code is not None:
        click.echo(render(find(code)))
        return
    for known in CODES.values():
        click.echo(f"{known.code} {known.name}: {known.title}")
