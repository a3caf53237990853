"""A report that is made among others' requests: they hardly wait, and it tells of one moment."""

import asyncio
from time import thread_time

import pytest
from asgi import Caller

from mockgrid.session.turns import all_at_once, among_others

BUSY = "steps: [{when: {turn: 2}, reply: {error: 429}}, {reply: {say: Hi}}]"


@pytest.fixture
def caller(tmp_path):
    (tmp_path / "busy.yaml").write_text(BUSY, "utf-8")
    caller = Caller(scenarios=(str(tmp_path),), scenario="busy")
    for number in range(40):
        caller.call(body={"messages": [{"role": "assistant", "content": str(number)}]})
        caller.chat(f"Hello {number}", temperature=9 if number % 7 == 0 else 1, stream=number % 3 == 0)
    return caller


def test_it_tells_of_the_moment_at_which_it_was_begun(caller):
    operator = caller.app.operator
    expected = operator.report()
    assert {verdict["verdict"] for verdict in expected["verdicts"]}
    turns = operator.reported()
    for _ in range(10):
        next(turns)
    caller.chat("More", temperature=9, unheard_of=1)
    caller.call(body={"messages": [{"role": "assistant", "content": "0"}]})
    operator.close(caller.key)
    caller.chat("In another session of the same name")
    assert all_at_once(turns) == expected
    assert operator.report()["summary"] != expected["summary"]


def test_a_request_that_fails_meanwhile_has_not_failed_yet(caller):
    (session,) = caller.app.sessions
    failed = next(exchange for exchange in session.journal if exchange.answer.status == 429)
    failed.ended, ended = 0.0, failed.ended  # under way
    operator = caller.app.operator
    expected = operator.report()
    turns = operator.reported()
    next(turns)
    failed.ended = ended
    assert all_at_once(turns) == expected
    assert operator.report() != expected


def test_others_get_the_loop_every_few_milliseconds(caller):
    gaps = []

    async def watched():
        async def others():
            while True:
                began = thread_time()
                await asyncio.sleep(0)
                gaps.append(thread_time() - began)

        beside = asyncio.ensure_future(others())
        await asyncio.sleep(0)
        result = await among_others(long_work())
        beside.cancel()
        return result

    def long_work():
        report = None
        for _ in range(20):
            report = yield from caller.app.operator.reported()
        return report

    assert asyncio.run(watched()) == caller.app.operator.report()
    assert sorted(gaps)[-5] < sum(gaps) / 20
    assert sorted(gaps)[-5] < 0.02


def test_what_went_well_and_has_no_part_in_what_did_not_is_not_looked_at(caller):
    operator = caller.app.operator
    expected, turns = operator.report()["verdicts"], sum(1 for _ in operator.reported())
    for number in range(200):
        caller.chat(f"Good day {number}")
    assert operator.report()["verdicts"] == expected
    # A turn for what the reply of each has shown, and none for its conduct.
    assert sum(1 for _ in operator.reported()) == turns + 200
