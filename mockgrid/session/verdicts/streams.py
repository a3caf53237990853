"""What streams gave to a client that read all of it, and verdicts on what a client makes of broken ones.

These are proved by what it sends on as the assistant's words; a behaviour says how its texts are read.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from mockgrid.session.verdicts.policy import header, proved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mockgrid.session.exchange import KeptExchange
    from mockgrid.session.records import Verdict
    from mockgrid.session.turns import Turns

_LINE_END = re.compile(rb"\r\n|\r|\n")
_BOM = b"\xef\xbb\xbf"
_UNREADABLE = object()
SUCCESS = range(200, 300)
"""Statuses."""
# How clients read bytes that are no UTF-8: not at all, with a mark in their place, or without them.
_DECODINGS = ("strict", "replace", "ignore")
# Characters of a text that a message shows.
_LONGEST_TEXT = 60

TranscriptOf: TypeAlias = "Callable[[str | None], Transcript | None]"
"""Returns what reads the texts of a behaviour, by its name; None where it has no texts."""


class EventTexts(NamedTuple):
    """What one event of a stream gives.

    Attributes:
        texts: what is added to the text of each choice, by its number; empty where nothing is.
        finished: the choices that it finishes.
        error: whether it reports an error.
        counts: whether it is a piece of the reply.
    """

    texts: tuple[tuple[int, str], ...] = ()
    finished: frozenset[int] = frozenset()
    error: bool = False
    counts: bool = True


class Transcript(Protocol):
    """Finds the assistant's words in what one behaviour sends, and in what its clients send back."""

    @property
    def done(self) -> bytes:
        """The data of the event that ends a stream; empty where none does."""

    def event(self, value: Any) -> EventTexts:
        """Return what an event gives whose data is a JSON value."""

    def given(self, body: bytes) -> set[str]:
        """Return the texts that the body of a whole reply gives."""

    def repeated(self, body: bytes) -> set[str]:
        """Return what the body of a request says as the assistant's words."""


class Stream:
    """The text of a stream, as far as it can be read.

    Args:
        data: the bytes of the body.
        transcript: reads its events.

    Attributes:
        chunks: how many chunks could be read.
        unreadable: events that are no JSON, and lines that are no UTF-8.
        error: whether an event reported an error.
    """

    def __init__(self, data: bytes, transcript: Transcript) -> None:
        self._transcript = transcript
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
        if self._transcript.done and event.strip() == self._transcript.done:
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

    def _take(self, how: str, value: Any) -> None:
        event = self._transcript.event(value)
        if event.error:
            self._break()
            self.error = True
        self.chunks += event.counts and how == "strict"
        self._finished |= event.finished
        self._seen |= event.finished
        for choice, text in event.texts:
            self._seen.add(choice)
            self._texts[choice, how] = self._texts.get((choice, how), "") + text


def read_stream(exchange: KeptExchange, transcript: Transcript | None) -> Stream | None:
    """Return the stream that an exchange gave; None if it gave none, or more than the journal keeps."""
    if transcript is None:
        return None
    kept = b"".join(piece for _, piece in exchange.chunks)
    if exchange.answer.status not in SUCCESS or exchange.under_way or len(kept) != exchange.chunks_size:
        return None
    kind = header(exchange.answer.headers, b"content-type") or b""
    return Stream(kept, transcript) if kept and kind.lower().startswith(b"text/event-stream") else None


def behaviour_of(exchange: KeptExchange) -> str | None:
    """Return the name of the behaviour that a request was for; None where it was for none."""
    return exchange.operation.behaviour if exchange.operation is not None else None


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
    return line.decode("utf-8", "ignore").encode() == line


def _json(event: bytes, how: str) -> Any:
    try:
        return json.loads(event.decode("utf-8", how))
    except (ValueError, RecursionError):
        return _UNREADABLE


def _stripped(texts: Iterable[str]) -> set[str]:
    return {text.strip() for text in texts} - {""}


class _Breakage(NamedTuple):
    """Texts that a client may wrongly make of a broken stream, and the verdict if it does."""

    exchange: KeptExchange
    stream: Stream
    verdict: str
    texts: set[str]


def judge_texts(
    exchanges: Sequence[KeptExchange], streams: Mapping[int, Stream], transcript_of: TranscriptOf
) -> Turns[list[Verdict]]:
    """Find what later requests prove of streams that were broken.

    Args:
        exchanges: in the order in which they arrived.
        streams: what streams gave, by the exchange's number.
        transcript_of: returns what reads the texts of an operation's behaviour; None where it has none.
    """
    breakages = list(_breakages(exchanges, streams))
    proofs: list[Verdict] = []
    if not breakages:
        return proofs
    transcripts = {exchange.number: transcript_of(behaviour_of(exchange)) for exchange in exchanges}
    repeated: dict[int, set[str]] = {}
    for exchange in exchanges:
        transcript = transcripts[exchange.number]
        repeated[exchange.number] = transcript.repeated(exchange.body) if transcript is not None else set()
        yield
    reported: set[tuple[int, str]] = set()
    for later in exchanges:
        for text in sorted(repeated[later.number]):
            sources = [
                breakage
                for breakage in breakages
                if text in breakage.texts
                and text not in repeated[breakage.exchange.number]
                and _is_before(breakage.exchange, later)
            ]
            if not sources or any(
                text in _given(exchange, streams.get(exchange.number), transcripts[exchange.number])
                for exchange in exchanges
                if _is_before(exchange, later)
            ):
                continue
            last = max(sources, key=lambda breakage: breakage.exchange.arrived)
            number = last.exchange.number
            if (number, last.verdict) not in reported:
                reported.add((number, last.verdict))
                proofs.append(proved(last.verdict, (number, later.number), _message(last, later, text)))
        yield
    return proofs


def _breakages(exchanges: Sequence[KeptExchange], streams: Mapping[int, Stream]) -> Iterator[_Breakage]:
    for exchange in exchanges:
        stream = streams.get(exchange.number)
        if stream is None or exchange.ended_by == "shutdown":
            continue
        mended = stream.mended()
        if mended:
            yield _Breakage(exchange, stream, "malformed_chunk_ignored", mended)
        # A client that leaves a stream knows that it has not got all of it, unless it could not read it.
        if exchange.ended_by == "server" or stream.unreadable or stream.error:
            cut = stream.cut() - mended
            if cut:
                yield _Breakage(exchange, stream, "truncated_stream_accepted", cut)


def _is_before(exchange: KeptExchange, later: KeptExchange) -> bool:
    return exchange.number != later.number and exchange.arrived < later.arrived >= exchange.replied


def _given(exchange: KeptExchange, stream: Stream | None, transcript: Transcript | None) -> set[str]:
    """Return the texts that a reply gave as a whole."""
    if not exchange.whole:
        return set()
    if stream is not None:
        return set() if stream.error or stream.unreadable else stream.whole()
    if transcript is None or exchange.answer.status not in SUCCESS:
        return set()
    # A scripted body is kept as the pieces in which it left.
    return transcript.given(exchange.reply_body or b"".join(piece for _, piece in exchange.chunks))


def _message(breakage: _Breakage, later: KeptExchange, text: str) -> str:
    stream = breakage.stream
    if breakage.verdict == "malformed_chunk_ignored":
        state = "has a chunk that cannot be read"
    elif stream.error:
        state = "reports an error"
    elif stream.unreadable:
        state = "breaks off at a chunk that cannot be read"
    elif not breakage.exchange.whole:
        state = f"was cut after {stream.chunks} chunks"
    else:
        state = "has no finish reason"
    words = text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"
    return (
        f"Exchange {later.number} sends {json.dumps(words, ensure_ascii=False)} as the assistant's words, "
        f"taken from a stream that {state}; expected an error, or another attempt."
    )
