"""Running servers, as the command line names them, and what they answer under ``/__mockgrid__``."""

from __future__ import annotations

from http.client import HTTPException
from typing import TYPE_CHECKING, Any, Final

import click

from mockgrid.cli.flags import setting
from mockgrid.control import CONTROL, ask, read_address
from mockgrid.errors import MockgridError

if TYPE_CHECKING:
    from collections.abc import Callable
    from urllib.parse import SplitResult

OK: Final = 200

PATIENCE: Final = 30.0
"""Seconds for a server's answer."""

_REFUSED: Final = (401, 403)
_NOT_FOUND: Final = 404
_PROXY: Final = 421


def servers(ctx: click.Context, param: click.Parameter, urls: tuple[str, ...]) -> tuple[SplitResult, ...]:
    """Read the addresses of servers; see ``read_address``."""
    try:
        return tuple(read_address(url) for url in urls)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


def server_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--url`` and ``--control-token`` to a command."""
    url = click.option(
        "--url",
        "urls",
        multiple=True,
        metavar="URL",
        envvar="MOCKGRID_URL",
        show_envvar=True,
        callback=servers,
        help="A running server: its own URL, that of its API, or its port on this machine. Repeatable.",
    )
    both: Callable[..., Any] = url(setting("control_token", "For servers on other machines.")(command))
    return both


def origin(where: SplitResult) -> str:
    """``http://127.0.0.1:8080``, of whichever URL of a server."""
    return f"{where.scheme}://{where.netloc.rpartition('@')[2]}"


def control_path(where: SplitResult, name: str) -> str:
    """Return a path of the control interface: beside the API, or below a control interface that was named."""
    before, named, _ = where.path.partition(CONTROL)
    return f"{before if named else ''}{CONTROL}/{name}"


def fetch(where: SplitResult, name: str, token: str | None, lack: str) -> tuple[bytes, str]:
    """Return what a server answers, and the URL that gave it.

    Args:
        where: its URL, that of its API or that of its control interface.
        name: the path after ``/__mockgrid__/``.
        token: its control token.
        lack: how the sentence begins that says that it does not, such as ``There is no report``.

    Raises:
        MockgridError: it does not.
    """
    if token and not (token.isascii() and token.isprintable()):
        raise MockgridError(
            "The control token has characters that a header cannot carry.",
            hint="Look for a line break at its end.",
        )
    headers = {"Accept": "*/*", **({"Authorization": f"Bearer {token}"} if token else {})}
    url = f"{origin(where)}{control_path(where, name)}"
    try:
        status, body = ask(where, control_path(where, name), PATIENCE, headers)
    except (OSError, HTTPException, ValueError) as error:
        raise MockgridError(
            f"{lack} at {origin(where)}: {reason(error)}.",
            hint="Is the server running? `mockgrid wait URL` waits until it is ready.",
        ) from None
    if status == OK:
        return body, url
    if status in _REFUSED:
        refusal = "refuses the control token" if token else "needs a control token"
        raise MockgridError(
            f"The server {refusal}: it answers {status} at {url}.",
            hint="Give the token that it was started with: --control-token, or MOCKGRID_CONTROL_TOKEN.",
        )
    hints = {
        _NOT_FOUND: "Is it a MockGrid, and not an older one?",
        _PROXY: "It is a proxy; name each replica behind it with a --url of its own.",
    }
    hint = hints.get(status, "Its log may say why.")
    raise MockgridError(f"{lack}: the server answers {status} at {url}.", hint=hint)


def reason(error: Exception) -> str:
    """Why a call of the system has failed, in lower case and without a full stop."""
    return str(getattr(error, "strerror", None) or error or type(error).__name__).lower().rstrip(".")
