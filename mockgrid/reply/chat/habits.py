"""What chat completions are like beyond their schema: the order of chunks, and what requests ask for."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from mockgrid.document.document import Document
from mockgrid.errors import MockgridError
from mockgrid.reply.behaviour import Lapse
from mockgrid.reply.chat.conversation import field_of
from mockgrid.reply.chat.questions import phrased, questions, unanswerable
from mockgrid.schema.schemas import Schemas
from mockgrid.schema.validator import SchemaValidator
from mockgrid.schema.values import as_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["ChatHabits"]

_ORDER: Final = "MG420"
_ENDLESS: Final = "MG421"
_UNHEEDED: Final = "MG430"
# Why a choice ends that has said all that it was to say.
_COMPLETE: Final = ("stop", "tool_calls")
_CHOICE: Final = "/choices/0"
_SAID: Final = tuple(f"/choices/*/{name}" for name in ("message", "delta", "logprobs", "finish_reason"))
_TEXTS: Final = ("/choices/*/message/content", "/choices/*/delta/content")
# Tokens of a reply that its request does not bound, and characters of a token.
_LONG: Final = 1_000
_CHARACTERS: Final = 4
# As many pieces that repeat each other are no chance.
_GROWING: Final = 4


class ChatHabits:
    """Knows of a reply whether it is one to its request, and of a stream whether its chunks are in order."""

    steady: tuple[str, ...] = ("model",)  # `created` is a time, and some servers stamp each chunk

    def questions(self, model: str) -> Iterator[tuple[str, Any]]:
        """Yield bodies that are answered, each after what it asks for in words."""
        return questions(model)

    def unanswerable(self) -> Iterator[tuple[str, Any]]:
        """Yield bodies that are refused though they obey the schema, each after what is wrong with it."""
        return unanswerable()

    def phrased(self, said: Mapping[str, Any], model: str, calls: Sequence[tuple[str, Any]] = ()) -> Any:
        """Return a body of which the predicates of scenarios, by their names, would have these values."""
        return phrased(said, model, calls)

    def most_tokens(self, body: Any) -> int:
        """Return how many tokens a request may take; where it bounds no reply, a long one is counted."""
        limits = (field_of(body, name) for name in ("max_completion_tokens", "max_tokens"))
        most = next((limit for limit in limits if isinstance(limit, int)), _LONG)
        count = field_of(body, "n")
        prompt = len(as_text(body)) // _CHARACTERS
        return prompt + most * (count if isinstance(count, int) and count > 0 else 1)

    def is_error(self, value: Any) -> bool:
        """Tell whether an event reports an error."""
        return bool(field_of(value, "error") or field_of(value, "errors"))

    def kinds(self, values: Sequence[Any]) -> frozenset[str]:
        """Return what a reply does other than say something: ``call``, ``refuse``."""
        parts = [_said(choice) for value in values for choice in _choices(value)]
        calls = any(field_of(part, "tool_calls") for part in parts)
        refusal = any(field_of(part, "refusal") for part in parts)
        return frozenset(name for name, is_so in (("call", calls), ("refuse", refusal)) if is_so)

    def said(self, values: Sequence[Any], others: Sequence[Any]) -> tuple[str, ...]:
        """Return pointers to what two replies may have otherwise that do not say the same, items as ``*``."""
        kinds = self.kinds(values)
        if kinds != self.kinds(others):
            return _SAID
        # Beside a call, or a refusal, there may be text.
        return _TEXTS if kinds else ()

    def lapses(self, body: Any, values: Sequence[Any], *, streamed: bool) -> Iterator[Lapse]:
        """Yield what is out of order in the values of a stream, or in a whole reply, and what was not heeded.

        Args:
            body: of the request.
            values: the whole reply, or the data of each event but the last.
            streamed: whether it is a stream.
        """
        if streamed:
            yield from _ChunkOrder(body, values).lapses()
        else:
            for value in values:
                choices = _choices(value)
                if any(choice.get("finish_reason", "") is None for choice in choices):
                    message = "the finish_reason of a choice is null, although the reply is whole"
                    yield Lapse(_UNHEEDED, message, f"{_CHOICE}/finish_reason")
                numbers = [choice.get("index") for choice in choices]
                yield from _unheeded(body, numbers, [_whole(choice) for choice in choices])


class _Spoken:
    """What one choice has said, so far as it came."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.calls: dict[int, dict[str, str]] = {}
        self.finish: str | None = None
        self.refused = self.has_logprobs = False
        # Of a stream, nothing at all is an empty text.
        self.says = True

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def grows(self) -> bool:
        """Whether each piece is all of the text so far, and more."""
        pieces = [piece for piece in self.pieces if piece]
        return len(pieces) >= _GROWING and all(
            before != piece and piece.startswith(before) for before, piece in pairwise(pieces)
        )


class _ChunkOrder:
    """The chunks of one stream, read in their order."""

    def __init__(self, body: Any, values: Sequence[Any]) -> None:
        self._body = body
        self._values = values
        self._choices: dict[int, _Spoken] = {}

    def lapses(self) -> Iterator[Lapse]:
        usage = [number for number, value in enumerate(self._values) if field_of(value, "usage")]
        yield from self._ids()
        for number, value in enumerate(self._values):
            for choice in _choices(value):
                yield from self._choice(choice, number)
        for index, spoken in sorted(self._choices.items()):
            if spoken.finish is None:
                message = f"choice {index} never finishes: no chunk has its finish_reason"
                yield Lapse(_ENDLESS, message, f"{_CHOICE}/finish_reason")
            if spoken.grows:
                message = "each chunk has all of the text so far, in place of what is new"
                yield Lapse(_ORDER, message, f"{_CHOICE}/delta/content")
        yield from self._usage(usage)
        numbers = sorted(self._choices)
        yield from _unheeded(self._body, numbers, [self._choices[number] for number in numbers])

    def _ids(self) -> Iterator[Lapse]:
        ids = [(number, name) for number, value in enumerate(self._values) if (name := field_of(value, "id"))]
        for number, other in ids:
            if other != ids[0][1]:
                message = "id is not the same in all chunks"
                yield Lapse(
                    _ORDER, message, "/id", as_text(ids[0][1]), f"{as_text(other)} in {_chunk(number)}"
                )
                return

    def _choice(self, choice: dict[str, Any], number: int) -> Iterator[Lapse]:
        index = choice.get("index")
        index = index if isinstance(index, int) else 0
        first = index not in self._choices
        spoken = self._choices.setdefault(index, _Spoken())
        delta = _said(choice)
        role = field_of(delta, "role")
        spoken.has_logprobs = spoken.has_logprobs or bool(field_of(choice.get("logprobs"), "content"))
        says = isinstance(delta, dict) and any(value for name, value in delta.items() if name != "role")
        at = f"{_CHOICE}/delta"
        if first and role is None:
            yield Lapse(
                _ORDER, "the first chunk of a choice has no role", f"{at}/role", "the role", _chunk(number)
            )
        if not first and role is not None:
            message = "the role comes again after the first chunk of a choice"
            yield Lapse(_ORDER, message, f"{at}/role", "the role in the first chunk only", _chunk(number))
        if spoken.finish is not None and says:
            message = "a choice goes on after its finish_reason"
            yield Lapse(_ORDER, message, at, "nothing more of the choice", _chunk(number))
        if spoken.finish is not None and choice.get("finish_reason") is not None:
            message = "a choice finishes twice"
            yield Lapse(_ORDER, message, f"{_CHOICE}/finish_reason", "one finish_reason", _chunk(number))
        yield from self._calls(spoken, field_of(delta, "tool_calls"), number)
        if isinstance(content := field_of(delta, "content"), str):
            spoken.pieces.append(content)
        spoken.refused = spoken.refused or bool(field_of(delta, "refusal"))
        finish = choice.get("finish_reason")
        spoken.finish = finish if isinstance(finish, str) else spoken.finish

    @staticmethod
    def _calls(spoken: _Spoken, calls: Any, number: int) -> Iterator[Lapse]:
        at = f"{_CHOICE}/delta/tool_calls/0"
        for call in calls if isinstance(calls, list) else ():
            index = field_of(call, "index")
            index = index if isinstance(index, int) else 0
            function = field_of(call, "function")
            if index not in spoken.calls:
                if index != len(spoken.calls):
                    message = f"call {index} begins before call {len(spoken.calls)}"
                    yield Lapse(_ORDER, message, f"{at}/index", "calls in their order", _chunk(number))
                for name, value in (
                    ("id", field_of(call, "id")),
                    ("function/name", field_of(function, "name")),
                ):
                    if not value:
                        message = f"the first piece of a call has no {name.replace('/', '.')}"
                        yield Lapse(
                            _ORDER, message, f"{at}/{name}", "id and name in the first piece", _chunk(number)
                        )
            elif again := "function/name" * bool(field_of(function, "name")) or "id" * bool(
                field_of(call, "id")
            ):
                message = f"a call's {again.rpartition('/')[2]} comes again after its first piece"
                yield Lapse(_ORDER, message, f"{at}/{again}", "arguments alone", _chunk(number))
            elif index != max(spoken.calls):
                message = f"call {index} goes on after call {max(spoken.calls)} began"
                yield Lapse(_ORDER, message, at, "the pieces of a call together", _chunk(number))
            known = spoken.calls.setdefault(index, {"name": "", "arguments": ""})
            for name in known:
                piece = field_of(function, name)
                known[name] += piece if isinstance(piece, str) else ""

    def _usage(self, usage: list[int]) -> Iterator[Lapse]:
        last = len(self._values) - 1
        wanted = field_of(field_of(self._body, "stream_options"), "include_usage") is True
        if wanted and not usage and self._values:
            yield Lapse(
                _UNHEEDED, "stream_options.include_usage asks for usage, and no chunk has it", "/usage"
            )
        if not wanted and usage:
            message = "usage comes that stream_options did not ask for"
            yield Lapse(_ORDER, message, "/usage", "no usage", _chunk(usage[0]))
        if wanted and usage and usage != [last]:
            message = "usage does not come in the last chunk alone"
            yield Lapse(_ORDER, message, "/usage", _chunk(last), ", ".join(map(_chunk, usage[:3])))
        if wanted and usage == [last] and _choices(self._values[last]):
            message = "usage comes in a chunk that has choices"
            yield Lapse(_ORDER, message, "/usage", "a chunk of its own, with no choices", _chunk(last))


def _unheeded(body: Any, numbers: Sequence[Any], choices: Sequence[_Spoken]) -> Iterator[Lapse]:
    """Yield what a request asks for and its reply has not, of whose choices these are the indices."""
    count = field_of(body, "n") or 1
    if len(choices) != count:
        message = f"n asks for {count} and the reply has {len(choices)} choices"
        yield Lapse(_UNHEEDED, message, "/choices", str(count), str(len(choices)))
    elif all(isinstance(number, int) for number in numbers) and sorted(numbers) != [*range(count)]:
        wanted, listed = (", ".join(map(str, several)) for several in (range(count), numbers))
        message = f"the index of a choice is wrong: {listed} in place of {wanted}"
        yield Lapse(_UNHEEDED, message, f"{_CHOICE}/index", wanted, listed)
    tools = field_of(body, "tools")
    offered = [
        field_of(field_of(tool, kind), "name")
        for tool in (tools if isinstance(tools, list) else ())
        for kind in ("function", "custom")
    ]
    forced = field_of(body, "tool_choice")
    name = field_of(field_of(forced, "function"), "name")
    for spoken in choices:
        names = [call["name"] for call in spoken.calls.values()]
        if unknown := next((each for each in names if each and any(offered) and each not in offered), None):
            message = f"{unknown} is called, which is none of the tools"
            yield Lapse(_UNHEEDED, message, f"{_CHOICE}/message/tool_calls/0/function/name")
        if (
            (forced == "required" or name)
            and not spoken.refused
            and (not names or (name and name not in names))
        ):
            wanted = f"a call of {name}" if name else "a call"
            yield Lapse(_UNHEEDED, f"tool_choice asks for {wanted}, and there is none", _CHOICE, wanted)
        if field_of(body, "logprobs") is True and spoken.text and not spoken.has_logprobs:
            yield Lapse(_UNHEEDED, "logprobs are asked for, and there are none", f"{_CHOICE}/logprobs")
        yield from _mistaken(spoken, forced)
        if spoken.finish in _COMPLETE:
            if not (spoken.says or spoken.calls or spoken.refused):
                message = "a choice says nothing: it has no content, no call and no refusal"
                yield Lapse(_UNHEEDED, message, f"{_CHOICE}/message/content")
            yield from _unreadable(spoken)
            yield from _shapeless(field_of(body, "response_format"), spoken)


def _mistaken(spoken: _Spoken, forced: Any) -> Iterator[Lapse]:
    """Say that a reason to finish is not true; a call that was asked for by name may end with ``stop``."""
    at = f"{_CHOICE}/finish_reason"
    if spoken.finish == "tool_calls" and not spoken.calls:
        yield Lapse(_UNHEEDED, "the finish_reason of a choice is tool_calls, and nothing is called", at)
    if spoken.finish == "stop" and spoken.calls and forced in (None, "auto"):
        message = "the finish_reason of a choice is stop, although it calls a tool"
        yield Lapse(_UNHEEDED, message, at, "tool_calls", "stop")


def _unreadable(spoken: _Spoken) -> Iterator[Lapse]:
    for call in spoken.calls.values():
        if not isinstance(_json(call["arguments"]), dict):
            message = "the arguments of a call are not the text of a JSON object"
            yield Lapse(_UNHEEDED, message, f"{_CHOICE}/message/tool_calls/0/function/arguments")


def _shapeless(wanted: Any, spoken: _Spoken) -> Iterator[Lapse]:
    """Say that a text is not of the form that was asked for."""
    kind = field_of(wanted, "type")
    if kind not in ("json_schema", "json_object") or spoken.refused or spoken.calls:
        return
    value = _json(spoken.text)
    at = f"{_CHOICE}/message/content"
    if not isinstance(value, dict) and (kind == "json_object" or value is None):
        yield Lapse(_UNHEEDED, f"response_format asks for {kind}, and the text is not JSON", at)
    elif not _obeys(value, field_of(field_of(wanted, "json_schema"), "schema")):
        yield Lapse(_UNHEEDED, "the text does not obey the schema in response_format", at)


def _obeys(value: Any, schema: Any) -> bool:
    if not isinstance(schema, dict):
        return True
    try:
        schemas = Schemas(Document({**schema, "openapi": "3.1.0"}, "schema"), "request")
        return SchemaValidator(schemas, "").accepts(value)
    except (MockgridError, KeyError):  # the schema is the request's own affair
        return True


def _whole(choice: dict[str, Any]) -> _Spoken:
    spoken, message = _Spoken(), _said(choice)
    content, finish = field_of(message, "content"), choice.get("finish_reason")
    spoken.pieces = [content] if isinstance(content, str) else []
    spoken.says = isinstance(content, str) or bool(field_of(message, "audio"))
    spoken.finish = finish if isinstance(finish, str) else None
    spoken.refused = bool(field_of(message, "refusal"))
    spoken.has_logprobs = bool(field_of(choice.get("logprobs"), "content"))
    calls = field_of(message, "tool_calls")
    for number, call in enumerate(calls if isinstance(calls, list) else ()):
        function = field_of(call, "function")
        texts = {name: field_of(function, name) for name in ("name", "arguments")}
        spoken.calls[number] = {name: text if isinstance(text, str) else "" for name, text in texts.items()}
    return spoken


def _choices(value: Any) -> list[dict[str, Any]]:
    choices = field_of(value, "choices")
    return [choice for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else []


def _said(choice: dict[str, Any]) -> Any:
    return choice.get("delta") if "delta" in choice else choice.get("message")


def _chunk(number: int) -> str:
    return f"chunk {number + 1}"


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
