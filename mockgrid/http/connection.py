"""One connection of a client: requests are read as they come, and answered one after another.

It bounds what a client may do: the bytes of a head (431), the time in which it arrives (408), the connections
that are open (503), and how long one may be idle. What is not HTTP is refused in the shape that the
application gives errors, once, and so that the client can read it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Final

from mockgrid.http.asgi import run_asgi, run_at_once
from mockgrid.http.connection_writer import ConnectionWriter
from mockgrid.http.incoming import Incoming
from mockgrid.http.last_head import LastHead
from mockgrid.http.parser import RequestParser
from mockgrid.http.refusal import RefusalError, last_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockgrid.http.head import Head
    from mockgrid.http.serving import Serving

WAITING: Final = 16
"""Requests that may wait for their turn on one connection before no more is read from it."""

LINGER: Final = 1.0
"""Seconds for which a refused connection is still read, and what arrives thrown away: a socket closed with
unread bytes resets the connection, and the client would lose the reply that says what was wrong."""

HALF_CLOSED: Final = 0.5
"""Seconds for which a client that has closed its sending side still gets its reply. TCP does not tell it from
a client that has left, and those should be noticed soon."""


class Connection(asyncio.Protocol):
    """One connection.

    Args:
        serving: what it shares with the others of its server.

    Attributes:
        lost: whether it is closed.
        stopping: whether the server is told to stop.
        write_paused: whether the client reads too slowly.
        put: writes at the next turn of the event loop.
        flush: writes what was put.
        waiting: requests whose turn has not come.
    """

    transport: asyncio.Transport
    put: Callable[[bytes], None]
    lost = False
    stopping = False
    write_paused = False

    # What arrives is thrown away.
    _deaf = False
    _half_closed = False
    _hung_up = False
    _read_paused = False
    # What is said when all is answered that came before it.
    _refusal: bytes | None = None
    # The request whose turn it is, and whether its answer has been begun.
    _answering: Incoming | None = None
    _begun = False
    _beginning = False
    _drained: asyncio.Future[None] | None = None
    # When something has to have arrived, and when the timer goes off: not after that.
    _deadline = 0.0
    _due = 0.0
    _timer: asyncio.TimerHandle | None = None

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._loop = asyncio.get_running_loop()
        self.flush = serving.flush
        limits = self._limits = serving.limits
        self._keep_alive = limits.keep_alive
        self._last_head = LastHead(limits.max_headers)
        self._parser = RequestParser(limits.max_headers, self._request_begun, self._request_ended)
        self.waiting: deque[Incoming] = deque()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # one of streams
        """Begin to wait for a request."""
        self.transport = transport
        serving = self._serving
        self.put = partial(serving.write_soon, transport)
        serving.connections.add(self)
        most = serving.limits.max_connections
        if serving.stopping:  # it was accepted with the last, and comes after the others were told
            self.shutdown()
        elif len(serving.connections) > most:
            message = f"{most} connections are open, and no more may be (--max-connections, `ulimit -n`)."
            self._refuse("overloaded", message)
        else:
            self._expect(serving.limits.header_timeout)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - its reason makes no difference
        """Tell all who wait, and leave no timer and no circle behind."""
        self._serving.connections.discard(self)
        self.lost = self._deaf = True
        self._stop_timer()
        self.resume_writing()
        for incoming in (self._reading(), self._answering, *self.waiting):
            if incoming is not None:
                incoming.leave()
        self._answering = None
        self._parser.close()
        self.waiting.clear()

    def pause_writing(self) -> None:
        """The client reads too slowly."""
        self.write_paused = True

    def resume_writing(self) -> None:
        """It has caught up, or has left."""
        self.write_paused = False
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self._drained = None

    async def drained(self) -> None:
        """Wait until the client has caught up, or has left."""
        if self._drained is None:
            self._drained = self._loop.create_future()
        await asyncio.shield(self._drained)

    def data_received(self, data: bytes) -> None:
        """Answer what has arrived, or what it completes."""
        if self._deaf:
            return
        parser = self._parser
        in_head = parser.in_head
        between = self._answering is None and parser.reading is None and not in_head
        known = self._last_head.find(data) if between else None
        if known is not None:
            self._answering, self._begun = Incoming.known(self, *known), False
            self._begin()
            return
        try:
            parser.feed(data)
        except RefusalError as refusal:
            if not self._deaf:  # else it is behind the last request of a connection
                self._refuse(refusal.failure, refusal.message)
        except Exception:  # noqa: BLE001 - a defect of ours is logged, and answered like any failure
            self._serving.error_log.exception("Reading a request failed")
            self._refuse("internal", "MockGrid failed to read the request; its log has the reason.")
        incoming = self._answering
        if incoming is not None and not self._begun:
            self._begin()
            if between and incoming.is_usual:
                self._last_head.learn(data, incoming.head)
        if parser.in_head and not in_head:
            self._expect(self._limits.header_timeout)

    def eof_received(self) -> bool:
        """The client sends no more. True keeps the connection open for a reply."""
        self.flush()
        self._half_closed = True
        if not self._deaf and (self._parser.in_head or self._parser.reading is not None):
            self._refuse("malformed_body", "The connection was closed before the request was complete.")
        if self._hung_up or self._answering is None:
            return False
        self._loop.call_later(HALF_CLOSED, self._close)
        return True

    # What uvicorn calls.

    def shutdown(self) -> None:
        """The server stops: an idle connection closes, another at the end of its reply."""
        self.flush()
        self.stopping = True
        if self._answering is None:
            self.transport.close()
        else:
            self._answering.wake()

    # What the parser calls.

    def _request_begun(
        self,
        head: Head,
        pairs: list[tuple[bytes, bytes]],
        keep_alive: bool,  # noqa: FBT001 - as the parser told it
        version: str,
    ) -> Incoming:
        incoming = Incoming(self, head, pairs, keep_alive, version)
        if self._answering is None:
            self._answering, self._begun = incoming, False
        else:
            self.waiting.append(incoming)
            if len(self.waiting) >= WAITING:
                self.pause_reading()
        return incoming

    def _request_ended(self) -> None:
        incoming = self._reading()
        if incoming is None:
            return
        incoming.arrived()
        if not incoming.keep_alive:
            self._deaf = True  # nothing behind it is a request
        elif self._answering is None:  # it was answered before all of it had come
            self._expect(self._keep_alive)

    def _reading(self) -> Incoming | None:
        """The request of which the head has arrived, and the body not to the end."""
        reading = self._parser.reading
        return reading if isinstance(reading, Incoming) else None

    # Answering.

    def _begin(self) -> None:
        """Answer the requests whose turn has come, as far as that takes no waiting."""
        serving = self._serving
        at_once = serving.at_once
        self._beginning = True
        for _ in range(WAITING):
            incoming = self._answering
            if incoming is None or self._begun:
                break
            self._begun = True
            writer = incoming.writer = ConnectionWriter(
                self, incoming.keep_alive, incoming.head.method == "HEAD", incoming.version == "1.1"
            )
            answer = None if at_once is None else at_once(incoming.head, incoming, writer)
            if answer is None:
                incoming.by_asgi = True
                answer = run_asgi(serving, incoming, writer)
                task = self._loop.create_task(answer)
                serving.tasks.add(task)
                task.add_done_callback(serving.tasks.discard)
            else:
                run_at_once(serving, answer, writer)
        else:
            self._loop.call_soon(self._begin)  # so many at once are no reason for other clients to wait
        self._beginning = False

    def reply_ended(self, writer: ConnectionWriter) -> None:
        """Go on: with the next request, with what is to be said last, or not at all."""
        incoming = self._answering
        if self.lost or incoming is None or incoming.writer is not writer:
            return
        incoming.done()
        self._answering = None
        if writer.keep_alive and not self._deaf and not self.waiting and not self.stopping:
            self._go_on()
        elif writer.keep_alive and self.waiting:
            self._answering, self._begun = self.waiting.popleft(), False
            self.resume_reading()
            if not self._beginning:
                self._loop.call_soon(self._begin)
        elif writer.keep_alive and self._refusal is not None:
            self._hang_up(self._refusal)
        else:
            self.flush()
            unread = self._parser.reading is not None or self._read_paused
            if unread and not self._half_closed and not self.stopping:
                self._hang_up(b"")  # what is still arriving would reset it
            else:
                self._close()

    def _go_on(self) -> None:
        """Wait for the rest of a body, of a head, or for the next request."""
        if self._half_closed:
            self.flush()
            self._close()
            return
        self.resume_reading()
        if self._parser.reading is not None:
            self._expect(self._limits.body_timeout)
        elif self._parser.in_head:
            self._expect(self._limits.header_timeout)
        else:
            self._expect(self._keep_alive)

    def pause_reading(self) -> None:
        """Read no more, until what has arrived has been dealt with."""
        if not self._read_paused and not self.transport.is_closing():
            self._read_paused = True
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on, unless too many requests wait for their turn."""
        if self._read_paused and len(self.waiting) < WAITING and not self.transport.is_closing():
            self._read_paused = False
            self.transport.resume_reading()

    # Time.

    def _expect(self, seconds: float) -> None:
        """Have something arrive within so many seconds."""
        self._deadline = deadline = self._loop.time() + seconds
        if self._timer is None or self._due > deadline:
            self._stop_timer()
            self._due = deadline
            self._timer = self._loop.call_at(deadline, self._late)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        self._timer = None
        if self._deaf or self._answering is not None:
            return  # while a reply is under way, nothing is expected of the client
        left = self._deadline - self._loop.time()
        if left > 0:
            self._due = self._deadline
            self._timer = self._loop.call_later(left, self._late)
        elif self._parser.reading is not None:
            self._deaf = True
            self._hang_up(b"")
        elif self._parser.in_head:
            seconds = f"{self._limits.header_timeout:g}"
            message = f"The request line and headers did not arrive within {seconds} seconds."
            self._refuse("request_timeout", message)
        elif self.transport.get_write_buffer_size():
            self.transport.abort()  # a client that never reads what it was sent
        else:
            self.transport.close()  # a connection that says nothing is owed nothing

    # What is not a request.

    def _refuse(self, failure: str, message: str) -> None:
        """End the connection with an error, after the replies that are still running on it."""
        self._deaf = True
        self._stop_timer()
        broken, self._parser.reading = self._reading(), None
        words = last_words(*self._serving.error_body(failure, message))
        if broken is not None and broken in self.waiting:
            self.waiting.remove(broken)
        elif broken is not None and broken is self._answering and not self._begun:
            self._answering = None
        elif broken is not None and broken is self._answering:
            self._refuse_body(broken, words)
            return
        elif broken is not None and self._answering is None:
            words = b""  # this request has had its answer already
        if self._answering is None:
            self._hang_up(words)
        else:
            self._refusal = words

    def _refuse_body(self, broken: Incoming, words: bytes) -> None:
        """The request whose body is broken is already with the application."""
        writer = broken.writer
        started = writer is not None and writer.started
        self._answering = None
        self.lost = True  # for what answers it: whatever it still wrote would stand behind the last words
        broken.leave()
        if started:
            self._close()  # too late for another status: the cut is the message
        else:
            self._hang_up(words)

    def _hang_up(self, words: bytes) -> None:
        self._hung_up = self._deaf = True
        self.waiting.clear()
        self.flush()
        self.transport.write(words)
        if self._half_closed or not self.transport.can_write_eof():
            self._close()
            return
        self.transport.write_eof()
        self.resume_reading()
        self._loop.call_later(LINGER, self._close)

    def _close(self) -> None:
        """Close, as soon as the client has read what was written; one that reads none of it is given up."""
        transport = self.transport
        if transport.is_closing():
            return
        transport.close()
        self._stop_timer()
        if size := transport.get_write_buffer_size():
            self._timer = self._loop.call_later(self._keep_alive, self._unread, size)

    def _unread(self, size: int) -> None:
        left = self.transport.get_write_buffer_size()
        if left < size:
            self._timer = self._loop.call_later(self._keep_alive, self._unread, left)
        else:
            self._timer = None
            self.transport.abort()
