"""One request with its reply, as the journal keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from mockgrid.contract.encodings import decode_content
from mockgrid.errors import MockgridError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from weakref import ref

    from mockgrid.contract.contract import Operation
    from mockgrid.scenario.scenario import Cursors
    from mockgrid.scenario.selection import NoStep
    from mockgrid.schema.violation import FieldWarning, Violation
    from mockgrid.session.records import EndedBy

MOST_KEPT = 1024 * 1024
"""Bytes of a body, and of a stream, that are kept; of more, the beginning."""

MOST_PIECES = 20_000
"""Pieces of a reply that are kept."""

# What an exchange costs beside the bytes that it refers to.
_OVERHEAD = 1536
# What a violation costs: its texts are cut.
_VIOLATION = 2048


class RequestHead(Protocol):
    """The head of a request."""

    method: str
    path: str
    raw_path: bytes
    query: bytes
    size: int

    @property
    def headers(self) -> Mapping[bytes, bytes]:
        """By lower-case name."""


class Answer(Protocol):
    """What an exchange keeps of a reply."""

    status: int
    body: bytes
    failure: str
    step: str
    violations: tuple[Violation, ...]
    attempt: int
    no_step: NoStep | None
    warnings: tuple[FieldWarning, ...]
    fault: str
    struck: int | None

    @property
    def own_violations(self) -> tuple[Violation, ...]:
        """How the reply itself breaks the contract, where a provider gave it."""

    @property
    def headers(self) -> Sequence[tuple[bytes, bytes]]:
        """Without those that sending adds."""


NO_STEP = -1


class Meeting(NamedTuple):
    """How a request met the steps of what its session plays; one is made for each that is put to steps.

    Attributes:
        cursors: of what played; a session keeps the last few that it has played.
        state: in which that was.
        attempt: how often the session had seen the request.
        step: the index of the step whose reply was taken; ``NO_STEP`` for none.
    """

    cursors: ref[Cursors]
    state: str
    attempt: int
    step: int


class Keeper(Protocol):
    """A journal that keeps exchanges; ``session`` is the name of whose they are."""

    session: str

    def drop(self, exchange: KeptExchange) -> None:
        """Take an exchange out, and count it as dropped."""


class KeptExchange:
    """One request with its reply; what is known of it grows until the reply has ended.

    Times are seconds of the machine's monotonic clock. One is made for every request: it refers to what the
    request's way has made anyway, and copies nothing.

    Attributes:
        number: its place in the session, from 1.
        arrived: when the head of the request had arrived.
        head: of the request, credentials included: what leaves the server is redacted.
        body: as sent, at most the first MiB.
        body_size: bytes of the body as sent.
        operation: what was called; None where there is no such operation.
        answer: the reply.
        chunks: pieces of a stream or a scripted body, each with the time when it was handed over.
        chunks_size: bytes of the pieces, those that are not kept included.
        late: seconds by which the pieces of a paced reply left after their time, as far as that is known.
        replied: when the reply began to leave; 0 where it has not.
        ended: when it had left, or the client had; 0 while it is under way.
        ended_by: who ended it.
        whole: whether the reply ended as it should, as far as the server knows.
        virtual_seconds: waits that a virtual clock has spared.
        degraded: what this transport could not do, and what was done instead.
        settled: whether the journal knows that it has ended.
        size: bytes that the journal counts for it.
        journal: which keeps it; None once it is dropped.
        counted: whether the report's rows count it.
        blameless: whether it is known that there is nothing to be said against its request.
        met: how it met the steps of what its session plays; None where none was asked.
    """

    # An attribute that came late would make an exchange twice as large.
    __slots__ = (
        "answer",
        "arrived",
        "blameless",
        "body",
        "body_size",
        "chunks",
        "chunks_size",
        "counted",
        "degraded",
        "ended",
        "ended_by",
        "head",
        "journal",
        "late",
        "met",
        "number",
        "operation",
        "replied",
        "settled",
        "size",
        "virtual_seconds",
        "whole",
    )

    def __init__(  # noqa: PLR0913, PLR0917 - it is a record, and made for every request
        self,
        number: int,
        arrived: float,
        head: RequestHead,
        body: bytes,
        operation: Operation | None,
        answer: Answer,
    ) -> None:
        self.number = number
        self.arrived = arrived
        self.head = head
        self.body_size = size = len(body)
        self.body = body if size <= MOST_KEPT else body[:MOST_KEPT]
        self.operation = operation
        self.answer = answer
        self.chunks: Sequence[tuple[float, bytes]] = ()
        self.chunks_size = 0
        self.late: Sequence[float] = ()
        self.replied = self.ended = self.virtual_seconds = 0.0
        self.ended_by: EndedBy = "server"
        self.whole = True
        self.degraded = ""
        self.settled = self.blameless = self.counted = False
        self.journal: Keeper | None = None
        self.met: Meeting | None = None
        self.size = _OVERHEAD + head.size + size + len(answer.body)
        if answer.violations:
            self.size += _VIOLATION * len(answer.violations)

    @property
    def reply_body(self) -> bytes:
        """Of a reply that is no stream, as much as has left, at most the first MiB; empty for others."""
        body = self.answer.body
        if body and not (self.whole and self.ended):
            body = b"".join(piece for _, piece in self.chunks)
        return body if len(body) <= MOST_KEPT else body[:MOST_KEPT]

    @property
    def reply_size(self) -> int:
        """How many bytes of the reply's body have left."""
        return self.chunks_size or (len(self.answer.body) if self.whole and self.ended else 0)

    @property
    def under_way(self) -> bool:
        """Whether the reply has not ended."""
        return not self.ended

    def sent(self, at: float, piece: bytes) -> None:
        """Note a piece of the reply that was handed to the connection.

        Args:
            at: when.
            piece: its bytes, without HTTP's framing.
        """
        if not self.chunks_size:
            self.chunks = [(at, piece)]  # most have one; what is appended to has room for more
        elif (
            self.chunks_size < MOST_KEPT and isinstance(self.chunks, list) and len(self.chunks) < MOST_PIECES
        ):
            self.chunks.append((at, piece))
        self.chunks_size += len(piece)


def request_body(exchange: KeptExchange) -> bytes:
    """Return a request's body with its Content-Encoding undone; as it was sent where that cannot be done."""
    body = whole_body(exchange)
    return exchange.body if body is None else body


def whole_body(exchange: KeptExchange) -> bytes | None:
    """Return a request's body with its Content-Encoding undone; None where only its beginning is kept."""
    encoding = exchange.head.headers.get(b"content-encoding")
    if encoding is None or exchange.body_size > len(exchange.body):
        return exchange.body if exchange.body_size == len(exchange.body) else None
    try:
        return decode_content(exchange.body, encoding.decode("latin-1"), MOST_KEPT)
    except MockgridError:
        return None
