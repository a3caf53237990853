"""How a reply streams."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mockgrid.scenario.fault import StreamFault
    from mockgrid.scenario.pace import Pace
    from mockgrid.scenario.template import Template

__all__ = ["Chunking", "Comments", "Stream", "Wire"]


@dataclass(frozen=True, slots=True)
class Chunking:
    """How the text is cut into chunks.

    Attributes:
        by: by token, by word, every so many characters, or into the pieces given.
        chars: characters in each chunk, by ``chars``.
        pieces: the chunks themselves, by ``pieces``.
    """

    by: Literal["token", "word", "chars", "pieces"] = "token"
    chars: int = 0
    pieces: tuple[Template, ...] = ()


@dataclass(frozen=True, slots=True)
class Comments:
    """Comment lines between the events.

    Attributes:
        text: what they say, one line.
        every: after how many events each.
        idle: seconds between further ones while the stream waits; None for none.
    """

    text: str = "keep-alive"
    every: int = 1
    idle: float | None = None


@dataclass(frozen=True, slots=True)
class Wire:
    """The shape of the bytes.

    Attributes:
        newline: how lines end.
        comments: comments between the events, if any.
        split: bytes in each write; None for one write per event.
        coalesce: events in each write; None for one.
        bom: whether a byte order mark comes first.
    """

    newline: Literal["\n", "\r\n", "\r"] = "\n"
    comments: Comments | None = None
    split: int | None = None
    coalesce: int | None = None
    bom: bool = False

    @property
    def plain(self) -> bool:
        """Whether nothing is asked for, so that the stream goes out as it always does."""
        return self == Wire()


@dataclass(frozen=True, slots=True)
class Stream:
    """Everything about one reply's stream; ``pace`` is None where the scenario's holds."""

    pace: Pace | None = None
    chunking: Chunking = field(default_factory=Chunking)
    fault: StreamFault | None = None
    wire: Wire = field(default_factory=Wire)
