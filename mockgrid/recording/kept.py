"""From an exchange of a session's journal to a recorded one."""

from __future__ import annotations

from itertools import chain, repeat
from typing import TYPE_CHECKING
from urllib.parse import quote

from mockgrid.recording.exchange import RecordedExchange, RecordedReply, RecordedRequest, header

if TYPE_CHECKING:
    from mockgrid.recording.exchange import ReplyEnd
    from mockgrid.session.exchange import KeptExchange

__all__ = ["recorded"]

# What stands in a path as it is.
_PATH = "/:@!$&'()*+,;=~"


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
