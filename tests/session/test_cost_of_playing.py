"""What is played anew takes no longer after many exchanges than after none."""

import sys

import pytest
from asgi import Caller

REPLIES = {"steps": [{"error": 503}, {"say": "Hello"}]}


def steps_of(call):
    """How many lines of Python a call runs, whatever else the machine does."""
    count = 0

    def trace(_frame, event, _argument):
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.once
def test_a_play_costs_the_same_after_many_exchanges():
    caller = Caller()
    operator = caller.app.operator

    def play():
        return operator.script("mg-test", REPLIES, brief=True)

    for _ in range(3):  # read once, and told of the one before, which is counted by then
        play()
    first = steps_of(play)
    for _ in range(150):
        caller.chat()
    assert steps_of(play) == pytest.approx(first, rel=0.05)
    assert set(play()) == {"session", "findings"}


def test_the_whole_answer_has_all_that_the_journal_shows():
    caller = Caller()
    operator = caller.app.operator
    caller.chat(max_token=3)
    for _ in range(2):  # what was told once is told again
        assert [each["code"] for each in operator.script("mg-test", REPLIES)["warnings"]] == ["MG140"]
    caller.chat(temperature=3)
    told = operator.script("mg-test", REPLIES)
    assert [each["code"] for each in told["violations"]] == ["MG113"]
    assert told["exchanges"]["count"] == 2
