"""The events of a recorded stream."""

from __future__ import annotations

import re
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mockgrid.reply.delivery.form import data_of, json_or_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["RecordedEvent", "events_in"]

_END: Final = re.compile(rb"(?:\r\n|\n|\r)(?:\r\n|\n|\r)")
_DONE: Final = b"[DONE]"
_BOM: Final = b"\xef\xbb\xbf"


class RecordedEvent(NamedTuple):
    """One event, or a comment.

    Attributes:
        at: seconds from the request until its last byte came; 0 where that is not known.
        data: its data; None where it has no line of data.
        lines: its other lines: names, ids, times, and comments.
    """

    at: float
    data: bytes | None
    lines: tuple[str, ...] = ()

    @property
    def value(self) -> Any:
        """Its data as a JSON value; text that is none as it is."""
        return json_or_text(self.data or b"")


def events_in(chunks: Sequence[tuple[float, bytes]]) -> tuple[list[RecordedEvent], bytes]:
    r"""Return the events of a stream, and what follows the last of them: a piece that was cut.

    >>> events_in([(0.5, b"data: 1\n\nda"), (0.7, b"ta: 2\n\n")])
    ([RecordedEvent(at=0.5, data=b'1', lines=()), RecordedEvent(at=0.7, data=b'2', lines=())], b'')
    """
    body = b"".join(piece for _, piece in chunks)
    start = len(_BOM) if body.startswith(_BOM) else 0
    times = iter(_times(chunks))
    end, at = 0, 0.0
    events = []
    for match in _END.finditer(body):
        while end < match.end():
            end, at = next(times)
        event = _event(at, body[start : match.start()])
        if event is not None:
            events.append(event)
        start = match.end()
    tail = body[start:]
    # Who keeps streams in text files may lose the empty line at their end.
    last = _event(chunks[-1][0], tail) if tail.strip() else None
    if last is not None and last.data and (last.data == _DONE or isinstance(last.value, dict)):
        return [*events, last], b""
    return events, tail


def _times(chunks: Sequence[tuple[float, bytes]]) -> Iterator[tuple[int, float]]:
    """Yield where each piece ends in the body, and when it came."""
    ends = accumulate((len(piece) for _, piece in chunks), initial=0)
    for (_, end), (at, _) in zip(pairwise(ends), chunks, strict=True):
        yield end, at


def _event(at: float, framed: bytes) -> RecordedEvent | None:
    lines = [line for line in framed.splitlines() if line]
    if not lines:
        return None
    others = tuple(
        line.decode("utf-8", "replace")
        for line in lines
        if not (line == b"data" or line.startswith(b"data:"))
    )
    has_data = len(others) < len(lines)
    return RecordedEvent(at, data_of(framed) if has_data else None, others)
