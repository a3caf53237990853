"""`mockgrid serve --workers` in processes of its own, and clients that say exactly what they are told to."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from server.raw_http import responses

from mockgrid.server.workers.place import owner
from mockgrid.session.sessions import session_name

ROOT = Path(__file__).parents[3]
CHAT = b"/v1/chat/completions"

PROGRAM = """
import sys
sys.path.insert(0, {root!r})
for absent in sys.argv[1].split():
    sys.modules[absent] = None
import mockgrid.server.workers.supervisor
exec(sys.argv[2])
from mockgrid.cli import main
sys.exit(main(["serve", "--port", "0", "--ready", "json", *sys.argv[3:]]))
"""


class Fleet:
    """A server with several workers.

    ``without`` names modules that are not to be had, ``patch`` is executed before the server starts.
    """

    def __init__(self, *arguments, workers=4, without="", patch="", stderr=subprocess.PIPE):
        program = PROGRAM.format(root=str(ROOT))
        self.workers = workers
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, without, patch, "--workers", str(workers), *arguments],
            env={name: value for name, value in os.environ.items() if not name.startswith("MOCKGRID_")},
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
        line = self.process.stdout.readline()
        self.ready = json.loads(line) if line else None
        self.port = self.ready["port"] if line else None

    def pids(self):
        """Process of each worker, in no order."""
        found = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in found.split()]

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def ask(self, path, method="GET", value=None):
        """Status and JSON of a call of the control interface, on a connection of its own."""
        body = b"" if value is None else json.dumps(value).encode()
        head = f"{method} /__mockgrid__{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        with self.connect() as connection:
            connection.sendall(head.encode() + body)
            (found,) = responses(read_all(connection))
        return found.status, json.loads(found.body) if found.body else None

    def end(self, timeout=60):
        out, err = self.process.communicate(timeout=timeout)
        return self.process.returncode, out.decode(), err.decode() if err is not None else ""

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.communicate(timeout=30)
            except subprocess.TimeoutExpired:
                self.process.kill()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


def key_of(worker, workers=4, prefix="mg-", salt=""):
    """A key whose session is that worker's."""
    keys = (f"{prefix}{salt}{number}" for number in range(1000))
    return next(key for key in keys if owner(session_name(key), workers) == worker)


def chat(key, text="Hello", *, extra=b"", version=b"1.1", **fields):
    """The bytes of a request."""
    value = {"model": "text-prime", "messages": [{"role": "user", "content": text}], **fields}
    return post(key, json.dumps(value).encode(), extra=extra, version=version)


def post(key, body, *, extra=b"", version=b"1.1"):
    head = b"POST %s HTTP/%s\r\nHost: x\r\nContent-Type: application/json\r\n" % (CHAT, version)
    head += b"Authorization: Bearer %s\r\nContent-Length: %d\r\n%s\r\n" % (key.encode(), len(body), extra)
    return head + body


def read_all(connection):
    data = b""
    while piece := connection.recv(65536):
        data += piece
    return data


def read_one(connection):
    """One response with a length, and nothing of what follows it."""
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        assert byte, data
        data += byte
    lines = data.lower().split(b"\r\n")
    left = next(int(line[15:]) for line in lines if line.startswith(b"content-length"))
    while left:
        piece = connection.recv(left)
        assert piece, data
        data += piece
        left -= len(piece)
    (found,) = responses(data)
    return found


def said(response):
    """What the assistant said."""
    assert response.status == 200, response
    return json.loads(response.body)["choices"][0]["message"]["content"]


class Connection:
    """A keep-alive connection among many."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, port):
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, raw):
        self.writer.write(raw)
        head = await self.reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next(int(line[15:]) for line in lines if line.startswith(b"content-length"))
        (found,) = responses(head + await self.reader.readexactly(length))
        return found

    async def close(self):
        self.writer.close()
        await self.writer.wait_closed()


@contextmanager
def fleet(*arguments, **how):
    running = Fleet(*arguments, **how)
    try:
        yield running
    finally:
        running.close()
