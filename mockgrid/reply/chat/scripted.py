"""What a scenario says, as the choices and the usage of a completion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockgrid.reply.chat.chunks import FORM
from mockgrid.reply.chat.completion import Choice, FinishedCall
from mockgrid.reply.chat.conversation import ChatRequests
from mockgrid.reply.chat.replies import is_plain
from mockgrid.scenario.reply import Call, Json, Refuse, SaidChoice, SaidChoices, Say
from mockgrid.scenario.template import Template
from mockgrid.schema.values import as_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockgrid.reply.behaviour import Samples, Turn
    from mockgrid.reply.chat.replies import ChatReplies
    from mockgrid.reply.delivery.form import StreamForm
    from mockgrid.reply.reply import Reply
    from mockgrid.reply.request import Request
    from mockgrid.scenario.reply import ScriptedReply, ToolCall, Usage
    from mockgrid.scenario.view import RequestView

__all__ = ["ChatSpeaker"]

# Of a message and of a delta.
_SAID = ("role", "content", "refusal", "reasoning_content", "tool_calls")
_CALLS = tuple(f"/choices/0/{holder}/tool_calls/0" for holder in ("message", "delta"))
_COUNTED = (
    *("prompt_tokens", "completion_tokens", "total_tokens"),
    *("prompt_tokens_details", "completion_tokens_details"),
)


class ChatSpeaker:
    """Says what scenarios script as chat completions.

    Args:
        replies: makes completions.
    """

    form: StreamForm = FORM
    said: frozenset[str] = frozenset(
        (
            *("/model", "/choices/0/finish_reason", "/choices/0/index"),
            *(f"/choices/0/{holder}" for holder in ("message", "delta")),
            *(f"/choices/0/{holder}/{name}" for holder in ("message", "delta") for name in _SAID),
            *(
                f"{call}/{name}"
                for call in _CALLS
                for name in ("function", "function/name", "function/arguments")
            ),
            *(f"/usage/{name}" for name in _COUNTED),
        )
    )
    # That a call has no id is said of its further pieces alone.
    settled: frozenset[str] = frozenset(
        ("/choices", "/usage", *(f"{_CALLS[1]}/{name}" for name in ("index", "id", "type")))
    )
    further: tuple[Mapping[str, Any], ...] = (
        {"/choices/0/message/tool_calls": [], "/choices/0/delta/tool_calls": []},
        {f"{call}/function/arguments": "" for call in _CALLS},
    )

    def __init__(self, replies: ChatReplies) -> None:
        self._replies = replies

    def samples(self, scripted: ScriptedReply) -> Samples:
        """Return a body that asks for as many choices as there are, and the same for a stream."""
        body = {**ChatRequests.sample}
        if isinstance(scripted.form, SaidChoices):
            body["n"] = len(scripted.form.said)
        streamed = {**body, "stream": True}
        return (body, (body, {**body, "stream": False})), (streamed, (streamed,))

    def scripted(self, scripted: ScriptedReply, turn: Turn) -> Reply:
        """Compose what a scenario says, calls or refuses, or the default reply with what it adds to that."""
        request, view, seed, attempt_id, _ = turn
        body = request.value
        choices = self._choices(scripted, turn, body.get("n") or 1)
        if choices is None:
            think = scripted.think.render(view) if scripted.think is not None else None
            choices = tuple(
                choice._replace(reasoning=think, finish=scripted.finish or choice.finish)
                for choice in self._replies.complete(request, seed, attempt_id, scripted.edges).choices
            )
        completion = self._replies.completion(request, choices, seed, attempt_id)
        if scripted.served is not None:
            completion = completion._replace(model=scripted.served.render(view))
        if scripted.call_ids:
            ids = tuple(own.render(view) for own in scripted.call_ids)
            completion = completion._replace(choices=_with_ids(completion.choices, ids))
        if scripted.usage is not None:
            completion = completion._replace(usage=_usage(completion.usage, scripted.usage))
        chunks = scripted.delivery.chunks
        cut = tuple(piece.render(view) for piece in chunks) if isinstance(chunks, tuple) else chunks
        return self._replies.rendered(body, completion, cut, interleave=scripted.delivery.interleave)

    def _choices(self, scripted: ScriptedReply, turn: Turn, count: int) -> tuple[Choice, ...] | None:
        """Return choices that say what a scenario says; None where that is left to the default reply."""
        match scripted.form:
            case SaidChoices(said):
                choices = [
                    self._choice(each, scripted, turn, index) for index, each in enumerate(said[:count])
                ]
                return (*choices, *choices[-1:] * (count - len(choices)))
            case Say() | Json() | Call() | Refuse() as form:
                said_alike = SaidChoice(form, scripted.think, scripted.finish)
                return (self._choice(said_alike, scripted, turn, 0),) * count
            case _:
                return None

    def _choice(self, said: SaidChoice, scripted: ScriptedReply, turn: Turn, index: int) -> Choice:
        view = turn.view
        reasoning = said.think.render(view) if said.think is not None else None
        match said.form:
            case Say(text):
                choice = Choice(text.render(view))
            case Json(value):
                choice = Choice(as_text(value.render(view)))
            case Refuse(text):
                choice = Choice(None, refusal=text.render(view))
            case Call(calls, beside, offered):
                free = scripted.contract == "off"
                made = tuple(FinishedCall("", call.name, _arguments(call, view, free=free)) for call in calls)
                content = beside.render(view) if beside is not None else None
                if offered:
                    seed = f"{turn.seed if scripted.edges is None else ''}{index or ''}"
                    made = self._replies.offered(turn.request, offered, seed, scripted.edges)
                    content = content if made or content is not None else self._replies.sentence(turn)
                choice = Choice(content, "tool_calls" if made else "stop", made)
        return choice._replace(finish=said.finish or choice.finish, reasoning=reasoning)

    def spoken(
        self, scripted: ScriptedReply, request: Request, view: RequestView, attempt_id: str
    ) -> Reply | None:
        """Return the reply that says a text, made at once; None for a request that asks for more."""
        form, body = scripted.form, request.value
        if type(form) is not Say or not is_plain(body):
            return None
        return self._replies.plain(request, form.text.render(view), attempt_id)


def _with_ids(choices: tuple[Choice, ...], ids: tuple[str, ...]) -> tuple[Choice, ...]:
    """Return choices whose calls have these ids, as far as they go."""
    given = iter(ids)
    return tuple(
        choice._replace(calls=tuple(call._replace(id=next(given, call.id)) for call in choice.calls))
        for choice in choices
    )


def _arguments(call: ToolCall, view: RequestView, *, free: bool) -> str:
    """Return a call's arguments; those given as JSON text stay JSON, unless they are free not to be."""
    arguments = call.arguments
    if isinstance(arguments, Template):
        return arguments.render(view) if free else arguments.render_json(view)
    return as_text(arguments.render(view))


def _usage(counted: dict[str, Any] | None, wanted: Usage) -> dict[str, Any] | None:
    """Return the usage that is reported: what was counted, with what the scenario says in its place."""
    if wanted == "off" or counted is None:
        return None
    usage = {
        **counted,
        **{name: wanted[name] for name in ("prompt_tokens", "completion_tokens") if name in wanted},
    }
    for details, name in (
        ("prompt_tokens_details", "cached_tokens"),
        ("completion_tokens_details", "reasoning_tokens"),
    ):
        usage[details][name] = wanted.get(name, usage[details][name])
    usage["total_tokens"] = wanted.get("total_tokens", usage["prompt_tokens"] + usage["completion_tokens"])
    return usage
