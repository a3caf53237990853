"""How a reply reaches the client: delayed, paced, shaped and broken; the script of all that."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from mockgrid.reply.delay import draw
from mockgrid.reply.faults import faulty
from mockgrid.reply.first_byte import faulty_from_the_first
from mockgrid.reply.pace import paced
from mockgrid.reply.script import Head, Script, Wait, Write
from mockgrid.reply.wire import shaped
from mockgrid.scenario.stream import PLAIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mockgrid.reply.script import Instruction
    from mockgrid.scenario.delay import Delay
    from mockgrid.scenario.fault import Fault, StreamFault
    from mockgrid.scenario.pace import Pace
    from mockgrid.scenario.stream import Wire


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
    fault: StreamFault | None = None
    early_fault: Fault | None = None
    wire: Wire = PLAIN

    def stream(
        self, events: Iterable[bytes], seed: str, *, opening: int = 1, closing: int = 1, virtual: bool = False
    ) -> Script:
        """Return the script of a stream.

        Args:
            events: framed with LF, ``[DONE]`` included.
            seed: text that all that varies is drawn from.
            opening: how many events leave together with the first token: one for each choice, with its role.
            closing: how many leave together with the finish: ``[DONE]``, and usage if there is any.
            virtual: whether waits pass at once.
        """
        steps: Iterator[Instruction] = paced(events, self.pace, seed, opening=opening, closing=closing)
        if self.fault is not None:
            steps = faulty(steps, self.fault, seed, opening=opening)
        return self._script(shaped(_headed(Head(), steps), self.wire), seed, virtual=virtual)

    def whole(self, body: bytes, seed: str, *, held: float = 0.0, virtual: bool = False) -> Script:
        """Return the script of a plain body.

        Args:
            body: all of it.
            seed: text that all that varies is drawn from.
            held: seconds for which the whole reply is held back, its head included.
            virtual: whether waits pass at once.
        """
        steps: list[Instruction] = [Wait(held)] if held > 0 else []
        steps.append(Head(len(body)))
        if body:
            steps.append(Write(body))
        return self._script(iter(steps), seed, virtual=virtual)

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
        seconds = draw(delay, Random(f"{seed}:delay"))  # noqa: S311 - drawn to be repeated, not to be secret
        if seconds > 0:
            yield Wait(seconds)
    yield from steps
