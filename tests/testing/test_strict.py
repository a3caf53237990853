"""``strict=True``: a test is held to its script, to its end and no further."""

import pytest

ONE = {"say": "one"}
TWO = {"say": "two"}
ERROR = {"error": 503, "retry_after": "10ms"}


def step(*replies, **words):
    return {"replies": list(replies), **words}


@pytest.mark.parametrize(
    ("script", "replies"),
    [
        (ONE, 1),
        ([ERROR, ONE], 2),
        ([step(ONE, TWO)], 2),
        ([step(ONE, when={"turn": 1})], 1),
        ([step(ERROR, times=3)], 3),
        ([step(ERROR, times=2), step(ONE)], 3),
        ([step(ERROR, then="pass"), step(ONE, TWO)], 3),
        ([step(ERROR, ONE, then="fail")], 2),
        ({"steps": [step(ONE, TWO)], "strict": False}, 2),
        ({"steps": []}, 0),
    ],
)
def test_a_script_has_an_end(session, client, script, replies):
    session.play(script, strict=True)
    for number in range(replies):
        assert session.unused_steps != (), number
        assert client.ask().status_code != 424
    assert (session.unmatched, session.unused_steps) == ((), ())
    assert client.ask().status_code == 424
    (unmatched,) = session.unmatched
    assert unmatched.exchange == replies + 1


@pytest.mark.parametrize(
    "script",
    [
        [step(ONE, TWO, then="repeat")],
        [step(ONE, TWO, then="cycle")],
        {"steps": [step(ONE, TWO, then="repeat")]},
    ],
)
def test_a_script_may_say_that_it_goes_on(session, client, script):
    session.play(script, strict=True)
    assert [client.ask().status_code for _ in range(5)] == [200] * 5
    assert (session.unused_steps, session.unmatched) == ((), ())


def test_a_reply_that_is_left_is_told_with_its_place(session, client):
    session.play([ERROR, ONE, TWO], strict=True)
    client.ask()
    (unused,) = session.unused_steps
    assert (unused.step, unused.given, unused.of) == ("step 1", 1, 3)
    assert unused.where.endswith("#/1")
    with pytest.raises(
        AssertionError, match=r"^unused reply: step 1 \(.*#/1\): 1 of 3 replies given"
    ) as failed:
        session.check()
    assert "1 step gave only some of the replies. Where it is meant, allow_unused=True." in str(failed.value)
    session.check(allow_unused=True)


def test_what_another_script_took_the_place_of_is_still_left(session, client):
    session.play([ERROR, ONE], strict=True)
    client.ask()
    session.play(TWO, strict=True)
    client.ask()
    assert [str(each).partition("): ")[2] for each in session.unused_steps] == ["1 of 2 replies given"]


@pytest.mark.parametrize("strict", [None, False])
@pytest.mark.parametrize("own", [True, False])
def test_a_scenario_that_says_strict_itself_repeats_its_last_reply(session, client, strict, own):
    session.play({"strict": own, "steps": [step(ONE, TWO)]}, strict=strict)
    assert client.ask().status_code == 200
    assert session.unused_steps == ()
    assert [client.ask().status_code for _ in range(3)] == [200] * 3


def test_beginning_anew_is_as_strict_as_before(session, client):
    for name, strict in [("tool-loop", False), ("overloaded", True)]:
        session.play(name, strict=strict)
        session.reset()
        first, second = client.ask().status_code, client.ask().status_code
        assert (424 in {first, second}) is strict


def test_nothing_but_what_is_scripted_is_held_to_the_end(session, client):
    session.play(ONE, strict=True)
    assert client.get("/models").status_code == 200
    session.play({"steps": []}, strict=True)
    assert client.get("/models").status_code == 424
