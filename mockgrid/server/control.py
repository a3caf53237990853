"""The control interface under ``/__mockgrid__/``, and the contract at ``/openapi.json``."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from typing import TYPE_CHECKING

import orjson
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mockgrid import __version__
from mockgrid.server.head import route_path
from mockgrid.server.served import STREAM_FORMS, served_document

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from mockgrid.contract.contract import Contract
    from mockgrid.server.settings import Settings

CONTROL = "/__mockgrid__"


class Control:
    """Answers operators and test fixtures, never the client under test.

    Args:
        contract: what is served.
        settings: the token, and the address that is listened on.
    """

    def __init__(self, contract: Contract, settings: Settings) -> None:
        self._contract = contract
        self._token = settings.control_token
        self._app = Starlette(
            routes=[
                Route(f"{CONTROL}/health", self._health),
                Route(f"{CONTROL}/version", self._version),
                Route("/openapi.json", self._openapi),
            ],
            exception_handlers={404: _not_found, 405: _not_allowed},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI 3)."""
        request_id = hashlib.blake2b(
            f"{scope['method']} {scope['path']}".encode("utf-8", "replace"), digest_size=16
        )

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", f"req_{request_id.hexdigest()}".encode()),
                ]
            await send(message)

        open_to_all = route_path(scope) in ("/openapi.json", f"{CONTROL}/health")
        app: ASGIApp = self._app if open_to_all or self._admits(scope) else _refused(self._token is not None)
        await app(scope, receive, send_with_id)

    def _admits(self, scope: Scope) -> bool:
        client = scope.get("client")
        if client is None or _is_loopback(client[0]):
            return True
        sent = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
        return self._token is not None and hmac.compare_digest(
            sent.encode("utf-8"), f"Bearer {self._token}".encode()
        )

    async def _health(self, _request: Request) -> Response:
        return JSONResponse({"status": "ready"})

    async def _version(self, _request: Request) -> Response:
        contract = self._contract
        return JSONResponse(
            {
                "mockgrid": __version__,
                "contract": {"title": contract.title, "version": contract.version, "sha256": contract.sha256},
            }
        )

    async def _openapi(self, request: Request) -> Response:
        asked = request.query_params.get("sse", "events")
        if asked not in STREAM_FORMS:
            detail = f"sse={asked[:40]} is not known; it is one of {', '.join(STREAM_FORMS)}."
            return JSONResponse({"errors": {"detail": detail}}, status_code=400)
        document = served_document(self._contract, asked)
        return Response(orjson.dumps(document), media_type="application/json")


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    # A socket for both families shows 127.0.0.1 as ::ffff:127.0.0.1.
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _refused(has_token: bool) -> Response:  # noqa: FBT001 - one fact, named where it is passed
    detail = (
        "The control interface needs the header `Authorization: Bearer <control token>` from here."
        if has_token
        else "The control interface is closed to other machines; start with --control-token to open it."
    )
    return JSONResponse({"errors": {"detail": detail}}, status_code=403)


async def _not_found(request: Request, _error: Exception) -> Response:
    detail = f"No such path: {request.url.path[:200]}. The control interface has health and version."
    return JSONResponse({"errors": {"detail": detail}}, status_code=404)


async def _not_allowed(request: Request, error: Exception) -> Response:
    allow = getattr(error, "headers", None) or {}
    methods = ", ".join(sorted(allow.get("Allow", "GET").split(", ")))
    detail = f"{request.method} is not allowed here; allowed: {methods}."
    return JSONResponse({"errors": {"detail": detail}}, status_code=405, headers={"Allow": methods})
