"""One request with its reply, as a test has it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Self

from mockgrid.fixed import fixed
from mockgrid.session.records import ExchangeRecord
from mockgrid.testing.error import no_attribute

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockgrid.session.records import Chunk, GivenReply


# What other tools call what stands here.
_MEANT: Final = {
    "status": ("status_code", "code"),
    "reply": ("response", "resp", "answer"),
    "request.body": ("body", "json", "payload", "data"),
    "request.headers": ("headers",),
    "request.method": ("method",),
    "request.path": ("path", "url"),
    "text": ("content", "message"),
    "seconds": ("duration", "elapsed", "time"),
}


@fixed
class Exchange(ExchangeRecord):
    """One request with its reply.

    Attributes:
        number: its place in the session, from 1.
        status: the HTTP status of the reply.
        request: what was sent: ``method``, ``path``, ``query``, ``headers``, ``body`` (a JSON value, or text;
            also as ``json``) and ``size`` in bytes.
        reply: what was answered: ``headers``, ``body``, ``chunks`` (each ``at`` so many seconds with its
            ``data``) and ``size`` in bytes.
        operation: the id of what was called; None where there is no such operation.
        step: the scenario's step that gave the reply; None for the default reply.
        scenario: the scenario that played; None where none did.
        attempt: how many times the session had seen this very request, with this one.
        violations: how the request broke the contract.
        warnings: its fields that the contract does not know, or deprecates.
        unmatched: why the scenario had no reply; None where it had one.
        at: seconds from the session's beginning to the request.
        since_last_attempt: seconds from the end of the last reply to this very request; None for the first.
        seconds: from the request to the reply's end; None while that is under way.
        ended_by: ``server``, ``client`` or ``shutdown``; None while it is under way.
        whole: whether the reply ended as it should; None while it is under way.
        virtual_seconds: waits that a virtual clock has spared.
        degraded: what the transport could not do, and what was done instead; None for nothing.
    """

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read an exchange; a body that is no stream is there, whether it left at once or in pieces."""
        exchange = super(Exchange, cls).from_json(data)  # noqa: UP008 - `fixed` makes the class anew
        return replace(exchange, reply=replace(exchange.reply, body=_whole_body(exchange.reply)))

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        """The pieces in which the reply left; none where it left at once."""
        return self.reply.chunks

    @property
    def text(self) -> str:
        """What the assistant said in the first choice, streamed or whole; else the reply's body as text."""
        if _is_events(self.reply):
            return text_of_stream("".join(chunk.data for chunk in self.reply.chunks))
        body = self.reply.body
        said = _content_of_reply(body)
        if said is not None:
            return said
        return body if isinstance(body, str) else "" if body is None else json.dumps(body, ensure_ascii=False)

    def __str__(self) -> str:
        return f"{self.request} → {self.status}"

    if not TYPE_CHECKING:  # which find what is misspelt by themselves

        def __getattr__(self, name: str) -> Any:
            """Say what an attribute is called here that has another name elsewhere."""
            __tracebackhide__ = True
            raise no_attribute(type(self), name, (), _MEANT)


def text_of_stream(sent: str) -> str:
    r"""Return what the deltas of the first choice say together; events that cannot be read say nothing.

    >>> text_of_stream('data: {"choices": [{"index": 0, "delta": {"content": "Hi"}}]}\n\n')
    'Hi'
    """
    lines = sent.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    said = []
    for event in lines.split("\n\n"):
        data = "\n".join(line[5:].removeprefix(" ") for line in event.split("\n") if line.startswith("data:"))
        if data and data != "[DONE]":
            said.append(_content_of_chunk(data))
    return "".join(said)


def _is_events(reply: GivenReply) -> bool:
    return reply.headers.get("content-type", "").startswith("text/event-stream")


def _whole_body(reply: GivenReply) -> Any:
    if reply.body is not None or not reply.chunks or _is_events(reply):
        return reply.body
    text = "".join(chunk.data for chunk in reply.chunks)
    try:
        return json.loads(text)
    except ValueError:
        return text


def _content_of_reply(body: Any) -> str | None:
    try:
        content = body["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        return None
    return content or ""


def _content_of_chunk(data: str) -> str:
    try:
        choices = json.loads(data)["choices"]
        content = next(choice["delta"]["content"] for choice in choices if choice.get("index", 0) == 0)
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration):
        return ""
    return content if isinstance(content, str) else ""
