"""A client that tells exactly what came, and how it ended."""

import socket
from typing import NamedTuple

from waiting import within


class Received(NamedTuple):
    status: int
    headers: list
    body: bytes
    end: str  # whole, cut, or reset
    pieces: list  # of the body as chunks had it, or as it came

    def header(self, name):
        return [value for key, value in self.headers if key == name]


def request(body=b"", *headers, method="POST", target="/v1/chat/completions"):
    lines = [f"{method} {target} HTTP/1.1", "host: mockgrid.test", *headers]
    if body or method == "POST":
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def connect(url):
    host, _, port = url.partition("//")[2].partition("/")[0].rpartition(":")
    return socket.create_connection((host, int(port)), timeout=20)


def ask(url, raw):
    """Send a request, and read its reply to its end, or until the connection has one."""
    with connect(url) as connection:
        connection.sendall(raw)
        return receive(connection, bodyless=raw.startswith(b"HEAD"))


def receive(connection, *, bodyless=False):
    stream = Stream(connection)
    status, headers = 0, []
    while status < 200:  # interim replies are no reply
        lines = stream.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        if stream.end:
            return Received(0, [], b"", stream.end, [])
        status = int(lines[0].split(" ")[1])
        headers = [
            (name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines[1:])
        ]
    names = dict(headers)
    pieces = []
    if bodyless or status in (204, 304):
        pass
    elif "chunked" in names.get("transfer-encoding", ""):
        while not stream.end:
            size = stream.until(b"\r\n")
            if stream.end:
                break
            pieces.append(stream.exactly(int(size, 16)))
            stream.until(b"\r\n")
            if int(size, 16) == 0:
                break
    elif "content-length" in names:
        pieces.append(stream.exactly(int(names["content-length"])))
    else:
        pieces.append(stream.rest())
    pieces = [piece for piece in pieces if piece]
    return Received(status, headers, b"".join(pieces), stream.end or "whole", pieces)


class Stream:
    def __init__(self, connection):
        self._connection = connection
        self._data = b""
        self.end = ""

    def _more(self):
        try:
            data = self._connection.recv(65536)
        except ConnectionResetError:
            self.end = "reset"
            return
        self._data += data
        self.end = "" if data else "cut"

    def until(self, mark):
        while mark not in self._data and not self.end:
            self._more()
        piece, found, after = self._data.partition(mark)
        self._data = after if found else b""
        self.end = "" if found else self.end
        return piece

    def exactly(self, size):
        while len(self._data) < size and not self.end:
            self._more()
        piece, self._data = self._data[:size], self._data[size:]
        self.end = "" if len(piece) == size else self.end
        return piece

    def rest(self):
        while not self.end:
            self._more()
        self.end = "" if self.end == "cut" else self.end
        return self._data


def eventually(holds):
    assert within(30, holds), "it never came about"
