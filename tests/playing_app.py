"""An application that plays what a test gives it, and a client that looks closely."""

import json
import socket
import threading
from types import SimpleNamespace

from raw_http import connect

from mockgrid.http.asgi import AsgiWriter
from mockgrid.http.send import send_reply
from mockgrid.reply.chat.chunks import FORM
from mockgrid.reply.delivery.delivery import script_of_body, script_of_stream
from mockgrid.reply.reply import JSON, SSE, Reply
from mockgrid.scenario.delivery import Delivery
from mockgrid.session.exchange import KeptExchange


def chunk(delta, finish=None):
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    value = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return b"data: " + json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode() + b"\n\n"


HEAD = SimpleNamespace(method="GET", path="/stream", query=b"", headers={}, size=0)
EVENTS = [
    chunk({"role": "assistant", "content": "", "refusal": None}),
    chunk({"content": "It is"}),
    chunk({"content": " 3 °C"}),
    chunk({"content": " in Oslo."}),
    chunk({}, "stop"),
    b"data: [DONE]\n\n",
]
BODY = json.dumps(
    {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hi", "refusal": None},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }
).encode()

WHOLE = b"".join(EVENTS)


class Player:
    """Plays ``delivery``: over a stream, or over a plain body where the path ends so."""

    def __init__(self):
        self.delivery = Delivery()
        self.virtual = False
        self.events = EVENTS
        self.reply = None
        self.played = None
        self.error = None
        self.ended = threading.Event()

    def play(self, *, virtual=False, **asked):
        self.delivery, self.virtual = Delivery(**asked), virtual
        self.reply = None
        self.ended.clear()

    def begun(self, events=0):
        """Whether a reply is being played, and so many of its events have been written."""
        return self.reply is not None and (played := self.reply.played) and played.events_written >= events

    def outcome(self):
        assert self.ended.wait(30)
        return self.played

    def at_once(self, head, body, writer):
        return self.answer(head.path, body.receive, writer)

    async def __call__(self, scope, receive, send):
        await self.answer(scope["path"], receive, AsgiWriter(receive, send))

    async def answer(self, path, receive, writer):
        body = b""
        more = True
        while more:
            message = await receive()
            body += message["body"]
            more = message["more_body"]
        streamed = b"true" in body or path.endswith("stream")
        if streamed:
            script = script_of_stream(self.delivery, self.events, "seed", FORM, virtual=self.virtual)
            reply = Reply(200, [(b"content-type", SSE)], script=script)
        else:
            script = script_of_body(self.delivery, BODY, "seed", virtual=self.virtual)
            reply = Reply(200, [(b"content-type", JSON)], script=script)
        self.reply = reply
        exchange = KeptExchange(1, 0.0, HEAD, b"", None, reply)
        try:
            await send_reply(reply, b"req_1", exchange, writer, lambda: None)
        except BaseException as error:
            self.error = error
            raise
        finally:
            self.played = reply.played
            self.ended.set()


def request(path="/stream", version="1.1", method="GET", *, close=True):
    ending = "connection: close\r\n" if close else ""
    return f"{method} {path} HTTP/{version}\r\nhost: test\r\n{ending}\r\n".encode()


def exchange(port, path="/stream", **kind):
    """Return what arrived, and whether it ended by FIN or by RST."""
    with connect(port) as connection:
        connection.sendall(request(path, **kind))
        data = b""
        try:
            while piece := connection.recv(65536):
                data += piece
        except ConnectionResetError:
            return data, "RST"
        return data, "FIN"


def parts(data):
    """Split a response in chunks into its headers, its chunks, and whether it came to its end."""
    head, _, rest = data.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    assert headers[b"transfer-encoding"] == b"chunked"
    assert headers[b"x-request-id"] == b"req_1"
    chunks = []
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        count = int(size, 16)
        if count == 0:
            assert rest == b"\r\n"
            return headers, chunks, True
        chunks.append(rest[:count])
        assert rest[count : count + 2] == b"\r\n"
        rest = rest[count + 2 :]
    return headers, chunks, False


def head_and_body(data):
    head, _, body = data.partition(b"\r\n\r\n")
    return dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:]), body


def leave(connection):
    """Close so that the server hears of it at once, as from a process that was killed."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    connection.close()
