"""The ASGI application: the way of a request, from its first byte to its last.

    route -> authenticate -> read -> validate -> compose -> record -> send

Each stage is a function of what came before; input, output and all waiting stand between them. A stage that
refuses raises ``RefusedError``, which is answered in the shape that the contract's policy gives it.
"""

from __future__ import annotations

import hashlib
from functools import cached_property, partial
from time import monotonic
from typing import TYPE_CHECKING, Any

from mockgrid.app.auth import Credentials
from mockgrid.app.compose import Composer
from mockgrid.app.context import DONE, Answered, Entry
from mockgrid.app.metrics import Metrics
from mockgrid.app.read import BodyReader, DisconnectedError
from mockgrid.app.record import Recorder
from mockgrid.app.validate import Validator
from mockgrid.contract.extension import known_models
from mockgrid.contract.router import ROUTED
from mockgrid.control import CONTROL
from mockgrid.http.head import Head
from mockgrid.http.protocol.line import EXTENSION as LINE
from mockgrid.http.protocol.whole import EXTENSION as DIRECT
from mockgrid.http.send import send_at_once, send_reply
from mockgrid.http.timeout import Within
from mockgrid.log import ErrorLog, RequestLog, warn
from mockgrid.reply.errors import Errors, violations_header
from mockgrid.reply.refused import RefusedError, breach_of
from mockgrid.session.exchange import Exchange
from mockgrid.session.journal import JournalBudget
from mockgrid.session.redaction import Redaction
from mockgrid.session.session import Sessions

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from mockgrid.contract.contract import Contract, Operation
    from mockgrid.control.routes import Control
    from mockgrid.http.protocol.whole import Whole
    from mockgrid.reply.reply import Headers, Reply
    from mockgrid.reply.request import Request
    from mockgrid.scenario.library import Library
    from mockgrid.scenario.scenario import Scenario
    from mockgrid.session.clock import Clock
    from mockgrid.session.play import Play
    from mockgrid.session.session import Session
    from mockgrid.settings import Settings

_TELL_EVERY = 1_000
# What begins like this is no path of the contract.
_NOT_THE_API = (CONTROL, "/openapi.json")
# Characters of what was sent that a message shows.
_SHOWN = 200
_ERRORS = 400
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
        self.redaction = Redaction(contract, settings.api_keys, accept_any=settings.accept_any_key)
        self.recorder = Recorder(contract, self.redaction)
        self.metrics = Metrics(self)
        self.open_streams = 0
        self.on_close: Callable[[], None] = lambda: None
        self.sessions = Sessions(
            settings.max_sessions,
            idle=settings.session_idle,
            start=self._start,
            closed=self._session_closed,
            ending=self.recorder.close,
            budget=JournalBudget(settings.journal_bytes),
            virtual=settings.clock == "virtual",
        )
        self._sessions_closed = 0
        self._max_streams = settings.max_streams
        self.errors = Errors(contract, settings.error_shape)
        self.log = RequestLog(settings.log)
        self.error_log = ErrorLog.logger()
        self._reader = BodyReader(settings.max_body, settings.body_timeout)
        self._validator = Validator(self._reader, settings.max_depth, self.recorder.note_body)
        self._composer = Composer(contract, settings, self.errors)
        self.credentials = Credentials(
            contract.policy.keys,
            self.sessions,
            library=library,
            accepted=settings.api_keys,
            accept_any=settings.accept_any_key,
        )
        # A redirect leads to a supplier's endpoint, which is this server under another path.
        literal = contract.router.literal
        routed = {(method, f"{ROUTED}{path}"): operation for (method, path), operation in literal.items()}
        self._literal = {**literal, **routed}

    @cached_property
    def control(self) -> Control:
        """The control interface; loaded when it is first called."""
        from mockgrid.control.routes import Control  # noqa: PLC0415 - 45 ms before a server is ready

        return Control(self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The way of a request (ASGI 3)."""
        head = Head(scope) if scope["type"] == "http" else None
        if head is None or head.path.startswith(_NOT_THE_API):
            await self._aside(scope, receive, send)
            return
        entry = self._enter(head)
        body = b""
        if entry.takes_body:
            try:
                body = await self._reader.read(head, receive)
            except RefusedError as refused:
                entry.fail(refused)
            except DisconnectedError:
                _let_go(scope)
                return
        answered = self._answer(entry, body)
        direct = scope.get("extensions", _NO_EXTENSIONS).get(DIRECT)
        if direct is None or not self._sent_at_once(answered, direct):
            await self._send(answered, scope, receive, send)

    def at_once(self, head: Head, direct: Whole) -> ASGIApp | None:
        """Go the way of a request that has arrived whole, as far as it goes without waiting.

        Server protocols that offer ``direct`` call this in place of the application: most requests then
        cost neither a task nor a turn of the event loop.

        Returns:
            None where the application has to be called; else what is to be called in its place, or ``DONE``.
        """
        if head.path.startswith(_NOT_THE_API):
            return None
        entry = self._enter(head)
        body = b""
        if entry.takes_body:
            try:
                body = self._reader.arrived(direct)
            except RefusedError as refused:
                entry.fail(refused)
        answered = self._answer(entry, body)
        if self._sent_at_once(answered, direct):
            return DONE
        return partial(self._send, answered)

    def _enter(self, head: Head) -> Entry:
        """Find out which operation is called, and in which session: all that can be said without the body."""
        entry = Entry(head, monotonic())
        try:
            entry.operation, entry.path_parameters = self.route(head)
            entry.session = self.credentials.session(head, entry.operation)
        except Exception as error:  # noqa: BLE001 - refused, or a defect of ours that is answered like any failure
            entry.fail(error)
        return entry

    def _answer(self, entry: Entry, body: bytes) -> Answered:
        """Validate, compose and record: a reply is in the journal before its first byte leaves."""
        head, operation, session = entry.head, entry.operation, entry.session
        try:
            operation, session = entry.found()
            request = self._validator.request(head, operation, entry.path_parameters, body)
            if self.open_streams >= self._max_streams:
                self._check_streams(request)
            reply, request_id = self._composer.compose(request, session)
        except RefusedError as refused:
            session = session or self.credentials.presumed(head)
            reply, request_id = self._refuse(refused, head, session, operation)
        except Exception:  # noqa: BLE001 - a defect of ours is logged, and answered like any failure
            session = session or self.credentials.presumed(head)
            reply, request_id = self._refuse(RefusedError("internal", ""), head, session)
            self.error_log.exception("%s %s failed (%s)", head.method, head.path, request_id.decode())
        journal = session.journal
        exchange = Exchange(journal.count + 1, entry.arrived, head, body, operation, reply)
        journal.add(exchange)
        self.recorder.note(exchange)
        return Answered(reply, request_id, exchange, session)

    async def _aside(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is not the API: the control interface, the contract, and what is not HTTP."""
        _let_go(scope)
        if scope["type"] != "http":
            await _not_http(scope, receive, send)
        else:
            await self.control(scope, receive, send)

    def close(self) -> None:
        """Write what is left of the log, and watch no files any more."""
        self.log.close()
        self.on_close()

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

    def newest(self, scenario: Scenario) -> Scenario:
        """Return the version of a scenario that its file has now."""
        found = self.library().find(scenario.name) if self.library is not None else None
        same = found is not None and found.origin.document.name == scenario.origin.document.name
        return found if found is not None and same else scenario

    def play(self, scenario: Scenario, clock: Clock) -> Play:
        """Return a scenario at its beginning, on a session's clock."""
        from mockgrid.session.play import Play  # noqa: PLC0415 - 15 ms, with scenarios alone

        models = known_models(scenario.models, self.contract.policy.models) if scenario.models else None
        return Play(scenario, clock, models)

    def error_body(self, failure: str, message: str) -> tuple[int, Headers, bytes]:
        """Return status, headers and body for what the server refuses before it is a request."""
        reply = self.errors.reply(failure, message)
        self.log.record("-", "-", reply.status, None, None, 0, 0.0)
        digest = hashlib.blake2b(f"{failure} {message}".encode(), digest_size=16).hexdigest()
        return reply.status, [*reply.headers, (b"x-request-id", f"req_{digest}".encode())], reply.body

    def route(self, head: Head) -> tuple[Operation, dict[str, str]]:
        """Return the operation that a head calls, and the parameters in its path.

        Raises:
            RefusedError: there is no such path, or it has no such method.
        """
        operation = self._literal.get((head.method, head.path))
        if operation is not None:
            return operation, _NO_PATH_PARAMETERS
        path, raw_path = head.path, head.raw_path.decode("latin-1")
        found = self.contract.router.find(path, raw_path)
        if found is None and path.startswith(f"{ROUTED}/"):
            found = self.contract.router.find(path[len(ROUTED) :], raw_path.removeprefix(ROUTED))
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

    def _refuse(
        self, refused: RefusedError, head: Head, session: Session, operation: Operation | None = None
    ) -> tuple[Reply, bytes]:
        digest = hashlib.blake2b(f"{head.method} {head.path} {refused.message}".encode("utf-8", "replace"))
        digest.update(head.query)
        # What is refused with the same words gets ids of its own, be it the same request or another.
        count = session.attempt(digest.hexdigest()[:32])
        digest.update(b"%d" % count)
        request_id = f"req_{digest.hexdigest()[:32]}"
        message = refused.message or f"MockGrid failed to answer; its log has the reason under {request_id}."
        reply = self.errors.reply(
            refused.failure,
            message,
            operation=operation,
            violations=refused.violations,
            headers=refused.headers,
        )
        reply.attempt = refused.attempt or count
        reply.no_step = refused.no_step
        breach = breach_of(refused)
        if breach is not None:
            reply.violations = (breach,)
            reply.headers = [*reply.headers, (b"x-mockgrid-violations", violations_header([breach]))]
        return reply, request_id.encode()

    def _sent_at_once(self, answered: Answered, direct: Whole) -> bool:
        """Send a reply that is whole, if it can leave without waiting; return whether it did."""
        now = monotonic()  # a client may know of it before this goes on, and is judged by its time
        if not send_at_once(answered.reply, answered.request_id, direct):
            return False
        exchange = answered.exchange
        exchange.replied = exchange.ended = now
        answered.session.journal.settle(exchange)
        if self.log.enabled:
            self._log(exchange, answered.session)
        return True

    async def _send(self, answered: Answered, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a reply within its time, and note what became of it."""
        reply, request_id, exchange, session = answered
        streams = reply.script is not None or reply.events is not None
        self.open_streams += streams
        connection = scope.get("extensions", _NO_EXTENSIONS).get(LINE)
        try:
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
        reply.played = None  # it refers to the exchange, which refers to the reply

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


def _let_go(scope: Scope) -> None:
    """Take out of a scope what refers to it: what is left is no circle, and freed at once."""
    extensions = scope.get("extensions", {})
    for name in (DIRECT, LINE):
        extensions.pop(name, None)


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
