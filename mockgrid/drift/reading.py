"""What a reply holds: one value, or the values of a stream's events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson

from mockgrid.contract.coverage import bare
from mockgrid.contract.operation import is_json
from mockgrid.fixed import fixed
from mockgrid.recording.exchange import header
from mockgrid.reply.delivery.form import data_of, events_of, readings_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.recording.exchange import RecordedReply

__all__ = ["STREAM", "Content", "ContentPart"]

STREAM: Final = "text/event-stream"

_BOM: Final = b"\xef\xbb\xbf"


@fixed
class ContentPart:
    """One value in a reply.

    Attributes:
        place: which event it is of, such as ``event 3``; empty for the whole body.
        value: as JSON; a text where it is none.
        is_json: whether it is JSON.
        event: all of it, as it was framed; empty for the whole body.
    """

    place: str
    value: Any
    is_json: bool
    event: bytes = b""

    @property
    def readings(self) -> tuple[Any, ...]:
        """What a schema may describe of it."""
        return (self.value, *readings_of(self.event))

    @property
    def name(self) -> str:
        """The name of the event; empty for none."""
        lines = (line[6:].strip() for line in self.event.splitlines() if line.startswith(b"event:"))
        return next(lines, b"").decode("utf-8", "replace")


@dataclass(slots=True)
class Content:
    """What a reply holds.

    Attributes:
        media: its media type, without parameters; empty where it has none.
        parts: its values.
        finished: whether the event came that ends a stream.
        after: the place of the first event behind that.
        cut: whether a stream's last event lacks its end.
    """

    media: str
    parts: list[ContentPart] = field(default_factory=list)
    finished: bool = False
    after: str = ""
    cut: bool = False

    @classmethod
    def of(cls, reply: RecordedReply, done: bytes) -> Content:
        """Read a reply; ``done`` is the data of the event that ends a stream, empty for none."""
        content, body = cls(bare(header(reply.headers, b"content-type"))), reply.body
        if content.media == STREAM:
            content._read_events(body.removeprefix(_BOM), done)
        elif is_json(content.media) and body:
            value, sound = _read(body)
            content.parts.append(ContentPart("", value, sound))
        return content

    def _read_events(self, body: bytes, done: bytes) -> None:
        *events, last = events_of(body)
        self.cut = bool(data_of(last))
        for number, event in enumerate([*events, last] if self.cut else events, 1):
            data, place = data_of(event), f"event {number}"
            if self.finished and data:
                self.after = self.after or place
            elif done and data.strip() == done:
                self.finished = True
            elif data:
                self.parts.append(ContentPart(place, *_read(data), event))

    @property
    def values(self) -> list[Any]:
        """The values that are JSON."""
        return [part.value for part in self.parts if part.is_json]

    @property
    def names(self) -> Iterator[str]:
        """The names of events."""
        return (part.name for part in self.parts if b"event:" in part.event and part.name)


def _read(data: bytes) -> tuple[Any, bool]:
    try:
        return orjson.loads(data), True
    except orjson.JSONDecodeError:
        return data.decode("utf-8", "replace"), False
