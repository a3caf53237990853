"""Faults in a stream, or before the first byte: each a pure transformation of instructions."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final

from mockgrid.reply.script import Begin, Close, Hang, Raw, Reset, Wait, Write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mockgrid.reply.delivery.form import StreamForm
    from mockgrid.reply.script import Instruction
    from mockgrid.scenario.delivery import Fault, StreamFault

BARE: Final = frozenset(("garbage", "slow_headers", "wrong_length"))
"""The faults that take a connection without HTTP's rules."""

_CUT_CHARACTER = "€".encode()[:2]
_GARBAGE_SIZE = 64
_BREAKING = ("malformed_json", "cut_utf8")
# Seconds that a slow head takes where nothing is said.
_SLOW_HEAD = 5.0


def faulty(  # noqa: PLR0913 - what a fault meets, by name
    instructions: Iterable[Instruction],
    fault: StreamFault,
    seed: str,
    form: StreamForm,
    *,
    opening: int = 0,
    struck: Callable[[int], None] = lambda _: None,
) -> Iterator[Instruction]:
    """Yield a stream's instructions with a fault.

    Args:
        instructions: one ``Write`` for each event, framed with LF, and waits.
        fault: what goes wrong.
        seed: text that all that varies is drawn from.
        form: what the stream's events look like.
        opening: how many events come before the first one that counts.
        struck: told how many events have left when the fault strikes.
    """
    after = fault.after + opening
    match fault.kind:
        case "no_finish":
            yield from _without(form.is_finish, instructions, struck)
        case "no_done":
            yield from _without(lambda event: event == form.done, instructions, struck)
        case _:
            yield from _interrupted(instructions, fault, after, seed, form, struck)


def _without(
    missing: Callable[[bytes], bool], instructions: Iterable[Instruction], struck: Callable[[int], None]
) -> Iterator[Instruction]:
    """Yield instructions but for events that are to be missing."""
    count = 0
    for step in instructions:
        if type(step) is Write and missing(step.data):
            struck(count)
            continue
        count += type(step) is Write and step.events
        yield step


def garbage(seed: str) -> bytes:
    """Return 64 bytes that are no HTTP, no event and no UTF-8, the same for the same seed."""
    random = Random(f"{seed}:garbage")  # noqa: S311 - drawn to be repeated, not to be secret
    # From 128 on: no byte is ASCII, so none ends a line; the first is none that UTF-8 has.
    return b"\xff" + bytes(128 + int(random.random() * 128) for _ in range(_GARBAGE_SIZE - 1))


def _interrupted(  # noqa: PLR0913, PLR0917 - as above
    instructions: Iterable[Instruction],
    fault: StreamFault,
    after: int,
    seed: str,
    form: StreamForm,
    struck: Callable[[int], None],
) -> Iterator[Instruction]:
    """Yield what comes before the fault, the fault, and what it leaves of the rest."""
    steps = iter(instructions)
    chunk = b""
    # A chunk that is to be repeated must have come.
    first = left = max(after, 1) if fault.kind == "duplicate_chunk" else after
    held: list[Instruction] = []  # waits, and the end that was met too soon
    while left or fault.kind in _BREAKING:
        step = next(steps, None)
        if step is None:
            break
        held.append(step)
        if type(step) is Write and step.events:
            if step.data == form.done:
                break
            chunk = step.data
            if not left:
                held.pop()
                break
            yield from held
            held = []
            left -= 1
    struck(first - left)
    if fault.kind in _BREAKING:
        # The chunk after so many is broken, or a copy of the last before the end that was met too soon.
        end = [step for step in held if type(step) is Write and step.events]
        yield from (step for step in held if step not in end)
        yield Write(_half_json(chunk) if fault.kind == "malformed_json" else _half_character(chunk, form), 1)
        held = [*end]
    yield from _fault_itself(fault, chunk, seed, form)
    if not (
        fault.kind in {"disconnect", "reset", "error_event"}
        or (fault.kind == "stall" and fault.duration is None)
    ):
        yield from held
        yield from steps


def _fault_itself(  # noqa: PLR0911 - one for each kind
    fault: StreamFault, chunk: bytes, seed: str, form: StreamForm
) -> list[Instruction]:
    match fault.kind:
        case "disconnect":
            return [Close()]
        case "reset":
            return [Reset()]
        case "stall":
            return [Hang() if fault.duration is None else Wait(fault.duration, stall=True)]
        case "error_event":
            return [Write(form.error_event(fault.error, chunk), 1)]
        case "garbage":
            return [Write(garbage(seed) + b"\n\n")]
        case "duplicate_chunk" if chunk:
            return [Write(chunk, 1)]
        case _:
            return []


def _half_json(event: bytes) -> bytes:
    """Cut an event's JSON in half, between two characters: it says how it begins, and not how it ends."""
    text = event.decode("utf-8", "replace").rstrip("\n") or "data: {}"
    start = text.find("{") + 1
    return text[: start + (len(text) - start) // 2].encode() + b"\n\n"


def _half_character(event: bytes, form: StreamForm) -> bytes:
    """Take the last byte from a character of several, or put half a one into the first text."""
    for place in range(len(event) - 1, -1, -1):
        if event[place] & 0xC0 == 0x80:  # noqa: PLR2004 - UTF-8's mark of a byte that continues a character
            return event[:place] + event[place + 1 :]
    for mark in form.texts:
        start = event.find(mark)
        if start >= 0:
            start += len(mark)
            return event[:start] + _CUT_CHARACTER + event[start:]
    return b"data: " + _CUT_CHARACTER + b"\n\n"


def faulty_from_the_first(
    instructions: Iterable[Instruction], fault: Fault, seed: str
) -> Iterator[Instruction]:
    """Yield a whole reply's instructions with a fault.

    Args:
        instructions: a ``Begin``, perhaps after waits, and what follows it.
        fault: what goes wrong.
        seed: text that all that varies is drawn from.
    """
    steps = list(instructions)
    start = next(place for place, step in enumerate(steps) if type(step) is Begin)
    yield from steps[:start]
    head: Begin = steps[start]  # type: ignore[assignment]  # found by its type
    following = steps[start + 1 :]
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
            yield from following
        case "cut_body":
            yield head
            yield from _until(following, _size(following) // 2 if fault.after is None else fault.after)
            yield Close()
        case "wrong_length":
            yield Begin(_wrong(_size(following), fault.length))
            yield from following


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
