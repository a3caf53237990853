"""Sessions never meet: in whatever order their requests come, each gets what it would get alone."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from asgi import CHAT

from mockgrid.app.build import build_app
from mockgrid.http.asgi import CutError
from mockgrid.session.session import session_name
from mockgrid.settings import Settings

OWN = {
    "turns.yaml": """
steps:
  - name: by turns
    replies: [{error: 503, retry_after: 1s}, {say: "one ${last_user}"}, {say: two}, {call: {f: {x: 1}}}]
    then: cycle
""",
    "states.yaml": """
strict: true
steps:
  - {name: begin, when: {state: start}, times: 1, reply: {say: begun, go_to: middle}}
  - {name: twice, when: {state: middle, attempt: {above: 1}}, reply: {error: 500, go_to: end}}
  - {name: middle, when: {state: middle}, reply: {say: in the middle}}
  - {name: end, when: {state: end, stream: true}, reply: {say: the end, go_to: start}}
""",
    "limited.yaml": """
limits: [{requests: 3, per: 1m}, {tokens: 60, per: 1m, scope: model}]
steps: [{reply: {say: "${model}: ${last_user}"}}]
""",
    "paid.yaml": """
balance: {tokens: 40}
pace: {first_token: 10ms, tokens_per_second: 50, jitter: 20%}
steps: [{reply: {say: "Paid: ${last_user}", stream: {comments: {every: 4}, coalesce: 3}}}]
""",
    "broken.yaml": """
seed: 7
steps:
  - replies:
      - {say: a b c d e f, stream: {fault: {kind: disconnect, after: 2}}}
      - {auto: true}
      - {say: a b c d e f, stream: {fault: {kind: error_event, after: 2}}}
    then: cycle
""",
}
SCENARIOS = (
    *("", "", "", "turns", "turns", "states", "states", "limited", "limited", "paid", "paid", "broken"),
    *("balance-replenishing", "rate-limited", "out-of-credit", "flaky-supplier", "routed", "reasoning"),
    *("stream-cut", "stream-error", "structured-output", "tool-loop", "unknown-model"),
)
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
SAY = [{"role": "user", "content": "Hello there"}]
# Every session asks the same things, so that what one did could show in another.
BODIES: tuple[dict[str, Any], ...] = (
    {"messages": SAY},
    {"messages": SAY, "stream": True},
    {"messages": SAY, "stream": True, "stream_options": {"include_usage": True}},
    {"messages": SAY, "model": "text-max", "n": 2},
    {"messages": SAY, "tools": [TOOL], "tool_choice": "required"},
    {"messages": [*SAY, {"role": "assistant", "content": "Hi"}, *SAY], "stream": True},
    {"messages": SAY, "temperature": 3},
    {"messages": [{"role": "user", "content": "Something else"}]},
)
REQUESTS = 5
TOGETHER = 3
CHUNKS, EACH = 10, 300


@dataclass(frozen=True)
class Plan:
    """What one session asks, one after the other."""

    scenario: str
    bodies: tuple[bytes, ...]

    def key(self, name: str) -> str:
        return f"mg.{self.scenario}.{name}" if self.scenario else f"mg-{name}"


def plans() -> list[Plan]:
    random = Random("plans")
    # Few different ones, so that many are asked more than once.
    asked = [random.choices(random.sample(BODIES, 3), k=REQUESTS) for _ in SCENARIOS]
    return [
        Plan(scenario, tuple(json.dumps(body).encode() for body in bodies))
        for scenario, bodies in zip(SCENARIOS, asked, strict=True)
    ]


class Turns:
    """Lets those who wait go on one at a time, in an order that is drawn."""

    def __init__(self, seed: str) -> None:
        self._random = Random(seed)
        self._waiting: list[asyncio.Future[None]] = []

    async def turn(self) -> None:
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        await waiting

    async def drive(self, tasks: list[asyncio.Task[Any]]) -> None:
        while not all(task.done() for task in tasks):
            if self._waiting:
                place = self._random.randrange(len(self._waiting))
                self._waiting.pop(place).set_result(None)
            await asyncio.sleep(0)


async def answer(app: Any, key: str, body: bytes, turns: Turns) -> list[Any]:
    """Everything that the application sends, each message after waiting for its turn."""
    headers = {"content-type": "application/json", "authorization": f"Bearer {key}", "host": "x"}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 80),
        "method": "POST",
        "path": CHAT,
        "raw_path": CHAT.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 50000),
    }
    half = len(body) // 2
    parts = deque([(body[:half], True), (body[half:], False)])
    sent: list[Any] = []
    forever = asyncio.Event()
    own = session_name(key).encode()

    async def receive() -> dict[str, Any]:
        if not parts:
            await forever.wait()
        await turns.turn()
        piece, more = parts.popleft()
        return {"type": "http.request", "body": piece, "more_body": more}

    async def send(message: dict[str, Any]) -> None:
        await turns.turn()
        # A redirect names its session, which is called otherwise each time; no reply names another.
        headers = [(name, value.replace(own, b"<own>")) for name, value in message.get("headers", ())]
        sent.append((message.get("status"), headers, message.get("body", b"").replace(own, b"<own>")))

    try:
        await app(scope, receive, send)
    except CutError as cut:
        sent.append(str(cut))
    return sent


async def play(app: Any, key: str, plan: Plan, turns: Turns) -> list[list[Any]]:
    return [await answer(app, key, body, turns) for body in plan.bodies]


async def together(app: Any, chosen: list[Plan], seed: str) -> list[list[list[Any]]]:
    turns = Turns(seed)
    tasks = [
        asyncio.create_task(play(app, plan.key(f"{seed}-{number}"), plan, turns))
        for number, plan in enumerate(chosen)
    ]
    await turns.drive(tasks)
    return [task.result() for task in tasks]


@pytest.fixture(scope="module")
def new_app(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenarios")
    for name, text in OWN.items():
        (folder / name).write_text(text, "utf-8")
    # No bucket fills and no retry waits by the time that the test takes.
    return lambda: build_app(Settings(log="off", clock="virtual", scenarios=(str(folder),)))


@pytest.fixture(scope="module")
def app(new_app):
    return new_app()


@pytest.fixture(scope="module")
def alone(new_app):
    """What each plan gets from a server that nobody else uses."""
    return {plan: asyncio.run(together(new_app(), [plan], "alone"))[0] for plan in plans()}


def test_the_plans_tell_sessions_apart(alone):
    assert len({repr(replies) for replies in alone.values()}) > len(SCENARIOS) * 0.8
    statuses = {reply[0][0] for replies in alone.values() for reply in replies}
    assert {200, 307, 402, 404, 422, 424, 429, 503} <= statuses


@pytest.mark.once
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_session_among_others_gets_what_it_gets_alone(app, alone, chunk):
    """Three thousand interleavings in all, at every point where a request waits."""
    random = Random(f"chunk {chunk}")

    async def all_of_them():
        for number in range(EACH):
            seed = f"{chunk}-{number}"
            chosen = random.choices(list(alone), k=TOGETHER)
            found = await together(app, chosen, seed)
            assert found == [alone[plan] for plan in chosen], seed
            for place, plan in enumerate(chosen):
                session = app.sessions.find(session_name(plan.key(f"{seed}-{place}")))
                assert [exchange.body for exchange in session.journal] == list(plan.bodies)

    asyncio.run(all_of_them())
