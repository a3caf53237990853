"""A session, whether its server runs in this process or is asked over HTTP."""

import os
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from testing.client import Client

from mockgrid import MockgridWarning
from mockgrid.testing.error import CallError, PlayError, WaitError
from mockgrid.testing.script import call_site

WEATHER = {"name": "weather", "when": {"last_user": {"contains": "weather"}}, "reply": {"say": "3 °C"}}


def test_a_list_of_replies_plays(session, client):
    session.play([{"error": 503, "retry_after": "10ms"}, {"say": "Hello"}])
    assert [client.ask().status_code for _ in range(3)] == [503, 200, 200]
    assert [exchange.status for exchange in session.exchanges] == [503, 200, 200]
    assert session.last.text == "Hello"
    assert session.exchanges[0].reply.headers["retry-after-ms"] == "10"


@pytest.mark.parametrize(
    "played",
    [
        {"say": "3 °C"},
        ({"say": "3 °C"},),
        [WEATHER],
        {"steps": [WEATHER]},
        {"scenario": "mine", "steps": [{"reply": {"say": "3 °C"}}]},
    ],
)
def test_what_yaml_can_say_plays(session, client, played):
    session.play(played)
    client.ask("How is the weather?")
    assert session.last.text == "3 °C"


def test_a_shipped_scenario_plays_by_its_name(session, client):
    session.play("balance-replenishing")
    assert [client.ask().status_code for _ in range(3)] == [503, 503, 200]
    assert session.last.scenario == "balance-replenishing"


def test_a_file_plays_from_beside_the_test(session, client):
    session.play("files/weather.yaml")
    client.ask("How is the weather?")
    assert (session.last.scenario, session.last.step) == ("weather", "the weather")


IDLE_CODE = {"error": {"status": 400, "code": "context_length_exceeded"}}
UNREACHED = [{"reply": {"say": "a"}}, {"reply": {"say": "b"}}]
NO_SUCH_MODEL = [{"when": {"model": "no-such"}, "reply": {"say": "a"}}]


@pytest.mark.parametrize(
    ("played", "place", "code"),
    [
        (IDLE_CODE, "#/0/error/code", "MG221"),
        (UNREACHED, "#/1", "MG230"),
        (NO_SUCH_MODEL, "#/0/when/model", "MG235"),
    ],
)
def test_what_is_odd_in_what_plays_is_a_warning_at_the_line_of_the_test(session, played, place, code):
    with pytest.warns(MockgridWarning, match=code) as warned:
        session.play(played)
    (warning,) = warned
    line = call_site().line - 2
    assert (warning.filename, warning.lineno) == (__file__, line)
    assert str(warning.message).startswith(f"tests/testing/test_session.py:{line}{place}")
    assert session.exchanges == []


def test_what_is_odd_in_a_file_is_a_warning_with_its_place(session, tmp_path):
    file = tmp_path / "idle.yaml"
    file.write_text("steps:\n  - reply: {error: {status: 400, code: too_long}}\n")
    with pytest.warns(MockgridWarning) as warned:
        session.play(file)
    assert str(warned[0].message).startswith(f"{file}:2:34: warning MG221: `code` has no effect")
    assert len(warned) == 1


FIRST_ARGUMENT = "play() has no keyword 'scenario'. What plays is the first argument"
ONE_THING = "play() takes one thing: a list of replies, a scenario's name or a path; it was given "


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda session: session.play({"say": "a"}, strct=True),
            "play() has no keyword 'strct'. Did you",
        ),
        (lambda session: session.play(scenario="tool-loop"), FIRST_ARGUMENT),
        (lambda session: session.play({"say": "a"}, {"say": "b"}), f"{ONE_THING}2."),
        (lambda session: session.play(), f"{ONE_THING}none."),
    ],
)
def test_a_call_that_cannot_be_meant_is_told_with_its_line(session, call, message):
    with pytest.raises(PlayError) as raised:
        call(session)
    assert raised.value.message.startswith(message)
    assert raised.value.where.startswith("tests/testing/test_session.py:")


@pytest.mark.parametrize(
    ("guess", "meant"),
    [
        *((guess, "base_url") for guess in ("url", "port", "host", "baseurl")),
        *((guess, "exchanges") for guess in ("requests", "calls", "journal", "exchange")),
        ("server", "mockgrid_server, a fixture"),
        ("key", "api_key"),
        ("violation", "violations"),
        ("respond", "play"),
    ],
)
def test_what_people_guess_is_answered_with_the_right_name(session, guess, meant):
    with pytest.raises(AttributeError, match=rf"has no attribute '{guess}'\. Did you mean {meant}\?"):
        getattr(session, guess)
    assert not hasattr(session, guess)


@pytest.mark.parametrize("guess", ["status_code", "response", "json"])
def test_what_people_guess_of_an_exchange_is_answered_too(session, client, guess):
    client.ask()
    meant = {"status_code": "status", "response": "reply", "json": "request.body"}[guess]
    with pytest.raises(AttributeError, match=rf"has no attribute '{guess}'\. Did you mean {meant}\?"):
        getattr(session.last, guess)


def test_what_nobody_means_has_no_hint(session):
    for name in ("zzzzzz", "_url", "__len__"):
        with pytest.raises(AttributeError, match=f"has no attribute '{name}'$"):
            getattr(session, name)


def test_what_plays_next_takes_the_place_and_the_journal_goes_on(session, client):
    session.play({"say": "one"})
    client.ask()
    session.play({"say": "two"})
    client.ask()
    assert [exchange.text for exchange in session.exchanges] == ["one", "two"]


@pytest.mark.parametrize(
    ("played", "message"),
    [
        (
            [{"sayy": "Hello"}],
            "#/0/sayy: error MG211: `sayy` is not a key that is known here. Did you mean say?",
        ),
        ({"steps": [{"reply": {"error": 999}}]}, "#/steps/0/reply/error: error MG215"),
        ([{"say": {1, 2}}], "#/0/say: error MG212: A value of type set cannot stand here."),
        ([{"error": {"status": 422, "code": [3]}}], "#/0/error/code: error MG2"),
        ("tool-lop", ": There is no scenario 'tool-lop'. Did you mean tool-loop?"),
        (3, ": A value of type int cannot be played"),
    ],
)
def test_what_cannot_be_played_is_told_with_the_line_that_asked(session, played, message):
    with pytest.raises(PlayError) as raised:
        session.play(played)
    line = raised.traceback[0].lineno + 1
    assert str(raised.value).startswith(f"tests/testing/test_session.py:{line}{message}")


def test_all_findings_are_told_a_line_each(session):
    with pytest.raises(PlayError) as raised:
        session.play([{"sayy": "Hello"}, {"error": 503, "retry_after": 10}])
    assert len(str(raised.value).splitlines()) == len(raised.value.findings) == 2


def test_a_broken_file_is_told_by_its_own_lines(session, tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text("steps:\n  - reply: {sayy: Hello}\n")
    with pytest.raises(PlayError, match=r"broken\.yaml:2:13: error MG211"):
        session.play(broken)
    with pytest.raises(
        PlayError, match=r"test_session\.py:\d+: .*none\.yaml: error MG210: There is no such file"
    ):
        session.play("files/none.yaml")
    with pytest.raises(PlayError, match=r"files/none\.yaml was looked for in (.*) and in (.*)\.") as raised:
        session.play("files/none.yaml")
    assert f"{Path(__file__).parent} and in {Path.cwd()}." in str(raised.value)
    with pytest.raises(PlayError, match="There is nothing to play: the list is empty"):
        session.play([])


def test_a_file_that_breaks_the_contract_is_told_by_its_own_lines(session, tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text("steps:\n  - when: {operation: createChatCompletions}\n    reply: {say: Hello}\n")
    with pytest.raises(
        PlayError, match=r"broken\.yaml:2:\d+: error MG2.* Did you mean createChatCompletion\?"
    ):
        session.play(broken)


def test_what_played_goes_on_where_the_next_cannot_be_played(session, client):
    session.play({"say": "one"})
    with pytest.raises(PlayError):
        session.play([{"sayy": "two"}])
    client.ask()
    assert session.last.text == "one"


def test_the_last_exchange_is_missed_where_there_is_none(session):
    assert session.exchanges == []
    with pytest.raises(LookupError, match="Does the client use this base_url and api_key"):
        _ = session.last


def test_waiting_ends_with_the_exchange(session):
    def later():
        with Client(session) as client:
            client.ask()

    session.play({"say": "Hello", "delay": "50ms"})
    thread = threading.Thread(target=later)
    thread.start()
    assert [exchange.text for exchange in session.wait_for(1)] == ["Hello"]
    thread.join()


def test_waiting_for_more_than_there_is_fails(session, client):
    client.ask()
    with pytest.raises(WaitError, match=r"Only 1 of 2 exchanges ended within 0\.05 s"):
        session.wait_for(2, timeout=0.05)


def test_waiting_for_a_client_that_never_came_hints_at_its_settings(session):
    with pytest.raises(TimeoutError, match=r"Only 0 of 1 .* Does the client use this base_url"):
        session.wait_for(1, timeout=0.01)


@pytest.mark.parametrize(
    ("proxies", "asked"),
    [
        ({}, ""),
        ({"HTTP_PROXY": "http://user:secret@proxy:3128"}, "HTTP_PROXY"),
        ({"all_proxy": "http://proxy:3128", "no_proxy": "example.org"}, "ALL_PROXY"),
        ({"http_proxy": "http://proxy:3128", "NO_PROXY": "localhost,127.0.0.1"}, ""),
        ({"https_proxy": "http://proxy:3128"}, ""),
    ],
)
def test_a_proxy_that_clients_may_have_asked_is_hinted_at(session, monkeypatch, proxies, asked):
    for name, value in proxies.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(WaitError) as caught:
        session.wait_for(1, timeout=0.01)
    said = f"Or has it asked a proxy? {asked} is set, and NO_PROXY does not name 127.0.0.1."
    assert (said in str(caught.value)) == bool(asked)
    assert "secret" not in str(caught.value)


def test_reset_begins_anew(session, client):
    session.play([{"error": 503}, {"say": "Hello"}])
    client.ask()
    session.reset()
    assert session.exchanges == []
    assert client.ask().status_code == 503


def test_sessions_do_not_meet(grid, session, client):
    other = grid.session("other")
    session.play({"say": "Hello"})
    client.ask()
    assert other.exchanges == []
    assert other.api_key != session.api_key
    other.close()
    other.close()


def test_what_the_client_broke_is_told(session, client):
    client.ask(temperature=3)
    client.ask(temprature=1)
    assert [str(found) for found in session.violations] == ["MG113 temperature: must be at most 2, got 3"]
    assert session.last.warnings == session.warnings
    assert [(found.code, found.path, found.meant) for found in session.warnings] == [
        ("MG140", "temprature", "temperature")
    ]


def test_a_key_in_the_wrong_header_is_seen_in_its_session(session):
    with Client(session, timeout=5) as client:
        key = client.headers.pop("authorization").removeprefix("Bearer ")
        client.headers["x-api-key"] = key
        assert client.ask().status_code == 401
    assert [found.code for found in session.violations] == ["MG103"]


def test_what_met_no_step_and_what_was_left_is_told(session, client):
    session.play([WEATHER], strict=True)
    assert client.ask("Hello").status_code == 424
    (unmatched,) = session.unmatched
    assert [(near.step, near.predicate, near.got) for near in unmatched.near_misses] == [
        ("weather", "last_user", "Hello")
    ]
    assert session.last.unmatched == unmatched
    assert [step.step for step in session.unused_steps] == ["weather"]


def test_a_scripted_refusal_is_no_violation(session, client):
    session.play([{"error": 400}, {"error": 422}])
    assert [client.ask().status_code for _ in range(2)] == [400, 422]
    session.check()


def test_check_fails_with_what_is_not_allowed(session, client):
    session.check(resilient=True)
    client.ask(temperature=3)
    session.check(allow_violations=["MG113"])
    with pytest.raises(AssertionError, match=r"\AMG113 temperature: must be at most 2, got 3\n"):
        session.check(allow_violations=["MG112"])


def test_an_exchange_shows_all_of_itself(session, client):
    session.play({"say": "Hi", "stream": {"chunks": ["H", "i"]}})
    client.ask(stream=True)
    exchange = session.wait_for(1)[0]
    assert str(exchange) == "POST /v1/chat/completions → 200"
    assert exchange.request.json["messages"][0]["content"] == "Hello there"
    assert exchange.request.headers["authorization"] == "[redacted]"
    assert (exchange.attempt, exchange.step, exchange.whole, exchange.ended_by) == (
        1,
        "step 1",
        True,
        "server",
    )
    assert exchange.text == "Hi"
    assert len(exchange.chunks) >= 1
    assert exchange.chunks[0].data.startswith("data: ")


@pytest.mark.parametrize(
    ("played", "message"),
    [
        ([429, "hello"], '`steps[0]` is 429; a reply or a step is an object, such as {"error": 429}.'),
        (
            [{"say": "Hi"}, "hello"],
            '`steps[1]` is "hello"; a reply or a step is an object, such as {"say": "hello"}.',
        ),
        ([[]], '`steps[0]` is []; a reply or a step is an object, such as {"say": "Hello"}.'),
        ([True], '`steps[0]` is true; a reply or a step is an object, such as {"say": "Hello"}.'),
        ([200], '`steps[0]` is 200; a reply or a step is an object, such as {"say": "Hello"}.'),
        (
            ["x" * 90],
            f'`steps[0]` is "{"x" * 39}…; a reply or a step is an object, such as {{"say": "Hello"}}.',
        ),
    ],
)
def test_an_item_that_is_no_reply_is_named_and_shown_as_one(session, played, message):
    with pytest.raises(PlayError) as raised:
        session.play(played)
    assert str(raised.value).endswith(f": {message}")


def test_the_clock_is_real_unless_asked_for(session):
    assert not session.clock.virtual
    assert session.clock.now >= 0
    with pytest.raises(CallError, match="The clock of this session is real") as raised:
        session.clock.advance("2s")
    assert raised.value.status == 409
    for way in ('MockGrid(clock="virtual")', "mockgrid_server", "`mockgrid serve --clock virtual`"):
        assert way in str(raised.value)


@pytest.mark.parametrize(
    ("by", "message"),
    [
        ("2 sec", "`advance` is '2 sec', which is not written as a duration. Write 2s."),
        ("2", "`advance` is 2 without a unit. Write 2s or 2ms."),
        (-1, "`advance` is '-1', and a duration cannot be negative. Write 0s for no time at all."),
        (
            timedelta(seconds=2),
            "`advance` is not a duration. Write a number and a unit: 20ms, 1.5s, 2m or 1h.",
        ),
        (float("inf"), "`advance` is inf; a clock is moved by at most 999999999 s at once."),
        ("999999999h", "`advance` is '999999999h'; a clock is moved by at most 999999999 s at once."),
    ],
)
def test_a_clock_is_moved_by_a_duration(session, by, message):
    with pytest.raises(CallError) as raised:
        session.clock.advance(by)
    assert str(raised.value) == message


def test_the_environment_is_set_and_restored(session, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "before")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with session.env() as env:
        assert env == {"OPENAI_BASE_URL": session.base_url, "OPENAI_API_KEY": session.api_key}
        assert {name: os.environ[name] for name in env} == env
    assert os.environ["OPENAI_API_KEY"] == "before"
    assert "OPENAI_BASE_URL" not in os.environ


def test_replies_do_not_depend_on_the_key(grid):
    def bodies(opened):
        opened.play([{"say": "scripted"}, {"auto": True}])
        with Client(opened) as client:
            replies = [client.ask(), client.ask(), client.ask(stream=True)]
        return [(reply.content, reply.headers["x-request-id"]) for reply in replies]

    first, second = grid.session("one"), grid.session("two")
    assert first.api_key != second.api_key
    assert bodies(first) == bodies(second)


def test_it_explains_why_a_step_answered_and_another_did_not(session, client):
    session.play([WEATHER, {"name": "else", "reply": {"say": "No idea"}}])
    client.ask("What is it like?")
    why = session.explain(1)
    assert (why.outcome, why.steps[0].predicates[0].got) == ("step", "What is it like?")
    assert str(why).splitlines() == [
        "else answered.",
        "  1. weather: no match",
        "     no   last_user is What is it like?, {contains: weather} was expected",
        "  2. else: answers",
    ]
    with pytest.raises(CallError, match="no exchange 2"):
        session.explain(2)
