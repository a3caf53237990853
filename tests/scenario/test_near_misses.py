import pytest
from chat_view import chat_view

from mockgrid.scenario.loading import build
from mockgrid.scenario.scenario import Cursors
from mockgrid.scenario.selection import explain, select

REQUEST = chat_view(
    operation="createChatCompletion",
    body={"model": "text-prime", "messages": [{"role": "user", "content": "the weather in Oslo"}]},
)

STEPS = [
    {"name": "none", "when": {"turn": 5, "stream": True}, "reply": {"say": "x"}},
    {
        "name": "two of three",
        "when": {"model": "text-prime", "turn": {"above": 3}, "last_user": {"contains": "Oslo"}},
        "reply": {"say": "x"},
    },
    {"name": "one of two", "when": {"model": "text-prime", "last_user": "Hi"}, "reply": {"say": "x"}},
    {
        "name": "one of three",
        "when": {"model": "text-prime", "stream": True, "turn": 2},
        "reply": {"say": "x"},
    },
]


def missed(steps=STEPS, **settings):
    scenario = build({"strict": True, **settings, "steps": steps})
    return select(scenario, Cursors(scenario), REQUEST)


def test_the_three_nearest_are_told_with_the_first_predicate_that_failed():
    found = missed().near_misses
    assert [(near.step.name, near.held, near.of) for near in found] == [
        ("two of three", 2, 3),
        ("one of two", 1, 2),
        ("one of three", 1, 3),
    ]
    assert [str(near.failed) for near in found] == [
        "turn is 1, {above: 3} was expected",
        "last_user is the weather in Oslo, Hi was expected",
        "stream is false, true was expected",
    ]


def test_it_reads_as_json_and_as_one_line():
    found = missed()
    assert found.as_json()["near_misses"][0] == {
        "step": "two of three",
        "index": 1,
        "where": "scenario#/steps/1",
        "held": 2,
        "of": 3,
        "failed": {"predicate": "turn", "expected": "{above: 3}", "got": "1", "held": False},
        "others": [],
    }
    assert str(found) == (
        "No step matches. Nearest: two of three (held 2 of 3): turn is 1, {above: 3} was expected."
    )
    assert len(str(found).splitlines()) == 1


@pytest.mark.parametrize(
    ("when", "in_case"),
    [
        ({"last_user": {"contains": "Weather"}}, True),
        ({"last_user": {"contains": ["Weather", "oslo"]}}, True),
        ({"last_user": "The weather in OSLO"}, True),
        ({"last_user": {"one_of": ["Hi", "the Weather in Oslo"]}}, True),
        ({"last_user": {"glob": "The * Oslo"}}, True),
        ({"any_message": {"contains": "Weather"}}, True),
        ({"body": {"model": "Text-Prime"}}, True),
        ({"any": [{"turn": 3}, {"last_user": {"contains": "Weather"}}]}, True),
        ({"last_user": {"contains": "Weathers"}}, False),
        ({"last_user": {"contains": "Weather", "not": {"contains": "Oslo"}}}, False),
        ({"last_user": {"matches": "Weather"}}, False),
        ({"last_user": {"contains": ["Weather", "Bergen"]}}, False),
        ({"system": {"contains": "Weather"}}, False),
        ({"turn": 2}, False),
    ],
)
def test_what_differs_in_case_only_is_told_so(when, in_case):
    (near,) = missed([{"when": when, "reply": {"say": "x"}}]).near_misses
    assert near.failed.got.endswith(" (differs in case only)") is in_case, near.failed


def test_a_step_that_lacks_nothing_but_case_is_the_nearest():
    steps = [
        {"name": "another", "when": {"last_user": "Hi"}},
        {
            "name": "more that held",
            "when": {"model": "text-prime", "turn": 1, "stream": True, "last_user": "Hi"},
        },
        {"name": "and a model", "when": {"model": "text-prime", "turn": 2}},
        {"name": "in case", "when": {"last_user": "The weather in Oslo"}},
        {"name": "one of two in case", "when": {"model": "Text-Prime", "turn": 2}},
        {
            "name": "any in case",
            "when": {"turn": 1, "any": [{"turn": 3}, {"last_user": {"contains": "Weather"}}]},
        },
    ]
    assert [
        near.step.name for near in missed([{**step, "reply": {"say": "x"}} for step in steps]).near_misses
    ] == [
        "any in case",
        "more that held",
        "in case",
    ]


def test_a_scenario_without_steps_says_so():
    assert str(missed([])) == "No request was expected: what plays has no steps."


def test_a_step_that_is_used_up_is_the_nearest_of_all():
    steps = [*STEPS, {"name": "spent", "when": {"turn": 1}, "replies": [{"say": "x"}], "then": "pass"}]
    scenario = build({"strict": True, "steps": steps})
    cursors = Cursors(scenario)
    select(scenario, cursors, REQUEST)
    nearest = select(scenario, cursors, REQUEST).near_misses[0]
    assert (nearest.step.name, str(nearest.failed)) == (
        "spent",
        "then is 1 given, 1 reply, then pass was expected",
    )


def test_a_step_that_fails_is_named():
    scenario = build([{"name": "once", "reply": {"say": "x"}, "then": "fail"}])
    cursors = Cursors(scenario)
    select(scenario, cursors, REQUEST)
    found = select(scenario, cursors, REQUEST)
    assert found.failed.name == "once"
    assert str(found) == "The step matches and has given all its replies: once (1 reply, then fail)."
    assert found.as_json()["step"] == "once"


def test_what_was_got_is_cut_short():
    scenario = build({"strict": True, "steps": [{"when": {"last_user": "Hi"}, "reply": {"say": "x"}}]})
    request = chat_view(body={"messages": [{"role": "user", "content": "a" * 100_000 + "\n\n"}]})
    got = select(scenario, Cursors(scenario), request).near_misses[0].failed.got
    assert len(got) == 120


def test_combinators_explain_what_they_lacked():
    when = {"any": [{"turn": 2}, {"model": "x"}], "not": {"stream": False}}
    (near,) = missed([{"when": when, "reply": {"say": "x"}}]).near_misses
    assert str(near.failed) == "any is turn: 1; model: text-prime, [{turn: 2}, {model: x}] was expected"
    (near,) = missed([{"when": {"not": {"stream": False}}, "reply": {"say": "x"}}]).near_misses
    assert str(near.failed) == "not is stream: false, {stream: false} was expected"


def test_a_partial_body_is_explained_place_by_place():
    (near,) = missed(
        [{"when": {"body": {"model": "text-prime", "n": {"above": 1}}}, "reply": {"say": "x"}}]
    ).near_misses
    assert (near.held, near.of) == (1, 2)
    assert str(near.failed) == "body/n is (nothing), {above: 1} was expected"


def test_explain_tells_what_every_step_makes_of_a_request():
    steps = [
        {"name": "spent", "when": {"turn": 1}, "reply": {"say": "x"}, "times": 1},
        {"name": "other", "when": {"turn": 2}, "reply": {"say": "x"}},
        {"name": "this", "when": {"model": "text-prime", "turn": 1}, "replies": [{"say": "x"}, {"say": "y"}]},
        {"name": "behind", "reply": {"say": "x"}},
    ]
    scenario = build(steps)
    cursors = Cursors(scenario)
    cursors.given[0] = cursors.given[2] = 1
    explained = explain(scenario, REQUEST, cursors)
    assert [(one.step.name, one.verdict, one.reply) for one in explained] == [
        ("spent", "passes", None),
        ("other", "no match", None),
        ("this", "answers", 1),
        ("behind", "later", None),
    ]
    assert [(outcome.name, outcome.held) for outcome in explained[2].outcomes] == [
        ("model", True),
        ("turn", True),
    ]
    assert [outcome.name for outcome in explained[0].outcomes] == ["turn", "then"]
    assert explained[2].as_json()["predicates"][0]["expected"] == "text-prime"
    assert cursors.given == [1, 0, 1, 0]
    assert explain(scenario, REQUEST)[0].verdict == "answers"


def test_explain_ends_at_a_step_that_fails():
    scenario = build(
        [{"reply": {"say": "x"}, "then": "fail", "times": 1}, {"when": {"turn": 1}, "reply": {"say": "y"}}]
    )
    cursors = Cursors(scenario)
    select(scenario, cursors, REQUEST)
    assert [one.verdict for one in explain(scenario, REQUEST, cursors)] == ["fails", "later"]


def test_all_that_did_not_hold_is_told():
    (near,) = missed([{"when": {"turn": 2, "stream": True}, "reply": {"say": "x"}}]).near_misses
    assert (near.failed.name, [outcome.name for outcome in near.others]) == ("turn", ["stream"])
    told = missed([{"when": {"turn": 2, "stream": True}, "reply": {"say": "x"}}]).as_json()
    assert told["near_misses"][0]["others"] == [
        {"predicate": "stream", "expected": "true", "got": "false", "held": False}
    ]
