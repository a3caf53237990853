"""Faults before the first byte of a reply, or in its head or the length of its body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockgrid.reply.faults import garbage
from mockgrid.reply.script import Close, Hang, Head, Raw, Reset, Wait, Write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mockgrid.reply.script import Instruction
    from mockgrid.scenario.fault import Fault

_SLOW_HEAD = 5.0


def faulty_from_the_first(
    instructions: Iterable[Instruction], fault: Fault, seed: str
) -> Iterator[Instruction]:
    """Yield a whole reply's instructions with a fault.

    Args:
        instructions: a ``Head``, perhaps after waits, and what follows it.
        fault: what goes wrong.
        seed: text that all that varies is drawn from.
    """
    steps = list(instructions)
    start = next(place for place, step in enumerate(steps) if type(step) is Head)
    yield from steps[:start]
    head: Head = steps[start]  # type: ignore[assignment]  # found by its type
    rest = steps[start + 1 :]
    match fault.kind:
        case "reset":
            yield Reset()
        case "empty":
            yield Close()
        case "hang" if fault.duration is None:
            yield Hang()
        case "hang":
            yield Wait(fault.duration or 0.0, stall=True)
            yield Close()
        case "garbage":
            # With the end of a line, without which most clients would wait for more of it.
            yield Raw(garbage(seed) + b"\r\n\r\n")
            yield Close()
        case "slow_headers":
            yield head._replace(seconds=_SLOW_HEAD if fault.duration is None else fault.duration)
            yield from rest
        case "cut_body":
            yield head
            yield from _until(rest, _size(rest) // 2 if fault.after is None else fault.after)
            yield Close()
        case "wrong_length":
            yield Head(_wrong(_size(rest), fault.length))
            yield from rest


def _wrong(size: int, more: int | None) -> int:
    """Return a length in bytes that is not ``size``."""
    declared = size // 2 if more is None else max(size + more, 0)
    return declared if declared != size else size + 1


def _size(steps: list[Instruction]) -> int:
    return sum(len(step.data) for step in steps if type(step) is Write)


def _until(steps: list[Instruction], size: int) -> Iterator[Instruction]:
    """Yield instructions up to so many bytes of body."""
    for step in steps:
        if type(step) is Write:
            if len(step.data) > size:
                if size:
                    yield Write(step.data[:size])
                return
            size -= len(step.data)
        yield step
