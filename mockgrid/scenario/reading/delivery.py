"""Reads how replies reach the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mockgrid.scenario.delivery import (
    DIRECT,
    Comments,
    Delay,
    Delivery,
    ErrorEvent,
    Fault,
    Fixed,
    LogNormal,
    Normal,
    Pace,
    StreamFault,
    Uniform,
    Wire,
)
from mockgrid.scenario.duration import seconds, share
from mockgrid.scenario.reading.structure import fault_options
from mockgrid.scenario.template import Template

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockgrid.scenario.diagnostics import Node

__all__ = ["optional_seconds", "read_delivery", "read_pace", "read_period"]

_NEWLINES: Final[dict[str, Any]] = {"lf": "\n", "crlf": "\r\n", "cr": "\r"}
# Seconds of what happens again and again, at least: comments while waiting are a write each, and a limit that
# is full again in no time is none.
# Keys of a stream that say how words are told, with what to do where there are events.
_OF_WORDS: Final = {
    "chunks": "Cut the texts of the events themselves.",
    "interleave": "Put the events themselves in order.",
}
_SHORTEST: Final = 0.001
_NO_IDLE: Final = "Leave it out for no comments while waiting."


def _delay(node: Node) -> Delay:
    """Read a delay whose structure is sound."""
    value = node.value
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
                node["uniform"]["from"].error("MG215", message, "Exchange the two.")
            return Uniform(shortest, longest)
        case "normal":
            return Normal(seconds(argument["mean"]), seconds(argument["deviation"]))
        case _:
            return LogNormal(seconds(argument["median"]), float(argument["sigma"]))


def read_period(node: Node, key: str, hint: str) -> float:
    """Read how long something takes each time, in seconds; what is shorter than 1ms is noted."""
    argument = node[key]
    period = seconds(argument.value)
    if period < _SHORTEST:
        argument.error("MG215", f"`{key}` is {argument.value}; it must be 1ms or more.", hint)
    return period


def read_pace(node: Node) -> Pace:
    """Read a pace whose structure is sound."""
    value = node.value
    return Pace(
        first_token=_delay(node["first_token"]) if "first_token" in value else None,
        per_token=_delay(node["per_token"]) if "per_token" in value else None,
        jitter=share(value["jitter"]) if "jitter" in value else 0.0,
        tokens_per_second=float(value["tokens_per_second"]) if "tokens_per_second" in value else None,
    )


def read_delivery(node: Node, texts: Iterable[str]) -> Delivery:
    """Read how a reply whose structure is sound reaches the client: its delay, its fault, and its stream.

    Args:
        node: the reply.
        texts: those of it that a stream cuts, in their order, as they are written.
    """
    delay, early, stream = node.find("delay"), node.find("fault"), node.find("stream")
    if delay is None and early is None and stream is None:
        return DIRECT
    held = _delay(delay) if delay is not None else None
    broken = _early_fault(early) if early is not None else None
    if stream is None:
        return Delivery(delay=held, early_fault=broken)
    for name, hint in _OF_WORDS.items() if "events" in node else ():
        if name in stream:
            stream[name].error("MG221", f"`{name}` has no effect beside `events`.", hint, key=True)
    pace, chunks, fault = stream.find("pace"), stream.find("chunks"), stream.find("fault")
    return Delivery(
        delay=held,
        pace=read_pace(pace) if pace is not None else None,
        chunks=_chunks(chunks, node.find("say"), texts) if chunks is not None else "token",
        interleave=stream.value.get("interleave", False),
        fault=_stream_fault(fault) if fault is not None else None,
        early_fault=broken,
        wire=_wire(stream),
        linger=optional_seconds(stream, "linger") or 0.0,
    )


def _chunks(node: Node, said: Node | None, texts: Iterable[str]) -> Any:
    value = node.value
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return int(value["chars"])
    pieces = tuple(Template.read(piece) for piece in node.members())
    if "".join(value) == "".join(texts):
        return pieces
    if said is None:
        message = "A list of chunks cuts the text of `say`, and there is none."
        hint = "Add `say`. A number of characters cuts arguments as well: `chunks: {chars: 5}`."
        node.error("MG221", message, hint, key=True)
    elif "".join(value) != said.value:
        message = f"The chunks add up to {_short(''.join(value))}, and `say` is {_short(said.value)}."
        node.error("MG227", message, "Blanks count, and belong to one of the pieces.")
    return pieces


def _early_fault(node: Node) -> Fault:
    kind, options = _fault(node, "faultKind")
    length = options.get("length")
    if length == 0:
        node["length"].error("MG215", "`length` is 0, and the right length is no fault.", "Write 1 or -1.")
    return Fault(kind, after=options.get("after"), duration=optional_seconds(node, "for"), length=length)


def _stream_fault(node: Node) -> StreamFault:
    kind, options = _fault(node, "streamFaultKind")
    error = ErrorEvent(
        **options.get("error", {}),
        shape=options.get("shape", "openai"),
        event=options.get("event", ""),
        data=(options["data"],) if "data" in options else (),
    )
    after = options.get("after", 1)
    return StreamFault(kind, after=after, duration=optional_seconds(node, "for"), error=error)


def _fault(node: Node, definition: str) -> tuple[str, dict[str, Any]]:
    """Return a fault's kind, one of a definition, and its options; those it does not take are noted."""
    if isinstance(node.value, str):
        return node.value, {}
    kind = node.value["kind"]
    known = fault_options(definition, kind)
    for option, argument in node.items():
        if option != "kind" and option not in known:
            hint = f"It takes {', '.join(known)}." if known else "It takes no options."
            argument.error("MG221", f"`{option}` has no effect on the fault `{kind}`.", hint, key=True)
    counts = {key: int(node.value[key]) for key in ("after", "length") if key in node.value}
    return kind, {**node.value, **counts}


def optional_seconds(node: Node, key: str) -> float | None:
    """Return the duration under a key in seconds; None where there is none."""
    return seconds(node.value[key]) if key in node else None


def _wire(node: Node) -> Wire:
    value = node.value
    return Wire(
        newline=_NEWLINES[value.get("newline", "lf")],
        comments=_comments(node["comments"]) if "comments" in value else None,
        split=int(value["split"]) if "split" in value else None,
        coalesce=int(value["coalesce"]) if "coalesce" in value else None,
        bom=value.get("bom", False),
    )


def _comments(node: Node) -> Comments | None:
    value = node.value
    if isinstance(value, bool):
        return Comments() if value else None
    if isinstance(value, str):
        return Comments(value)
    return Comments(
        text=value.get("text", Comments().text),
        every=int(value.get("every", 1)),
        idle=read_period(node, "idle", _NO_IDLE) if "idle" in value else None,
    )


def _short(text: str) -> str:
    return repr(text if len(text) <= len("a text as long as fits") * 2 else text[:40] + "…")
