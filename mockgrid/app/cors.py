"""What browsers are told where pages of any origin may call the API (the Fetch standard's CORS protocol)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mockgrid.reply.reply import Headers, Reply
    from mockgrid.session.exchange import RequestHead

_ALLOW_ORIGIN: Final = b"access-control-allow-origin"
# Sent with every reply, behind its own headers.
_ALWAYS: Final = (b"x-request-id", b"x-mockgrid-step")


def cors_headers(head: RequestHead, reply: Reply) -> Headers:
    """Return the headers that let a page of the request's origin see a reply; none where it has its own.

    An origin is named itself, and not as ``*``: with that, browsers send no credentials.
    """
    sent = dict(reply.headers)
    if _ALLOW_ORIGIN in sent:
        return []
    headers = [(_ALLOW_ORIGIN, head.headers.get(b"origin", b"*"))]
    if b"origin" in head.headers:
        headers += [(b"access-control-allow-credentials", b"true"), (b"vary", b"Origin")]
    if head.method == "OPTIONS":
        method = head.headers.get(b"access-control-request-method", b"*")
        headers.append((b"access-control-allow-methods", sent.get(b"allow", method)))
        wanted = head.headers.get(b"access-control-request-headers", b"*")
        headers.append((b"access-control-allow-headers", wanted))
    else:
        headers.append((b"access-control-expose-headers", b", ".join((*sent, *_ALWAYS))))
    return headers
