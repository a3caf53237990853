"""``mockgrid wait``."""

from __future__ import annotations

import time
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING

import click

from mockgrid.app.values import Duration
from mockgrid.cli.values import Setting, Value
from mockgrid.control import CONTROL
from mockgrid.control.address import read_address

if TYPE_CHECKING:
    from urllib.parse import SplitResult

READY = 200
BETWEEN = 0.1
"""Seconds between two questions."""

PATIENCE = 2.0
"""Seconds for one answer."""


def split(ctx: click.Context, param: click.Parameter, url: str) -> SplitResult:
    """Read a server's address; see ``read_address``."""
    try:
        return read_address(url)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


@click.command()
@click.argument("where", metavar="URL", envvar="MOCKGRID_URL", callback=split)
@click.option(
    "--timeout",
    cls=Setting,
    type=Value(Duration()),
    default="30s",
    show_default=True,
    help="Time to wait for at most.",
)
def wait(where: SplitResult, timeout: float) -> int:
    """Wait until the server at URL (or MOCKGRID_URL) is ready.

    URL may be the server's own, that of its API (…/v1) or that of its control interface; 8080 alone is a port
    of this machine, as in http://127.0.0.1:8080. Exits with 0 once
    it is ready, and with 1 if that takes too long. Proxies are not used.
    """
    found = wait_until_ready(where, timeout)
    if found is None:
        return 0
    click.echo(f"mockgrid: no server was ready at {where.geturl()} within {timeout:g} s: {found}.", err=True)
    return 1


def wait_until_ready(where: SplitResult, timeout: float) -> str | None:
    """Ask for the server's health until it is well.

    Returns:
        None when it is; after the timeout, what was found instead.
    """
    deadline = time.monotonic() + timeout
    while True:
        found = _ask(where, min(PATIENCE, max(deadline - time.monotonic(), 0.01)))
        if found is None or time.monotonic() + BETWEEN > deadline:
            return found
        time.sleep(BETWEEN)


def _ask(where: SplitResult, patience: float) -> str | None:
    kind = HTTPSConnection if where.scheme == "https" else HTTPConnection
    connection = kind(where.hostname or "", where.port, timeout=patience)
    health = _health(where.path)
    try:
        connection.request("GET", health)
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        return str(getattr(error, "strerror", None) or error or type(error).__name__).lower().rstrip(".")
    finally:
        connection.close()
    return None if status == READY else f"it answers {status} at {health}"


def _health(path: str) -> str:
    """Path of the health check: beside the API, or in a control interface that was named."""
    before, named, _ = path.partition(CONTROL)
    return f"{before if named else ''}{CONTROL}/health"
