"""``mockgrid metrics``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from mockgrid.cli.servers import fetch, server_options

if TYPE_CHECKING:
    from collections.abc import Iterable
    from urllib.parse import SplitResult

LARGEST: Final = "mockgrid_loop_lag_seconds"
"""The metric of which a sum would mean nothing."""


@click.command()
@server_options
@click.pass_context
def metrics(ctx: click.Context, urls: tuple[SplitResult, ...], control_token: str | None) -> None:
    """Print the counters and gauges of running servers, in Prometheus' text format; several are added up.

    Of mockgrid_loop_lag_seconds, the largest is given.
    """
    if not urls:
        raise click.UsageError("Name a server with --url.", ctx)
    texts = [fetch(url, "metrics", control_token, "There are no metrics")[0].decode() for url in urls]
    click.echo(added(texts), nl=False)


def added(texts: Iterable[str]) -> str:
    """Add up metrics in Prometheus' text format; what belongs together stays so."""
    families: dict[str, dict[str, float | None]] = {}
    family = ""
    for line in (line for text in texts for line in text.splitlines()):
        if line.startswith("# HELP "):
            family = line
        samples = families.setdefault(family, {})
        if line.startswith("#"):
            samples.setdefault(line)
            continue
        sample, _, number = line.rpartition(" ")
        before, value = samples.get(sample) or 0.0, float(number)
        samples[sample] = max(before, value) if sample == LARGEST else before + value
    return "".join(
        f"{name}\n" if value is None else f"{name} {value!r}\n"
        for samples in families.values()
        for name, value in samples.items()
    )
