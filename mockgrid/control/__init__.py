"""The control interface under ``/__mockgrid__/``, and the contract at ``/openapi.json``.

It is for operators and test fixtures, never for the client under test. ``service.Service`` says what it needs
of a server, ``operator.Operator`` does what is asked, as Python, and ``routes.Control`` puts it on HTTP. A
fixture in the same process uses the second, all others the third. They are loaded when the first call comes:
a server should be ready before.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from mockgrid.errors import MockgridError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from urllib.parse import SplitResult

    from mockgrid.findings import Finding

CONTROL: Final = "/__mockgrid__"
"""What the paths of the control interface begin with."""

MOST_BYTES: Final = 256 * 2**20
"""Bytes of an answer that are read."""


class ControlError(MockgridError):
    """Ends a call of the control interface: what an operator wants, and cannot have.

    Args:
        status: the HTTP status that says so.
        message: one sentence: what was found, what was expected, what to do.
        findings: what is wrong with a script, in order.
    """

    def __init__(self, status: int, message: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.findings = tuple(findings)

    def as_json(self) -> dict[str, Any]:
        """Return the error as the body of a reply."""
        body: dict[str, Any] = {"errors": {"detail": self.message}}
        if self.findings:
            body["findings"] = [finding.as_json() for finding in self.findings]
        return body


def read_address(text: str) -> SplitResult:
    """Read a URL; ``localhost:8080`` will do, and so will a port of this machine.

    Raises:
        ValueError: it is none of these; the message is a sentence.
    """
    # Taken for a host, a number would be an address far away, from which no answer ever comes.
    address = f"127.0.0.1:{text}" if text.isdecimal() else text
    try:
        where = urlsplit(address if "://" in address else f"http://{address}")
        usable = where.scheme in {"http", "https"} and where.hostname and where.port != 0
    except ValueError:
        usable = None
    if not usable:
        raise ValueError(f"{text!r} is not a URL such as http://127.0.0.1:8080.")
    return where


def ask(  # noqa: PLR0913 - a request has so many parts
    where: SplitResult,
    path: str,
    patience: float,
    headers: Mapping[str, str],
    *,
    method: str = "GET",
    data: bytes | None = None,
) -> tuple[int, bytes]:
    """Call a server, on a connection of its own; proxies are not used.

    Args:
        where: the server.
        path: of the call, with its query.
        patience: seconds for one step of the answer.
        headers: of the request.
        method: the same.
        data: its body.

    Returns:
        Status and body.

    Raises:
        OSError, HTTPException, ValueError: there is no answer.
    """
    from http.client import HTTPConnection, HTTPSConnection  # noqa: PLC0415 - 10 ms, that a server does not pay

    kind = HTTPSConnection if where.scheme == "https" else HTTPConnection
    with closing(kind(where.hostname or "", where.port, timeout=patience)) as connection:
        connection.request(method, path, data, headers)
        response = connection.getresponse()
        return response.status, response.read(MOST_BYTES)
