"""What is read from any bytes is what h11 reads, and what h11 refuses is refused."""

import asyncio
import logging
import re
from itertools import pairwise
from random import Random

import h11

from mockgrid.http.connection import Connection
from mockgrid.http.incoming import origin_form
from mockgrid.http.serving import Serving, detail_error
from mockgrid.settings import Settings

SEQUENCES = 6_000

# What is read here and not by h11, and why.
MORE_LENIENT = re.compile(
    # RFC 9112 (3) lets a request line be parsed by its words, however many spaces are between them.
    rb"  +(?:HTTP/|/)"
)

METHODS = [b"GET", b"POST", b"POST", b"HEAD", b"PUT", b"OPTIONS", b"DELETE", b"CONNECT", b"PROPFIND", b"get"]
TARGETS = [b"/", b"/v1/models?x=1", b"/a%20b", b"*", b"http://h/x?y", b"//h", b"/#f", b"h:443", b"/\xff", b""]
VERSIONS = [b"HTTP/1.1"] * 12 + [b"HTTP/1.0"] * 3 + [b"HTTP/2.0", b"HTTP/1.2", b"http/1.1", b"HTTP/1.10", b""]
HEADERS = [
    b"Host: y",
    b"Accept: a",
    b"accept: b",
    b"X: " + b"x" * 300,
    b"X:",
    b"X:   spaces  ",
    b"X : y",
    b"X: a\x00b",
    b"X: a\xffb",
    b"X: a\x7fb",
    b"X: a\tb",
    b" folded",
    b": empty",
    b"nonsense",
    b"X\xff: y",
    b"Connection: close",
    b"Connection: keep-alive",
    b"Connection: Upgrade",
    b"Upgrade: h2c",
    b"Upgrade: websocket\r\nConnection: upgrade",
    b"Expect: 100-continue",
    b"Content-Length: 0",
    b"Content-Length: 5",
    b"Content-Length: 5",
    b"content-length: 31",
    b"Content-Length: +5",
    b"Content-Length: 5, 5",
    b"Content-Length: 0x5",
    b"Content-Length: 5 ",
    b"Content-Length: -1",
    b"Content-Length: 99999999999999999999",
    b"Content-Length : 5",
    b"Content-Length:\x0b5",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: chunked ",
    b"Transfer-Encoding: Chunked",
    b"Transfer-Encoding:\tchunked",
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: chunked, gzip",
    b"Transfer-Encoding: chunked, chunked",
    b"Transfer-Encoding: xchunked",
    b"Transfer-Encoding: identity",
    b"Transfer-Encoding:\x0bchunked",
    b"Transfer_Encoding: chunked",
    b"Transfer-Encoding : chunked",
]
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
BODIES = [
    b"",
    b"",
    b"hello",
    b"hello",
    b"0\r\n\r\n",
    b"5\r\nhello\r\n0\r\n\r\n",
    b"5\r\nhello\r\n0\r\n\r\n",
    b"5;ext=1\r\nhello\r\n0\r\nTrailer: x\r\n\r\n",
    b"00005\r\nhello\r\n0\r\n\r\n",
    b"5 \r\nhello\r\n0\r\n\r\n",
    b"0x5\r\nhello\r\n0\r\n\r\n",
    b"5\nhello\n0\n\n",
    b"5\r\nhello0\r\n\r\n",
    b"4\r\nhello\r\n0\r\n\r\n",
    b"fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    b"-5\r\nhello\r\n0\r\n\r\n",
    b"5\r\nhello\r\n0\r\n" + SMUGGLED,
    SMUGGLED,
]


def request(random):
    """Bytes that are a request, or nearly."""
    if random.random() < 0.3:  # one like the last, which the connection knows again
        body = b"x" * random.randrange(20)
        value = random.choice(
            [b"x"] * 3 + [b"y", b"y z", b" y", b"y ", b"y\tz", b"y\xff", b"y\x00", b"", b"y\rz"]
        )
        head = b"POST /v1/x HTTP/1.1\r\nHost: %b\r\nContent-Length: %d\r\n\r\n"
        return head % (value, len(body)) + body
    headers = [b"Host: x"] if random.random() < 0.9 else []
    headers += random.choices(HEADERS, k=random.choice([0, 1, 1, 1, 2, 3]))
    method = random.choice(METHODS) if random.random() < 0.3 else random.choice(METHODS[:3])
    target = random.choice(TARGETS) if random.random() < 0.3 else random.choice(TARGETS[:3])
    first = method + b" " + target + b" " + random.choice(VERSIONS)
    end = b"\n" if random.random() < 0.03 else b"\r\n"
    return end.join([first, *headers, b"", b""]) + random.choice(BODIES)


def sequence(random):
    """Some requests behind one another, perhaps damaged, in pieces."""
    requests = [request(random) for _ in range(random.choice([1, 1, 2, 3, 5]))]
    if random.random() < 0.25:
        data = bytearray(b"".join(requests))
        for _ in range(random.choice([1, 1, 2, 4])):
            place = random.randrange(len(data))
            match random.randrange(4):
                case 0:
                    data[place] = random.choice(b"\r\n\0 \t:;,/%aA0\xff\x7f\x0b")
                case 1:
                    del data[place : place + random.choice([1, 1, 2, 9])]
                case 2:
                    data[place:place] = random.choice([b"\r\n", b"\n", b"\r", b" ", b"\0", b"\r\n\r\n", b"0"])
                case 3:
                    data[place:place] = data[place : place + random.randrange(40)]
            data = data or bytearray(b"\r")
        requests = [bytes(data)]
    if random.random() < 0.3:
        return requests
    data = b"".join(requests)
    count = random.choice([0, 0, 1, 2, 5])
    places = sorted({0, len(data), *(random.randrange(len(data)) for _ in range(count))})
    return [data[start:end] for start, end in pairwise(places)]


class Transport:
    """Keeps what is written."""

    def __init__(self):
        self.written, self.closed = b"", False

    def write(self, data):
        self.written += data

    def close(self):
        self.closed = True

    abort = close

    def is_closing(self):
        return self.closed

    def can_write_eof(self):
        return True

    def write_eof(self):
        pass

    def pause_reading(self):
        pass

    resume_reading = pause_reading

    def get_write_buffer_size(self):
        return 0


class Reader:
    """Reads to the end whatever it is asked, and says nothing."""

    def __init__(self):
        self.requests = []

    async def at_once(self, head, incoming, writer):
        body, more = b"", True
        while more:
            message = await incoming.receive()
            if message["type"] == "http.disconnect":
                return
            body, more = body + message["body"], message["more_body"]
        target = head.raw_path + (b"?" + head.query if head.query else b"")
        pairs = incoming.pairs or list(head.headers.items())
        # As h11 has it.
        pairs = [(n, v.lower() if n == b"transfer-encoding" else v) for n, v in pairs]
        self.requests.append((head.method.encode(), target, sorted(pairs), body))
        assert writer.whole(200, [], b"")


async def ours(pieces):
    """What our connection reads, and whether it refuses a part."""
    reader, transport = Reader(), Transport()
    serving = Serving(
        reader, Settings(max_headers=65536, header_timeout=30), detail_error, logging.getLogger("test")
    )
    connection = Connection(serving)
    connection.connection_made(transport)
    for piece in pieces:
        if not transport.closed:
            connection.data_received(piece)
        for _ in range(4):
            await asyncio.sleep(0)
    if not transport.closed:
        connection.eof_received()
    await asyncio.sleep(0)
    connection.connection_lost(None)
    for task in list(serving.tasks):
        await task
    serving.flush()
    return reader.requests, b"HTTP/1.1 4" in transport.written or b"HTTP/1.1 501" in transport.written


class RefusedError(Exception):
    """h11 does not take it, or need not."""


class Judge:
    """Reads by h11, and answers each request so that the next is read."""

    def __init__(self):
        self.requests = []
        self.connection = h11.Connection(h11.SERVER, max_incomplete_event_size=65536)
        self.begun, self.body = None, b""
        self.ended = False

    def read(self, data):
        connection = self.connection
        while data and not self.ended:
            if connection.their_state is h11.IDLE and not connection.trailing_data[0]:
                # h11 takes no blank lines before a request, which RFC 9112 (2.2) has servers ignore.
                data = data.lstrip(b"\r\n")
            if data:
                connection.receive_data(data)
                data = self.events()
            connection = self.connection

    def events(self):
        """Take what is whole; return what is behind a request, to be read anew."""
        connection = self.connection
        while (event := connection.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
            match event:
                case h11.Request():
                    self.begun, self.body = event, b""
                case h11.Data():
                    self.body += event.data
                case h11.EndOfMessage():
                    return self.answered()
                case h11.ConnectionClosed():
                    self.ended = True
                    break
        return b""

    def answered(self):
        connection, begun = self.connection, self.begun
        if begun.method == b"CONNECT":  # h11 would open a tunnel, and there is nowhere to go
            raise RefusedError
        self.requests.append((begun.method, begun.target, list(begun.headers), self.body))
        connection.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
        connection.send(h11.EndOfMessage())
        self.ended = connection.our_state is not h11.DONE or connection.their_state is not h11.DONE
        behind = connection.trailing_data[0]
        self.connection = h11.Connection(h11.SERVER, max_incomplete_event_size=65536)
        return behind


def judged(pieces):
    """What h11 reads, and whether it refuses a part."""
    judge = Judge()
    try:
        for piece in pieces:
            judge.read(piece)
        if not judge.ended:
            judge.connection.receive_data(b"")
            judge.events()
    except (h11.RemoteProtocolError, RefusedError):
        return judge.requests, True
    return judge.requests, False


def as_read_here(request):
    """A request of h11's with the target in the form that applications get, and no offers to upgrade."""
    method, target, pairs, body = request
    path, _, query = origin_form(target.partition(b"#")[0]).partition(b"?")
    return method, path + (b"?" + query if query else b""), sorted(pairs), body


def comparable(requests, others):
    """Requests without what is dropped on purpose, where the other side has not got it."""
    kept = []
    for (method, target, pairs, body), (*_, other, _) in zip(requests, others, strict=False):
        dropped = {b"upgrade"} if not any(name == b"upgrade" for name, _ in other) else set()
        kept.append((method, target, [pair for pair in pairs if pair[0] not in dropped], body))
    return kept


def test_the_same_is_read_as_by_h11():
    async def compare():
        accepted = refused = 0
        for number in range(SEQUENCES):
            pieces = [piece for piece in sequence(Random(number)) if piece]
            (read, we_refuse), (judge, it_refuses) = await ours(pieces), judged(pieces)
            if MORE_LENIENT.search(b"".join(pieces)):
                continue
            note = f"sequence {number}: {pieces}"
            # Never a request that h11 does not see: that would be one smuggled.
            assert len(read) <= len(judge), note
            judge = [as_read_here(request) for request in judge[: len(read)]]
            assert read == comparable(judge, read), note
            assert we_refuse or not it_refuses, note
            accepted += len(read)
            refused += we_refuse
        return accepted, refused

    accepted, refused = asyncio.run(compare())
    assert accepted > SEQUENCES / 3
    assert refused > SEQUENCES / 5
