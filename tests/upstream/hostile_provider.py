"""A provider that does exactly as it is told, byte by byte, and remembers what it was asked."""

import asyncio
import socket
import ssl
import struct
import threading
from contextlib import suppress

LINGER_NOT = struct.pack("ii", 1, 0)
CLOSE, RESET, HANG = "close", "reset", "hang"


class HostileProvider:
    """Answers each request by a script: bytes are sent, numbers are waits, and words end the connection.

    A function in its place is called with the connection's writer, and may do anything.

    Attributes:
        requests: the bytes of each request.
        connections: how many there were.
        left: set when a client closes while its script runs or hangs.
        sent: bytes that the system has taken of an endless reply.
    """

    def __init__(self, *script, context=None, host="127.0.0.1"):
        self.script = script
        self.requests = []
        self.connections = 0
        self.left = threading.Event()
        self.sent = 0
        self._context = context
        self._host = host
        self._ready = threading.Event()

    def __enter__(self):
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        assert not self._thread.is_alive()

    @property
    def url(self):
        return f"{'https' if self._context else 'http'}://localhost:{self.port}/v1"

    @property
    def heads(self):
        """Of each request the lines of its head."""
        return [
            request.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n") for request in self.requests
        ]

    async def _run(self):
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        with suppress(asyncio.CancelledError):
            server = await asyncio.start_server(self._serve, self._host, 0, ssl=self._context)
            self.port = server.sockets[0].getsockname()[1]
            self._ready.set()
            await self._stop.wait()
            server.close()
            serving = asyncio.all_tasks() - {asyncio.current_task()}
            for task in serving:
                task.cancel()
            await asyncio.gather(*serving, return_exceptions=True)
            await asyncio.sleep(0.01)  # what was closed gets the loop once more

    async def _serve(self, reader, writer):
        self.connections += 1
        try:
            while await self._answer(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            self.left.set()
        except asyncio.CancelledError:
            pass  # the test is over
        finally:
            writer.transport.abort() if self._stop.is_set() else writer.close()

    async def _answer(self, reader, writer):
        request = await reader.readuntil(b"\r\n\r\n")
        for line in request.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                request += await reader.readexactly(int(line.partition(b":")[2]))
        self.requests.append(request)
        for step in self.script:
            if isinstance(step, bytes):
                writer.write(step)
                await writer.drain()
            elif isinstance(step, (int, float)):
                await asyncio.sleep(step)
            elif step == HANG:
                if not await reader.read(1):
                    self.left.set()
                return False
            elif step == CLOSE:
                return False
            elif step == RESET:
                peer = writer.get_extra_info("socket")
                await asyncio.sleep(0.05)
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
                writer.transport.abort()
                return False
            else:
                await step(self, writer)
        return True


def reply(body=b"", *headers, status="200 OK", length=None, media="application/json"):
    """A whole reply."""
    lines = [f"HTTP/1.1 {status}", *([f"content-type: {media}"] if media else []), *headers]
    lines.append(f"content-length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def stream_head(*headers):
    """The head of an event stream in chunks."""
    lines = ["HTTP/1.1 200 OK", "content-type: text/event-stream", *headers, "transfer-encoding: chunked"]
    return "\r\n".join([*lines, "", ""]).encode()


def chunk(data):
    """A chunk of a body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST = b"0\r\n\r\n"
