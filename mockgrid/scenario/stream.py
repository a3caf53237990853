"""How a reply streams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from mockgrid.scenario.fault import StreamFault
    from mockgrid.scenario.pace import Pace
    from mockgrid.scenario.template import Template

__all__ = ["PLAIN", "Comments", "Stream", "Wire"]


@dataclass(frozen=True, slots=True)
class Comments:
    """Comment lines between the events.

    Attributes:
        text: what they say.
        every: one stands before the first event, and after every so many; 0 for none.
        idle: seconds without a byte after which a further one is sent; None for never.
    """

    text: str = "keep-alive"
    every: int = 1
    idle: float | None = None


@dataclass(frozen=True, slots=True)
class Wire:
    """The shape of the bytes.

    Attributes:
        newline: what ends a line.
        comments: comments between the events, if any.
        split: bytes in each write, also through the middle of a character; None for whole events.
        coalesce: events in each write, which leaves with the last of them; None for one.
        bom: whether a byte order mark comes first.
    """

    newline: Literal["\n", "\r\n", "\r"] = "\n"
    comments: Comments | None = None
    split: int | None = None
    coalesce: int | None = None
    bom: bool = False


PLAIN: Final = Wire()
"""Nothing is asked for: the stream goes out as it always does."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Everything about one reply's stream.

    Attributes:
        pace: None where the scenario's holds.
        chunks: how the text is cut: by token, by word, into so many characters each, or into these pieces.
        fault: what breaks.
        wire: the shape of its bytes.
    """

    pace: Pace | None = None
    chunks: Literal["token", "word"] | int | tuple[Template, ...] = "token"
    fault: StreamFault | None = None
    wire: Wire = PLAIN
