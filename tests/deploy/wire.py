"""What a client sees on its socket."""

import json
import socket
import time
from typing import NamedTuple

SILENCE = 0.6
"""Seconds without a byte after which nothing more is expected."""


class Reply(NamedTuple):
    """A reply, taken apart as clients do.

    Attributes:
        status: None where there is no head.
        length: what Content-Length says.
        body: without the framing of chunks; all that came where there is no head.
        whole: whether the body came to the end that was announced.
        end: FIN, RST or open.
        first, last: seconds from the request to the first byte and to the last one.
    """

    status: int | None
    length: int | None
    body: bytes
    whole: bool
    end: str
    first: float
    last: float

    @property
    def bytes_and_end(self):
        return self[:5]


def completion(key, body, *, close=True):
    """The bytes of a request."""
    data = json.dumps(body).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n"
    )
    return f"{head}Connection: close\r\n\r\n".encode() + data if close else f"{head}\r\n".encode() + data


def look(port, key, body, *, warm=False):
    """Asks for a completion and reads until its end.

    Args:
        port: of the server.
        key: of the session.
        body: of the request.
        warm: whether another request goes before on the same connection, as it does with most clients.
    """
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        if warm:
            connection.sendall(completion("mg-warm", {**body, "stream": False}, close=False))
            data = b""
            while not (data and taken_apart([(0.0, data)], "").whole):
                data += connection.recv(65536)
        connection.settimeout(SILENCE)
        began = time.monotonic()
        connection.sendall(completion(key, body))
        pieces = []
        while True:
            try:
                piece = connection.recv(65536)
            except TimeoutError:
                return taken_apart(pieces, "open")
            except ConnectionResetError:
                return taken_apart(pieces, "RST")
            if not piece:
                return taken_apart(pieces, "FIN")
            pieces.append((time.monotonic() - began, piece))


def taken_apart(pieces, end):
    data = b"".join(piece for _, piece in pieces)
    times = (pieces[0][0], pieces[-1][0]) if pieces else (0.0, 0.0)
    head, blank, body = data.partition(b"\r\n\r\n")
    if not blank or not head.startswith(b"HTTP/1."):
        return Reply(None, None, data, False, end, *times)
    lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    status = int(lines[0].split(" ")[1])
    if headers.get("transfer-encoding") == "chunked":
        return Reply(status, None, *unchunked(body), end, *times)
    length = int(headers["content-length"])
    return Reply(status, length, body, len(body) == length, end, *times)


def unchunked(data):
    """The bytes within chunks, and whether the last chunk has come."""
    body = b""
    while True:
        size, line, rest = data.partition(b"\r\n")
        count = int(size, 16) if line else 0
        if not line or (count and len(rest) < count + 2):
            return body + rest[:count], False
        if not count:
            return body, rest.startswith(b"\r\n")
        body, data = body + rest[:count], rest[count + 2 :]
