"""One request with its reply, as the server's journal tells it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mockgrid.testing.stream import text_of_stream
from mockgrid.testing.summary import Unmatched
from mockgrid.testing.violation import Remark, Violation

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class SentRequest:
    """What the client sent; credentials read ``[redacted]``.

    Attributes:
        method: as sent.
        path: as sent, decoded.
        query: as sent, without its question mark.
        headers: by lower-case name.
        body: a JSON value, or text; None for no body, and for bytes that are neither.
        size: bytes of the body.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: Any
    size: int

    @property
    def json(self) -> Any:
        """The body as a JSON value; the same as ``body``."""
        return self.body

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a reply.

    Attributes:
        at: seconds since the reply began.
        data: its text.
    """

    at: float
    data: str


@dataclass(frozen=True, slots=True)
class GivenReply:
    """What the server answered.

    Attributes:
        headers: by lower-case name.
        body: a JSON value, or text; None for a stream.
        chunks: the pieces in which it left; none where it left at once.
        size: bytes of the body.
    """

    headers: Mapping[str, str]
    body: Any
    chunks: tuple[Chunk, ...]
    size: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request with its reply.

    Attributes:
        number: its place in the session, from 1.
        status: the HTTP status of the reply.
        request: what was sent.
        reply: what was answered.
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

    number: int
    status: int
    request: SentRequest
    reply: GivenReply
    operation: str | None
    step: str | None
    scenario: str | None
    attempt: int
    violations: tuple[Violation, ...]
    warnings: tuple[Remark, ...]
    unmatched: Unmatched | None
    at: float
    since_last_attempt: float | None
    seconds: float | None
    ended_by: str | None
    whole: bool | None
    virtual_seconds: float
    degraded: str | None

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Exchange:
        """Read an exchange as the control interface tells it."""
        number, sent, given, missed = told["number"], told["request"], told["reply"], told["no_step"]
        return cls(
            number=number,
            status=told["status"],
            request=SentRequest(
                sent["method"], sent["path"], sent["query"], sent["headers"], sent["body"], sent["bytes"]
            ),
            reply=GivenReply(
                given["headers"],
                _body(given),
                tuple(Chunk(chunk["at"], chunk["data"]) for chunk in given["chunks"]),
                given["bytes"],
            ),
            operation=told["operation"],
            step=told["step"],
            scenario=told["scenario"],
            attempt=told["attempt"],
            violations=tuple(Violation.from_json(found, number) for found in told["violations"]),
            warnings=tuple(Remark.from_json(found, number) for found in told["warnings"]),
            unmatched=None if missed is None else Unmatched.from_json(missed, number),
            at=told["at"],
            since_last_attempt=told["since_last_attempt"],
            seconds=told["seconds"],
            ended_by=told["ended_by"],
            whole=told["whole"],
            virtual_seconds=told["virtual_seconds"],
            degraded=told["degraded"],
        )

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        """The pieces in which the reply left; none where it left at once."""
        return self.reply.chunks

    @property
    def text(self) -> str:
        """What the assistant said in the first choice, streamed or whole; else the reply's body as text."""
        if _is_events(self.reply.headers):
            return text_of_stream("".join(chunk.data for chunk in self.reply.chunks))
        body = self.reply.body
        said = _content(body)
        if said is not None:
            return said
        return body if isinstance(body, str) else "" if body is None else json.dumps(body, ensure_ascii=False)

    def __str__(self) -> str:
        return f"{self.request} → {self.status}"


def _is_events(headers: Mapping[str, str]) -> bool:
    return headers.get("content-type", "").startswith("text/event-stream")


def _body(given: Mapping[str, Any]) -> Any:
    """Return the body of a reply that is no stream, whether it left at once or in pieces."""
    if given["body"] is not None or not given["chunks"] or _is_events(given["headers"]):
        return given["body"]
    text = "".join(chunk["data"] for chunk in given["chunks"])
    try:
        return json.loads(text)
    except ValueError:
        return text


def _content(body: Any) -> str | None:
    try:
        content = body["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        return None
    return content or ""
