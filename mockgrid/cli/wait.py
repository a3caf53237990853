"""``mockgrid wait``."""

from __future__ import annotations

import json
import time
from http.client import HTTPException
from typing import TYPE_CHECKING

import click

from mockgrid.cli.flags import Flag, Value
from mockgrid.cli.servers import OK, control_path, reason, servers
from mockgrid.control import ask
from mockgrid.values import Duration

if TYPE_CHECKING:
    from urllib.parse import SplitResult

READY = {"status": "ready"}
BETWEEN = 0.1
"""Seconds between two questions."""

PATIENCE = 2.0
"""Seconds for one answer."""


@click.command()
@click.argument("url", nargs=-1, required=True, envvar="MOCKGRID_URL", callback=servers)
@click.option(
    "--timeout",
    cls=Flag,
    type=Value(Duration()),
    default="30s",
    show_default=True,
    help="Time to wait for at most.",
)
def wait(url: tuple[SplitResult, ...], timeout: float) -> int:
    """Wait until the servers at all URLs (or in MOCKGRID_URL) are ready.

    A URL may be the server's own, that of its API (…/v1) or that of its control interface; 8080 alone is a
    port of this machine, as in http://127.0.0.1:8080. Exits with 0 once all are ready, and with 1 if that
    takes too long. Proxies are not used.
    """
    deadline = time.monotonic() + timeout
    for where in url:
        lack = wait_until_ready(where, deadline)
        if lack is not None:
            click.echo(
                f"mockgrid: no server was ready at {where.geturl()} within {timeout:g} s: {lack}.", err=True
            )
            return 1
    return 0


def wait_until_ready(where: SplitResult, deadline: float) -> str | None:
    """Ask for a server's health until it is well.

    Returns:
        None when it is; after the deadline, a time of ``time.monotonic``, what was there instead.
    """
    while True:
        lack = _lack(where, min(PATIENCE, max(deadline - time.monotonic(), 0.01)))
        if lack is None or time.monotonic() + BETWEEN > deadline:
            return lack
        time.sleep(BETWEEN)


def _lack(where: SplitResult, patience: float) -> str | None:
    """Return why a server is not ready; None where it is."""
    path = control_path(where, "health")
    try:
        status, body = ask(where, path, patience, {})
    except (OSError, HTTPException) as error:
        return reason(error)
    answer = f"it answers {status} at {path}"
    if status != OK:
        return answer
    try:
        ready = json.loads(body) == READY
    except ValueError:
        ready = False
    return None if ready else f"{answer}, and is no MockGrid"
