"""Scenarios that are given at run time: read once for all who give the same, and never for others."""

import asyncio
from copy import deepcopy
from itertools import combinations

import pytest
from asgi import Caller

from mockgrid.control import scripts
from mockgrid.control.scripts import SCRIPTS_KEPT

HELLO = {"steps": [{"say": "Hello"}, {"say": "Again"}], "where": "test_it.py:1"}
GIVEN = [
    HELLO,
    {**HELLO, "where": "test_it.py:2"},
    {**HELLO, "name": "named"},
    {"steps": [{"say": "Again"}, {"say": "Hello"}], "where": "test_it.py:1"},
    {"steps": {"steps": [{"reply": {"say": "Hello"}}]}, "where": "test_it.py:1"},
    {"source": "steps: [{reply: {say: Hello}}]", "where": "test_it.py:1"},
    {"steps": [{"when": {"body": {"/seed": {"equals": 1}}}, "reply": {"say": "x"}}]},
    {"steps": [{"when": {"body": {"/seed": {"equals": 1.0}}}, "reply": {"say": "x"}}]},
    {"steps": [{"when": {"body": {"/seed": {"equals": True}}}, "reply": {"say": "x"}}]},
    {"steps": [{"when": {"body": {"/seed": {"equals": "1"}}}, "reply": {"say": "x"}}]},
    {"steps": [lambda _: {"say": "x"}]},
]


@pytest.fixture
def caller():
    return Caller()


def read(caller, script):
    return caller.app.operator.scripts.read(deepcopy(script))[0]


def test_the_same_is_read_once_and_all_else_anew(caller):
    first = [read(caller, script) for script in GIVEN]
    assert all(one is not other for one, other in combinations(first, 2))
    again = [read(caller, script) for script in GIVEN]
    assert [one is other for one, other in zip(first, again, strict=True)] == [True] * 10 + [False]
    strict = read(caller, {**HELLO, "strict": True})
    assert strict.strict
    assert not read(caller, HELLO).strict


def test_each_session_plays_it_from_its_beginning(caller):
    said = []
    for key in ("mg-a", "mg-b", "mg-a"):
        caller.app.operator.script(key, HELLO)
        replies = [
            caller.call(body={"messages": [{"role": "user", "content": "x"}]}, key=key) for _ in range(3)
        ]
        said += [reply.json()["choices"][0]["message"]["content"] for reply in replies]
    assert said == ["Hello", "Again", "Again"] * 3


def test_what_is_wrong_or_odd_is_told_each_time(caller):
    odd = {"steps": {"steps": [{"name": "never", "times": 1, "when": {"state": "x"}, "reply": {"say": "x"}}]}}
    told = [caller.app.operator.scripts.read(deepcopy(odd))[1] for _ in range(2)]
    assert told[0] == told[1] != ()
    for _ in range(2):
        with pytest.raises(scripts.ControlError, match="sya"):
            read(caller, {"steps": [{"sya": "x"}]})


def test_what_is_remembered_of_them_is_bounded_and_told_in_metrics(caller):
    for number in range(60):
        read(caller, {"steps": [{"say": f"{number} " + "x" * 2000}]})
    size = caller.app.operator.scripts.known.size
    assert SCRIPTS_KEPT / 2 < size <= SCRIPTS_KEPT
    read(caller, {"steps": [{"say": "x" * 20_000}]})
    assert caller.app.operator.scripts.known.size == size
    metrics, _ = asyncio.run(caller.app.metrics.text())
    line = next(
        line for line in metrics.splitlines() if line.startswith(b'mockgrid_remembered_bytes{of="scripts"}')
    )
    assert float(line.split()[1]) == size
