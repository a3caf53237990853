"""An exchange that somebody recorded: what was sent to a provider, and what came back."""

from __future__ import annotations

from itertools import chain, repeat
from typing import TYPE_CHECKING, Final, Literal, TypeAlias
from urllib.parse import quote

from mockgrid.fixed import fixed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockgrid.session.exchange import KeptExchange

__all__ = [
    "Headers",
    "RecordedExchange",
    "RecordedReply",
    "RecordedRequest",
    "ReplyEnd",
    "header",
    "recorded",
]

# What stands in a path as it is.
_PATH: Final = "/:@!$&'()*+,;=~"


Headers: TypeAlias = "Sequence[tuple[bytes, bytes]]"
"""Names in lower case and values, in their order, each as often as it came."""

ReplyEnd: TypeAlias = Literal["whole", "cut", "left"]
"""How a reply ended: as it should, by a connection closed within the body, or because the client left."""


@fixed
class RecordedRequest:
    """What was sent.

    Attributes:
        method: in upper case.
        target: the path and, after a question mark, the query, as they were sent.
        headers: without HTTP's framing; credentials included until an exchange is scrubbed.
        body: as it was sent, Content-Encoding included.
        origin: scheme and authority, such as ``https://api.openai.com``; empty where they are not known.
    """

    method: str
    target: str
    headers: Headers = ()
    body: bytes = b""
    origin: str = ""

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The query, without its question mark."""
        return self.target.partition("?")[2]


@fixed
class RecordedReply:
    """What came back.

    Attributes:
        status: the HTTP status.
        headers: without HTTP's framing.
        chunks: pieces of the body as they came, each with the seconds from the request until then; all at 0
            where the times are not known. Joined they are the body as it was sent, Content-Encoding included.
        ended: how it ended.
        seconds: from the request to the end; 0 where that is not known.
        fault: how MockGrid broke it on purpose, such as ``stream.fault=stall``; empty for not at all, and the
            times are those that it kept to then. None for what anybody else has served.
    """

    status: int
    headers: Headers = ()
    chunks: Sequence[tuple[float, bytes]] = ()
    ended: ReplyEnd = "whole"
    seconds: float = 0.0
    fault: str | None = None

    @property
    def body(self) -> bytes:
        """The body as it was sent."""
        return b"".join(piece for _, piece in self.chunks)


@fixed
class RecordedExchange:
    """One request with its reply.

    Attributes:
        request: what was sent.
        reply: what came back; None where nothing did.
        where: its place in what it was read from, such as ``weather.yaml:12``; empty for live traffic.
        test: the test, or the session, that it was recorded in; empty for none.
        lacking: why there is no reply, in a sentence; empty where that is not known.
    """

    request: RecordedRequest
    reply: RecordedReply | None
    where: str = ""
    test: str = ""
    lacking: str = ""


def header(headers: Headers, name: bytes) -> str:
    """Return the last value of a header, by its lower-case name; empty where there is none."""
    return next((value.decode("latin-1") for known, value in reversed(headers) if known == name), "")


def recorded(kept: KeptExchange, session: str = "") -> RecordedExchange:
    """Return what a journal keeps of an exchange, credentials included; of a long body, its beginning.

    Its times are those that the reply had to keep to, and 0 where it had none.
    """
    head, answer = kept.head, kept.answer
    query = head.query.decode("latin-1")
    request = RecordedRequest(
        head.method.upper(),
        (head.raw_path.decode("latin-1") or quote(head.path, safe=_PATH)) + (query and f"?{query}"),
        tuple(head.headers.items()),
        kept.body,
    )
    # Of what nothing ordered, the time is this machine's. What comes whole is held back from its request on.
    is_stream = header(answer.headers, b"content-type").startswith("text/event-stream")
    since, digits = (kept.replied, 3) if is_stream else (kept.arrived, 2)
    due = [round(at - since - late, digits) for (at, _), late in zip(kept.chunks, kept.late, strict=False)]
    if kept.chunks:
        times = chain(due, repeat(due[-1] if due else 0.0))
        chunks = tuple((at, piece) for at, (_, piece) in zip(times, kept.chunks, strict=False))
    else:
        chunks = ((0.0, kept.reply_body),) if kept.reply_body else ()
    ended: ReplyEnd = "left" if kept.ended_by == "client" else "whole" if kept.whole else "cut"
    reply = RecordedReply(answer.status, tuple(answer.headers), chunks, ended, fault=answer.fault)
    return RecordedExchange(request, reply, test=session)
