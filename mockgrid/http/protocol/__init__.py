"""The HTTP/1.1 protocol that the server speaks: uvicorn's, hardened.

Against uvicorn's own these add a bound on the bytes of a head (431), a time for it to arrive (408), and
JSON in the vendor's shape where uvicorn answers in text. Requests to upgrade are answered as plain HTTP.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from mockgrid.http.protocol.guard import ErrorBody, Guard, Limits, detail_error
from mockgrid.http.protocol.known_heads import KnownHeads
from mockgrid.http.protocol.whole import Writes
from mockgrid.log import ErrorLog

if TYPE_CHECKING:
    import asyncio
    import logging
    from collections.abc import Callable

__all__ = ["ErrorBody", "Limits", "detail_error", "protocol_class"]

Parser = Literal["auto", "httptools", "h11"]


def protocol_class(
    limits: Limits,
    error_body: ErrorBody = detail_error,
    *,
    error_log: logging.Logger | None = None,
    parser: Parser = "auto",
    variant: Callable[[type[Guard]], type[Guard]] = lambda guard: guard,
) -> type[asyncio.Protocol] | str:
    """What uvicorn takes as its ``http`` setting.

    Args:
        limits: bounds on a request's head.
        error_body: makes the replies to what is not a request.
        error_log: where an application's exceptions go; without it, to stderr.
        parser: ``auto`` is httptools, or h11 where httptools is not installed.
        variant: makes of the class for a parser the one that is used.

    Returns:
        A protocol class; or ``"auto"``, uvicorn's own choice and without the hardening, where this version of
        uvicorn lacks what the hardening builds on.
    """
    guard = _guard(parser)
    if guard is None:
        return "auto"
    members = {
        "limits": limits,
        "error_body": staticmethod(error_body),
        "error_log": error_log or ErrorLog.logger(),
        "heads": KnownHeads(limits.max_headers),
        "writes": Writes(),
    }
    return cast("type[asyncio.Protocol]", type(guard.__name__, (variant(guard),), members))


def _guard(parser: Parser) -> type[Guard] | None:
    if parser in {"auto", "httptools"}:
        try:
            from mockgrid.http.protocol import httptools_guard  # noqa: PLC0415 (httptools may be absent)

            if httptools_guard.SUPPORTED:
                return httptools_guard.HttptoolsGuard
        except (ImportError, AttributeError):
            pass
    if parser in {"auto", "h11"}:
        try:
            from mockgrid.http.protocol import h11_guard  # noqa: PLC0415 (not loaded unless needed)

            if h11_guard.SUPPORTED:
                return h11_guard.H11Guard
        except (ImportError, AttributeError):
            pass
    return None
