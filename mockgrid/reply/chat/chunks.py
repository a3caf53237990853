"""A completion as server-sent events, in the order and with the keys that clients' accumulators rely on.

Clients join deltas by concatenating texts, so a role, an id or a name is sent once; choices and tool calls
first appear in ascending order; a call's fragments stand together; the finish chunks come last, then usage.
"""

from __future__ import annotations

from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import orjson

from mockgrid.reply.chat.completion import call_of, choice_logprobs
from mockgrid.reply.delivery.form import StreamForm, data_of
from mockgrid.reply.tokens import pieces_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockgrid.scenario.delivery import ErrorEvent


DONE: Final = b"data: [DONE]\n\n"
# A quotation mark inside a JSON string is escaped, so this stands for the key and nothing else.
_FINISH: Final = b'"finish_reason":"'


class _Chunks(StreamForm):
    done = DONE
    field = "choices"
    texts = (b'"content":"', b'"refusal":"', b'"reasoning_content":"', b'"arguments":"', b'":"')

    def is_finish(self, event: bytes) -> bool:
        return _FINISH in event

    def event_data(self, said: Mapping[str, Any], event: bytes) -> Any:
        chunk = _object(event)
        delta = said.get("delta", {})
        choice = {
            "index": said.get("index", 0),
            "delta": {"content": delta} if isinstance(delta, str) else delta,
            "logprobs": None,
            "finish_reason": said.get("finish"),
        }
        chunk["choices"] = [] if said.keys().isdisjoint(("delta", "index", "finish")) else [choice]
        usage = {"usage": said["usage"]} if "usage" in said else {}
        return {**chunk, **usage, **said.get("chunk", {})}

    def error_data(self, error: ErrorEvent, chunk: bytes) -> Any:
        if error.shape != "beside_choices":
            return super().error_data(error, chunk)
        envelope = _object(chunk)
        choice = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": "error"}
        whole = {"message": error.message, "type": error.type, "param": error.param, "code": error.code}
        return {**envelope, "error": whole, "choices": [choice]}


def _object(event: bytes) -> dict[str, Any]:
    """Return an event's data; of one that holds no object, none of it."""
    try:
        value = orjson.loads(data_of(event))
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


FORM: Final = _Chunks()
"""The form of all streams of chat completion chunks."""


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mockgrid.reply.chat.completion import Audio, Choice, Completion, FinishedCall
    from mockgrid.reply.tokens import Chunks, Tokenizer

    _Cut = Callable[[str], Iterable[str]]
    _Piece = TypeVar("_Piece", bytes, "_Delta")

# Texts that are encoded together: a long stream to a slow reader takes no memory of its own.
_TOGETHER = 256
_BETWEEN = b'",\n  "'
# Base64 pieces are joined by clients before decoding; a multiple of 3 bytes ends without padding.
_AUDIO_PIECE = 4096
_PADDED = 16


class Options(NamedTuple):
    """``stream_options``: whether usage and obfuscation were asked for."""

    usage: bool = False
    obfuscation: bool = False


class _Delta(NamedTuple):
    body: bytes
    logprobs: bytes = b"null"
    length: int = 0


class _TextRun(NamedTuple):
    """As many deltas as there are pieces, each of which has its piece under a name and nothing else."""

    name: bytes
    pieces: Iterable[str]


def _encoded(pieces: list[str]) -> list[bytes]:
    """Return texts as they stand in JSON, without their quotation marks."""
    # Within a text JSON escapes line ends: what has one stands between two.
    return orjson.dumps(pieces, option=orjson.OPT_INDENT_2)[5:-3].split(_BETWEEN)


def _each(deltas: Iterable[_Delta | _TextRun]) -> Iterator[_Delta]:
    for delta in deltas:
        if isinstance(delta, _Delta):
            yield delta
        else:
            for piece in delta.pieces:
                yield _text(delta.name, piece)


def render_events(
    completion: Completion,
    tokenizer: Tokenizer,
    options: Options,
    chunks: Chunks = "token",
    *,
    interleave: bool = False,
) -> Iterator[bytes]:
    """Yield the framed events of a stream, ``[DONE]`` included.

    Args:
        completion: what it says.
        tokenizer: of its texts.
        options: as the request has them.
        chunks: how its texts are cut.
        interleave: whether the pieces of calls come in turn.
    """
    envelope = _Envelope(completion, options)
    deltas = _all_deltas(completion, tokenizer, chunks, interleave=interleave)
    for index, (first, _) in enumerate(deltas):
        yield envelope.chunk(index, first)
    yield from _in_turn([envelope.chunks(index, others) for index, (_, others) in enumerate(deltas)])
    for index, choice in enumerate(completion.choices):
        if choice.finish is not None:
            yield envelope.chunk(index, _Delta(b"{}"), finish=choice.finish)
    if options.usage and completion.usage is not None:
        yield envelope.usage(completion.usage)
    yield DONE


def count_tokens(completion: Completion, tokenizer: Tokenizer, chunks: Chunks = "token") -> int:
    """Return how many events a stream has between the first of each choice, and its usage and its end."""
    deltas = _all_deltas(completion, tokenizer, chunks)
    finishing = sum(choice.finish is not None for choice in completion.choices)
    return sum(1 for _, others in deltas for _ in _each(others)) + finishing


def _all_deltas(
    completion: Completion, tokenizer: Tokenizer, chunks: Chunks, *, interleave: bool = False
) -> list[tuple[_Delta, Iterable[_Delta | _TextRun]]]:
    """Return the first delta of each choice, and the others without the finish."""
    # Pieces are cut while they are sent, so that a long stream to a slow reader takes no memory of its own.
    cut = partial(pieces_of, tokenizer=tokenizer, chunks=chunks)
    calls = partial(_calls, cut=cut, interleave=interleave)
    return [_deltas(completion, tokenizer, index, cut, calls) for index in range(len(completion.choices))]


def _in_turn(queues: list[Iterator[_Piece]]) -> Iterator[_Piece]:
    """Yield one piece of each choice, or call, after another, until all are at their ends."""
    while len(queues) > 1:
        pieces = [next(queue, None) for queue in queues]
        yield from (piece for piece in pieces if piece is not None)
        if None in pieces:
            queues = [queue for queue, piece in zip(queues, pieces, strict=True) if piece is not None]
    yield from chain.from_iterable(queues)


class _Envelope:
    """What every chunk of a stream has in common, encoded once."""

    def __init__(self, completion: Completion, options: Options) -> None:
        common = orjson.dumps(
            {
                "id": completion.id,
                "object": "chat.completion.chunk",
                "created": completion.created,
                "model": completion.model,
                "service_tier": completion.service_tier,
                "system_fingerprint": completion.fingerprint,
            }
        )[:-1]
        self._start = b"data: " + common + b',"choices":['
        self._end = b"]" + (b',"usage":null' if options.usage else b"")
        self._padding = completion.seed.encode() * 2 if options.obfuscation else b""

    def chunk(self, index: int, delta: _Delta, finish: str | None = None) -> bytes:
        reason = b"null" if finish is None else b'"%b"' % finish.encode()
        padding = self._obfuscation(delta.length) if self._padding else b""
        start, end = self._start, self._end
        return b'%b{"index":%d,"delta":%b,"logprobs":%b,"finish_reason":%b}%b%b}\n\n' % (
            start, index, delta.body, delta.logprobs, reason, end, padding,
        )  # fmt: skip

    def chunks(self, index: int, deltas: Iterable[_Delta | _TextRun]) -> Iterator[bytes]:
        """Yield the chunks of a choice; where many differ in their texts alone, all else is encoded once."""
        for delta in _each(deltas) if self._padding else deltas:
            if isinstance(delta, _Delta):
                yield self.chunk(index, delta)
                continue
            before, after = self.chunk(index, _Delta(b'{"%b":"\n"}' % delta.name)).split(b"\n", 1)
            pieces = iter(delta.pieces)
            while together := list(islice(pieces, _TOGETHER)):
                for text in _encoded(together):
                    yield before + text + after

    def usage(self, usage: dict[str, Any]) -> bytes:
        return b'%b],"usage":%b%b}\n\n' % (self._start, orjson.dumps(usage), self._obfuscation(0))

    def _obfuscation(self, length: int) -> bytes:
        """Return what pads a chunk, so that its size does not tell the length of its text."""
        if not self._padding:
            return b""
        return b',"obfuscation":"%b"' % self._padding[length % _PADDED : _PADDED]


def _deltas(
    completion: Completion,
    tokenizer: Tokenizer,
    index: int,
    cut: _Cut,
    calls: Callable[[tuple[FinishedCall, ...]], Iterator[_Delta]],
) -> tuple[_Delta, Iterable[_Delta | _TextRun]]:
    """Return the first delta of a choice, which has the role, and the rest without the finish."""
    choice = completion.choices[index]
    if choice.audio is None and (choice.content or not choice.calls):
        first, said = _texts(choice, completion, tokenizer, index, cut)
        if choice.reasoning or choice.calls:
            said = chain(_reasoning(choice, cut), said, calls(choice.calls))
        return first, said
    opening: dict[str, Any] = {"role": "assistant", "content": None}
    header: dict[str, Any] = {}  # begins what follows; it goes with the role unless reasoning comes before it
    others: Iterable[_Delta]
    if choice.audio is not None:
        opening["refusal"], header = None, {"audio": {"id": choice.audio.id}}
        others = _audio(choice.audio, cut)
    elif len(choice.calls) == 1 and not choice.content:
        header = {"tool_calls": [_opened(0, choice.calls[0])], "refusal": None}
        others = _fragments(0, choice.calls[0], cut)
    else:
        others = calls(choice.calls)
    if choice.reasoning and header:
        others = chain((_Delta(orjson.dumps(header)),), others)
    else:
        opening |= header
    return _Delta(orjson.dumps(opening)), chain(_reasoning(choice, cut), others)


def _reasoning(choice: Choice, cut: _Cut) -> tuple[_TextRun]:
    return (_TextRun(b"reasoning_content", cut(choice.reasoning or "")),)


# The first delta of a text, by its name.
_OPENINGS: Final = {
    "content": _Delta(b'{"role":"assistant","content":"","refusal":null}'),
    "refusal": _Delta(b'{"role":"assistant","content":null,"refusal":""}'),
}


def _texts(
    choice: Choice, completion: Completion, tokenizer: Tokenizer, index: int, cut: _Cut
) -> tuple[_Delta, Iterable[_Delta | _TextRun]]:
    name, text = ("content", choice.content) if choice.refusal is None else ("refusal", choice.refusal)
    first = _OPENINGS[name]
    if completion.top_logprobs is None:
        return first, (_TextRun(name.encode(), cut(text or "")),)
    pieces = list(cut(text or ""))
    entries = (choice_logprobs(completion, tokenizer, index) or {}).get(name) or []
    silent: dict[str, Any] = {"content": None, "refusal": None}
    first = first._replace(logprobs=orjson.dumps({**silent, name: []}))
    return first, [
        _text(name.encode(), piece)._replace(logprobs=orjson.dumps({**silent, name: logprobs}))
        for piece, logprobs in zip(pieces, _in_pieces(entries, pieces), strict=True)
    ]


def _in_pieces(entries: list[dict[str, Any]], pieces: list[str]) -> Iterator[list[dict[str, Any]]]:
    """Yield the entries of the tokens that end in each piece."""
    place = length = end = 0
    for piece in pieces:
        end += len(piece)
        first = place
        while place < len(entries) and length + len(entries[place]["token"]) <= end:
            length += len(entries[place]["token"])
            place += 1
        yield entries[first:place]


def _text(name: bytes, piece: str) -> _Delta:
    return _Delta(b'{"%b":%b}' % (name, orjson.dumps(piece)), length=len(piece))


def _calls(calls: tuple[FinishedCall, ...], cut: _Cut, *, interleave: bool) -> Iterator[_Delta]:
    each = [_call(index, call, cut) for index, call in enumerate(calls)]
    return _in_turn(each) if interleave else chain.from_iterable(each)


def _call(index: int, call: FinishedCall, cut: _Cut) -> Iterator[_Delta]:
    yield _Delta(orjson.dumps({"tool_calls": [_opened(index, call)]}))
    yield from _fragments(index, call, cut)


def _opened(index: int, call: FinishedCall) -> dict[str, Any]:
    return {"index": index, **call_of(call._replace(arguments=""))}


def _fragments(index: int, call: FinishedCall, cut: _Cut) -> Iterator[_Delta]:
    for piece in cut(call.arguments):
        body = b'{"tool_calls":[{"index":%d,"function":{"arguments":%b}}]}' % (index, orjson.dumps(piece))
        yield _Delta(body, length=len(piece))


def _audio(spoken: Audio, cut: _Cut) -> Iterator[_Delta]:
    data = spoken.data
    parts: list[dict[str, Any]] = [
        *({"transcript": piece} for piece in list(cut(spoken.transcript)) or [""]),
        *({"data": data[start : start + _AUDIO_PIECE]} for start in range(0, len(data), _AUDIO_PIECE)),
        {"expires_at": spoken.expires_at},
    ]
    return (_Delta(orjson.dumps({"audio": part})) for part in parts)
