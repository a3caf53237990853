"""From an exchange of a session's journal to a recorded one."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from mockgrid.recording.exchange import RecordedExchange, RecordedReply, RecordedRequest

if TYPE_CHECKING:
    from mockgrid.recording.exchange import ReplyEnd
    from mockgrid.session.exchange import KeptExchange

__all__ = ["recorded"]

# What stands in a path as it is.
_PATH = "/:@!$&'()*+,;=~"


def recorded(kept: KeptExchange, session: str = "") -> RecordedExchange:
    """Return what a journal keeps of an exchange, credentials included; of a long body, its beginning."""
    head, answer = kept.head, kept.answer
    query = head.query.decode("latin-1")
    request = RecordedRequest(
        head.method.upper(),
        (head.raw_path.decode("latin-1") or quote(head.path, safe=_PATH)) + (query and f"?{query}"),
        tuple(head.headers.items()),
        kept.body,
    )
    if kept.chunks:
        chunks = tuple((round(at - kept.arrived, 6), piece) for at, piece in kept.chunks)
    else:
        chunks = ((round(kept.replied - kept.arrived, 6), kept.reply_body),) if kept.reply_body else ()
    ended: ReplyEnd = "left" if kept.ended_by == "client" else "whole" if kept.whole else "cut"
    seconds = round(kept.ended - kept.arrived, 6) if kept.ended else 0.0
    reply = RecordedReply(answer.status, tuple(answer.headers), chunks, ended, seconds)
    return RecordedExchange(request, reply, test=session)
