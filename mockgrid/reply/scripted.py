"""Composing the replies that a scenario has."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any, assert_never
from urllib.parse import quote

import orjson

from mockgrid.contract.operation import CHAT
from mockgrid.contract.router import ROUTED
from mockgrid.reply.chat.completion import Call as CompletedCall
from mockgrid.reply.chat.completion import Choice
from mockgrid.reply.error_words import ErrorWords
from mockgrid.reply.refused import UnanswerableError
from mockgrid.reply.reply import JSON, Reply
from mockgrid.reply.request import Request
from mockgrid.scenario.reply import (
    Auto,
    Body,
    Call,
    Error,
    Example,
    Json,
    Redirect,
    Refuse,
    Say,
)
from mockgrid.scenario.template import Structure, Template
from mockgrid.schema.values import as_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockgrid.contract.contract import Operation
    from mockgrid.reply.behaviour import Behaviour
    from mockgrid.reply.chat.completion import Completion
    from mockgrid.reply.chat.replies import ChatReplies
    from mockgrid.reply.chunking import Chunking
    from mockgrid.reply.errors import Errors
    from mockgrid.reply.generic import GenericReplies
    from mockgrid.scenario.reply import ScriptedReply, Usage
    from mockgrid.scenario.view import RequestView

# So many errors are remembered; reading a file anew makes others of its own.
_REMEMBERED = 1024
# Characters of a redirect's token, which is the same for the same request.
_TOKEN = 16
# What stands in a path as it is.
_PATH = "/:@!$&'()*+,;=~"
# What stands in a URL as it was written: all that a URL may hold.
_ASCII = "".join(map(chr, range(0x20, 0x7F)))
_PAGE = b"<html><body>You are being <a href='%b'>redirected</a>.</body></html>"


class ScriptedReplies:
    """Turns what a scenario says into replies.

    Args:
        chat: makes completions.
        errors: makes errors in the contract's shapes.
        generic: makes the contract's examples.
        behaviours: make default replies, by name.
    """

    def __init__(
        self,
        chat: ChatReplies,
        errors: Errors,
        generic: GenericReplies,
        behaviours: Mapping[str | None, Behaviour],
    ) -> None:
        self._chat = chat
        self._errors = errors
        self._generic = generic
        self._behaviours = behaviours
        # By identity, with what it is the identity of, so that none can be taken for another.
        self._errors_made: dict[tuple[int, int], tuple[Error, Operation, Reply]] = {}

    def compose(
        self, scripted: ScriptedReply, request: Request, view: RequestView, seed: str, identity: str
    ) -> Reply:
        """Return the reply, still without pace and faults.

        Args:
            scripted: what the scenario says.
            request: a valid request.
            view: the same as scenarios see it.
            seed: hexadecimal text from what the request asks.
            identity: hexadecimal text that differs between attempts too.
        """
        if scripted.plain:
            form = scripted.form
            if type(form) is Say and request.operation.behaviour == CHAT:
                said = self._chat.plain(request.value, form.text.render(view), identity)
                if said is not None:
                    return said
            elif type(form) is Auto:
                return self.default(request, seed, identity)
            return self._composed(scripted, request, view, seed, identity)
        reply = self._composed(scripted, request, view, seed, identity)
        if scripted.status is not None:
            reply.status = scripted.status
        headers = list(reply.headers)
        if scripted.retry_after is not None:
            headers = _without(headers, b"retry-after") + retry_headers(scripted.retry_after)
        for name, values in scripted.headers.items():
            key = name.lower().encode("latin-1")
            headers = _without(headers, key)
            headers += [(key, value.render_line(view).encode("latin-1", "replace")) for value in values]
        reply.headers = headers
        reply.decided = scripted.decided
        return reply

    def _composed(  # noqa: PLR0911 - one for each form
        self, scripted: ScriptedReply, request: Request, view: RequestView, seed: str, identity: str
    ) -> Reply:
        form = scripted.form
        match form:
            case Say() | Json() | Call() | Refuse():
                _check_for_chat(request)
                choice = _choice(form, scripted, view)
                return self._completed(choice, scripted, request, view, seed, identity)
            case Auto():
                if scripted.status is not None and self._declares_other(scripted.status, request.operation):
                    return self._generic.compose(request.operation, status=scripted.status, seed=seed)
                if scripted.think is None and not scripted.finish and scripted.usage is None:
                    return self.default(request, seed, identity)
                return self._default(scripted, request, view, seed, identity)
            case Error():
                return self._error(form, request, view)
            case Redirect():
                return _redirect(form, request, view, seed)
            case Example():
                return self._generic.compose(
                    request.operation,
                    status=scripted.status,
                    example=form.name,
                    dynamic=False,
                    accept=None,
                    seed=seed,
                )
            case Body():
                return _body(form, view)
        assert_never(form)

    def _declares_other(self, status: int, operation: Operation) -> bool:
        """Tell whether the contract, and no behaviour, says what the default reply of a status is."""
        declared = operation.response(status)
        return declared is not None and not (declared.media and operation.behaviour in self._behaviours)

    def default(self, request: Request, seed: str, identity: str) -> Reply:
        """Return the default reply."""
        behaviour = self._behaviours.get(request.operation.behaviour)
        if behaviour is not None:
            return behaviour.reply(request, seed, identity)
        return self._generic.compose(
            request.operation, status=None, example=None, dynamic=False, accept=None, seed=seed
        )

    def tokens(
        self,
        scripted: ScriptedReply | None,
        request: Request,
        view: RequestView,
        seed: str,
        identity: str,
    ) -> int:
        """Return how many chunks the stream of a whole reply has, the finish of each choice counted.

        Those that name the roles are not. What is no completion has none: errors, redirects, bodies.
        """
        if not isinstance(request.value, dict):
            return 0
        body = {**request.value, "stream": True}
        body.pop("stream_options", None)
        streamed = Request(
            request.operation, request.path, request.query, request.headers, request.parameters, body, b""
        )
        if scripted is None:
            reply = self.default(streamed, seed, identity)
        else:
            reply = self._composed(scripted, streamed, view, seed, identity)
        if reply.events is None:
            return 0
        done = 1
        return sum(1 for _ in reply.events) - (body.get("n") or 1) - done

    def _default(
        self, scripted: ScriptedReply, request: Request, view: RequestView, seed: str, identity: str
    ) -> Reply:
        """Return the default reply with what the scenario adds to it."""
        _check_for_chat(request)
        completion = self._chat.complete(request.value, seed, identity)
        think = scripted.think.render(view) if scripted.think is not None else None
        choices = tuple(
            choice._replace(reasoning=think, finish=scripted.finish or choice.finish)
            for choice in completion.choices
        )
        completion = self._chat.completion(request.value, choices, seed, identity)
        return self._rendered(completion, scripted, request, view)

    def _completed(  # noqa: PLR0913, PLR0917 - what a reply is made from
        self,
        choice: Choice,
        scripted: ScriptedReply,
        request: Request,
        view: RequestView,
        seed: str,
        identity: str,
    ) -> Reply:
        choices = (choice,) * (request.value.get("n") or 1)
        completion = self._chat.completion(request.value, choices, seed, identity)
        return self._rendered(completion, scripted, request, view)

    def _rendered(
        self, completion: Completion, scripted: ScriptedReply, request: Request, view: RequestView
    ) -> Reply:
        if scripted.usage is not None:
            completion = completion._replace(usage=_usage(completion.usage, scripted.usage))
        return self._chat.rendered(request.value, completion, chunking_of(scripted, view))

    def _error(self, form: Error, request: Request, view: RequestView) -> Reply:
        """Return an error; one that says the same to every request is made once."""
        if not form.constant:
            return self._error_made(form, request, view)
        key = (id(form), id(request.operation))
        known = self._errors_made.get(key)
        if known is None:
            if len(self._errors_made) >= _REMEMBERED:
                self._errors_made.clear()
            known = form, request.operation, self._error_made(form, request, view)
            self._errors_made[key] = known
        made = known[2]
        return Reply(made.status, made.headers, made.body, failure=made.failure)

    def _error_made(self, form: Error, request: Request, view: RequestView) -> Reply:
        return self._errors.by_status(form.status, words_of(form, view), operation=request.operation)


def words_of(form: Error, view: RequestView) -> ErrorWords:
    """Return what an error says to a request."""
    detail = form.detail.render(view) if form.detail is not None else None
    return ErrorWords(detail, form.code, form.type, form.param)


def chunking_of(scripted: ScriptedReply, view: RequestView) -> Chunking:
    """Return how a reply's texts are cut in a stream."""
    from mockgrid.reply.chunking import Chunking  # noqa: PLC0415 - only scripted replies need it

    asked = scripted.stream.chunks if scripted.stream is not None else "token"
    if isinstance(asked, int):
        return Chunking("characters", asked)
    if isinstance(asked, tuple):
        return Chunking("list", pieces=tuple(piece.render(view) for piece in asked))
    return Chunking(asked)


def retry_headers(seconds: float) -> list[tuple[bytes, bytes]]:
    """Return the headers that tell a client when to try again.

    ``Retry-After`` knows whole seconds, and is rounded up; OpenAI's clients read ``retry-after-ms`` first.
    """
    headers = [(b"retry-after", b"%d" % math.ceil(seconds))]
    if seconds != math.floor(seconds):
        headers.append((b"retry-after-ms", b"%d" % math.ceil(seconds * 1000)))
    return headers


def _check_for_chat(request: Request) -> None:
    """Refuse a completion where none is asked for.

    Which paths a pattern is for cannot always be told when the scenario is read.
    """
    if request.operation.behaviour != CHAT:
        raise UnanswerableError(f"{request.operation.id} gives no chat completions; the step's reply is one.")


def _choice(form: Say | Json | Call | Refuse, scripted: ScriptedReply, view: RequestView) -> Choice:
    think = scripted.think.render(view) if scripted.think is not None else None
    match form:
        case Say(text):
            return Choice(text.render(view), scripted.finish or "stop", reasoning=think)
        case Json(value):
            return Choice(as_text(value.render(view)), scripted.finish or "stop", reasoning=think)
        case Refuse(text):
            return Choice(None, scripted.finish or "stop", refusal=text.render(view), reasoning=think)
        case Call(calls, text):
            made = tuple(CompletedCall("", call.name, _arguments(call.arguments, view)) for call in calls)
            said = text.render(view) if text is not None else None
            return Choice(said, scripted.finish or "tool_calls", made, reasoning=think)


def _arguments(arguments: Structure | Template, view: RequestView) -> str:
    if isinstance(arguments, Template):
        return arguments.render(view)
    return as_text(arguments.render(view))


def _usage(counted: dict[str, Any] | None, asked: Usage) -> dict[str, Any] | None:
    """Return the usage that is reported: what was counted, with what the scenario says in its place."""
    if asked.omitted or counted is None:
        return None
    usage = {**counted}
    if asked.prompt_tokens is not None:
        usage["prompt_tokens"] = asked.prompt_tokens
    if asked.completion_tokens is not None:
        usage["completion_tokens"] = asked.completion_tokens
    if asked.reasoning_tokens is not None:
        details = {**usage["completion_tokens_details"], "reasoning_tokens": asked.reasoning_tokens}
        usage["completion_tokens_details"] = details
    if asked.cached_tokens is not None:
        details = {**usage["prompt_tokens_details"], "cached_tokens": asked.cached_tokens}
        usage["prompt_tokens_details"] = details
    total = asked.total_tokens
    usage["total_tokens"] = usage["prompt_tokens"] + usage["completion_tokens"] if total is None else total
    return usage


def _redirect(form: Redirect, request: Request, view: RequestView, seed: str) -> Reply:
    to = form.to.render_line(view)
    # The session, for a client that comes there without its key.
    path = f"{ROUTED}{quote(request.path, safe=_PATH)}?token={seed[-_TOKEN:]}.{quote(view.session)}"
    if to == "same":
        location = path
    elif to == "other":
        location = f"http://{_other_host(request)}{path}"
    else:
        location = to
    headers = [(b"location", quote(location, safe=_ASCII).encode("ascii"))]
    if not form.page:
        return Reply(form.status, headers)
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


def _body(form: Body, view: RequestView) -> Reply:
    if isinstance(form.content, Template):
        text = form.content.render(view)
        if not text:
            return Reply(200, [])
        return Reply(200, [(b"content-type", b"text/plain; charset=utf-8")], text.encode("utf-8"))
    return Reply(200, [(b"content-type", JSON)], orjson.dumps(form.content.render(view)))


def _without(headers: list[tuple[bytes, bytes]], name: bytes) -> list[tuple[bytes, bytes]]:
    return [header for header in headers if header[0] != name]
