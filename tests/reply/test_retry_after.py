"""When a client may try again, in each form in which servers say it."""

import json
import time
from email.utils import parsedate_to_datetime

import openai
import pytest
from asgi import Caller

from mockgrid import MockGrid
from mockgrid.scenario.diagnostics import ScenarioError
from mockgrid.scenario.loading import build

HELLO = [{"role": "user", "content": "Hello there"}]


def answering(retry_after, clock="fixed", **reply):
    caller = Caller(clock=clock)
    script = {"steps": [{"error": 429, "retry_after": retry_after, **reply}]}
    caller.app.operator.script("mg-test", script)
    return caller


def forms(answer):
    return answer.header("retry-after"), answer.header("retry-after-ms")


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ("2s", ("2", None)),
        ("1.5s", ("2", "1500")),
        ("20ms", ("1", "20")),
        ({"seconds": "121s"}, ("121", None)),
        ({"seconds": "1.5s"}, ("2", None)),
        ({"ms": "20ms"}, (None, "20")),
        ({"ms": "1.2ms"}, (None, "2")),
        ({"seconds": "9s", "ms": "20ms"}, ("9", "20")),
    ],
)
def test_seconds_and_milliseconds(said, sent):
    assert forms(answering(said).chat()) == sent


@pytest.mark.parametrize("clock", ["fixed", "real", "virtual"])
def test_a_date_counts_from_the_sessions_clock(clock):
    caller = answering({"date": "2s", "ms": "20ms"}, clock)
    before = time.time()
    date, milliseconds = forms(caller.chat())
    assert before + 1 < parsedate_to_datetime(date).timestamp() < time.time() + 4
    assert date.endswith(" GMT")
    assert milliseconds == "20"


def test_a_date_moves_with_a_clock_that_is_moved():
    caller = answering({"date": "2s"}, "virtual")
    first = parsedate_to_datetime(forms(caller.chat())[0])
    assert parsedate_to_datetime(forms(caller.chat())[0]) == first
    caller.app.operator.move_clock("mg-test", {"advance": "1h"})
    assert (parsedate_to_datetime(forms(caller.chat())[0]) - first).total_seconds() == 3600


def test_the_official_client_waits_until_the_date_and_is_judged_by_it():
    with MockGrid() as grid:
        grid.play([{"error": 429, "retry_after": {"date": "2s"}}, {"say": "ok"}])
        with openai.OpenAI(base_url=grid.base_url, api_key=grid.api_key) as client:
            began = time.monotonic()
            reply = client.chat.completions.create(model="text-prime", messages=HELLO)
        assert reply.choices[0].message.content == "ok"
        assert time.monotonic() - began > 1
        grid.assert_resilient()


def test_who_does_not_wait_until_the_date_is_told_in_session_and_report():
    caller = answering({"date": "30s"})
    for _ in range(2):
        caller.chat()
    operator = caller.app.operator
    told = [verdict["code"] for verdict in operator.session("mg-test")["verdicts"]]
    counted = [verdict["code"] for verdict in operator.report()["verdicts"]]
    assert ("MG310" in told, "MG310" in counted) == (True, True)


@pytest.mark.parametrize(("word", "attempts"), [(True, 3), (False, 1)])
@pytest.mark.parametrize("quote", [True, False])
def test_x_should_retry_is_a_header_that_clients_obey(word, attempts, quote):
    value = json.dumps(word) if quote else word
    status = 400 if word else 503
    with MockGrid() as grid:
        grid.play([{"error": status, "retry_after": {"ms": "1ms"}, "headers": {"x-should-retry": value}}])
        client = openai.OpenAI(base_url=grid.base_url, api_key=grid.api_key)
        with client, pytest.raises(openai.APIStatusError):
            client.chat.completions.create(model="text-prime", messages=HELLO)
        assert [exchange.status for exchange in grid.exchanges] == [status] * attempts


@pytest.mark.parametrize(
    ("said", "code", "hint"),
    [
        (2, "MG216", "Write 2s or 2ms."),
        ({"date": 2}, "MG216", "Write 2s or 2ms."),
        ({"dates": "2s"}, "MG211", "Did you mean date?"),
        ({"date": "2s", "seconds": "2s"}, "MG220", "There is one `Retry-After`"),
        ({}, "MG215", "{date: 2s}"),
        (["2s"], "MG212", "{date: 2s}"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(said, code, hint):
    with pytest.raises(ScenarioError) as raised:
        build([{"error": 429, "retry_after": said}])
    (finding,) = raised.value.findings
    assert finding.code == code
    assert hint in str(finding)
