"""MockGrid as a Starlette application, for servers and applications of one's own."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.routing import Mount, Route

from mockgrid.app.build import build_app
from mockgrid.control import CONTROL
from mockgrid.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mockgrid.app.app import App

__all__ = ["application", "create_app"]


def create_app(**settings: Any) -> Starlette:
    """Return a Starlette application with the API, the contract and the control interface.

    Any ASGI server runs it, and any application mounts it; what ASGI has no words for, such as a reset,
    becomes the nearest that it can say, and the exchange's ``degraded`` tells.

    >>> app = Starlette(routes=[Mount("/fake", app=mockgrid.create_app(seed=1))])

    Args:
        settings: those of ``mockgrid serve``, as ``MockGrid`` takes them; the log is off unless ``log`` says
            otherwise. Those of sockets, such as ``port`` and ``header_timeout``, are the server's own affair.

    Raises:
        StartError: a setting is not known, or cannot have its value.
        DocumentError: a document cannot be read or used.
    """
    return application(build_app(read_settings(settings, log="off")))


def application(pipeline: App) -> Starlette:
    """Return the routes around the way of a request: the API is all that is nothing else.

    Args:
        pipeline: the way of a request; its log is closed when the application shuts down.
    """
    control = pipeline.control

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await pipeline.stop()
            pipeline.close()

    return Starlette(
        routes=[
            Route("/openapi.json", control),
            Route(CONTROL, control),
            Route(f"{CONTROL}/{{path:path}}", control),
            Mount("", app=pipeline),
        ],
        lifespan=lifespan,
    )
