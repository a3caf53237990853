"""The lowest floor: an ASGI application that returns a constant, and knows no framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bare import BODY, EVENT, EVENTS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_JSON = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
_STREAM = [(b"content-type", b"text/event-stream")]


async def app(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Answer any request, when it is whole."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    stream = scope["path"] == "/stream"
    await send({"type": "http.response.start", "status": 200, "headers": _STREAM if stream else _JSON})
    for _ in range(EVENTS if stream else 0):
        await send({"type": "http.response.body", "body": EVENT, "more_body": True})
    await send({"type": "http.response.body", "body": b"" if stream else BODY})
