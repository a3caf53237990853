"""One connection of a client: requests are read as they come, and answered one after another.

It bounds what a client may do: the bytes of a head (431), the time in which it arrives (408), the connections
that are open (503), and how long one may be idle. What is not HTTP is refused in the shape that the
application gives errors, once, and so that the client can read it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, Final

from mockgrid.http.asgi import call_asgi
from mockgrid.http.eager import begin, start_task
from mockgrid.http.incoming import Incoming
from mockgrid.http.parser import RefusalError, RequestParser
from mockgrid.http.writer import ConnectionWriter, last_words

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from mockgrid.http.incoming import Head
    from mockgrid.http.serving import Serving

WAITING: Final = 16
"""Requests that may wait for their turn on one connection before no more is read from it."""

LINGER: Final = 1.0
"""Seconds for which a refused connection is still read, and what arrives thrown away: a socket closed with
unread bytes resets the connection, and the client would lose the reply that says what was wrong."""

HALF_CLOSED: Final = 0.5
"""Seconds for which a client that has closed its sending side still gets its reply. TCP does not tell it from
a client that has left, and those should be noticed soon."""

_FAILED: Final = "MockGrid failed to answer; its log has the reason."


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
        at: has something done at a deadline.
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
    _read_paused = False
    # What is said when all is answered that came before it.
    _refusal: bytes | None = None
    # The request whose turn it is; once its answer has been begun, it has a writer.
    _answering: Incoming | None = None
    # When something has to have arrived; the timer goes off not after that.
    _deadline = 0.0
    _timer: asyncio.TimerHandle | None = None

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._loop = asyncio.get_running_loop()
        self.flush = serving.flush
        self.at = serving.wheel.at
        self._settings = serving.settings
        self._parser = RequestParser(
            self._settings.max_headers, self._request_begun, self._request_ended, serving.last_head
        )
        self._writable = asyncio.Event()
        self.waiting: deque[Incoming] = deque()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # one of streams
        """Begin to wait for a request."""
        self.transport = transport
        serving = self._serving
        self.put = partial(serving.write_soon, transport)
        serving.connections.add(self)
        most = self._settings.max_connections
        if serving.stopping:  # it was accepted with the last, and comes after the others were told
            self.shutdown()
        elif len(serving.connections) > most:
            message = f"{most} connections are open, and no more may be (--max-connections, `ulimit -n`)."
            self._refuse("overloaded", message)
        else:
            self._expect(self._settings.header_timeout)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - its reason makes no difference
        """Tell all who wait, and leave no timer and no circle behind."""
        self._serving.connections.discard(self)
        self.lost = self._deaf = True
        self._stop_timer()
        self.resume_writing()
        for incoming in (self._parser.reading, self._answering, *self.waiting):
            if incoming is not None:
                incoming.leave()
        self._answering = None
        self._parser.close()
        self.waiting.clear()

    def pause_writing(self) -> None:
        """The client reads too slowly."""
        self.write_paused = True
        self._writable.clear()

    def resume_writing(self) -> None:
        """It has caught up, or has left."""
        self.write_paused = False
        self._writable.set()

    async def drained(self) -> None:
        """Wait until the client has caught up, or has left."""
        await self._writable.wait()

    def data_received(self, data: bytes) -> None:
        """Answer what has arrived, or what it completes."""
        if self._deaf:
            return
        parser = self._parser
        in_head = parser.in_head
        try:
            parser.feed(data)
        except RefusalError as refusal:
            if not self._deaf:  # else it is behind the last request of a connection
                self._refuse(refusal.failure, refusal.message)
        except Exception:  # noqa: BLE001 - a defect of ours is logged, and answered like any failure
            self._serving.error_log.exception("Reading a request failed")
            self._refuse("internal", "MockGrid failed to read the request; its log has the reason.")
        self._begin()
        if parser.in_head and not in_head:
            self._expect(self._settings.header_timeout)

    def eof_received(self) -> bool:
        """The client sends no more. True keeps the connection open for a reply."""
        self.flush()
        self._half_closed = True
        if not self._deaf and (self._parser.in_head or self._parser.reading is not None):
            self._refuse("malformed_body", "The connection was closed before the request was complete.")
        self._deaf = True
        if self._answering is None:
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
            self._answering = incoming
        else:
            self.waiting.append(incoming)
            if len(self.waiting) >= WAITING:
                self.pause_reading()
        return incoming

    def _request_ended(self, incoming: Incoming) -> None:
        incoming.arrived()
        if not incoming.keep_alive:
            self._deaf = True  # nothing behind it is a request
        elif self._answering is None:  # it was answered before all of it had come
            self._expect(self._settings.keep_alive)

    # Answering.

    def _begin(self) -> None:
        """Answer the request whose turn has come, as far as that takes no waiting."""
        incoming = self._answering
        if incoming is None or incoming.writer is not None:
            return
        serving = self._serving
        writer = incoming.writer = ConnectionWriter(
            self, incoming.keep_alive, incoming.head.method == "HEAD", incoming.version == "1.1"
        )
        at_once = serving.at_once
        answer = None if at_once is None else at_once(incoming.head, incoming, writer)
        if answer is not None:
            begin(self._answer(answer, writer), serving.tasks)
        else:
            start_task(self._answer(call_asgi(serving.app, incoming, writer), writer), serving.tasks)

    async def _answer(self, answer: Coroutine[Any, Any, None], writer: ConnectionWriter) -> None:
        """Run what answers a request; whatever it does, the reply comes to an end."""
        error_log = self._serving.error_log
        try:
            await answer
        except Exception:  # noqa: BLE001 - a defect of ours is logged, and answered like any failure
            error_log.exception("Exception in ASGI application")
        else:
            if writer.complete or self.lost:
                return
            error_log.error("The ASGI application returned before its reply was complete")
        if not writer.dead:
            writer.keep_alive = False
            if writer.started or not writer.whole(*self._serving.error_body("internal", _FAILED)):
                writer.finish()

    def reply_ended(self, writer: ConnectionWriter) -> None:
        """Go on: with the next request, with what is to be said last, or not at all."""
        incoming = self._answering
        if self.lost or incoming is None or incoming.writer is not writer:
            return
        incoming.done()
        self._answering = None
        if writer.keep_alive and self.waiting:
            self._answering = self.waiting.popleft()
            self.resume_reading()
            self._loop.call_soon(self._begin)  # many at once are no reason for other clients to wait
        elif writer.keep_alive and self._refusal is not None:
            self._hang_up(self._refusal)
        elif writer.keep_alive and not self._deaf and not self.stopping:
            self._go_on()
        else:
            self.flush()
            unread = self._parser.reading is not None or self._read_paused
            if unread and not self._half_closed and not self.stopping:
                self._hang_up(b"")  # what is still arriving would reset it
            else:
                self._close()

    def _go_on(self) -> None:
        """Wait for the rest of a body, of a head, or for the next request."""
        self.resume_reading()
        settings = self._settings
        if self._parser.reading is not None:
            self._expect(settings.body_timeout)
        else:
            self._expect(settings.header_timeout if self._parser.in_head else settings.keep_alive)

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
        if self._timer is None or self._timer.when() > deadline:
            self._stop_timer()
            self._timer = self._loop.call_at(deadline, self._late)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        self._timer = None
        if self._deaf or self._answering is not None:
            return  # while a reply is under way, nothing is expected of the client
        if self._deadline > self._loop.time():
            self._timer = self._loop.call_at(self._deadline, self._late)
        elif self._parser.reading is not None:
            self._hang_up(b"")
        elif self._parser.in_head:
            seconds = f"{self._settings.header_timeout:g}"
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
        broken, self._parser.reading = self._parser.reading, None
        words = last_words(*self._serving.error_body(failure, message))
        if broken is None:
            pass
        elif broken in self.waiting:
            self.waiting.remove(broken)
        elif broken is not self._answering:
            words = b""  # this request has had its answer already
        else:
            self._answering = None
            if broken.writer is not None:  # it is already with the application
                self.lost = True  # whatever that still wrote would stand behind the last words
                broken.leave()
                if broken.writer.started:
                    self._close()  # too late for another status: the cut is the message
                    return
        if self._answering is None:
            self._hang_up(words)
        else:
            self._refusal = words

    def _hang_up(self, words: bytes) -> None:
        self._deaf = True
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
        self._see_it_read(inf)

    def _see_it_read(self, before: float) -> None:
        """Look now and then whether less is left to be read than before, and give up where none has been."""
        self._timer = None
        left = self.transport.get_write_buffer_size()
        if left >= before:
            self.transport.abort()
        elif left:
            self._timer = self._loop.call_later(self._settings.keep_alive, self._see_it_read, left)
