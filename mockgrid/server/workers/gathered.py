"""The application of one worker, with answers for all of them where a call is about all sessions."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import orjson

from mockgrid.contract.json_body import MalformedJsonError, read_json
from mockgrid.server.control import CONTROL
from mockgrid.server.workers.asking import Answer, WorkerError, ask, events, request
from mockgrid.server.workers.crew import INTERNAL
from mockgrid.server.workers.merging import MERGED

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.types import Message, Receive, Scope, Send

    from mockgrid.server.app import App
    from mockgrid.server.workers.crew import Crew

_JSON: Final = [(b"content-type", b"application/json")]
_PASSED_ON: Final = (b"accept", b"content-type")
_DEEPEST: Final = 64
_LARGEST: Final = 4 * 1024 * 1024
"""Bytes of a question that are read; the control interface refuses more."""

_AGAIN: Final = 0.5
"""Seconds between attempts to follow the feed of a worker that does not answer."""


class Gathered:
    """An ASGI application: the worker's own, unless a call is about the sessions of all workers.

    Args:
        app: of this worker.
        crew: of which it is one.
    """

    def __init__(self, app: App, crew: Crew) -> None:
        self._app = app
        self._crew = crew
        # What the server reads of an application.
        self.title, self.base_path = app.title, app.base_path
        self.error_body, self.log = app.error_body, app.log
        self.at_once = app.at_once

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer one request (ASGI 3)."""
        if scope["type"] == "http" and scope["path"].startswith(CONTROL) and INTERNAL not in scope["state"]:
            method, path = scope["method"], scope["path"]
            if method in {"GET", "HEAD"} and path in MERGED:
                return self._merged(MERGED[path], scope, receive, send)
            if method == "GET" and path == f"{CONTROL}/events":
                return self._events(scope, receive, send)
            if method == "POST" and path == f"{CONTROL}/explain":
                return self._explain(scope, receive, send)
        return self._app(scope, receive, send)

    async def _merged(
        self, merge: Callable[[Sequence[bytes]], bytes], scope: Scope, receive: Receive, send: Send
    ) -> None:
        own = await self._own(scope, receive)
        if own.status == HTTPStatus.OK:  # else this worker refuses, and so would the others
            asked = _asked({**scope, "method": "GET"})
            try:
                others = await asyncio.gather(
                    *(ask(self._crew, worker, asked) for worker in self._crew.others)
                )
            except WorkerError as error:
                own = _unanswered(error)
            else:
                refused = next((answer for answer in others if answer.status != own.status), None)
                bodies = [own.body, *(answer.body for answer in others)]
                own = refused or Answer(own.status, own.headers, merge(bodies))
        await _send(own, send)

    async def _events(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Put the events of the other workers between this one's."""
        followers: list[asyncio.Task[None]] = []

        async def send_and_follow(message: Message) -> None:
            await send(message)
            if message["type"] == "http.response.start" and message["status"] == HTTPStatus.OK:
                asked = _asked(scope)
                followers.extend(
                    asyncio.create_task(self._follow(worker, asked, send)) for worker in self._crew.others
                )

        try:
            await self._app(scope, receive, send_and_follow)
        finally:
            for follower in followers:
                follower.cancel()
            await asyncio.gather(*followers, return_exceptions=True)

    async def _follow(self, worker: int, asked: bytes, send: Send) -> None:
        while True:
            try:
                async for event in events(self._crew, worker, asked):
                    await send({"type": "http.response.body", "body": event, "more_body": True})
            except WorkerError as error:
                gone = b": " + error.message.encode() + b"\n\n"
                await send({"type": "http.response.body", "body": gone, "more_body": True})
            await asyncio.sleep(_AGAIN)

    async def _explain(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ask the worker that has the session which the question names, if it names one."""
        body, messages = b"", []
        while True:
            message = await receive()
            messages.append(message)
            body += message.get("body", b"")
            if not message.get("more_body") or len(body) > _LARGEST:
                break

        async def replay() -> Message:
            return messages.pop(0) if messages else await receive()

        answer = await self._own(scope, replay)
        key = _session_of(body)
        if key is not None and answer.status == HTTPStatus.NOT_FOUND:
            answer = await self._answer_of_owner(key, _asked(scope, body)) or answer
        await _send(answer, send)

    async def _answer_of_owner(self, key: str, asked: bytes) -> Answer | None:
        """Return the answer of the worker that has a session, as far as another has it."""
        found = None
        for worker in self._crew.places.candidates(key):
            if worker != self._crew.index:
                try:
                    found = await ask(self._crew, worker, asked)
                except WorkerError as error:
                    found = _unanswered(error)
                if found.status != HTTPStatus.NOT_FOUND:
                    break
        return found

    async def _own(self, scope: Scope, receive: Receive) -> Answer:
        """Return this worker's own answer."""
        start: Message = {}
        body = b""

        async def keep(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
            else:
                body += message.get("body", b"")

        await self._app({**scope, "extensions": {}}, receive, keep)
        return Answer(start["status"], list(start["headers"]), body)


def _unanswered(error: WorkerError) -> Answer:
    return Answer(503, _JSON, orjson.dumps({"errors": {"detail": error.message}}))


def _asked(scope: Scope, body: bytes = b"") -> bytes:
    query = scope["query_string"]
    target = scope["raw_path"] + (b"?" + query if query else b"")
    headers = [pair for pair in scope["headers"] if pair[0] in _PASSED_ON]
    return request(scope["method"], target, headers, body)


def _session_of(body: bytes) -> str | None:
    try:
        value: Any = read_json(body, _DEEPEST)
    except MalformedJsonError:
        return None
    key = value.get("session") if isinstance(value, dict) else None
    return key if isinstance(key, str) else None


async def _send(answer: Answer, send: Send) -> None:
    headers = [pair for pair in answer.headers if pair[0] not in {b"content-length", b"connection"}]
    headers.append((b"content-length", b"%d" % len(answer.body)))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
