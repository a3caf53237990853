"""Serving a scenario in this process, recording what comes, and what two recordings have in common."""

from __future__ import annotations

import json
from functools import cache

import orjson
from asgi import CHAT, Caller

from mockgrid.app.app import App
from mockgrid.app.build import load_contract
from mockgrid.recording.events import events_in
from mockgrid.recording.exchange import RecordedExchange, RecordedReply, RecordedRequest
from mockgrid.recording.scribe import Scribe
from mockgrid.reply.checking import Checking, unsatisfiable_steps
from mockgrid.scenario.library import Library
from mockgrid.scenario.loading import load_text
from mockgrid.settings import Settings

JSON = "application/json"


@cache
def contract():
    return load_contract(Settings())


@cache
def scribe():
    return Scribe(contract())


@cache
def checking():
    return Checking(contract())


def findings(text, contract=None):
    """What ``mockgrid check`` tells of a scenario, but for notes."""
    whole = contract or globals()["contract"]()
    scenario = load_text(text, name="mine.yaml", operations=[op.id for op in whole.operations])
    judge = checking() if contract is None else Checking(contract)
    told = [*scenario.warnings, *judge.findings(scenario)]
    return [*told, *unsatisfiable_steps(scenario, whole, whole.policy.models)]


def player(text, contract=None):
    scenario = load_text(text, name="mine.yaml")
    caller = Caller.__new__(Caller)
    library = Library(scenarios={"mine": scenario})
    settings = Settings(log="off", clock="virtual", scenario="mine")
    caller.app = App(contract or globals()["contract"](), settings, lambda: library)
    caller.key = "mg-test"
    return caller


def ask(caller, body, *, method="POST", path=CHAT, headers=None):
    """The exchange of one request; of a reply that breaks off, what came before."""
    answer = caller.call(method, path, body, headers)
    sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    request = RecordedRequest(method, path, ((b"content-type", JSON.encode()),), sent)
    named = tuple((name.encode(), value.encode("latin-1")) for name, value in answer.headers)
    return RecordedExchange(request, RecordedReply(answer.status, named, ((0.0, answer.body),)))


def replayed(exchanges, text, contract=None):
    """The same requests, in their order, to a scenario."""
    caller = player(text, contract)
    return [
        ask(caller, exchange.request.body, method=exchange.request.method, path=exchange.request.target)
        for exchange in exchanges
    ]


def essence(exchange):
    """What is promised to come again: status, JSON as a value, other text as it is, and each event's data."""
    reply = exchange.reply
    headers = dict(reply.headers)
    media = headers.get(b"content-type", b"").partition(b";")[0]
    kept = {
        name: value
        for name, value in headers.items()
        if name in {b"retry-after", b"retry-after-ms", b"location"} or name.startswith(b"x-ratelimit")
    }
    if media == b"text/event-stream":
        events, tail = events_in(reply.chunks)
        told = [(event.lines, _value(event.data)) for event in events]
        return reply.status, media, kept, told, tail
    return reply.status, media, kept, _value(reply.body)


def _value(data):
    try:
        return orjson.dumps(orjson.loads(data or b""), option=orjson.OPT_SORT_KEYS)
    except orjson.JSONDecodeError:
        return data


__all__ = ["ask", "checking", "contract", "essence", "findings", "player", "replayed", "scribe"]
