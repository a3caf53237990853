"""An application to talk to, and a client that says exactly what it is told to."""

import asyncio
import json
import socket
from typing import NamedTuple


class Response(NamedTuple):
    status: int
    headers: dict
    body: bytes


class Echo:
    """Answers what it was asked, in JSON; some paths are slow, or streams."""

    title = "Echo 1.0.0"
    base_path = "/v1"

    def __init__(self):
        self.asked = []
        self.disconnects = []

    async def __call__(self, scope, receive, send):
        path = scope["path"]
        self.asked.append(path)
        if path == "/early":
            return await self.reply(send, 413, {"path": path})
        if path == "/crash":
            raise RuntimeError("a defect")
        body = b""
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.disconnects.append(path)
                return None
            body += message["body"]
            more = message["more_body"]
        if path.startswith("/stream"):
            return await self.stream(path, send)
        if path == "/slow":
            await asyncio.sleep(0.15)
        echo = {
            "method": scope["method"],
            "path": path,
            "query": scope["query_string"].decode(),
            "headers": sorted(name.decode() for name, _ in scope["headers"]),
            "body": body.decode("latin-1"),
        }
        return await self.reply(send, 200, echo)

    async def reply(self, send, status, value):
        body = json.dumps(value).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def stream(self, path, send):
        events = 10_000 if "endless" in path else 5
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for number in range(events):
            await asyncio.sleep(0.04)
            await send({"type": "http.response.body", "body": b"data: %d\n\n" % number, "more_body": True})
        await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def read_all(connection):
    data = b""
    while piece := connection.recv(65536):
        data += piece
    return data


def responses(data):
    """Split what a server sent on one connection into its responses; anything left over fails."""
    found = []
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        first, *fields = head.decode("latin-1").split("\r\n")
        version, status, *_ = first.split(" ")
        assert version == "HTTP/1.1", first
        headers = {name.lower(): value for name, _, value in (field.partition(": ") for field in fields)}
        if int(status) == 100:
            body = b""
        elif "content-length" in headers:
            size = int(headers["content-length"])
            body, data = data[:size], data[size:]
            assert len(body) == size
        else:
            body, data = data, b""
        found.append(Response(int(status), headers, body))
    return found


def exchange(port, raw, *, finish=False):
    """Send bytes, and return every response until the server closes."""
    with connect(port) as connection:
        connection.sendall(raw)
        if finish:
            connection.shutdown(socket.SHUT_WR)
        return responses(read_all(connection))
