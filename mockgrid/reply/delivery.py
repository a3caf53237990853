"""How a reply reaches the client: delayed, paced, shaped and broken; the script of all that."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from mockgrid.reply.faults import Fault, faulty
from mockgrid.reply.first_byte import EarlyFault, faulty_from_the_first
from mockgrid.reply.pace import Pace, paced
from mockgrid.reply.script import Head, Script, Wait, Write
from mockgrid.reply.wire import PLAIN, Wire, shaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mockgrid.reply.delay import Delay
    from mockgrid.reply.script import Instruction


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What is asked of one reply's way to the client.

    Attributes:
        delay: before its first byte.
        pace: of a stream.
        fault: in a stream.
        early_fault: before the first byte of a stream or of a plain body.
        wire: the shape of a stream's bytes.
    """

    delay: Delay | None = None
    pace: Pace | None = None
    fault: Fault | None = None
    early_fault: EarlyFault | None = None
    wire: Wire = PLAIN

    def stream(
        self, events: Iterable[bytes], seed: str, *, opening: int = 1, closing: int = 1, virtual: bool = False
    ) -> Script:
        """Return the script of a stream.

        Args:
            events: framed with LF, ``[DONE]`` included.
            seed: text that all that varies is drawn from.
            opening: how many events leave together with the first token: one for each choice.
            closing: how many leave together with the finish: ``[DONE]``, and usage if there is any.
            virtual: whether waits pass at once.
        """
        steps: Iterator[Instruction] = paced(events, self.pace, seed, opening=opening, closing=closing)
        if self.fault is not None:
            steps = faulty(steps, self.fault, seed)
        return self._script(shaped(_headed(Head(), steps), self.wire), seed, virtual=virtual)

    def whole(self, body: bytes, seed: str, *, virtual: bool = False) -> Script:
        """Return the script of a plain body."""
        steps = iter((Write(body),) if body else ())
        return self._script(_headed(Head(len(body)), steps), seed, virtual=virtual)

    def _script(self, steps: Iterator[Instruction], seed: str, *, virtual: bool) -> Script:
        if self.early_fault is not None:
            steps = faulty_from_the_first(steps, self.early_fault, seed)
        bare = self.early_fault is not None and self.early_fault.bare
        return Script(_delayed(steps, self.delay, seed), bare=bare, virtual=virtual)


def _headed(head: Head, steps: Iterable[Instruction]) -> Iterator[Instruction]:
    yield head
    yield from steps


def _delayed(steps: Iterator[Instruction], delay: Delay | None, seed: str) -> Iterator[Instruction]:
    if delay is not None:
        seconds = delay.draw(Random(f"{seed}:delay"))  # noqa: S311 - drawn to be repeated, not to be secret
        if seconds > 0:
            yield Wait(seconds)
    yield from steps
