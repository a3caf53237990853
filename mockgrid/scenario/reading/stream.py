"""Reads durations, paces and streams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mockgrid.scenario.delay import Delay, Fixed, LogNormal, Normal, Uniform
from mockgrid.scenario.duration import seconds, share
from mockgrid.scenario.fault import ErrorEvent, StreamFault
from mockgrid.scenario.pace import Pace
from mockgrid.scenario.stream import Comments, Stream, Wire
from mockgrid.scenario.template import Template

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockgrid.scenario.part import Part

__all__ = ["check_options", "optional_seconds", "read_delay", "read_pace", "read_period", "read_stream"]

_NEWLINES: Final[dict[str, Any]] = {"lf": "\n", "crlf": "\r\n", "cr": "\r"}
# Seconds of what happens again and again, at least: comments while waiting are a write each, and a limit that
# is full again in no time is none.
_SHORTEST: Final = 0.001
_NO_IDLE: Final = "Leave it out for no comments while waiting."
# Which options a kind of fault takes; others would be ignored.
_OPTIONS: Final[dict[str, tuple[str, ...]]] = {
    "disconnect": ("after",),
    "reset": ("after",),
    "stall": ("after", "for"),
    "error_event": ("after", "error", "shape", "event", "data"),
    "malformed_json": ("after",),
    "cut_utf8": ("after",),
    "garbage": ("after",),
    "duplicate_chunk": ("after",),
    "no_finish": (),
    "no_done": (),
}


def read_delay(part: Part) -> Delay:
    """Read a delay whose structure is sound."""
    value = part.value
    if isinstance(value, str):
        return Fixed(seconds(value))
    ((name, argument),) = value.items()
    match name:
        case "fixed":
            return Fixed(seconds(argument))
        case "uniform":
            shortest, longest = seconds(argument["from"]), seconds(argument["to"])
            if shortest > longest:
                message = f"`from` is {argument['from']}, which is longer than `to`, {argument['to']}."
                part["uniform"]["from"].error("MG215", message, "Exchange the two.")
            return Uniform(shortest, longest)
        case "normal":
            return Normal(seconds(argument["mean"]), seconds(argument["deviation"]))
        case _:
            return LogNormal(seconds(argument["median"]), float(argument["sigma"]))


def read_period(part: Part, key: str, hint: str) -> float:
    """Read how long something takes each time, in seconds; what is shorter than 1ms is noted."""
    argument = part[key]
    found = seconds(argument.value)
    if found < _SHORTEST:
        argument.error("MG215", f"`{key}` is {argument.value}; it must be 1ms or more.", hint)
    return found


def read_pace(part: Part) -> Pace:
    """Read a pace whose structure is sound."""
    value = part.value
    return Pace(
        first_token=read_delay(part["first_token"]) if "first_token" in value else None,
        per_token=read_delay(part["per_token"]) if "per_token" in value else None,
        jitter=share(value["jitter"]) if "jitter" in value else 0.0,
        tokens_per_second=float(value["tokens_per_second"]) if "tokens_per_second" in value else None,
    )


def read_stream(part: Part, said: Part | None) -> Stream:
    """Read a stream whose structure is sound.

    Args:
        part: the mapping.
        said: the reply's ``say``, which a list of chunks must add up to; None where there is none.
    """
    pace, chunks, fault = part.find("pace"), part.find("chunks"), part.find("fault")
    return Stream(
        pace=read_pace(pace) if pace is not None else None,
        chunks=_chunks(chunks, said) if chunks is not None else "token",
        fault=_fault(fault) if fault is not None else None,
        wire=_wire(part),
    )


def _chunks(part: Part, said: Part | None) -> Any:
    value = part.value
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return int(value["chars"])
    pieces = tuple(Template.read(piece) for piece in part.members())
    if said is None:
        part.error("MG221", "A list of chunks needs the text that it cuts.", "Add `say`.", key=True)
    elif "".join(value) != said.value:
        message = f"The chunks add up to {_short(''.join(value))}, and `say` is {_short(said.value)}."
        part.error("MG227", message, "Blanks count, and belong to one of the pieces.")
    return pieces


def _fault(part: Part) -> StreamFault:
    value = part.value
    if isinstance(value, str):
        return StreamFault(_kind(value))
    kind = value["kind"]
    check_options(part, kind, _OPTIONS[kind])
    return StreamFault(
        _kind(kind),
        after=int(value.get("after", 1)),
        duration=optional_seconds(part, "for"),
        error=ErrorEvent(
            **value.get("error", {}),
            shape=value.get("shape", "openai"),
            event=value.get("event", ""),
            data=(value["data"],) if "data" in value else (),
        ),
    )


def _kind(name: str) -> Any:
    """The schema has seen to it that it is one of those that there are."""
    return name


def check_options(part: Part, kind: str, taken: Iterable[str]) -> None:
    """Note the options beside a fault's kind that it does not take."""
    for option, argument in part.items():
        if option != "kind" and option not in taken:
            known = ", ".join(taken)
            hint = f"It takes {known}." if known else "It takes no options."
            argument.error("MG221", f"`{option}` has no effect on the fault `{kind}`.", hint, key=True)


def optional_seconds(part: Part, key: str) -> float | None:
    """Return the duration under a key in seconds; None where there is none."""
    return seconds(part.value[key]) if key in part.value else None


def _wire(part: Part) -> Wire:
    value = part.value
    return Wire(
        newline=_NEWLINES[value.get("newline", "lf")],
        comments=_comments(part["comments"]) if "comments" in value else None,
        split=int(value["split"]) if "split" in value else None,
        coalesce=int(value["coalesce"]) if "coalesce" in value else None,
        bom=value.get("bom", False),
    )


def _comments(part: Part) -> Comments | None:
    value = part.value
    if isinstance(value, bool):
        return Comments() if value else None
    if isinstance(value, str):
        return Comments(value)
    return Comments(
        text=value.get("text", Comments().text),
        every=int(value.get("every", 1)),
        idle=read_period(part, "idle", _NO_IDLE) if "idle" in value else None,
    )


def _short(text: str) -> str:
    return repr(text if len(text) <= len("a text as long as fits") * 2 else text[:40] + "…")
