"""Faults before the first byte of a reply, or in its head or the length of its body."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from mockgrid.reply.faults import garbage
from mockgrid.reply.script import Close, Hang, Head, Raw, Reset, Wait, Write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mockgrid.reply.script import Instruction

EarlyKind = Literal["reset", "empty", "hang", "garbage", "slow_headers", "cut_body", "wrong_length"]
EARLY_KINDS: tuple[EarlyKind, ...] = get_args(EarlyKind)

_SLOW_HEAD = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyFault:
    """One fault before a reply's first byte.

    Attributes:
        kind: what happens. ``reset``: the connection is reset. ``empty``: it closes without a byte. ``hang``:
            nothing is sent for ``seconds``, then the connection closes. ``garbage``: bytes that are no HTTP,
            then it closes. ``slow_headers``: status line and headers take ``seconds``, a byte at a time; the
            body is whole. ``cut_body``: the connection closes half way through the body. ``wrong_length``:
            the body is whole, and ``content-length`` is wrong.
        seconds: see above; without it a hang has no end, and slow headers take 5.
        after: bytes of the body that ``cut_body`` lets through; None for half of it.
        length: what ``wrong_length`` declares, in bytes; None for half of the body.
        garbage: the bytes; empty for 64 drawn from the seed, and two line ends.
    """

    kind: EarlyKind
    seconds: float | None = None
    after: int | None = None
    length: int | None = None
    garbage: bytes = b""

    def __post_init__(self) -> None:
        if self.kind not in EARLY_KINDS:
            raise ValueError(
                f"{self.kind} is no fault before the first byte; they are {', '.join(EARLY_KINDS)}"
            )
        if self.seconds is not None and not (math.isfinite(self.seconds) and self.seconds >= 0):
            raise ValueError(f"seconds is {self.seconds:g}; it must be zero or more")
        for name in ("after", "length"):
            value: int | None = getattr(self, name)
            if value is not None and value < 0:
                raise ValueError(f"{name} is {value}; it must be zero or more")

    @property
    def bare(self) -> bool:
        """Whether it takes a connection without HTTP's rules."""
        return self.kind in {"garbage", "slow_headers", "wrong_length"}


def faulty_from_the_first(
    instructions: Iterable[Instruction], fault: EarlyFault, seed: str
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
        case "hang" if fault.seconds is None:
            yield Hang()
        case "hang":
            yield Wait(fault.seconds or 0.0, stall=True)
            yield Close()
        case "garbage":
            # With the end of a line, without which most clients would wait for more of it.
            yield Raw(fault.garbage or garbage(seed) + b"\r\n\r\n")
            yield Close()
        case "slow_headers":
            yield head._replace(seconds=_SLOW_HEAD if fault.seconds is None else fault.seconds)
            yield from rest
        case "cut_body":
            yield head
            yield from _until(rest, _size(rest) // 2 if fault.after is None else fault.after)
            yield Close()
        case "wrong_length":
            size = _size(rest)
            wrong = (size // 2 if size else 1) if fault.length is None else fault.length
            yield Head(wrong)
            yield from rest


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
