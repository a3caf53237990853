"""The rows of the race: what is asked, and what a reply must have to count as an answer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from entrants import STORY, WEATHER
from load import MARK

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ROWS", "Row"]

SENTENCE = (
    "Could you tell me what the weather will be like in Oslo tomorrow, and whether I need an umbrella? "
)
SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "minLength": 1},
        "days": {"type": "integer", "minimum": 1, "maximum": 14},
        "units": {"enum": ["metric", "imperial"]},
    },
    "required": list(WEATHER),
    "additionalProperties": False,
}
FORMAT = {"type": "json_schema", "json_schema": {"name": "weather", "schema": SCHEMA, "strict": True}}
CALL = "Call it"
CHOICE = {"type": "function", "function": {"name": "weather"}}


@dataclass(frozen=True)
class Row:
    """One shape of work.

    Attributes:
        name: what the table says.
        goal: replies a second as a ratio to the constant route, for MockGrid to reach; None without one.
        body: of the request; where it has `load.MARK`, each request is another.
        answers: returns what a body counts: a stream its events, else 1; 0 if it is not what was asked.
        files: what entrants are told besides, by their name, then by the name of a file.
        key: the credential; it may have `load.MARK`, too.
        header: one more line of the request's head, which may have it.
        numbers: how many there are before they begin anew.
        stream: whether the constant is a stream, too.
    """

    name: str
    goal: float | None
    body: bytes
    answers: Callable[[bytes], int]
    files: dict[str, dict[str, str]] = field(default_factory=dict)
    key: str = "mg-race"
    header: str = ""
    numbers: int = 10**9
    stream: bool = False


def _request(*turns: str, **options: Any) -> bytes:
    roles = ("user", "assistant")
    messages = [{"role": roles[(len(turns) - 1 - n) % 2], "content": text} for n, text in enumerate(turns)]
    return json.dumps({"model": "text-prime", "messages": messages, **options}).encode()


def _conversation(messages: int, last: str = SENTENCE, **options: Any) -> bytes:
    return _request(*(f"{n}: {SENTENCE}" for n in range(messages - 1)), last, **options)


def _tool(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": SCHEMA}}


def _choice(body: bytes) -> dict[str, Any]:
    choice: dict[str, Any] = json.loads(body)["choices"][0]
    return choice


def _text(body: bytes) -> bool:
    return bool(_choice(body)["message"]["content"])


def _is_weather(text: str) -> bool:
    value = json.loads(text)
    return (
        value.keys() == WEATHER.keys()
        and isinstance(value["city"], str)
        and value["days"] in range(1, 15)
        and value["units"] in ("metric", "imperial")
    )


def _schema(body: bytes) -> bool:
    return _is_weather(_choice(body)["message"]["content"])


def _call(body: bytes) -> bool:
    return _is_weather(_choice(body)["message"]["tool_calls"][0]["function"]["arguments"])


def _logprobs(body: bytes) -> bool:
    return bool(_choice(body)["logprobs"]["content"])


def _events(body: bytes) -> int:
    return body.count(b"data: ") if b"data: [DONE]" in body else 0


def _nth(body: bytes) -> bool:
    return _choice(body)["message"]["content"] == "the last"


def _steps(count: int, matcher: Any, text: Callable[[int], str]) -> dict[str, dict[str, str]]:
    """A script of so many steps, of which the last is met, for those who have scripts."""
    said = [*(f"step {n}" for n in range(count - 1)), "the last"]
    steps = [
        {"when": {"last_user": matcher(text(n))}, "reply": {"say": say}, "then": "repeat"}
        for n, say in enumerate(said)
    ]
    fixtures = [
        {"match": {"userMessage": text(n)}, "response": {"content": say}} for n, say in enumerate(said)
    ]
    return {
        "MockGrid": {"race.json": json.dumps({"steps": steps})},
        "aimock": {"aimock.json": json.dumps({"fixtures": fixtures})},
    }


def _words(**stream: Any) -> dict[str, dict[str, str]]:
    reply = {"say": ("word " * 200).strip(), "stream": {"chunks": "word", **stream}}
    return {"MockGrid": {"race.json": json.dumps({"steps": [{"reply": reply}]})}}


def _script(name: str, steps: int, matcher: Callable[[str], Any] = str) -> Row:
    text = "Question {:04}".format
    files = _steps(steps, matcher, text)
    if matcher is not str:
        del files["aimock"]
    return Row(name, None, _request(text(steps - 1)), _nth, files, "mg.race.x")


_TOOLS = [_tool("weather"), _tool("news"), _tool("mail")]
_ONE = {"tools": _TOOLS[:1]}
_SHORT = _request("You are kind.", "Say hello to the world")

ROWS = (
    Row("a completion, 2 messages", 1.4, _SHORT, _text),
    Row("  each request new", 1.4, _request("You are kind.", f"Say hello to {MARK.decode()}"), _text),
    Row("  each head new", 1.1, _SHORT, _text, header=f"traceparent: 00-{MARK.decode()}\r\n"),
    Row("  2,000 keys in turn", 1.1, _SHORT, _text, key=f"mg-{MARK.decode()}", numbers=2000),
    Row("101 messages", 0.9, _conversation(101), _text),
    Row("  each conversation new", 0.9, _conversation(100, last=f"Number {MARK.decode()}"), _text),
    Row("400 messages", None, _conversation(400), _text),
    Row("100 messages, three tools", 0.9, _conversation(100, tools=_TOOLS, tool_choice="none"), _text),
    Row(
        "a tool and a JSON Schema",
        0.9,
        _request(CALL, tool_choice=CHOICE, response_format=FORMAT, **_ONE),
        _call,
    ),
    Row("a JSON Schema", 0.9, _request("As JSON", response_format=FORMAT), _schema),
    Row("a required tool", 0.9, _request(CALL, tool_choice=CHOICE, **_ONE), _call),
    Row("a tool offered, text said", 1.1, _request("Say it", tool_choice="none", **_ONE), _text),
    Row("logprobs", 0.9, _request("Say it", logprobs=True, top_logprobs=2), _logprobs),
    Row("a stream, by event", 5.0, _request(STORY, stream=True, n=10), _events, stream=True),
    Row("  from a script", 5.0, _request(STORY, stream=True), _events, _words(), "mg.race.x", stream=True),
    Row(
        "  a write for each event",
        1.0,
        _request(STORY, stream=True),
        _events,
        _words(coalesce=1),
        "mg.race.x",
        stream=True,
    ),
    _script("a script of one step", 1),
    _script("  of 100", 100),
    _script("  of 1,000", 1000),
    _script("  of 1,000 patterns", 1000, lambda text: {"matches": f"^{text}$"}),
)
