"""Composing the replies that a scenario has."""

from __future__ import annotations

import math
from dataclasses import replace
from email.utils import formatdate
from typing import TYPE_CHECKING, assert_never
from urllib.parse import quote

from mockgrid.contract.coverage import declared_media
from mockgrid.contract.router import ROUTED
from mockgrid.reply.behaviours import UNKNOWN_FORM
from mockgrid.reply.delivery.form import Streaming, framed
from mockgrid.reply.error_words import ErrorWords
from mockgrid.reply.errors import gateway_page, lines_of
from mockgrid.reply.patching import patched
from mockgrid.reply.reply import JSON, SSE, Reply, json_text
from mockgrid.reply.request import UnanswerableError
from mockgrid.scenario.reply import (
    Auto,
    Body,
    Call,
    Error,
    Example,
    Json,
    Redirect,
    Refuse,
    SaidChoices,
    Say,
)
from mockgrid.scenario.template import Template
from mockgrid.schema.values import Recent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockgrid.contract.contract import Operation
    from mockgrid.reply.behaviour import Behaviour, Speaker, Turn
    from mockgrid.reply.delivery.form import StreamForm
    from mockgrid.reply.errors import Errors
    from mockgrid.reply.generic import GenericReplies
    from mockgrid.reply.request import Request
    from mockgrid.scenario.reply import RetryAfter, ScriptedEvent, ScriptedReply
    from mockgrid.scenario.template import Structure
    from mockgrid.scenario.view import RequestView
    from mockgrid.session.clock import Clock

# So many errors are remembered; reading a file anew makes others of its own.
_REMEMBERED = 1024
# Characters of a redirect's token, which is the same for the same request.
_TOKEN = 16
# What stands in a path as it is.
_PATH = "/:@!$&'()*+,;=~"
# What stands in a URL as it was written: all that a URL may hold.
_ASCII = "".join(map(chr, range(0x20, 0x7F)))
_TEXT = b"text/plain; charset=utf-8"
_PAGE = b"<html><body>You are being <a href='%b'>redirected</a>.</body></html>"


class ScriptedReplies:
    """Turns what a scenario says into replies.

    Args:
        errors: makes errors in the contract's shapes.
        generic: makes the contract's examples.
        behaviours: make default replies, and say what is scripted, by name.

    Attributes:
        speakers: what say what is scripted, by the name of their behaviour.
        errors_made: those that say the same to every request.
    """

    def __init__(
        self, errors: Errors, generic: GenericReplies, behaviours: Mapping[str | None, Behaviour]
    ) -> None:
        self._errors = errors
        self._generic = generic
        self._behaviours = behaviours
        self.speakers = {name: behaviour.speaker for name, behaviour in behaviours.items()}
        # Making one takes 4 of a reply's 25 µs. By identity, with what it is the identity of, so that none
        # can be taken for another.
        self.errors_made: Recent[tuple[Error, Operation, Reply]] = Recent(_REMEMBERED)

    def compose(self, scripted: ScriptedReply, turn: Turn) -> Reply:
        """Return the reply, still without pace and faults.

        Args:
            scripted: what the scenario says.
            turn: to which request.
        """
        reply = self._composed(scripted, turn) if not scripted.events else self._streamed(scripted, turn)
        if scripted.plain:
            return reply
        if scripted.patched:
            reply = patched(reply, scripted, turn.view)
        if scripted.status is not None:
            reply.status = scripted.status
        headers = list(reply.headers)
        if scripted.retry_after is not None:
            wait = lines_of(retry_headers(scripted.retry_after, turn.clock))
            headers = _without(headers, b"retry-after") + wait
        for name, values in scripted.headers.items():
            key = name.lower().encode("latin-1")
            headers = _without(headers, key)
            headers += [(key, value.render_line(turn.view).encode("latin-1", "replace")) for value in values]
        reply.headers = headers
        reply.decided = scripted.decided
        return reply

    def _composed(self, scripted: ScriptedReply, turn: Turn) -> Reply:  # noqa: PLR0911 - one for each form
        form, request = scripted.form, turn.request
        match form:
            case Say() | Json() | Call() | Refuse() | SaidChoices():
                return self._speaking(request).scripted(scripted, turn)
            case Auto():
                if scripted.status is not None and self._declares_other(scripted.status, request.operation):
                    return self._generic.compose(request.operation, status=scripted.status, seed=turn.seed)
                if self.speakers.get(request.operation.behaviour) is None and scripted.says_nothing:
                    return self.default(request, turn.seed, turn.attempt_id)
                return self._speaking(request).scripted(scripted, turn)
            case Error():
                return self._error(form, request, turn.view)
            case Redirect():
                return _redirect(form, request, turn.view, turn.seed)
            case Example():
                return self._generic.compose(
                    request.operation, status=scripted.status, example=form.name, seed=turn.seed
                )
            case Body():
                return self._body(form, scripted, turn)
        assert_never(form)

    def _streamed(self, scripted: ScriptedReply, turn: Turn) -> Reply:
        """Return a stream that is scripted event by event; the reply beside it to a request for none."""
        view, operation = turn.view, turn.request.operation
        speaker = self.speakers.get(operation.behaviour)
        if speaker is not None:
            if isinstance(scripted.form, Auto) and view.stream:  # what is not sent need not be possible
                scripted = replace(scripted, form=Say(Template.plain("")))
            reply = self._composed(scripted, turn)
            if reply.events is None:
                return reply
            form, first = speaker.form, next(iter(reply.events))
        elif any(event.said for event in scripted.events):
            message = f"{operation.id} gives no chat completions, as `delta` and the like are; write `data`."
            raise UnanswerableError(message)
        else:
            reply, form, first = Reply(200, [(b"content-type", SSE)]), UNKNOWN_FORM, b""
        events = [_event(event, view, form, first) for event in scripted.events]
        closing = [form.done] if speaker is not None and form.done and form.done not in events else []
        reply.events = [*events, *closing]
        reply.streaming = Streaming(form, 0, len(closing), int)
        return reply

    def _speaking(self, request: Request) -> Speaker:
        """Return what speaks for the operation of a request.

        Which paths a pattern is for cannot always be told when the scenario is read.

        Raises:
            UnanswerableError: nothing does.
        """
        speaker = self.speakers.get(request.operation.behaviour)
        if speaker is None:
            raise UnanswerableError(
                f"{request.operation.id} gives no chat completions; the step's reply is one."
            )
        return speaker

    def _declares_other(self, status: int, operation: Operation) -> bool:
        """Tell whether the contract, and no behaviour, says what the default reply of a status is."""
        declared = operation.response(status)
        return declared is not None and not (declared.media and operation.behaviour in self._behaviours)

    def _body(self, form: Body, scripted: ScriptedReply, turn: Turn) -> Reply:
        """Return a body as it is, in a media type that is declared for it where the step names none."""
        body, is_text = _rendered(form.content, turn.view), isinstance(form.content, Template)
        if not body:
            return Reply(200, [])
        reply = Reply(200, [(b"content-type", _TEXT if is_text else JSON)], body)
        declared = turn.request.operation.response(scripted.status or reply.status)
        if declared is None or b"content-type" in scripted.decided:
            return reply
        if declared_media("text/plain" if is_text else "application/json", declared.media) is None:
            accept = turn.request.headers.get(b"accept", b"").decode("latin-1")
            content = body.decode() if is_text else form.content.render(turn.view)
            written = self._generic.written(declared, content, accept)
            if written is not None:
                reply.headers, reply.body = [(b"content-type", written[0])], written[1]
        return reply

    def default(self, request: Request, seed: str, attempt_id: str) -> Reply:
        """Return the default reply."""
        behaviour = self._behaviours.get(request.operation.behaviour)
        if behaviour is not None:
            return behaviour.reply(request, seed, attempt_id)
        return self._generic.compose(request.operation, seed=seed)

    def _error(self, form: Error, request: Request, view: RequestView) -> Reply:
        """Return an error; one that says the same to every request is made once."""
        if not form.constant:
            return self._error_made(form, request, view)
        key = (id(form), id(request.operation))
        known = self.errors_made.get(key)
        if known is None:
            known = form, request.operation, self._error_made(form, request, view)
            self.errors_made.keep(key, known, 1)
        made = known[2]
        return Reply(made.status, made.headers, made.body, failure=made.failure)

    def _error_made(self, form: Error, request: Request, view: RequestView) -> Reply:
        if form.gateway:
            return gateway_page(form.status, words_of(form, view).detail)
        return self._errors.by_status(form.status, words_of(form, view), operation=request.operation)


def words_of(form: Error, view: RequestView) -> ErrorWords:
    """Return what an error says to a request."""
    detail = form.detail.render(view) if form.detail is not None else None
    return ErrorWords(detail, form.code, form.type, form.param)


def retry_headers(wait: RetryAfter, clock: Clock) -> dict[str, str]:
    """Return the headers that tell a client when to try again."""
    headers = {}
    if wait.seconds is not None:
        headers["retry-after"] = f"{math.ceil(wait.seconds)}"
    if wait.date is not None:
        headers["retry-after"] = formatdate(math.ceil(clock.unix() + wait.date), usegmt=True)
    if wait.ms is not None:
        headers["retry-after-ms"] = f"{math.ceil(wait.ms * 1000)}"
    return headers


def _redirect(form: Redirect, request: Request, view: RequestView, seed: str) -> Reply:
    to = form.to.render_line(view)
    # The session, for a client that comes there without its key.
    path = f"{request.mounted}{ROUTED}{quote(request.path, safe=_PATH)}"
    path += f"?token={seed[-_TOKEN:]}.{quote(view.session)}"
    if to == "same":
        location = path
    elif to == "other":
        location = f"http://{_other_host(request)}{path}"
    else:
        location = to
    headers = [(b"location", quote(location, safe=_ASCII).encode("ascii"))]
    if not form.page:
        return Reply(form.status, headers)
    from html import escape  # noqa: PLC0415 - 3 ms, for such pages alone

    return Reply(
        form.status, [*headers, (b"content-type", b"text/html")], _PAGE % escape(location).encode("utf-8")
    )


def _other_host(request: Request) -> str:
    """Return this machine's other name, at the same port: to clients, which compare names, another host."""
    host = request.headers.get(b"host", b"").decode("latin-1")
    name, colon, port = host.rpartition(":")
    if not (colon and port.isdecimal()):
        name, colon, port = host, "", ""
    return f"{'127.0.0.1' if name == 'localhost' else 'localhost'}{colon}{port}"


def _event(event: ScriptedEvent, view: RequestView, form: StreamForm, first: bytes) -> bytes:
    """Return an event, framed; ``first`` is one of the same stream, whose other fields it has."""
    if event.said:
        said = {name: value.render(view) for name, value in event.said.items()}
        return framed(json_text(form.event_data(said, first)), event.lines)
    return framed(_rendered(event.data, view) if event.data is not None else None, event.lines)


def _rendered(content: Template | Structure, view: RequestView) -> bytes:
    if isinstance(content, Template):
        return content.render(view).encode("utf-8")
    return json_text(content.render(view))


def _without(headers: list[tuple[bytes, bytes]], name: bytes) -> list[tuple[bytes, bytes]]:
    return [header for header in headers if header[0] != name]
