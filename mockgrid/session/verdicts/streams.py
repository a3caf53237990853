"""What a stream of chat completion chunks gave to a client that read all of it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from mockgrid.session.verdicts.policy import header

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.session.exchange import Exchange

_LINE_END = re.compile(rb"\r\n|\r|\n")
_BOM = b"\xef\xbb\xbf"
_UNREADABLE = object()
_SUCCESS = range(200, 300)
# How clients read bytes that are no UTF-8: not at all, with a mark in their place, or without them.
_DECODINGS = ("strict", "replace", "ignore")


class Stream:
    """The text of a stream, as far as it can be read.

    Args:
        data: the bytes of the body.

    Attributes:
        chunks: how many chunks could be read.
        unreadable: events that are no JSON, and lines that are no UTF-8.
        error: whether an event reported an error.
    """

    def __init__(self, data: bytes) -> None:
        self.chunks = 0
        self.unreadable = 0
        self.error = False
        self._seen: set[int] = set()
        self._finished: set[int] = set()
        self._texts: dict[tuple[int, str], str] = {}
        self._before: dict[int, str] = {}
        for event in _events(data):
            if not self._read(event):
                break

    @property
    def unfinished(self) -> bool:
        """Whether a choice that began has no finish reason."""
        return not self._seen <= self._finished

    def whole(self) -> set[str]:
        """Return the texts of the finished choices."""
        return _stripped(self._texts.get((choice, "strict"), "") for choice in self._finished)

    def cut(self) -> set[str]:
        """Return the texts of the choices that have no finish, and what came before the first breakage."""
        missing = self._seen - self._finished
        texts = [self._texts.get((choice, how), "") for choice in missing for how in _DECODINGS]
        return _stripped([*texts, *self._before.values()])

    def mended(self) -> set[str]:
        """Return the texts that are left when what cannot be read is skipped; empty if all can be read."""
        return _stripped(self._texts.values()) if self.unreadable else set()

    def _read(self, event: bytes | None) -> bool:
        """Take in one event, or None for a line that is none; return whether the stream goes on."""
        if event is None:
            self._break()
            self.unreadable += 1
            return True
        if event.strip() == b"[DONE]":
            return False
        value = _json(event, "strict")
        if value is _UNREADABLE:
            self._break()
            self.unreadable += 1
        for how in _DECODINGS:
            if value is not _UNREADABLE:
                self._take(how, value)
            elif how != "strict":
                self._take(how, _json(event, how))
        return True

    def _break(self) -> None:
        if not (self.unreadable or self.error):
            self._before = {choice: text for (choice, how), text in self._texts.items() if how == "strict"}

    def _take(self, how: str, chunk: Any) -> None:
        if not isinstance(chunk, dict):
            return
        if chunk.get("error") or chunk.get("errors"):
            self._break()
            self.error = True
        choices = chunk.get("choices")
        if not isinstance(choices, list):
            return
        self.chunks += how == "strict"
        for choice in choices:
            if isinstance(choice, dict) and isinstance(index := choice.get("index", 0), int):
                self._seen.add(index)
                if choice.get("finish_reason") is not None:
                    self._finished.add(index)
                delta = choice.get("delta")
                content = delta.get("content") if isinstance(delta, dict) else None
                if isinstance(content, str):
                    self._texts[index, how] = self._texts.get((index, how), "") + content


def read_stream(exchange: Exchange) -> Stream | None:
    """Return the stream that an exchange gave; None if it gave none, or more than the journal keeps."""
    kept = b"".join(piece for _, piece in exchange.chunks)
    if exchange.status not in _SUCCESS or exchange.under_way or len(kept) != exchange.chunks_size:
        return None
    kind = header(exchange.reply_headers, b"content-type") or b""
    return Stream(kept) if kept and kind.lower().startswith(b"text/event-stream") else None


def _events(data: bytes) -> Iterator[bytes | None]:
    """Yield the data of each whole event, and None for each line that is no UTF-8 and no field."""
    waiting: list[bytes] = []
    for line in _LINE_END.split(data.removeprefix(_BOM))[:-1]:  # what follows the last line's end is no line
        name, _, value = line.partition(b":")
        if name == b"data":
            waiting.append(value.removeprefix(b" "))
        elif not line:
            if any(waiting):
                yield b"\n".join(waiting)
            waiting = []
        elif not _is_utf8(line):
            yield None


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _json(event: bytes, how: str) -> Any:
    try:
        return json.loads(event.decode("utf-8", how))
    except (ValueError, RecursionError):
        return _UNREADABLE


def _stripped(texts: Any) -> set[str]:
    return {text.strip() for text in texts} - {""}
