"""The shape of a stream's bytes: line ends, comments, and where one write ends and the next begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockgrid.reply.script import Begin, Hang, Wait, Write
from mockgrid.scenario.delivery import PLAIN, Wire

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mockgrid.reply.script import Instruction
    from mockgrid.scenario.delivery import Comments

BOM = b"\xef\xbb\xbf"
# Each event leaves by itself, as it comes.
_AS_IT_COMES = (PLAIN, Wire(coalesce=1))


def framed_comment(comments: Comments, wire: Wire) -> bytes:
    """Return a comment as bytes; one of several lines is one comment after another."""
    lines = "".join(f": {line}\n" for line in comments.text.splitlines() or [""])
    return line_ends(f"{lines}\n".encode(), wire)


def line_ends(data: bytes, wire: Wire) -> bytes:
    """Return bytes framed with LF with the line ends of a wire."""
    return data if wire.newline == "\n" else data.replace(b"\n", wire.newline.encode())


def shaped(instructions: Iterable[Instruction], wire: Wire) -> Iterable[Instruction]:
    """Return a stream's instructions with its writes in the shape of a wire.

    Args:
        instructions: one ``Write`` for each event, framed with LF.
        wire: the shape.
    """
    if wire in _AS_IT_COMES:
        return instructions
    steps = _with_lines(instructions, wire)
    if wire.comments is not None and wire.comments.idle is not None:
        steps = _kept_alive(steps, framed_comment(wire.comments, wire), wire.comments.idle)
    return _cut(steps, wire.split) if wire.split else steps


def _with_lines(instructions: Iterable[Instruction], wire: Wire) -> Iterator[Instruction]:
    """Apply line ends, comments and the byte order mark, and join events."""
    comment = framed_comment(wire.comments, wire) if wire.comments is not None else b""
    every = wire.comments.every if wire.comments is not None else 0
    waiting: list[bytes] = [BOM] if wire.bom else []
    joined = events = seen = 0
    for step in instructions:
        if type(step) is Write:
            if every and step.events and seen % every == 0:
                waiting.append(comment)
            waiting.append(line_ends(step.data, wire))
            seen += step.events
            events += step.events
            joined += 1
            if joined < (wire.coalesce or 1):
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


def _kept_alive(instructions: Iterable[Instruction], comment: bytes, idle: float) -> Iterator[Instruction]:
    """Put a comment wherever nothing would be written for so many seconds."""
    quiet = 0.0
    begun = False  # nothing can be sent before the head
    for step in instructions:
        if type(step) is Wait and begun:
            left, stall = step
            while quiet + left > idle:
                until = idle - quiet
                yield Wait(until, stall)
                yield Write(comment)
                left -= until
                quiet = 0.0
            quiet += left
            if left > 0:
                yield Wait(left, stall)
            continue
        if type(step) is Hang and begun:
            yield Hang(idle, comment)
            continue
        if isinstance(step, (Begin, Write)):
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
