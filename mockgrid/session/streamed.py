"""What is to be hidden in the events of a stream, where each may hold a part of it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

import orjson

from mockgrid.session.key_shapes import is_secret_field
from mockgrid.session.secret_fields import redacted
from mockgrid.session.spans import Span, recut

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["cleaned", "in_events", "joined"]

_DATA: Final = re.compile(r"(?:^|(?<=[\r\n]))data: ?([\[{][^\r\n]*)")

_MOST_KNOWN: Final = 1000

Channel: TypeAlias = tuple[Any, ...]
"""Where a text stands within the events of a stream: by keys, and by the indices that items say."""


class Hider(Protocol):
    """Knows what is to be hidden."""

    def text(self, text: str, /) -> str:
        """Return a text without it."""

    def spans(self, text: str, /) -> Sequence[Span]:
        """Return where it stands in a text, in order; none lies within another."""


class _Remembering:
    """Knows again what it has hidden: most texts are the same in each event."""

    def __init__(self, hider: Hider) -> None:
        self.text = lru_cache(_MOST_KNOWN)(hider.text)
        self.is_secret = lru_cache(_MOST_KNOWN)(is_secret_field)


def in_events(stream: str, hider: Hider) -> Iterator[Span]:
    """Yield the events of a stream of which something is to be hidden, each in place of what it was."""
    places: list[tuple[int, int]] = []
    values = []
    for match in _DATA.finditer(stream):
        try:
            values.append(orjson.loads(match[1].encode("utf-8", "replace")))
        except orjson.JSONDecodeError:
            continue
        places.append(match.span(1))
    for (start, end), value, own in zip(places, values, cleaned(values, hider), strict=True):
        if own != value:
            yield Span(start, end, orjson.dumps(own).decode())


def joined(values: Sequence[Any]) -> list[str]:
    """Return the texts that go on through events, each joined."""
    return ["".join(text for _, text in pieces) for pieces in _channels(values).values()]


def cleaned(values: Sequence[Any], hider: Hider) -> list[Any]:
    """Return events without what stands in one of their texts, or goes on from one to the next."""
    known = _Remembering(hider)
    clean: dict[tuple[int, Channel], str] = {}
    for channel, pieces in _channels(values).items():
        texts = [text for _, text in pieces]
        # What is the same in each event is no text that goes on.
        goes_on = len(set(texts)) > 1
        recuts = recut(texts, hider.spans("".join(texts))) if goes_on else texts
        for (place, _), text in zip(pieces, recuts, strict=True):
            clean[place, channel] = known.text(text)

    def told(value: Any, place: int) -> Any:
        def text(own: str, at: Channel | None) -> str:
            return known.text(own) if at is None else clean.get((place, at), own)

        return redacted(value, text, known=known.is_secret, place=_name)

    return [told(value, place) for place, value in enumerate(values)]


def _channels(values: Sequence[Any]) -> dict[Channel, list[tuple[int, str]]]:
    channels: dict[Channel, list[tuple[int, str]]] = {}
    for place, value in enumerate(values):
        for channel, text in _texts(value, ()):
            channels.setdefault(channel, []).append((place, text))
    return channels


def _texts(value: Any, at: Channel) -> Iterator[tuple[Channel, str]]:
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*at, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _texts(item, (*at, _name(item, number)))


def _name(item: Any, number: int) -> Any:
    """Return what an item of a list is called in all events: its index where it says one."""
    index = item.get("index") if isinstance(item, dict) else None
    return index if isinstance(index, int) else number
