"""What is done on the wire for one reply, step by step: a script.

A script is data. Composing makes it, as a pure function of reply, pace, faults and seed; the server plays it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from mockgrid.fixed import fixed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Begin(NamedTuple):
    """Send the status line and the headers.

    Attributes:
        length: the ``content-length`` that they declare, in bytes; None for a body in chunks.
        seconds: how long they take, a byte at a time; 0 for at once.
    """

    length: int | None = None
    seconds: float = 0.0


class Write(NamedTuple):
    """Send a piece of the body, in one write and, in a body of chunks, as one chunk.

    Attributes:
        data: never empty.
        events: how many events are whole once it is sent.
    """

    data: bytes
    events: int = 0


class Wait(NamedTuple):
    """Move the deadline of all that follows.

    Deadlines are counted from the start of the reply, so that one late write makes no other late.

    Attributes:
        seconds: not negative.
        stall: whether it is a fault's, which holds back nothing that comes before it.
    """

    seconds: float
    stall: bool = False


class Hang(NamedTuple):
    """Send nothing more, until the client leaves or the server stops.

    Attributes:
        every: seconds between keep-alive comments; 0 for none.
        comment: what is sent then.
    """

    every: float = 0.0
    comment: bytes = b""


class Raw(NamedTuple):
    """Send bytes that are no HTTP."""

    data: bytes


class Close(NamedTuple):
    """Close the connection where it stands: TCP's FIN, and no end of the body."""


class Reset(NamedTuple):
    """Reset the connection once all before has left: TCP's RST."""


Instruction = Begin | Write | Wait | Hang | Raw | Close | Reset


@fixed
class Script:
    """The instructions for one reply. Where none of them ends the connection, the body ends as it should.

    Attributes:
        instructions: in order, played once; a ``Begin`` comes before the first ``Write``.
        bare: whether it takes a connection without HTTP's rules: for bytes that are no HTTP, or for a head
            that is slow or dishonest.
        virtual: whether waits pass at once and are only counted.
    """

    instructions: Iterable[Instruction]
    bare: bool = False
    virtual: bool = False


EndedBy = Literal["server", "client", "shutdown"]


@dataclass(slots=True, eq=False)
class StreamStats:
    """What became of a script; counts while it plays.

    Attributes:
        events_written: events that were handed to the connection whole.
        bytes_written: bytes of the body, without HTTP's framing.
        ended_by: who ended the reply: the server by its script, the client by leaving, or the server's stop.
        virtual_seconds: what waits would have taken, where they passed at once.
        degraded: what this transport could not do, and what was done instead; empty where all was done.
        whole: whether the body ended as its head promised.
        sent: told of each piece of the body that was handed over, and when.
        late: seconds by which each piece was late, from the first on that had to wait for its time.
        prompt: pieces before that.
    """

    sent: Callable[[float, bytes], None] = field(default=lambda _at, _piece: None, repr=False)
    late: list[float] = field(default_factory=list)
    prompt: int = 0
    whole: bool = False
    events_written: int = 0
    bytes_written: int = 0
    ended_by: EndedBy = "server"
    virtual_seconds: float = 0.0
    degraded: str = ""
