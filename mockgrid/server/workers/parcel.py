"""Handing a connection to another process: its descriptor, and what was read of it, in one datagram."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import tempfile
from dataclasses import dataclass
from typing import Final

import orjson

_INLINE: Final = 32 * 1024
"""Bytes that travel in the datagram; more are left in a file without a name, whose descriptor travels."""

_BUFFER: Final = 256 * 1024
"""Bytes of datagrams that may be on their way to one worker, where the system allows so many."""

_FULL: Final = frozenset((errno.EAGAIN, errno.EWOULDBLOCK, errno.ENOBUFS, errno.ETOOMANYREFS))
_DESCRIPTORS: Final = 2


@dataclass(frozen=True, slots=True)
class Parcel:
    """What goes with a connection.

    Attributes:
        data: what was read of it and not answered: a whole head, and what came with it.
        absent: names of sessions that were found closed at their owner.
        internal: whether it comes from another worker, and not from a client.
    """

    data: bytes
    absent: tuple[str, ...] = ()
    internal: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """Where the parcels for one worker arrive.

    Made before the processes part, and kept by their parent: what was sent to a worker that has died waits
    for the one that takes its place.
    """

    outer: socket.socket
    """For all that send."""

    inner: socket.socket
    """For the one that receives."""

    @classmethod
    def make(cls) -> Box:
        """Make a box; neither of its ends blocks."""
        outer, inner = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        for end in (outer, inner):
            end.setblocking(False)
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        return cls(outer, inner)

    def put(self, parcel: Parcel, descriptor: int) -> bool:
        """Send a connection, which its sender then has to close; False while there is no room."""
        spilled = len(parcel.data) > _INLINE
        label = orjson.dumps((parcel.absent, parcel.internal, spilled)) + b"\n"
        with contextlib.ExitStack() as ends:
            descriptors = [descriptor]
            if spilled:
                descriptors.append(_spill(parcel.data))
                ends.callback(os.close, descriptors[1])
            else:
                label += parcel.data
            try:
                socket.send_fds(self.outer, [label], descriptors)
            except OSError as error:
                if error.errno in _FULL:
                    return False
                raise
        return True

    def take(self) -> tuple[Parcel, socket.socket] | None:
        """Receive a connection; None where none has come.

        Raises:
            OSError: one has come that this process has no descriptor left for; it is lost.
        """
        try:
            message, descriptors, _, _ = socket.recv_fds(self.inner, _INLINE + 64 * 1024, _DESCRIPTORS)
        except BlockingIOError:
            return None
        label, _, data = message.partition(b"\n")
        absent, internal, spilled = orjson.loads(label)
        if len(descriptors) < 1 + spilled:
            for descriptor in descriptors:
                os.close(descriptor)
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        connection = socket.socket(fileno=descriptors[0])
        connection.setblocking(False)
        if spilled:
            with os.fdopen(descriptors[1], "rb") as file:
                file.seek(0)
                data = file.read()
        return Parcel(data, tuple(absent), internal), connection

    def close(self) -> None:
        """Close both ends."""
        self.outer.close()
        self.inner.close()


def _spill(data: bytes) -> int:
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("mockgrid", os.MFD_CLOEXEC)
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    with open(descriptor, "wb", buffering=0, closefd=False) as file:
        view = memoryview(data)
        while view:
            view = view[file.write(view) or 0 :]
    return descriptor
