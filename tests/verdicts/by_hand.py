"""Exchanges written by hand, as a journal would hold them."""

import json
from types import SimpleNamespace

from mockgrid.app.build import load_contract
from mockgrid.reply.behaviours import transcript_of
from mockgrid.session.exchange import KeptExchange
from mockgrid.session.verdicts import verdicts
from mockgrid.settings import Settings

RETRY = load_contract(Settings()).policy.retry
PATH = "/v1/chat/completions"
HELLO = b'{"messages":[{"role":"user","content":"Hello"}]}'
SSE = [(b"content-type", b"text/event-stream; charset=utf-8")]
TOOK = 0.001


def exchange(  # noqa: PLR0913 - what a case is made of, by name
    at,
    status=200,
    *,
    number=0,
    took=TOOK,
    body=HELLO,
    path=PATH,
    query=b"",
    sent=(),
    reply=(),
    pieces=(),
    gave=b"",
    whole=True,
    ended_by="server",
    ended=True,
):
    headers = {b"authorization": b"Bearer mg-x", b"host": b"127.0.0.1", **dict(sent)}
    answer = SimpleNamespace(
        status=status,
        headers=list(reply),
        body=gave,
        failure="",
        step="",
        violations=(),
        attempt=1,
        no_step=None,
    )
    head = SimpleNamespace(method="POST", path=path, query=query, headers=headers, size=300)
    made = KeptExchange(number, at, head, body, None, answer)
    made.replied = at + took
    made.ended = at + took if ended else 0.0
    made.whole, made.ended_by = whole, ended_by
    for piece in pieces:
        made.sent(at + took, piece)
    return made


def numbered(*made):
    for number, one in enumerate(sorted(made, key=lambda one: one.arrived), 1):
        one.number = number
    return made


def names(*made, retry=RETRY, final=False, epoch=None):
    found = verdicts(numbered(*made), retry, transcript_of, final=final, epoch=epoch)
    return [(verdict.name, verdict.exchanges) for verdict in found]


def failing(*waits, status=503, then=200, **more):
    """One call: an attempt that fails before each wait, and one after the last."""
    at, made = 0.0, []
    for wait in waits:
        made.append(exchange(at, status, **more))
        at += TOOK + wait
    return [*made, exchange(at, then)]


def after(seconds):
    return [(b"retry-after", seconds)]


def count(number):
    return {b"x-stainless-retry-count": str(number).encode()}


def event(value):
    return b"data: %s\n\n" % (value if isinstance(value, bytes) else json.dumps(value).encode())


def piece(text, *, finish=None, index=0):
    delta = {} if text is None else {"content": text}
    return event({"choices": [{"index": index, "delta": delta, "finish_reason": finish}]})


def stream(at, *pieces, **more):
    return exchange(at, reply=SSE, pieces=pieces, body=STREAMED, **more)


STREAMED = b'{"messages":[{"role":"user","content":"Hello"}],"stream":true}'
END = [piece(None, finish="stop"), event(b"[DONE]")]
PARTS = [piece(""), piece("The fjord"), piece(" is calm,")]


def goes_on(at, text):
    messages = [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": text},
        {"role": "user", "content": "Go on"},
    ]
    return exchange(at, body=json.dumps({"messages": messages}).encode())


def sent_on(at, location, **more):
    return exchange(at, 307, reply=[(b"location", location)], **more)


HOP = "/r/v1/chat/completions"
LOCATION = b"http://localhost:8080/r/v1/chat/completions?token=t1"
BARE = {b"authorization": b""}


def hop(at, status=200, **more):
    made = exchange(at, status, path=HOP, query=more.pop("query", b"token=t1"), **more)
    made.head.headers = {name: value for name, value in made.head.headers.items() if value}
    return made
