"""What browsers are told where pages of any origin may call the API (the Fetch standard's CORS protocol)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mockgrid.http.incoming import Head
    from mockgrid.reply.reply import Headers, Reply

_ALLOW_ORIGIN: Final = b"access-control-allow-origin"
# Sent with every reply, behind its own headers.
_ALWAYS: Final = (b"x-request-id", b"x-mockgrid-step")


def is_preflight(head: Head) -> bool:
    """Tell whether a browser asks what a page may send."""
    return head.method == "OPTIONS" and b"origin" in head.headers


def cors_headers(head: Head, reply: Reply) -> Headers:
    """Return the headers that let a page of the request's origin see a reply; none where it has its own.

    The origin itself is named, and not ``*``: with that, browsers send no credentials.
    """
    sent = dict(reply.headers)
    origin = head.headers.get(b"origin")
    if origin is None or _ALLOW_ORIGIN in sent:
        return []
    headers = [(_ALLOW_ORIGIN, origin), (b"access-control-allow-credentials", b"true"), (b"vary", b"Origin")]
    method = head.headers.get(b"access-control-request-method")
    if is_preflight(head) and method is not None:
        headers.append((b"access-control-allow-methods", sent.get(b"allow", method)))
        wanted = head.headers.get(b"access-control-request-headers")
        if wanted is not None:
            headers.append((b"access-control-allow-headers", wanted))
    else:
        headers.append((b"access-control-expose-headers", b", ".join((*sent, *_ALWAYS))))
    return headers
