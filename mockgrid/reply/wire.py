"""The shape of a stream's bytes: line ends, comments, and where one write ends and the next begins."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mockgrid.reply.script import Hang, Head, Wait, Write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mockgrid.reply.script import Instruction

BOM = b"\xef\xbb\xbf"
_ENDS = {"crlf": b"\r\n", "cr": b"\r"}
SHORTEST = 0.001
"""Seconds between keep-alive comments, at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """How framed events become writes.

    Attributes:
        newline: what ends a line.
        comment: the text of comments.
        comment_every: a comment stands before the first event, and after every so many; 0 for none.
        keep_alive: seconds without a byte after which a comment is sent; 0 for never.
        split: bytes to a write, also through the middle of a character; 0 for whole events.
        coalesce: events to a write, which leaves with the last of them.
        bom: whether the body begins with a byte order mark.
    """

    newline: Literal["lf", "crlf", "cr"] = "lf"
    comment: str = "keep-alive"
    comment_every: int = 0
    keep_alive: float = 0.0
    split: int = 0
    coalesce: int = 1
    bom: bool = False

    def __post_init__(self) -> None:
        for name, least in (("comment_every", 0), ("split", 0), ("coalesce", 1)):
            value: int = getattr(self, name)
            if value < least:
                raise ValueError(f"{name} is {value}; it must be {least} or more")
        if self.keep_alive and not (math.isfinite(self.keep_alive) and self.keep_alive >= SHORTEST):
            raise ValueError(
                f"keep_alive is {self.keep_alive:g}; it must be {SHORTEST:g} or more, or 0 for never"
            )

    def framed_comment(self) -> bytes:
        """Return the comment as bytes, with the line ends of this wire."""
        lines = "".join(f": {line}\n" for line in self.comment.splitlines() or [""])
        return self.line_ends(f"{lines}\n".encode())

    def line_ends(self, data: bytes) -> bytes:
        """Return bytes with the line ends of this wire."""
        return data if self.newline == "lf" else data.replace(b"\n", _ENDS[self.newline])


PLAIN = Wire()


def shaped(instructions: Iterable[Instruction], wire: Wire) -> Iterator[Instruction]:
    """Yield a stream's instructions with its writes in the shape of a wire.

    Args:
        instructions: one ``Write`` for each event, framed with LF.
        wire: the shape.
    """
    if wire == PLAIN:
        yield from instructions
        return
    steps = (
        _kept_alive(_with_lines(instructions, wire), wire)
        if wire.keep_alive
        else _with_lines(instructions, wire)
    )
    yield from _cut(steps, wire.split) if wire.split else steps


def _with_lines(instructions: Iterable[Instruction], wire: Wire) -> Iterator[Instruction]:
    """Apply line ends, comments and the byte order mark, and join events."""
    comment = wire.framed_comment()
    waiting: list[bytes] = [BOM] if wire.bom else []
    joined = events = seen = 0
    for step in instructions:
        if type(step) is Write:
            if wire.comment_every and step.events and seen % wire.comment_every == 0:
                waiting.append(comment)
            waiting.append(wire.line_ends(step.data))
            seen += step.events
            events += step.events
            joined += 1
            if joined < wire.coalesce:
                continue
        elif not joined or (type(step) is Wait and not step.stall):
            yield step
            continue
        yield Write(b"".join(waiting), events)
        waiting, joined, events = [], 0, 0
        if type(step) is not Write:
            yield step
    if waiting:
        yield Write(b"".join(waiting), events)


def _kept_alive(instructions: Iterable[Instruction], wire: Wire) -> Iterator[Instruction]:
    """Put a comment wherever nothing would be written for too long."""
    comment = Write(wire.framed_comment())
    quiet = 0.0
    begun = False  # nothing can be sent before the head
    for step in instructions:
        if type(step) is Wait and begun:
            left, stall = step
            while quiet + left > wire.keep_alive:
                until = wire.keep_alive - quiet
                yield Wait(until, stall)
                yield comment
                left -= until
                quiet = 0.0
            quiet += left
            if left > 0:
                yield Wait(left, stall)
            continue
        if type(step) is Hang and begun:
            yield Hang(wire.keep_alive, comment.data)
            continue
        if isinstance(step, (Head, Write)):
            begun, quiet = True, 0.0
        yield step


def _cut(instructions: Iterable[Instruction], size: int) -> Iterator[Instruction]:
    for step in instructions:
        if type(step) is not Write or len(step.data) <= size:
            yield step
            continue
        data, events = step
        last = (len(data) - 1) // size * size
        for start in range(0, last, size):
            yield Write(data[start : start + size])
        yield Write(data[last:], events)
