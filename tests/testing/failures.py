"""Clients that do wrong, each in its own way, for the texts that tell of it."""

from __future__ import annotations

import re

from testing.client import HELLO, Client

from mockgrid.testing.failure_text import failure_text
from mockgrid.testing.tolerances import Tolerances

LONG = "How is the weather in Oslo, and is it any better in Rome or in Tokyo at this time of the year? " * 3


def broken(_session, client):
    client.ask(temperature=3)


def several(_session, client):
    messages = [{"role": "system", "content": "Be brief."}, *HELLO, {"role": "usr", "content": LONG}]
    client.ask(messages=messages, n=0, tools=[{"type": "function", "function": {"name": "x" * 80}}])
    client.post("/chat/completion", json={})
    client.get("/chat/completions")
    client.ask(stop=list("abcdefgh"))


def missing(_session, client):
    client.post("/chat/completions", json={"model": "text-prime"})
    client.post("/chat/completions", content=b"{", headers={"content-type": "application/json"})
    client.post("/chat/completions", content=b"a=b", headers={"content-type": "text/csv"})


def misspelt(_session, client):
    client.ask(temprature=1, max_completion_token=5, user="ada")


def unmatched(session, client):
    session.play("tool-loop")
    client.ask("Which city is the warmest?", tools=[])
    client.ask(LONG)


def unused(session, client):
    steps = [
        {"name": "small talk", "when": {"last_user": {"contains": "Hello"}}, "reply": {"say": "Hello"}},
        {
            "name": "the weather in Oslo, Rome and Tokyo " * 2,
            "when": {"turn": 2},
            "reply": {"say": "It is 3 °C."},
        },
        {"when": {"turn": 3}, "reply": {"say": "Bye"}},
    ]
    session.play(steps, strict=True)
    client.ask()


def everything(session, client):
    broken(session, client)
    unmatched(session, client)
    misspelt(session, client)


def many(_session, client):
    for number in range(25):
        client.ask(f"Number {number}", temperature=3 + number)


FAILURES = {
    function.__name__: function
    for function in (broken, several, missing, misspelt, unmatched, unused, everything, many)
}


def text_of(grid, name):
    """Return what a test would show whose client does wrong in this way, the same on every machine."""
    session = grid.session(name)
    with Client(session) as client:
        FAILURES[name](session, client)
    # Where the shipped scenarios lie, and so where lines break, is another place on each machine.
    left = Tolerances(allow_warnings=False, allow_unused=name != "unused").left(session.summary)
    text = failure_text(left, session.exchanges, lambda _: "openapi/consumption.yaml:1:1")
    session.close()
    return re.sub(r"(failures\.py):\d\d", r"\1:00", text)
