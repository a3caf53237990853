"""The short way of plain replies says what the long way says."""

from __future__ import annotations

import pytest
from asgi import Caller

TEXTS = [
    "Hello there",
    "100 % of @id@ {braces} 700000001",
    "Gr\u00fc\u00dfe \U0001f30d",
    "",
    "chatcmpl-" + "0" * 29,
]


@pytest.mark.parametrize("text", TEXTS)
def test_the_first_reply_and_those_after_it_are_those_of_the_long_way(text):
    """A null for a field that shapes replies takes the long way, and asks for nothing."""
    short, long = Caller(), Caller()
    for _ in range(3):
        plain, whole = short.chat(text).json(), long.chat(text, n=None).json()
        assert list(plain) == list(whole)
        assert {**plain, "id": ""} == {**whole, "id": ""}


def test_attempts_differ_in_their_id_alone():
    caller = Caller()
    bodies = [caller.chat().json() for _ in range(4)]
    assert len({body.pop("id") for body in bodies}) == 4
    assert all(body == bodies[0] for body in bodies)


def test_a_stream_after_json_is_a_stream():
    caller = Caller()
    assert caller.chat().status == 200
    assert caller.chat(stream=True).chunks()
    assert caller.chat().json()["object"] == "chat.completion"


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr("mockgrid.reply.chat.replies._REMEMBERED", 5)
    caller = Caller()
    for number in range(20):
        caller.chat(f"{number}")
    chat = caller.app._composer._behaviours["chat-completions"]
    assert len(chat._remembered) == 5
    assert caller.chat("0").json()["choices"][0]["message"]["content"] == "You said: 0"


def test_a_real_clock_is_never_remembered():
    caller = Caller(clock="real")
    caller.chat()
    assert caller.app._composer._behaviours["chat-completions"]._remembered == {}
