"""Faults in a stream: each a pure transformation of its instructions."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from mockgrid.reply.error_event import framed
from mockgrid.reply.script import Close, Hang, Reset, Wait, Write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mockgrid.reply.script import Instruction
    from mockgrid.scenario.fault import StreamFault, StreamFaultKind

DONE = b"data: [DONE]\n\n"
# A quotation mark inside a JSON string is escaped, so this stands for the key and nothing else.
_FINISH = b'"finish_reason":"'
_TEXTS = (b'"content":"', b'"refusal":"', b'"reasoning_content":"', b'"arguments":"', b'":"')
_CUT_CHARACTER = "€".encode()[:2]
_GARBAGE_SIZE = 64


def faulty(
    instructions: Iterable[Instruction], fault: StreamFault, seed: str, *, opening: int = 0
) -> Iterator[Instruction]:
    """Yield a stream's instructions with a fault.

    Args:
        instructions: one ``Write`` for each event, framed with LF, and waits.
        fault: what goes wrong.
        seed: text that all that varies is drawn from.
        opening: how many events come before the first chunk that counts: those that name the roles.
    """
    after = fault.after + opening
    if fault.kind in _OMITTED:
        omitted = _OMITTED[fault.kind]
        yield from (step for step in instructions if not (type(step) is Write and omitted(step.data)))
    elif fault.kind in _BROKEN:
        yield from _breaking(instructions, _BROKEN[fault.kind], after)
    else:
        yield from _interrupted(instructions, fault, after, seed)


def garbage(seed: str) -> bytes:
    """Return 64 bytes that are no HTTP, no event and no UTF-8, the same for the same seed."""
    random = Random(f"{seed}:garbage")  # noqa: S311 - drawn to be repeated, not to be secret
    # From 128 on: no byte is ASCII, so none ends a line; the first is none that UTF-8 has.
    return b"\xff" + bytes(128 + int(random.random() * 128) for _ in range(_GARBAGE_SIZE - 1))


def _interrupted(
    instructions: Iterable[Instruction], fault: StreamFault, after: int, seed: str
) -> Iterator[Instruction]:
    """Yield what comes before the fault, the fault, and what it leaves of the rest."""
    steps = iter(instructions)
    chunk = b""
    # A chunk that is to be repeated must have come.
    left = max(after, 1) if fault.kind == "duplicate_chunk" else after
    held: list[Instruction] = []  # waits, and the [DONE] that was met too soon
    while left:
        step = next(steps, None)
        if step is None:
            break
        held.append(step)
        if type(step) is Write:
            if step.data == DONE:
                break
            chunk = step.data
            yield from held
            held = []
            left -= 1
    yield from _fault_itself(fault, chunk, seed)
    if not (fault.kind in _FINAL or (fault.kind == "stall" and fault.duration is None)):
        yield from held
        yield from steps


def _fault_itself(fault: StreamFault, chunk: bytes, seed: str) -> list[Instruction]:
    match fault.kind:
        case "disconnect":
            return [Close()]
        case "reset":
            return [Reset()]
        case "stall":
            return [Hang() if fault.duration is None else Wait(fault.duration, stall=True)]
        case "error_event":
            return [Write(framed(fault.error, chunk), 1)]
        case "garbage":
            return [Write(garbage(seed) + b"\n\n")]
        case _:  # duplicate_chunk
            return [Write(chunk, 1)] if chunk else []


def _breaking(
    instructions: Iterable[Instruction], broken: Callable[[bytes], bytes], after: int
) -> Iterator[Instruction]:
    """Yield the instructions with one chunk broken: the one after so many, or a copy of the last."""
    seen, done = 0, False
    chunk = b""
    for step in instructions:
        if type(step) is Write and not done:
            if step.data == DONE:
                yield Write(broken(chunk), 1)
                done = True
            elif seen == after:
                yield step._replace(data=broken(step.data))
                done = True
                continue
            chunk = step.data
            seen += 1
        yield step
    if not done:
        yield Write(broken(chunk), 1)


def _half_json(event: bytes) -> bytes:
    """Cut an event's JSON in half, between two characters: it says how it begins, and not how it ends."""
    text = event.decode("utf-8", "replace").rstrip("\n") or "data: {}"
    start = text.find("{") + 1
    return text[: start + (len(text) - start) // 2].encode() + b"\n\n"


def _half_character(event: bytes) -> bytes:
    """Take the last byte from a character of several, or put half a one into the first text."""
    for place in range(len(event) - 1, -1, -1):
        if event[place] & 0xC0 == 0x80:  # noqa: PLR2004 - UTF-8's mark of a byte that continues a character
            return event[:place] + event[place + 1 :]
    for mark in _TEXTS:
        found = event.find(mark)
        if found >= 0:
            found += len(mark)
            return event[:found] + _CUT_CHARACTER + event[found:]
    return b"data: " + _CUT_CHARACTER + b"\n\n"


def _is_finish(event: bytes) -> bool:
    return _FINISH in event


def _is_done(event: bytes) -> bool:
    return event == DONE


_FINAL: tuple[StreamFaultKind, ...] = ("disconnect", "reset", "error_event")
_BROKEN: dict[StreamFaultKind, Callable[[bytes], bytes]] = {
    "malformed_json": _half_json,
    "cut_utf8": _half_character,
}
_OMITTED: dict[StreamFaultKind, Callable[[bytes], bool]] = {"no_finish": _is_finish, "no_done": _is_done}
