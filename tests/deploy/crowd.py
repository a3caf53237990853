"""Many clients at once, each on a connection that it keeps."""

import asyncio
import json

from deploy.wire import taken_apart

CONNECTIONS = 32


class Client(asyncio.Protocol):
    """Sends one request after another."""

    def __init__(self):
        self.data = b""
        self.waiting = None

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.data += data
        # Looked at closely where it may be whole: a body of JSON, or the last chunk.
        if data.endswith((b"}", b"0\r\n\r\n")) and taken_apart([(0.0, self.data)], "").whole:
            self.waiting.set_result(self.data)

    def connection_lost(self, error):
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_exception(error or ConnectionError(f"It was closed after {self.data!r}."))

    async def ask(self, request):
        self.data = b""
        self.waiting = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self.waiting


async def connected(port):
    _, client = await asyncio.get_running_loop().create_connection(Client, "127.0.0.1", port)
    return client


def request(body, headers, method="POST", path="/v1/chat/completions"):
    """The bytes of a request on a connection that is kept."""
    data = json.dumps(body).encode()
    fields = {**headers, "Host": "127.0.0.1", "Content-Type": "application/json", "Content-Length": len(data)}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + data


def text_of(answer):
    """What a reply says: its text, whole or from its stream; of an error, the status."""
    reply = taken_apart([(0.0, answer)], "")
    if reply.status != 200:
        return reply.status
    if reply.length is not None:
        return json.loads(reply.body)["choices"][0]["message"]["content"]
    events = [line[6:] for line in reply.body.decode().splitlines() if line.startswith("data: ")]
    assert events.pop() == "[DONE]"
    return "".join(
        choice["delta"].get("content") or "" for e in events for choice in json.loads(e)["choices"]
    )
