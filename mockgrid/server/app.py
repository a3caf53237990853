"""The ASGI application: the way of a request, from its first byte to its last.

    route -> authenticate -> read -> validate -> compose -> record -> send

Each stage is a function of what came before; input and output stand at the two ends. A stage that refuses
raises ``RefusedError``, which is answered in the shape that the contract's policy gives it.
"""

from __future__ import annotations

import hashlib
from time import monotonic
from typing import TYPE_CHECKING, Any

from mockgrid.contract.bodies import UNREAD, media_type_for, read_body, unsupported_sentence
from mockgrid.contract.encodings import MalformedBodyError
from mockgrid.contract.json_body import MalformedJsonError, read_json, reread_integers
from mockgrid.contract.parameters import read_parameters
from mockgrid.contract.policy import known_models
from mockgrid.reply.errors import Errors, violations_header
from mockgrid.reply.refused import RefusedError, breach_of
from mockgrid.reply.reply import ROUTED
from mockgrid.reply.request import Request
from mockgrid.server.composing import Composer
from mockgrid.server.control import CONTROL, Control
from mockgrid.server.credentials import Credentials
from mockgrid.server.head import Head, route_path
from mockgrid.server.line import EXTENSION as LINE
from mockgrid.server.log import ErrorLog, RequestLog, warn
from mockgrid.server.metrics import Metrics
from mockgrid.server.patience import Within
from mockgrid.server.reading import BodyReader, DisconnectedError
from mockgrid.server.recording import Recorder
from mockgrid.server.sending import send_reply
from mockgrid.session.exchange import Exchange
from mockgrid.session.journal import Room
from mockgrid.session.redaction import Redaction
from mockgrid.session.sessions import Sessions

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from starlette.types import Receive, Scope, Send

    from mockgrid.contract.contract import Contract, MediaType, Operation
    from mockgrid.contract.violation import Violation
    from mockgrid.reply.reply import Headers, Reply
    from mockgrid.scenario.library import Library
    from mockgrid.scenario.scenario import Scenario
    from mockgrid.server.settings import Settings
    from mockgrid.session.clock import Clock
    from mockgrid.session.play import Play
    from mockgrid.session.session import Session

_JSON = b"application/json"
# A value of the wrong JSON type, and a parameter whose text cannot be read as the type that it should have.
_WRONG_TYPE = ("MG110", "MG122")
_TELL_EVERY = 1_000
# What begins like this is no path of the contract.
_NOT_THE_API = (f"{CONTROL}/", "/openapi.json")
# Characters of what was sent that a message shows.
_SHOWN = 200
_ERRORS = 400
_NO_PARAMETERS: dict[tuple[str, str], Any] = {}
_NO_EXTENSIONS: dict[str, Any] = {}
_NO_PATH_PARAMETERS: dict[str, str] = {}


class App:
    """Serves one contract.

    Args:
        contract: the compiled contract.
        settings: what the operator asked for.
        library: gives the scenarios that keys and headers may ask for, when the first is asked for.
    """

    def __init__(
        self, contract: Contract, settings: Settings, library: Callable[[], Library] | None = None
    ) -> None:
        self.contract = contract
        self.library = library
        self.settings = settings
        self.title = f"{contract.title} {contract.version}".strip()
        self.base_path = contract.base_path
        self.redaction = Redaction(contract)
        self.recorder = Recorder(contract, self.redaction)
        self.metrics = Metrics(self)
        self.open_streams = 0
        self.sessions = Sessions(
            settings.max_sessions,
            idle=settings.session_idle,
            start=self._start,
            closed=self._session_closed,
            ending=self.recorder.close,
            room=Room(settings.journal_bytes),
            virtual=settings.clock == "virtual",
        )
        self._sessions_closed = 0
        self._max_depth = settings.max_depth
        self.errors = Errors(contract, settings.error_shape)
        self.log = RequestLog(settings.log)
        self._error_log = ErrorLog.logger()
        self._reader = BodyReader(settings.max_body, settings.body_timeout)
        self._composer = Composer(contract, settings, self.errors)
        self.credentials = Credentials(
            contract.policy.keys,
            self.sessions,
            scenarios=self._scenarios,
            accepted=settings.api_keys,
            accept_any=settings.accept_any_key,
        )
        self.control = Control(self)
        # A redirect leads to a supplier's endpoint, which is this server under another path.
        literal = contract.router.literal
        routed = {(method, f"{ROUTED}{path}"): operation for (method, path), operation in literal.items()}
        self._literal = {**literal, **routed}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The way of a request (ASGI 3)."""
        if scope["type"] != "http" or route_path(scope).startswith(_NOT_THE_API):
            await self._aside(scope, receive, send)
            return
        arrived = monotonic()
        head, session, operation, body = Head(scope), None, None, b""
        try:
            operation, path_parameters = self._route(head)
            session = self.credentials.session(head, operation)
            if operation.body:
                body = await self._reader.read(head, receive)
            request = self._validate(head, operation, path_parameters, body)
            if self.open_streams >= self.settings.max_streams:
                self._check_streams(request)
            reply, request_id = self._composer.compose(request, session)
        except RefusedError as refused:
            session = session or self.credentials.presumed(head)
            reply, request_id = self._refuse(refused, head, session, operation)
        except DisconnectedError:
            return
        except Exception:  # noqa: BLE001 - a defect of ours is logged, and answered like any failure
            session = session or self.credentials.presumed(head)
            reply, request_id = self._refuse(RefusedError("internal", ""), head, session)
            self._error_log.exception("%s %s failed (%s)", head.method, head.path, request_id.decode())
        journal = session.journal
        exchange = Exchange(
            journal.count + 1,
            arrived,
            head.method,
            head.path,
            head.query,
            head.headers,
            body,
            operation,
            reply,
        )
        # Recorded before the first byte leaves: a test that has its answer finds its exchange.
        journal.add(exchange)
        self.recorder.note(exchange)
        await self._send(reply, request_id, exchange, session, scope, receive, send)

    async def _aside(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is not the API: the control interface, the contract, and what is not HTTP."""
        if scope["type"] != "http":
            await _not_http(scope, receive, send)
        else:
            await self.control(scope, receive, send)

    def _scenarios(self) -> Collection[str]:
        """Return the names of the scenarios."""
        return self.library().scenarios if self.library is not None else ()

    def _session_closed(self, session: Session) -> None:
        """Say that sessions go to make room: the first time, and each thousandth."""
        self._sessions_closed += 1
        if self._sessions_closed % _TELL_EVERY == 1:
            count = self._sessions_closed
            warn(f"session {session.name}, idle longest, was closed to make room; {count} have been in all")

    def _start(self, scenario: str, clock: Clock) -> Play | None:
        """Start the scenario of a new session; without a name, the server's default one."""
        name = scenario or self.settings.scenario
        found = self.library().find(name) if name and self.library is not None else None
        return None if found is None else self.play(found, clock)

    def play(self, scenario: Scenario, clock: Clock) -> Play:
        """Return a scenario at its beginning, on a session's clock."""
        from mockgrid.session.play import Play  # noqa: PLC0415 - only servers with scenarios need it

        models = known_models(scenario.models, self.contract.policy.models) if scenario.models else None
        return Play(scenario, clock, models)

    def error_body(self, failure: str, message: str) -> tuple[int, Headers, bytes]:
        """Return status, headers and body for what the server refuses before it is a request."""
        reply = self.errors.reply(failure, message)
        digest = hashlib.blake2b(f"{failure} {message}".encode(), digest_size=16).hexdigest()
        return reply.status, [*reply.headers, (b"x-request-id", f"req_{digest}".encode())], reply.body

    def _route(self, head: Head) -> tuple[Operation, dict[str, str]]:
        operation = self._literal.get((head.method, head.path))
        if operation is not None:
            return operation, _NO_PATH_PARAMETERS
        found = self.contract.router.find(head.path, head.raw_path)
        if found is None:
            nearest = self.contract.router.nearest(head.path)
            hint = f" Did you mean {nearest}?" if nearest else ""
            raise RefusedError("unknown_path", f"No such path: {_cut(head.path)}.{hint}")
        route, parameters = found
        operation = route.operations.get(head.method)
        if operation is None:
            message = f"{_cut(head.method)} is not allowed on {_cut(head.path)}; allowed: {route.allow}."
            raise RefusedError("method_not_allowed", message, headers={"Allow": route.allow})
        return operation, parameters

    def _validate(
        self, head: Head, operation: Operation, path_parameters: dict[str, str], body: bytes
    ) -> Request:
        """Read the parameters and the body, and hold both to the contract."""
        parameters: Mapping[tuple[str, str], Any] = _NO_PARAMETERS
        violations: list[Violation] = []
        if operation.parameters:
            parameters, violations = read_parameters(operation, path_parameters, head.query, head.headers)
        value = None
        if operation.body and (body or operation.body_required):
            media = _media(head, operation, body)
            if b"content-encoding" in head.headers:
                body = self._reader.decoded(body, head)
            value = self._value(media, head, body)
            schema = media.schema
            if schema is not None and value is not UNREAD and not schema.accepts(value):
                # The fast reader knows no integers beyond 64 bits; the explanation has the last word.
                value = reread_integers(body) if media.is_json else value
                violations = [*violations, *schema.explain(value)]
            if not violations and schema is not None and value is not UNREAD:
                self.recorder.note_body(head, operation, media, value)
        if violations:
            raise _invalid(violations)
        return Request(operation, head.path, head.query, head.headers, parameters, value, body)

    def _value(self, media: MediaType, head: Head, body: bytes) -> Any:
        try:
            if media.is_json:
                return read_json(body, self._max_depth)
            return read_body(media, head.text(b"content-type") or "", body, self._max_depth)
        except (MalformedJsonError, MalformedBodyError) as error:
            raise RefusedError("malformed_body", error.message) from None

    def _refuse(
        self, refused: RefusedError, head: Head, session: Session, operation: Operation | None = None
    ) -> tuple[Reply, bytes]:
        digest = hashlib.blake2b(f"{head.method} {head.path} {refused.message}".encode("utf-8", "replace"))
        digest.update(head.query)
        attempt = session.attempt(digest.digest())
        digest.update(b"%d" % attempt)
        request_id = f"req_{digest.hexdigest()[:32]}"
        message = refused.message or f"MockGrid failed to answer; its log has the reason under {request_id}."
        reply = self.errors.reply(
            refused.failure,
            message,
            operation=operation,
            violations=refused.violations,
            headers=refused.headers,
        )
        reply.attempt = attempt
        reply.no_step = refused.no_step
        breach = breach_of(refused)
        if breach is not None:
            reply.violations = (breach,)
            reply.headers = [*reply.headers, (b"x-mockgrid-violations", violations_header([breach]))]
        return reply, request_id.encode()

    async def _send(  # noqa: PLR0913, PLR0917 - the reply, what is noted of it, and ASGI's three
        self,
        reply: Reply,
        request_id: bytes,
        exchange: Exchange,
        session: Session,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        """Send a reply within its time, and note what became of it."""
        streams = reply.script is not None or reply.events is not None
        self.open_streams += streams
        try:
            connection = scope.get("extensions", _NO_EXTENSIONS).get(LINE)
            sending = send_reply(reply, request_id, exchange, scope, receive, send)
            await Within(sending, self.settings.request_timeout)
        except TimeoutError:
            exchange.ended_by = "server"
            exchange.degraded = "the reply took longer than --request-timeout allows, and was cut"
            if connection is None:
                raise
            connection.abort()
        finally:
            self.open_streams -= streams
            session.journal.settle(exchange)
            if streams:
                self._note_stream(reply, exchange, session)
            if self.log.enabled:
                self._log(exchange, session)

    def _check_streams(self, request: Request) -> None:
        """Refuse one stream more than there may be."""
        value = request.value
        if isinstance(value, dict) and value.get("stream") is True:
            most = self.settings.max_streams
            raise RefusedError("overloaded", f"{most} streams are open, and no more may be (--max-streams).")

    def _note_stream(self, reply: Reply, exchange: Exchange, session: Session) -> None:
        if exchange.virtual_seconds:
            session.clock.waited(exchange.virtual_seconds)
        self.metrics.note_stream(exchange, reply.played)

    def _log(self, exchange: Exchange, session: Session) -> None:
        path = exchange.path
        if exchange.status >= _ERRORS:  # a path that is known holds no key; any other may
            path = self.redaction.of(exchange).text(path)
        self.log.record(
            exchange.method,
            path,
            exchange.status,
            session.name,
            exchange.step or None,
            len(exchange.violations),
            (exchange.ended - exchange.arrived) * 1000,
        )


def _media(head: Head, operation: Operation, body: bytes) -> MediaType:
    """Return the media type of a body, as the operation declares it."""
    if head.headers.get(b"content-type") == _JSON and operation.json_body is not None:
        return operation.json_body
    sent = head.text(b"content-type")
    if sent is None and not body:
        raise RefusedError("malformed_body", "The request body is empty; a body was expected.")
    media = media_type_for(operation, sent)
    if media is None:
        raise RefusedError("unsupported_media_type", unsupported_sentence(operation, sent))
    return media


def _invalid(violations: list[Violation]) -> RefusedError:
    """Tell apart parameters that merely have the wrong JSON type from any other breach."""
    failure = "wrong_type" if all(v.code in _WRONG_TYPE for v in violations) else "invalid_request"
    first = violations[0]
    more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
    return RefusedError(failure, f"{first.path} {first.message}{more}", violations=violations)


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


async def _not_http(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer the lifespan protocol, and close WebSockets."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1002})
