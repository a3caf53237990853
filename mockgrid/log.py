"""What the server says on stderr: a line a request, and its own errors."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import select
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mockgrid.settings import LogFormat

STDERR = 2

ATOMIC = 4096
"""Bytes that a pipe takes whole once it says that it takes anything (POSIX's PIPE_BUF on Linux)."""

FLUSH_EVERY = 0.05
"""Seconds between a request and its line."""

RETRY_EVERY = 0.5
"""Seconds between attempts to write to a stream that takes nothing."""

PENDING = 10_000
"""Lines kept for a stream that takes nothing; more are dropped and counted."""

LONGEST_PATH = 200
"""Characters of a path that are shown."""


class Entry(NamedTuple):
    """What is logged of a request that was answered."""

    method: str
    """As sent."""
    path: str
    """Without its query, which may hold a credential."""
    status: int
    """Of the reply."""
    session: str | None = None
    """Its name with credentials redacted."""
    step: str | None = None
    """Name of the scenario's step that answered."""
    violations: Sequence[str] = ()
    """The code of each."""
    ms: float = 0.0
    """Milliseconds from the head of the request to the end of the reply."""
    reason: str = ""
    """Why what arrived was no request; empty for one."""
    bytes: int = 0
    """Of the body, as many as have left."""
    ended_by: str = "server"
    """Who ended the reply: ``server``, ``client`` or ``shutdown``."""
    whole: bool = True
    """Whether it ended as it should."""


class Sink:
    """A stream that never blocks its writer: what it cannot take is not written.

    Making stderr itself non-blocking would change it for every process that shares it, so the stream is asked
    first and written in pieces that then fit.
    """

    def __init__(self, descriptor: int = STDERR) -> None:
        self.descriptor = descriptor
        self.closed = False
        self._poll = select.poll() if hasattr(select, "poll") else None
        if self._poll is not None:
            self._poll.register(descriptor, select.POLLOUT)

    def write(self, lines: list[bytes]) -> int:
        """Write what fits now.

        Args:
            lines: each with its line end.

        Returns:
            How many lines were written. A stream that nobody will ever read again takes all of them.
        """
        done = 0
        while done < len(lines) and not self.closed:
            end, size = done + 1, len(lines[done])
            while end < len(lines) and size + len(lines[end]) <= ATOMIC:
                size += len(lines[end])
                end += 1
            if not self._takes_more():
                return done
            self._put(b"".join(lines[done:end]))
            done = end
        return len(lines)

    def _takes_more(self) -> bool:
        return self._poll is None or bool(self._poll.poll(0))

    def _put(self, data: bytes) -> None:
        try:
            write_all(self.descriptor, data)
        except OSError:
            self.closed = True


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of it, in as many pieces as the system wants."""
    while data:
        data = data[os.write(descriptor, data) :]


class RequestLog:
    """One line a request, written together some milliseconds later.

    A reader that stops reading costs lines, never time; how many is said once it reads again.
    """

    def __init__(self, style: LogFormat, sink: Sink | None = None) -> None:
        formats: dict[str, Callable[[Entry], bytes]] = {"text": text_line, "json": json_line}
        self._format = formats.get(style)
        self._sink = sink or Sink()
        self._entries: list[Entry] = []
        self._dropped = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def enabled(self) -> bool:
        """Whether anything is written at all."""
        return self._format is not None

    def record(self, entry: Entry) -> None:
        """Note a request that was answered."""
        if self._format is None:
            return
        if len(self._entries) >= PENDING:
            self._dropped += 1
            return
        self._entries.append(entry)
        if self._timer is None:
            self._flush_in(FLUSH_EVERY)

    def close(self) -> None:
        """Write what is left, as far as the stream takes it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._flush()

    def _flush_in(self, seconds: float) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._flush()
        else:
            self._timer = loop.call_later(seconds, self._flush_later)

    def _flush_later(self) -> None:
        self._timer = None
        self._flush()
        if self._entries:
            self._flush_in(RETRY_EVERY)

    def _flush(self) -> None:
        if self._format is None or not self._entries:
            return
        lines = list(map(self._format, self._entries))
        written = self._sink.write(lines)
        del self._entries[:written]
        if self._dropped and not self._entries and self._sink.write([self._confession()]):
            self._dropped = 0

    def _confession(self) -> bytes:
        if self._format is json_line:
            return orjson.dumps({"dropped": self._dropped}) + b"\n"
        return b"mockgrid: %d lines of the request log were dropped: nobody read them\n" % self._dropped


def printable(text: str, longest: int = LONGEST_PATH) -> str:
    r"""Return a text as one word: what is long is cut, and what cannot be printed, or is blank, is escaped.

    >>> printable("/a\nb c")
    '/a\\nb%20c'
    """
    return visible(text, longest).replace(" ", "%20")


def visible(text: str, longest: int = LONGEST_PATH) -> str:
    """Cut what is long, and escape what could act on a terminal or begin a line of its own."""
    if len(text) > longest:
        text = f"{text[:longest]}…"
    if not text.isprintable():
        text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return text


def text_line(entry: Entry) -> bytes:
    """An entry for a person: what there is none of is left out."""
    method, path, status, session, step, violations, ms, reason, left, ended_by, whole = entry
    line = f"{printable(method)} {printable(path)} {status} {ms:.1f}ms"
    if session:
        line += f" session={printable(session)}"
    if step:
        line += f" step={visible(step)}"
    if violations:
        line += f" violations={len(violations)} codes={','.join(dict.fromkeys(violations))}"
    if not whole:
        line += f" ended_by={ended_by} bytes={left}"
    if reason:
        line += f" {reason}"
    return line.encode("utf-8", "backslashreplace") + b"\n"


def json_line(entry: Entry) -> bytes:
    """An entry for a program: every field, always."""
    path = entry.path if len(entry.path) <= LONGEST_PATH else f"{entry.path[:LONGEST_PATH]}…"
    fields = {**entry._asdict(), "path": path, "ms": round(entry.ms, 3), "violations": len(entry.violations)}
    fields["codes"] = list(dict.fromkeys(entry.violations))
    try:
        line = orjson.dumps(fields)
    except TypeError:  # lone surrogates
        line = b"\x00"
    if line.decode().isprintable():
        return line + b"\n"
    # Slower, and escapes all that is not ASCII; control characters exist beyond it, too.
    return json.dumps(fields, separators=(",", ":")).replace("\x7f", "\\u007f").encode() + b"\n"


class ErrorLog(logging.Handler):
    """Errors of the server itself, with their traceback: each is a defect that someone should see."""

    def __init__(self, sink: Sink | None = None) -> None:
        super().__init__(logging.ERROR)
        self._sink = sink or Sink()
        self.setFormatter(logging.Formatter("mockgrid: error: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record, unless it tells of a reply cut off by the server's stop."""
        if record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError):
            return
        text = self.format(record).rstrip() + "\n"
        self._sink.write([text.encode("utf-8", "backslashreplace")])

    @classmethod
    def logger(cls, sink: Sink | None = None) -> logging.Logger:
        """A logger of its own, outside of the process's tree: nothing of the host's logging is changed."""
        logger = logging.Logger("mockgrid.server", logging.ERROR)  # noqa: LOG001 (not in the tree on purpose)
        logger.addHandler(cls(sink))
        return logger


def say(text: str, stream: Any = None) -> None:
    """Print a line on stdout at once; a stdout that is closed is no error.

    Written past Python's buffer: what stays in there would fail when the interpreter ends.
    """
    stream = stream or sys.stdout
    if stream is None:
        return
    try:
        descriptor = stream.fileno()
    except (AttributeError, OSError, ValueError):
        stream.write(f"{text}\n")
        return
    with suppress(OSError):
        write_all(descriptor, f"{text}\n".encode(stream.encoding or "utf-8", "replace"))


def warn(text: str) -> None:
    """Write a line about the server itself to stderr, as far as it takes it."""
    Sink().write([f"mockgrid: {text}\n".encode("utf-8", "backslashreplace")])
