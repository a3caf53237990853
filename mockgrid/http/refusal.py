"""What is said to a client whose bytes are not a request, or one that is not taken."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from mockgrid.http.connection_writer import head_bytes

ErrorBody = Callable[[str, str], tuple[int, list[tuple[bytes, bytes]], bytes]]
"""``(failure, message) -> (status, headers, body)``; failure is a key of ``STATUS``; headers carry at least
the content type and the request id."""

STATUS: Final = {
    "headers_too_large": 431,
    "internal": 500,
    "malformed_body": 400,
    "overloaded": 503,
    "request_timeout": 408,
    "unsupported_coding": 501,
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on a request before the application sees it."""

    max_headers: int
    """Bytes of the request line and all header fields; also of trailers, and of chunk framing."""

    header_timeout: float
    """Seconds in which they must arrive."""

    max_connections: int = 10_000
    """Connections that are open at a time."""

    body_timeout: float = 60.0
    """Seconds in which the rest of a body must arrive once its request has been answered."""

    keep_alive: float = 75.0
    """Seconds that an idle connection stays open."""


class RefusalError(Exception):
    """Raised where a head is read, to refuse it.

    Args:
        failure: a key of ``STATUS``.
        message: one sentence.
    """

    def __init__(self, failure: str, message: str) -> None:
        super().__init__(message)
        self.failure = failure
        self.message = message


def malformed(reason: str) -> RefusalError:
    """Return the refusal of a head that cannot be read, for such a reason."""
    return RefusalError("malformed_body", f"The request is not valid HTTP: {reason}.")


def detail_error(failure: str, message: str) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """The error body of a server whose application brings none: ``{"errors": {"detail": message}}``."""
    body = json.dumps({"errors": {"detail": message}}).encode()
    # One failure, one id: there is no request yet that an id could be drawn from.
    request_id = b"req_" + sha256(f"{failure}:{message}".encode()).hexdigest()[:24].encode()
    return STATUS[failure], [(b"content-type", b"application/json"), (b"x-request-id", request_id)], body


def last_words(status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> bytes:
    """A whole HTTP/1.1 response that ends its connection."""
    framing = {b"content-length", b"connection"}
    kept = [pair for pair in headers if pair[0].lower() not in framing]
    kept += [(b"content-length", b"%d" % len(body)), (b"connection", b"close")]
    return head_bytes(status, kept) + b"\r\n" + body
