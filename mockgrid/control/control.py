"""The control interface on HTTP."""

from __future__ import annotations

import hashlib
import re
from http import HTTPStatus
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

import orjson
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from mockgrid.control import CONTROL
from mockgrid.control.access import Access
from mockgrid.control.document import control_document, control_index
from mockgrid.control.error import ControlError
from mockgrid.control.feed import feed
from mockgrid.control.operator import Operator
from mockgrid.control.served import STREAM_FORMS, served_document
from mockgrid.document.json_body import MalformedJsonError, read_json
from mockgrid.http.head import route_path
from mockgrid.scenario.duration import seconds_or_none

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.types import Message, Receive, Scope, Send

    from mockgrid.app.app import App

    Endpoint = Callable[[Request], Awaitable[Response]]

_OPEN: Final = ("/openapi.json", f"{CONTROL}/health", f"{CONTROL}/openapi.json")
_LARGEST: Final = 4 * 1024 * 1024
_DEEPEST: Final = 64
_TIME: Final = re.compile(r"[0-9]{1,4}ms|[0-5](\.[0-9]{1,3})?s?")
# Of a number in a query.
_DIGITS: Final = 9


class Control:
    """Answers operators and test fixtures.

    Args:
        app: what is served.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self.operator = Operator(app)
        self._access = Access(app.settings.control_token, monotonic)
        one = f"{CONTROL}/sessions/{{key}}"
        self._routes = Starlette(
            routes=[
                Route("/openapi.json", self._contract),
                Route(CONTROL, self._index),
                Route(f"{CONTROL}/", self._index),
                Route(f"{CONTROL}/openapi.json", self._document),
                Route(f"{CONTROL}/health", self._health),
                Route(f"{CONTROL}/version", self._version),
                Route(f"{CONTROL}/sessions", self._sessions),
                Route(one, self._session, methods=["GET"]),
                Route(one, self._open, methods=["PUT"]),
                Route(one, self._close, methods=["DELETE"]),
                Route(f"{one}/reset", self._reset, methods=["POST"]),
                Route(f"{one}/steps", self._steps, methods=["PUT"]),
                Route(f"{one}/exchanges", self._exchanges),
                Route(f"{one}/exchanges/{{number:int}}", self._exchange),
                Route(f"{one}/clock", self._clock, methods=["GET"]),
                Route(f"{one}/clock", self._move_clock, methods=["POST"]),
                Route(f"{CONTROL}/scenarios", self._scenarios),
                Route(f"{CONTROL}/explain", self._code, methods=["GET"]),
                Route(f"{CONTROL}/explain", self._explain, methods=["POST"]),
                Route(f"{CONTROL}/report", self._report),
                Route(f"{CONTROL}/metrics", self._metrics),
                Route(f"{CONTROL}/events", self._events),
            ],
            exception_handlers={404: _not_found, 405: self._not_allowed, ControlError: _failed},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI 3)."""
        asked = f"{scope['method']} {scope['path']}".encode("utf-8", "replace")
        request_id = b"req_" + hashlib.blake2b(asked, digest_size=16).hexdigest().encode()

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", request_id)]
            await send(message)

        try:
            if route_path(scope) not in _OPEN:
                self._access.check(scope)
        except ControlError as error:
            await _reply(error.as_json(), error.status)(scope, receive, send_with_id)
            return
        await self._routes(scope, receive, send_with_id)

    async def _health(self, _request: Request) -> Response:
        return _reply({"status": "ready"})

    async def _index(self, request: Request) -> Response:
        return _reply(control_index(str(request.scope.get("root_path", ""))))

    async def _version(self, _request: Request) -> Response:
        return _reply(self.operator.version())

    async def _document(self, _request: Request) -> Response:
        return _reply(control_document())

    async def _contract(self, request: Request) -> Response:
        asked = request.query_params.get("sse", "events")
        if asked not in STREAM_FORMS:
            raise ControlError(400, f"sse={asked[:40]} is not known; it is one of {', '.join(STREAM_FORMS)}.")
        return _reply(served_document(self._app.contract, asked))

    async def _sessions(self, _request: Request) -> Response:
        return _reply(self.operator.sessions())

    async def _session(self, request: Request) -> Response:
        return _reply(self.operator.session(_key(request), final=_flag(request, "final")))

    async def _open(self, request: Request) -> Response:
        return _reply(self.operator.open(_key(request), await _body(request, optional=True)))

    async def _close(self, request: Request) -> Response:
        self.operator.close(_key(request))
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def _reset(self, request: Request) -> Response:
        return _reply(self.operator.reset(_key(request)))

    async def _steps(self, request: Request) -> Response:
        return _reply(self.operator.script(_key(request), await _body(request)))

    async def _exchanges(self, request: Request) -> Response:
        key = _key(request)
        form = request.query_params.get("format", "json")
        if form not in ("json", "har"):
            raise ControlError(400, f"format={form[:40]} is not known; it is json or har.")
        after, count = _whole(request, "after"), _whole(request, "wait")
        seconds = _seconds(request, "timeout", 5.0)
        if count:
            await self.operator.wait(key, count, seconds)
        return _reply(self.operator.har(key) if form == "har" else self.operator.exchanges(key, after=after))

    async def _exchange(self, request: Request) -> Response:
        return _reply(self.operator.exchange(_key(request), int(request.path_params["number"])))

    async def _clock(self, request: Request) -> Response:
        return _reply(self.operator.clock(_key(request)))

    async def _move_clock(self, request: Request) -> Response:
        return _reply(self.operator.move_clock(_key(request), await _body(request)))

    async def _scenarios(self, _request: Request) -> Response:
        return _reply(self.operator.scenarios())

    async def _code(self, request: Request) -> Response:
        code = request.query_params.get("code")
        if not code:
            raise ControlError(400, "The query says which code, such as ?code=MG112.")
        return _reply(self.operator.code(code))

    async def _explain(self, request: Request) -> Response:
        return _reply(self.operator.explain(await _body(request)))

    async def _report(self, _request: Request) -> Response:
        return _reply(self.operator.report())

    async def _metrics(self, _request: Request) -> Response:
        text, kind = await self._app.metrics.text()
        return Response(text, media_type=None, headers={"content-type": kind})

    async def _events(self, request: Request) -> Response:
        key = request.query_params.get("session")
        name = self.operator.name(key) if key else None
        events = feed(self._app.sessions.room, self.operator.told, name)
        return StreamingResponse(
            events, media_type="text/event-stream", headers={"cache-control": "no-cache"}
        )

    async def _not_allowed(self, request: Request, _error: Exception) -> Response:
        methods: set[str] = set()
        for route in self._routes.routes:
            if isinstance(route, Route) and route.path_regex.match(request.url.path):
                methods |= route.methods or set()
        allow = ", ".join(sorted(methods - {"HEAD"}))
        detail = f"{request.method[:40]} is not allowed here; allowed: {allow}."
        return _reply({"errors": {"detail": detail}}, 405, {"Allow": allow})


def _reply(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    try:
        content = orjson.dumps(value)
    except TypeError:  # integers beyond 64 bits, or lone surrogates, of a request that is told of
        return JSONResponse(value, status, headers)
    return Response(content, status, headers, media_type="application/json")


async def _failed(_request: Request, error: Exception) -> Response:
    if not isinstance(error, ControlError):
        raise error
    return _reply(error.as_json(), error.status)


async def _not_found(request: Request, _error: Exception) -> Response:
    detail = f"No such path: {request.url.path[:200]}. {CONTROL}/openapi.json describes those there are."
    return _reply({"errors": {"detail": detail}}, 404)


def _key(request: Request) -> str:
    return str(request.path_params["key"])


async def _body(request: Request, *, optional: bool = False) -> Any:
    """Return the JSON body of a call."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LARGEST:
            raise ControlError(413, f"The body is larger than {_LARGEST} bytes.")
    if optional and not body:
        return {}
    kind = request.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() != "application/json":
        raise ControlError(415, "The body is JSON, and its content-type has to say application/json.")
    try:
        return read_json(body, _DEEPEST)
    except MalformedJsonError as error:
        raise ControlError(400, error.message) from None


def _flag(request: Request, name: str) -> bool:
    value = request.query_params.get(name, "false")
    if value not in ("true", "false"):
        raise ControlError(400, f"{name}={value[:40]} is neither true nor false.")
    return value == "true"


def _whole(request: Request, name: str) -> int:
    value = request.query_params.get(name, "0")
    if not value.isascii() or not value.isdigit() or len(value) > _DIGITS:
        raise ControlError(400, f"{name}={value[:40]} is not a whole number.")
    return int(value)


def _seconds(request: Request, name: str, default: float) -> float:
    value = request.query_params.get(name)
    if value is None:
        return default
    if not _TIME.fullmatch(value):
        raise ControlError(400, f"{name}={value[:40]} is no time of at most 5 s, such as 500ms or 2s.")
    seconds = seconds_or_none(value)
    return float(value) if seconds is None else seconds
