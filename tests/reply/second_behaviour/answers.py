"""A behaviour of another API: one class for replies, one for requests, one for scripts, one for verdicts."""

# ruff: noqa: ARG002 - the interface tells more than a small behaviour needs

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mockgrid.reply.behaviour import Behaviour
from mockgrid.reply.delivery.form import StreamForm, Streaming
from mockgrid.reply.reply import JSON, SSE, Reply
from mockgrid.reply.request import RefusedError, UnanswerableError
from mockgrid.reply.tokens import Chunks, pieces_of
from mockgrid.scenario.reply import Auto, Say
from mockgrid.session.verdicts.streams import EventTexts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.reply.behaviour import Kit, Samples, Turn
    from mockgrid.reply.request import Request
    from mockgrid.scenario.reply import ScriptedReply
    from mockgrid.scenario.view import RequestView


def framed(name: str, data: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


class Questions:
    """Reads requests: ``{"question": …, "history": [{"by": "me", "text": …}], "live": true}``."""

    sample = MappingProxyType({"question": "x"})
    messages_at = ""
    sending = ("live",)

    def model(self, body):
        return body.get("model")

    def stream(self, body):
        return body.get("live") is True

    def messages(self, body):
        return body.get("history", [])

    def turn(self, body):
        return 1 + sum(item["by"] == "you" for item in self.messages(body))

    def last_user(self, body):
        return body["question"]

    def system(self, body):
        return None

    def texts(self, body):
        return [*(item["text"] for item in self.messages(body)), body["question"]]

    def tool_results(self, body):
        return []

    def results(self, body):
        return []

    def calls(self, body):
        return []

    def tools(self, body):
        return []

    def response_format(self, body):
        return None


class Form(StreamForm):
    texts = (b'"text": "',)

    def is_finish(self, event: bytes) -> bool:
        return event.startswith(b"event: end\n")


class Words:
    """Finds the answers in streams, in whole replies, and in the history of the next request."""

    done = b""

    def event(self, value: Any) -> EventTexts:
        if "text" in value:
            return EventTexts(((0, value["text"]),))
        finished = frozenset({0}) if "why" in value else frozenset()
        return EventTexts(finished=finished, error="error" in value, counts=False)

    def given(self, body: bytes) -> set[str]:
        return {json.loads(body)["answer"]}

    def repeated(self, body: bytes) -> set[str]:
        return {item["text"] for item in json.loads(body).get("history", []) if item["by"] == "you"}


class Speaker:
    form = Form()

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def samples(self, scripted: ScriptedReply) -> Samples:
        return tuple((body, (body,)) for body in ({"question": "x"}, {"question": "x", "live": True}))

    def scripted(self, scripted: ScriptedReply, turn: Turn) -> Reply:
        form = scripted.form
        if isinstance(form, Auto):
            return self._answers.reply(turn.request, turn.seed, turn.attempt_id)
        if not isinstance(form, Say):
            raise UnanswerableError("createAnswer says texts and nothing else.")
        text, chunks = form.text.render(turn.view), scripted.delivery.chunks
        return self._answers.saying(turn.request, text, scripted.finish or "done", chunks)

    def spoken(
        self, scripted: ScriptedReply, request: Request, view: RequestView, attempt_id: str
    ) -> Reply | None:
        return None


class Answers(Behaviour):
    conversation = Questions()

    def __init__(self, kit: Kit) -> None:
        self._tokenizer = kit.tokenizer
        self._speaker = Speaker(self)

    @staticmethod
    def transcript() -> Words:
        return Words()

    @property
    def speaker(self) -> Speaker:
        return self._speaker

    def check(self, request: Request) -> None:
        if request.value.get("model") == "none":
            raise RefusedError("unknown_model", "Model not found: none")

    def reply(self, request: Request, seed: str, attempt_id: str) -> Reply:
        return self.saying(request, f"Why {request.value['question']}", "done")

    def saying(self, request: Request, text: str, why: str, chunks: Chunks = "token") -> Reply:
        pieces = list(pieces_of(text, self._tokenizer, chunks))
        count = self._tokenizer.count
        spent = {"asked": count(request.value["question"]), "answered": count(text)}
        if request.value.get("live"):
            reply = Reply(200, [(b"content-type", SSE)], events=self._events(pieces, why, spent))
        else:
            body = {"answer": text, "why": why, "spent": spent}
            reply = Reply(200, [(b"content-type", JSON)], json.dumps(body).encode())
        reply.streaming = Streaming(Speaker.form, 1, 1, lambda: len(pieces))
        reply.tokens = spent["asked"] + spent["answered"]
        return reply

    def _events(self, pieces: list[str], why: str, spent: dict[str, int]) -> Iterator[bytes]:
        yield framed("begin", {})
        for piece in pieces:
            yield framed("word", {"text": piece})
        yield framed("end", {"why": why, "spent": spent})
