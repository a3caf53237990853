"""What the fake says when nothing is scripted: a pure function of the request and a seed."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mockgrid.document.pointer import resolve, split
from mockgrid.errors import InvalidSchemaError, SynthesisError
from mockgrid.reply.chat.completion import Audio, Choice, FinishedCall
from mockgrid.reply.chat.content import AUDIO_FORMATS, TONE_TOKENS, prose, tone
from mockgrid.reply.chat.conversation import described_schema, last_user_text, offered_tools, tools_done
from mockgrid.reply.request import RefusedError
from mockgrid.reply.tokens import cut
from mockgrid.schema.values import as_text
from mockgrid.schema.violation import violation_at

if TYPE_CHECKING:
    from mockgrid.reply.behaviour import Style
    from mockgrid.reply.tokens import Tokenizer
    from mockgrid.schema.values import ValueMemory

_ECHOED_WORDS = 12
_ECHOED_CHARACTERS = 80
# Where a schema stands that is told in a message.
_IN_WORDS = ("messages",)


class Planner:
    """Decides the choices of a completion.

    Args:
        tokenizer: counts and cuts.
        memory: makes values for the schemas that requests carry.
        style: ``echo`` repeats the user in one sentence; ``prose`` writes ``prose_tokens`` tokens.
        prose_tokens: how long prose is.
    """

    def __init__(self, tokenizer: Tokenizer, memory: ValueMemory, style: Style, prose_tokens: int) -> None:
        self._tokenizer = tokenizer
        self._memory = memory
        self._style = style
        self._prose_tokens = prose_tokens

    def choices(
        self, body: dict[str, Any], seed: str, created: int, edges: int | None = None
    ) -> tuple[Choice, ...]:
        """Return the choices for a valid request.

        Args:
            body: the request.
            seed: hexadecimal text from what the client asked.
            created: Unix seconds, from which audio counts its expiry.
            edges: draws values at the edges of the request's schemas; None for usual ones.

        Raises:
            RefusedError: the request asks for what cannot be made.
        """
        count = body.get("n") or 1
        limit = body.get("max_completion_tokens") or body.get("max_tokens")
        choice = body.get("tool_choice")
        if body.get("tools") and (choice == "required" or isinstance(choice, dict)):
            called = self._called(body)
            if called:
                values = RequestValues(self._memory, edges)
                seeds = (f"{seed}{index or ''}" for index in range(count))
                return tuple(self._calling(called, limit, own, values) for own in seeds)
        if "audio" in (body.get("modalities") or ()):
            return tuple(
                self._spoken(body, f"{seed}{index or ''}", index, created, limit) for index in range(count)
            )
        texts = self._texts(body, seed, count, edges)
        stops = body.get("stop")
        if stops is None and limit is None:
            return tuple(Choice(text) for text in texts)
        return tuple(self._ended(text, stops, limit) for text in texts)

    def offered(
        self, body: dict[str, Any], count: int, seed: str, edges: int | None
    ) -> tuple[FinishedCall, ...]:
        """Return so many calls of the tools that a request offers, in turn, with arguments made for each.

        Args:
            body: the request; one that forbids calls, or offers no tools, gets none.
            count: how many; one alone where the request wants no parallel ones.
            seed: draws the arguments.
            edges: draws them at the edges of their schemas, and which tool is the first; None for usual ones.

        Raises:
            RefusedError: the schema of a tool admits no arguments.
        """
        choice = body.get("tool_choice")
        offered = list(offered_tools(body).values()) if choice != "none" else []
        if isinstance(choice, dict):
            offered = [function for function in offered if function["name"] == choice["function"]["name"]]
        if not offered:
            return ()
        start, values = edges or 0, RequestValues(self._memory, edges)
        wanted = 1 if body.get("parallel_tool_calls") is False else count
        functions = [offered[(start + number) % len(offered)] for number in range(wanted)]
        placed = _placed(body, functions)
        return self._calling(placed, None, seed, values).calls

    def _texts(self, body: dict[str, Any], seed: str, count: int, edges: int | None) -> list[str]:
        wanted = body.get("response_format") or {}
        kind = wanted.get("type", "text")
        schema = (wanted.get("json_schema") or {}).get("schema")
        values = RequestValues(self._memory, edges)
        if schema is not None:
            at = ("response_format", "json_schema", "schema")
            return self._structured(body, schema, seed, count, at, values)
        if kind == "json_object":
            schema = wanted.get("schema") or described_schema(body["messages"])
            with suppress(RefusedError):  # nobody has said that it is one
                if isinstance(schema, dict):
                    return self._structured(body, schema, seed, count, _IN_WORDS, values)
        said = self._sentences(body["messages"], seed, count)
        return said if kind == "text" else [as_text({"reply": text}) for text in said]

    def _structured(  # noqa: PLR0913, PLR0917 - what is made, and of what
        self,
        body: dict[str, Any],
        schema: Any,
        seed: str,
        count: int,
        at: tuple[str | int, ...],
        values: RequestValues,
    ) -> list[str]:
        """Return values for the schema that stands at a place of the request; in words, it is an object's."""
        text = last_user_text(body["messages"])[:_ECHOED_CHARACTERS]
        inner = at == _IN_WORDS
        seeds = (f"{seed}:{index}" for index in range(count))
        return [values.make(schema, own, at, text=text, must_be_object=inner) for own in seeds]

    def sentence(self, messages: list[dict[str, Any]], seed: str, index: int = 0) -> str:
        """Return the text of the choice at ``index``, before any limit cuts it."""
        if self._style == "prose":
            return prose(self._tokenizer, self._prose_tokens, f"{seed}:{index}")
        return _numbered(echo(last_user_text(messages)), index)

    def _sentences(self, messages: list[dict[str, Any]], seed: str, count: int) -> list[str]:
        """Return the texts of so many choices; what the user said is looked for once."""
        if self._style == "prose":
            return [self.sentence(messages, seed, index) for index in range(count)]
        said = echo(last_user_text(messages))
        return [_numbered(said, index) for index in range(count)]

    def _called(self, body: dict[str, Any]) -> list[tuple[int, dict[str, Any]]]:
        """Return the functions to call, each with its place among the tools; none for text."""
        offered = list(offered_tools(body).values())
        choice = body["tool_choice"]
        if choice != "required":
            name = choice["function"]["name"]
            chosen = [function for function in offered if function["name"] == name]
        else:
            done = tools_done(body["messages"])
            # Always calling the first would send an agent round for ever.
            chosen = [function for function in offered if function["name"] not in done] or offered[-1:]
            if body.get("parallel_tool_calls") is not True:
                chosen = chosen[:1]
        return _placed(body, chosen)

    def _calling(
        self, called: list[tuple[int, dict[str, Any]]], limit: int | None, seed: str, values: RequestValues
    ) -> Choice:
        calls: list[FinishedCall] = []
        for number, (place, function) in enumerate(called):
            schema = function.get("parameters")
            at = ("tools", place, "function", "parameters")
            arguments = "{}"
            if schema is not None:
                again = [other for other, _ in called[:number]].count(place)
                own = f"{seed}:{place}:{again}" if again else f"{seed}:{place}"
                arguments = values.make(schema, own, at, must_be_object=True)
            if limit is not None:
                arguments, was_cut = cut(self._tokenizer, arguments, limit)
                limit -= self._tokenizer.count(arguments)
                if was_cut or (limit <= 0 and number + 1 < len(called)):
                    calls.append(FinishedCall("", function["name"], arguments))
                    return Choice(None, "length", tuple(calls))
            calls.append(FinishedCall("", function["name"], arguments))
        return Choice(None, "tool_calls", tuple(calls))

    def _spoken(self, body: dict[str, Any], seed: str, index: int, created: int, limit: int | None) -> Choice:
        audio_format = (body.get("audio") or {}).get("format") or "wav"
        if audio_format not in AUDIO_FORMATS:
            message = f"the fake makes audio as {' or '.join(AUDIO_FORMATS)}, not as {audio_format}"
            raise _refused(
                "MG125", ("audio", "format"), message, audio_format, f"one of {', '.join(AUDIO_FORMATS)}"
            )
        tokens = TONE_TOKENS if limit is None else min(TONE_TOKENS, limit)
        left = None if limit is None else limit - tokens
        said = self._ended(self.sentence(body["messages"], seed, index), body.get("stop"), left)
        name = f"audio_{seed[:22]}{index:02x}"
        spoken = Audio(name, tone(audio_format), said.content or "", created + 3600, tokens)
        return Choice(None, said.finish, audio=spoken)

    def _ended(self, text: str, stops: Any, limit: int | None) -> Choice:
        if stops:
            positions = [text.find(stop) for stop in ([stops] if isinstance(stops, str) else stops) if stop]
            places = [place for place in positions if place >= 0]
            if places:
                text = text[: min(places)]
        if limit is not None:
            text, was_cut = cut(self._tokenizer, text, limit)
            if was_cut:
                return Choice(text, "length")
        return Choice(text)


def _placed(body: dict[str, Any], functions: list[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    """Return functions, each with its place among the tools of a request."""
    places = {tool["function"]["name"]: place for place, tool in reversed(list(enumerate(body["tools"])))}
    return [(places[function["name"]], function) for function in functions]


def _numbered(text: str, index: int) -> str:
    """Return what the choice at an index says, so that no two say the same."""
    return text if index == 0 else f"Choice {index + 1}: {text}"


def echo(text: str) -> str:
    """Return one short sentence that repeats what the user said.

    >>> echo("Say hello")
    'You said: Say hello'
    """
    words = text.split(None, _ECHOED_WORDS)
    if not words:
        return "Hello from MockGrid."
    more = len(words) > _ECHOED_WORDS
    kept = " ".join(words[:_ECHOED_WORDS] if more else words)
    if more or len(kept) > _ECHOED_CHARACTERS:
        kept = kept[:_ECHOED_CHARACTERS].rstrip() + "…"
    return f"You said: {kept}"


def _refused(  # noqa: PLR0913, PLR0917 - what a violation says
    code: str, at: tuple[str | int, ...], message: str, value: Any, expected: str, inner: str = ""
) -> RefusedError:
    with suppress(KeyError):  # what is wrong may be what is not there
        value = resolve(value, inner)
    violation = violation_at((*at, *split(inner)), code, message, expected, value)
    return RefusedError("invalid_request", f"{violation.path}: {message}", violations=[violation])


# Characters that are made anew for one request; what it asks for beyond them are the same values again.
_MADE = 32 * 1024


class RequestValues:
    """The values of one request, as JSON text: all that it asks for, and no more work than is reasonable.

    Choices get values of their own as long as these are small; once many characters are made, earlier values
    of the same schema are given again, in turn.

    Args:
        memory: makes them.
        edges: draws values at the edges of their schemas, whatever else is asked; None for usual ones.
    """

    def __init__(self, memory: ValueMemory, edges: int | None = None) -> None:
        self._memory = memory
        self._edges = edges
        self._made: dict[tuple[str | int, ...], deque[str]] = {}
        self._left = _MADE

    def make(
        self,
        schema: Any,
        seed: str,
        at: tuple[str | int, ...],
        *,
        text: str = "",
        must_be_object: bool = False,
    ) -> str:
        """Return a value for the schema that stands at a place of the request.

        Raises:
            RefusedError: the schema is invalid, or nothing satisfies it.
        """
        made = self._made.setdefault(at, deque())
        if made and self._left <= 0:
            made.rotate(-1)
            return made[-1]
        try:
            if self._edges is None:
                value = self._memory.text(schema, seed, text=text, must_be_object=must_be_object)
            else:
                value = self._memory.edge(schema, self._edges, seed, must_be_object=must_be_object)
        except SynthesisError as error:
            code = "MG123" if isinstance(error, InvalidSchemaError) else "MG124"
            expected = "a JSON Schema that a value can satisfy"
            raise _refused(code, at, error.message, schema, expected, error.where) from None
        made.append(value)
        self._left -= len(value)
        return value
