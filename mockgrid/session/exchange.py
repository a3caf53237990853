"""One request with its reply, as the journal keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mockgrid.contract.contract import Operation
    from mockgrid.contract.violation import Violation
    from mockgrid.scenario.near_miss import NoStep

EndedBy = Literal["server", "client", "shutdown"]

# Bytes of a body, and of a stream, that are kept; of more, the beginning.
MOST_KEPT = 1024 * 1024
# What an exchange costs beside the bytes that it refers to.
_OVERHEAD = 2048


class Answer(Protocol):
    """What an exchange keeps of a reply."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    failure: str
    step: str
    violations: tuple[Violation, ...]
    attempt: int
    no_step: NoStep | None


class Exchange:
    """One request with its reply; what is known of it grows until the reply has ended.

    Times are seconds of the machine's monotonic clock.

    Attributes:
        number: its place in the session, from 1.
        arrived: when the head of the request had arrived.
        method: as sent.
        path: as sent, decoded.
        query: as sent, without its question mark.
        headers: by lower-case name, credentials included: what leaves the server is redacted.
        body: as sent, at most the first MiB.
        body_size: bytes of the body as sent.
        operation: what was called; None where there is no such operation.
        status: of the reply.
        reply_headers: of the reply, without those that sending adds.
        reply_body: of a reply that is no stream, at most the first MiB.
        failure: the kind of failure that the reply answers; empty for a success, and for what is scripted.
        violations: how the request broke the contract.
        step: the step that gave the reply; empty for the default reply.
        no_step: why no step matched, where none did though one had to.
        attempt: how many times the session has seen this request, with this one; 0 where it did not count.
        chunks: pieces of a stream or a scripted body, each with the time when it was handed over.
        chunks_size: bytes of the pieces, those that are not kept included.
        replied: when the reply began to leave; 0 where it has not.
        ended: when it had left, or the client had; 0 while it is under way.
        ended_by: who ended it.
        whole: whether the reply ended as it should, as far as the server knows.
        virtual_seconds: waits that a virtual clock has spared.
        degraded: what this transport could not do, and what was done instead.
        size: bytes that the journal counts for it.
    """

    __slots__ = (
        "arrived",
        "attempt",
        "body",
        "body_size",
        "chunks",
        "chunks_size",
        "degraded",
        "ended",
        "ended_by",
        "failure",
        "headers",
        "method",
        "no_step",
        "number",
        "operation",
        "path",
        "query",
        "replied",
        "reply_body",
        "reply_headers",
        "size",
        "status",
        "step",
        "violations",
        "virtual_seconds",
        "whole",
    )

    def __init__(  # noqa: PLR0913, PLR0917 - it is a record, and made for every request
        self,
        number: int,
        arrived: float,
        method: str,
        path: str,
        query: bytes,
        headers: Mapping[bytes, bytes],
        body: bytes,
        operation: Operation | None,
        answer: Answer,
    ) -> None:
        self.number = number
        self.arrived = arrived
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body_size = len(body)
        self.body = body if len(body) <= MOST_KEPT else body[:MOST_KEPT]
        self.operation = operation
        self.status = answer.status
        self.reply_headers = answer.headers
        reply_body = answer.body
        self.reply_body = reply_body if len(reply_body) <= MOST_KEPT else reply_body[:MOST_KEPT]
        self.failure = answer.failure
        self.violations = answer.violations
        self.step = answer.step
        self.no_step = answer.no_step
        self.attempt = answer.attempt
        self.chunks: list[tuple[float, bytes]] = []
        self.chunks_size = 0
        self.replied = self.ended = 0.0
        self.ended_by: EndedBy = "server"
        self.whole = True
        self.virtual_seconds = 0.0
        self.degraded = ""
        self.size = (
            _OVERHEAD
            + len(path)
            + len(query)
            + sum(map(len, headers))
            + sum(map(len, headers.values()))
            + len(self.body)
            + len(self.reply_body)
        )

    def sent(self, at: float, piece: bytes) -> None:
        """Note a piece of the reply that was handed to the connection.

        Args:
            at: when.
            piece: its bytes, without HTTP's framing.
        """
        if self.chunks_size < MOST_KEPT:
            self.chunks.append((at, piece))
        self.chunks_size += len(piece)

    @property
    def under_way(self) -> bool:
        """Whether the reply has not ended."""
        return not self.ended
