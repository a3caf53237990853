"""The control interface on HTTP."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from time import monotonic
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from mockgrid.control import CONTROL, ControlError
from mockgrid.control.access import Access
from mockgrid.control.document import STREAM_FORMS, control_document, control_index, served_document
from mockgrid.document.json_body import MalformedJsonError, json_bytes, read_json
from mockgrid.reply.preferences import prefers_page
from mockgrid.report.tally import KEYS
from mockgrid.scenario.duration import seconds_or_none
from mockgrid.session.turns import among_others

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

    from mockgrid.control.operator import Operator
    from mockgrid.control.service import Service


Endpoint = Callable[[Request], Awaitable[Response]]
Answer = Callable[[Request], Any]
"""Gives a JSON value, a response, or what can be awaited for one of these."""

_ID: Final = "mockgrid.request_id"
_OPEN: Final = ("/openapi.json", f"{CONTROL}/health", f"{CONTROL}/openapi.json")
_ROOTS: Final = (CONTROL, f"{CONTROL}/")
# Of the live page.
_FILES: Final = f"{CONTROL}/page/"
_SESSION: Final = f"{CONTROL}/sessions/{{key}}"
# A session's key may have slashes, as the ids of pytest's tests have; what can follow it is not part of it.
_KEYED: Final = re.compile(
    rf"({CONTROL}/sessions/)([^/](?:.*?[^/])??)"
    r"(/(?:reset|steps|clock|verdicts|exchanges(?:/[^/]+(?:/steps?)?)?))?",
    re.DOTALL,
)
_LARGEST: Final = 4 * 1024 * 1024
_DEEPEST: Final = 64
_TIME: Final = re.compile(r"[0-9]{1,4}ms|[0-5](\.[0-9]{1,3})?s?")
# Of a number in a query.
_DIGITS: Final = 9
_LONGEST_SHOWN: Final = 40


class Control:
    """Answers operators and test fixtures: an ASGI application of its own.

    Args:
        service: the server that is controlled.
        operator: does what is asked of it.
    """

    def __init__(self, service: Service, operator: Operator) -> None:
        self._service = service
        self.operator = operator
        self._access = Access(service.settings.control_token, monotonic)
        self._router = Starlette(
            routes=self._routes(),
            exception_handlers={404: _not_found, 405: self._not_allowed, ControlError: _refused},
        )

    def _routes(self) -> list[Route]:
        operator = self.operator
        answers: tuple[tuple[str, str, Answer], ...] = (
            ("GET", "/openapi.json", self._contract),
            *(("GET", root, _index) for root in _ROOTS),
            ("GET", f"{_FILES}{{name}}", _page_file),
            ("GET", f"{CONTROL}/openapi.json", lambda _: control_document()),
            ("GET", f"{CONTROL}/health", lambda _: {"status": "ready"}),
            ("GET", f"{CONTROL}/version", lambda _: operator.version()),
            ("GET", f"{CONTROL}/sessions", lambda call: operator.sessions(call.query_params.get("session"))),
            (
                "GET",
                _SESSION,
                lambda call: among_others(operator.summed(_key(call), final=_flag(call, "final"))),
            ),
            ("PUT", _SESSION, self._open),
            ("DELETE", _SESSION, lambda call: operator.close(_key(call))),
            ("GET", f"{_SESSION}/verdicts", lambda call: among_others(operator.verdicts(_key(call)))),
            ("POST", f"{_SESSION}/reset", lambda call: operator.reset(_key(call))),
            ("PUT", f"{_SESSION}/steps", self._script),
            ("GET", f"{_SESSION}/exchanges", self._exchanges),
            ("GET", f"{_SESSION}/exchanges/{{number:int}}", lambda call: operator.exchange(*_place(call))),
            (
                "GET",
                f"{_SESSION}/exchanges/{{number:int}}/steps",
                lambda call: operator.explanation(*_place(call)),
            ),
            ("GET", f"{_SESSION}/exchanges/{{number:int}}/step", lambda call: operator.step(*_place(call))),
            ("GET", f"{_SESSION}/clock", lambda call: operator.clock(_key(call))),
            ("POST", f"{_SESSION}/clock", self._move_clock),
            ("GET", f"{CONTROL}/scenarios", lambda _: operator.scenarios()),
            ("GET", f"{CONTROL}/scenarios/{{name}}", lambda call: operator.scenario(_part(call, "name"))),
            ("POST", f"{CONTROL}/check", self._check),
            ("GET", f"{CONTROL}/operations", lambda _: operator.operations.listed()),
            ("GET", f"{CONTROL}/operations/{{name}}", self._operation),
            ("GET", f"{CONTROL}/explain", lambda call: operator.code(_code(call))),
            ("POST", f"{CONTROL}/explain", self._explain),
            ("GET", f"{CONTROL}/report", lambda _: among_others(operator.reported())),
            ("GET", f"{CONTROL}/report/exchanges", self._counted),
            ("GET", f"{CONTROL}/metrics", self._metrics),
            ("GET", f"{CONTROL}/events", self._events),
        )
        return [Route(path, self._endpoint(answer), methods=[method]) for method, path, answer in answers]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI 3); whatever goes wrong, the answer is JSON."""
        request_id = _request_id(scope)
        scope = _on_raw_path(scope)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            path = scope["path"].removeprefix(scope["root_path"])
            if path not in _OPEN:
                files = path.startswith(_FILES) or (path in _ROOTS and _is_browser(Headers(scope=scope)))
                self._access.check(scope, files=files)
        except ControlError as error:
            await _reply(error.as_json(), error.status)(scope, receive, send_with_id)
            return
        await self._router({**scope, _ID: request_id}, receive, send_with_id)

    def _endpoint(self, answer: Answer) -> Endpoint:
        """Return an endpoint that replies with a value as JSON, and to None with no content."""

        async def endpoint(request: Request) -> Response:
            try:
                value = answer(request)
                if isinstance(value, Awaitable):
                    value = await value
                return value if isinstance(value, Response) else _reply(value)
            except (ControlError, ClientDisconnect):
                raise
            except Exception:  # noqa: BLE001 - a defect of ours is logged, and answered like any failure
                request_id = request.scope[_ID]
                path = unquote(request.scope["path"])
                self._service.error_log.exception("%s %s failed (%s)", request.method, path, request_id)
                detail = f"MockGrid failed to answer; its log has the reason under {request_id}."
                raise ControlError(500, detail) from None

        return endpoint

    def _contract(self, request: Request) -> dict[str, Any]:
        form = _choice(request, "sse", STREAM_FORMS)
        return served_document(self._service.contract, form, str(request.scope["root_path"]))

    async def _open(self, request: Request) -> Any:
        label = request.query_params.get("label", "")
        return self.operator.open(_key(request), await _body(request, optional=True), label)

    async def _script(self, request: Request) -> Any:
        brief = _flag(request, "brief")
        return self.operator.script(_key(request), await _body(request), brief=brief)

    async def _exchanges(self, request: Request) -> dict[str, Any]:
        key = _key(request)
        form = _choice(request, "format", ("json", "har"))
        after, count = _whole(request, "after"), _whole(request, "wait")
        seconds = _seconds(request, "timeout", 5.0)
        if count:
            await self.operator.wait(key, count, seconds)
        return self.operator.har(key) if form == "har" else self.operator.exchanges(key, after=after)

    async def _move_clock(self, request: Request) -> Any:
        return self.operator.move_clock(_key(request), await _body(request))

    async def _explain(self, request: Request) -> Any:
        return self.operator.explain(await _body(request))

    async def _check(self, request: Request) -> Any:
        return await among_others(self.operator.check(await _body(request)))

    def _operation(self, request: Request) -> dict[str, Any]:
        at = request.query_params.get("at", "")
        return self.operator.operations.operation(_part(request, "name"), at)

    async def _counted(self, request: Request) -> Any:
        kind = _choice(request, "kind", tuple(KEYS))
        entry = tuple(request.query_params.get(name, "") for name in KEYS[kind])
        return await among_others(self._service.recorder.counted(kind, entry, self._service.sessions))

    async def _metrics(self, _request: Request) -> Response:
        text, kind = await self._service.metrics.text()
        return Response(text, media_type=None, headers={"content-type": kind})

    def _events(self, request: Request) -> Response:
        events = self.operator.feed(request.query_params.get("session"), rows=_flag(request, "rows"))
        kind, headers = "text/event-stream", {"cache-control": "no-cache"}
        if request.method == "HEAD":  # whoever asks for a head alone waits for no events
            return Response(media_type=kind, headers=headers)
        return StreamingResponse(events, media_type=kind, headers=headers)

    async def _not_allowed(self, request: Request, _error: Exception) -> Response:
        methods: set[str] = set()
        path = request.scope["path"].removeprefix(request.scope["root_path"])
        for route in self._router.routes:
            if isinstance(route, Route) and route.path_regex.match(path):
                methods |= route.methods or set()
        allow = ", ".join(sorted(methods - {"HEAD"}))
        detail = f"{request.method[:_LONGEST_SHOWN]} is not allowed here; allowed: {allow}."
        return _reply({"errors": {"detail": detail}}, 405, {"Allow": allow})


def _on_raw_path(scope: Scope) -> Scope:
    """Return a scope whose path is quoted, each part as it was sent: a session's key is one part.

    A slash that was sent as ``%2F`` belongs to its part, which the decoded path does not tell.
    """
    root, path = scope.get("root_path", ""), scope["path"]
    prefix = root if path.startswith(root) else ""
    raw = (scope.get("raw_path") or b"").decode("latin-1")
    # Some servers give the raw path with the prefix, some without; one that rewrites paths gives another.
    parts = [unquote(part) for part in raw.split("/")]
    sent = "/".join(parts)
    if sent != path:
        parts = [*prefix.split("/"), *parts[1:]] if prefix + sent == path else path.split("/")
    depth = len(prefix.split("/"))
    below = "/" + "/".join(quote(part, safe="") for part in parts[depth:])
    keyed = _KEYED.fullmatch(below)
    if keyed is not None:
        below = f"{keyed[1]}{keyed[2].replace('/', '%2F')}{keyed[3] or ''}"
    quoted_root = quote(root)
    return {**scope, "root_path": quoted_root, "path": quoted_root + below}


def _request_id(scope: Scope) -> str:
    call = f"{scope['method']} {scope['path']}".encode("utf-8", "replace")
    return f"req_{hashlib.blake2b(call, digest_size=16).hexdigest()}"


def _reply(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    if value is None:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    return Response(json_bytes(value), status, headers, media_type="application/json")


async def _refused(_request: Request, error: Exception) -> Response:
    if not isinstance(error, ControlError):
        raise error
    return _reply(error.as_json(), error.status)


async def _not_found(request: Request, _error: Exception) -> Response:
    path = unquote(request.scope["path"])
    mounted = request.scope["root_path"]
    detail = f"No such path: {path[:200]}. {mounted}{CONTROL}/openapi.json describes those there are."
    return _reply({"errors": {"detail": detail}}, 404)


def _index(request: Request) -> dict[str, Any] | Response:
    if _is_browser(request.headers):
        from mockgrid.control.page import page  # noqa: PLC0415 - for those who look at it alone

        return page(request)
    return control_index(str(request.scope["root_path"]))


def _page_file(request: Request) -> Response:
    from mockgrid.control.page import page_file  # noqa: PLC0415 - as above

    return page_file(request)


def _is_browser(headers: Headers) -> bool:
    return prefers_page(", ".join(headers.getlist("accept")))


def _key(request: Request) -> str:
    return _part(request, "key")


def _part(request: Request, name: str) -> str:
    """Return a part of the path as it was sent, unquoted."""
    return unquote(str(request.path_params[name]))


def _place(request: Request) -> tuple[str, int]:
    return _key(request), int(request.path_params["number"])


def _code(request: Request) -> str:
    code = request.query_params.get("code")
    if not code:
        raise ControlError(400, "The query says which code, such as ?code=MG112.")
    return code


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


def _choice(request: Request, name: str, choices: tuple[str, ...]) -> str:
    """Return which of a few words a query gives; the first where it gives none."""
    value = request.query_params.get(name, choices[0])
    if value not in choices:
        expected = " or ".join(choices) if len(choices) == 2 else f"one of {', '.join(choices)}"  # noqa: PLR2004
        raise ControlError(400, f"{name}={value[:_LONGEST_SHOWN]} is not known; it is {expected}.")
    return value


def _flag(request: Request, name: str) -> bool:
    value = request.query_params.get(name, "false")
    if value not in ("true", "false"):
        raise ControlError(400, f"{name}={value[:_LONGEST_SHOWN]} is neither true nor false.")
    return value == "true"


def _whole(request: Request, name: str) -> int:
    value = request.query_params.get(name, "0")
    if not value.isascii() or not value.isdigit() or len(value) > _DIGITS:
        raise ControlError(400, f"{name}={value[:_LONGEST_SHOWN]} is not a whole number.")
    return int(value)


def _seconds(request: Request, name: str, default: float) -> float:
    value = request.query_params.get(name)
    if value is None:
        return default
    if not _TIME.fullmatch(value):
        raise ControlError(
            400, f"{name}={value[:_LONGEST_SHOWN]} is no time of at most 5 s, such as 500ms or 2s."
        )
    seconds = seconds_or_none(value)
    return float(value) if seconds is None else seconds
