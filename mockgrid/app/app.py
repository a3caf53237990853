"""The ASGI application: the way of a request, from its first byte to its last.

    route -> authenticate -> read -> validate -> admit -> compose -> record -> send -> settle

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
from mockgrid.app.cors import cors_headers
from mockgrid.app.metrics import Metrics
from mockgrid.app.preload import preload
from mockgrid.app.read import BodyReader, DisconnectedError
from mockgrid.app.record import Recorder
from mockgrid.app.refused_request import RefusedRequest
from mockgrid.app.unknown import led_to_page, no_operation, unknown_path
from mockgrid.app.validate import Validator
from mockgrid.contract.extension import Models, known_models
from mockgrid.contract.router import ROUTED
from mockgrid.control import CONTROL
from mockgrid.http.asgi import AsgiWriter
from mockgrid.http.eager import timeout
from mockgrid.http.incoming import Head
from mockgrid.http.send import send_at_once, send_reply
from mockgrid.log import Entry, ErrorLog, RequestLog, warn
from mockgrid.reply.behaviours import conversation_of, manners_of
from mockgrid.reply.error_words import ErrorWords
from mockgrid.reply.errors import Errors, lines_of, violations_header
from mockgrid.reply.preferences import preferred_example
from mockgrid.reply.reply import Reply
from mockgrid.reply.request import UNMET_PREFERENCE, RefusedError, breach_of
from mockgrid.session.exchange import KeptExchange
from mockgrid.session.journal import JournalBudget
from mockgrid.session.redaction import Redaction
from mockgrid.session.session import Sessions

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from starlette.types import Receive, Scope, Send

    from mockgrid.app.metrics import Remembering
    from mockgrid.contract.contract import Contract, Operation
    from mockgrid.control.operator import Operator
    from mockgrid.control.routes import Control
    from mockgrid.http.asgi import Writer
    from mockgrid.http.incoming import Incoming
    from mockgrid.http.writer import ConnectionWriter
    from mockgrid.reply.reply import Headers
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
# How a request for OPTIONS fails where the document declares none.
_NO_OPTIONS = ("method_not_allowed", "unknown_path")
_NO_PATH_PARAMETERS: dict[str, str] = {}


class App:
    """Serves one contract.

    Args:
        contract: the compiled contract.
        settings: what the operator asked for.
        library: gives the scenarios that keys and headers may ask for, when the first is asked for.
        secret: a key that clients are not to see; empty for none.
    """

    composing: type[Composer] = Composer

    def __init__(
        self, contract: Contract, settings: Settings, library: Callable[[], Library], secret: str = ""
    ) -> None:
        self.contract = contract
        self.library = library
        self.settings = settings
        self.title = f"{contract.title} {contract.version}".strip()
        self.base_path = contract.base_path
        # Which keys and which models are good is a provider's to say, where one is asked.
        forwards = settings.upstream is not None
        accept_any = settings.accept_any_key or forwards
        secrets = (*settings.api_keys, secret) if secret else settings.api_keys
        self.redaction = Redaction(contract, secrets, accept_any=accept_any)
        # What a strict server refuses is a violation, and need not be told as odd.
        manners = (lambda _: None) if settings.strict else manners_of
        self.recorder = Recorder(contract, self.redaction, manners)
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
        self.preload = partial(preload, self)
        self.errors = Errors(contract, settings.error_shape)
        self.log = RequestLog(settings.log)
        self.error_log = ErrorLog.logger()
        self._reader = BodyReader(settings.max_body, settings.body_timeout)
        self._validator = Validator(self._reader, settings.max_depth, self.recorder, contract.router.variants)
        self.metrics = Metrics(contract, self.recorder, self.sessions, self._remembering)
        self._composer = self.composing(
            contract, settings, self.errors, self._validator.remember, forwards=forwards
        )
        self.credentials = Credentials(
            contract.policy.keys,
            self.sessions,
            library=library,
            accepted=settings.api_keys,
            accept_any=accept_any,
        )
        # A redirect leads to a supplier's endpoint, which is this server under another path.
        literal = contract.router.literal
        routed = {(method, f"{ROUTED}{path}"): operation for (method, path), operation in literal.items()}
        self._literal = {**literal, **routed}

    @cached_property
    def operator(self) -> Operator:
        """What an operator may ask; loaded when somebody first does."""
        from mockgrid.control.operator import Operator  # noqa: PLC0415 - 5 ms before a server is ready

        return Operator(self)

    @cached_property
    def control(self) -> Control:
        """The control interface on HTTP; loaded when it is first called."""
        from mockgrid.control.routes import Control  # noqa: PLC0415 - 35 ms, with Starlette, for the same

        return Control(self, self.operator)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI 3)."""
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1002})
            return
        head = Head.of_scope(scope)
        if head.path.startswith(_NOT_THE_API):
            await self.control(scope, receive, send)
        else:
            await self.answer(head, _not_arrived, receive, AsgiWriter(receive, send))

    def at_once(
        self, head: Head, incoming: Incoming, writer: ConnectionWriter
    ) -> Coroutine[Any, Any, None] | None:
        """Return what answers a request of MockGrid's own server without ASGI; None where ASGI has to."""
        if head.path.startswith(_NOT_THE_API):
            return None
        return self.answer(head, incoming.body, incoming.receive, writer)

    async def answer(  # noqa: C901 - all of the way stands here, and each refusal of it
        self, head: Head, arrived: Callable[[], bytes | None], receive: Receive, writer: Writer
    ) -> None:
        """The way of a request.

        Args:
            head: its head.
            arrived: gives the whole body, or None where that has to be waited for.
            receive: waits for it (ASGI's).
            writer: where the reply leaves.
        """
        since, body = monotonic(), b""
        operation: Operation | None = None
        session: Session | None = None
        try:
            operation, path_parameters = self.route(head)
            session = self.credentials.session(head, operation)
            if operation.body:
                whole = arrived()
                body = await self._reader.read(head, receive) if whole is None else self._reader.fits(whole)
            request = self._validator.request(head, operation, path_parameters, body)
            operation = request.operation
            if self.metrics.open_streams >= self.settings.max_streams:
                self._check_streams(request)
            reply, request_id = self._composer.compose(request, session)
        except DisconnectedError:
            return
        except RefusedError as refused:
            # Of which no name here is kept: the error refers to this frame, and would be a circle with it.
            answer = await self._refused(
                RefusedRequest(refused, head, session, operation, body, arrived, receive, writer)
            )
            if answer is None:
                return
            reply, request_id, body, session = answer
        except Exception:  # noqa: BLE001 - a defect of ours is logged, and answered like any failure
            session = session or self.credentials.presumed(head)
            reply, request_id = self._fail(head, session)
        if self.settings.cors:
            reply.headers = [*reply.headers, *cors_headers(head, reply)]
        journal = session.journal
        exchange = KeptExchange(journal.count + 1, since, head, body, operation, reply)
        session.keep(exchange)  # before the first byte of the reply leaves
        self.recorder.note_violations(exchange, session)
        try:
            if send_at_once(reply, request_id, exchange, writer):
                self.recorder.note(exchange)
            else:
                await self._send(reply, request_id, exchange, session, writer)
        finally:
            journal.settle(exchange)
            if reply.admission is not None:
                reply.admission.leave()
                reply.admission = None  # the journal keeps the reply
            if self.log.enabled:
                self._log(exchange, session)

    async def stop(self) -> None:
        """Close what is open elsewhere, on the event loop that served; here, nothing is."""

    def close(self) -> None:
        """Write what is left of the log, and watch no files any more."""
        self.log.close()
        self.on_close()

    def _remembering(self) -> tuple[Remembering, ...]:
        """What grows with what clients send; all of it has an end."""
        own = self._composer, self._validator, self.recorder, self.credentials, self.sessions
        return (*own, self.operator.scripts)

    def _session_closed(self, session: Session) -> None:
        """Say that sessions go to make room: the first time, and each thousandth."""
        self._sessions_closed += 1
        if self._sessions_closed % _TELL_EVERY == 1:
            count = self._sessions_closed
            warn(f"session {session.name}, idle longest, was closed to make room; {count} have been in all")

    def _start(self, scenario: str, clock: Clock) -> Play | None:
        """Start the scenario of a new session; without a name, the server's default one."""
        name = scenario or self.settings.scenario
        named = self.library().find(name) if name else None
        return None if named is None else self.play(named, clock)

    def newest(self, scenario: Scenario) -> Scenario:
        """Return the version of a scenario that its file has now."""
        newest = self.library().find(scenario.name)
        same = newest is not None and newest.origin.document.name == scenario.origin.document.name
        return newest.asked(strict=scenario.asked_strict) if newest is not None and same else scenario

    def play(self, scenario: Scenario, clock: Clock) -> Play:
        """Return a scenario at its beginning, on a session's clock."""
        from mockgrid.session.play import Play  # noqa: PLC0415 - 15 ms, with scenarios alone

        declared = self.contract.policy.models
        models = known_models(scenario.models, declared) if scenario.models else None
        funded = None
        if scenario.funded is not None:
            ignore_case = declared is not None and declared.ignore_case
            funded = Models(known={name: {} for name in scenario.funded}, ignore_case=ignore_case)
        return Play(scenario, clock, models, funded)

    def error_body(self, failure: str, message: str) -> tuple[int, Headers, bytes]:
        """Return status, headers and body for what the server refuses before it is a request."""
        if failure == "unsupported_coding":
            reply = self.errors.by_status(501, ErrorWords(detail=message))
        else:
            reply = self.errors.reply(failure, message)
        self.log.record(Entry("-", "-", reply.status, reason=message))
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
        router = self.contract.router
        match = router.find(path, raw_path, head.method)
        if match is None and path.startswith(f"{ROUTED}/"):
            match = router.find(path[len(ROUTED) :], raw_path.removeprefix(ROUTED), head.method)
        if match is None:
            raise unknown_path(head, self.contract, self.base_path)
        route, parameters = match
        operation = route.operation(head.method, head.query)
        if operation is None:
            raise no_operation(head, route)
        return operation, parameters

    async def _refused(self, refusal: RefusedRequest) -> tuple[Reply, bytes, bytes, Session] | None:
        """Return the reply to a request that is refused, its id, body and session; None where it is sent."""
        refused, head = refusal.error, refusal.head
        if refused.harmless and await led_to_page(head, refused, refusal.writer):
            return None
        session = refusal.session or self.credentials.presumed(head)
        answered = refusal.answered(self._validator, self._composer)
        return (*(answered or self._refuse(refused, head, session, refusal.operation)), refusal.body, session)

    def _refuse(
        self, refused: RefusedError, head: Head, session: Session, operation: Operation | None
    ) -> tuple[Reply, bytes]:
        """Return the reply to a request that a stage refuses, and its id."""
        digest = hashlib.blake2b(f"{head.method} {head.path} {refused.message}".encode("utf-8", "replace"))
        digest.update(head.query)
        # What is refused with the same words gets ids of its own, be it the same request or another.
        count = session.attempt(digest.hexdigest()[:32])
        digest.update(b"%d" % count)
        request_id = f"req_{digest.hexdigest()[:32]}"
        if self.settings.cors and head.method == "OPTIONS" and refused.failure in _NO_OPTIONS:
            # Also for a path that is not served, so that a page comes to see the 404 of what it asks next.
            return Reply(204, lines_of(refused.headers or {})), request_id.encode()
        message = refused.message or f"MockGrid failed to answer; its log has the reason under {request_id}."
        headers = refused.headers or {}
        if not refused.attempt:
            headers = {**self._composer.standing(session, operation), **headers}
        reply = self.errors.reply(
            refused.failure,
            message,
            operation=operation,
            violations=refused.violations,
            headers=headers,
            example=None if refused.code == UNMET_PREFERENCE else preferred_example(head.headers, head.query),
        )
        reply.attempt = refused.attempt or count
        reply.no_step = refused.no_step
        breach = breach_of(refused)
        if breach is not None:
            reply.violations = (breach,)
            reply.headers = [*reply.headers, (b"x-mockgrid-violations", violations_header([breach]))]
        return reply, request_id.encode()

    def _fail(self, head: Head, session: Session) -> tuple[Reply, bytes]:
        """Return the reply to a request at which a stage has failed, and log why."""
        reply, request_id = self._refuse(RefusedError("internal", ""), head, session, None)
        self.error_log.exception("%s %s failed (%s)", head.method, head.path, request_id.decode())
        return reply, request_id

    async def _send(
        self, reply: Reply, request_id: bytes, exchange: KeptExchange, session: Session, writer: Writer
    ) -> None:
        """Send a reply within its time."""
        streams = reply.script is not None or reply.events is not None
        self.metrics.open_streams += streams
        try:
            begun = partial(self.recorder.note, exchange)
            sending = send_reply(reply, request_id, exchange, writer, begun)
            await timeout(sending, self.settings.request_timeout)
        except TimeoutError:
            exchange.ended_by = "server"
            exchange.degraded = "the reply took longer than --request-timeout allows, and was cut"
            writer.abort()
        finally:
            self.metrics.open_streams -= streams
            if streams:
                self._note_stream(reply, exchange, session)

    def _check_streams(self, request: Request) -> None:
        """Refuse one stream more than there may be."""
        conversation = conversation_of(request.operation.behaviour)
        if conversation is not None and conversation.stream(request.value):
            most = self.settings.max_streams
            raise RefusedError("overloaded", f"{most} streams are open, and no more may be (--max-streams).")

    def _note_stream(self, reply: Reply, exchange: KeptExchange, session: Session) -> None:
        if exchange.virtual_seconds:
            session.clock.waited(exchange.virtual_seconds)
        self.metrics.note_stream(exchange, reply.played)
        reply.played = None  # it refers to the exchange, which refers to the reply

    def _log(self, exchange: KeptExchange, session: Session) -> None:
        path = exchange.head.path
        operation = exchange.operation
        # A path without parameters holds no key; any other may.
        if operation is None or "{" in operation.path:
            path = self.redaction.of(exchange.head).text(path)
        answer, method = exchange.answer, exchange.head.method
        ms = (exchange.ended - exchange.arrived) * 1000
        codes = [violation.code for violation in answer.violations]
        step, left = answer.step or None, (exchange.reply_size, exchange.ended_by, exchange.whole)
        self.log.record(Entry(method, path, answer.status, session.name, step, codes, ms, "", *left))


def _not_arrived() -> None:
    return
