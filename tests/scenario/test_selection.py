import random

import pytest
from chat_view import chat_view

from mockgrid.scenario.loading import build
from mockgrid.scenario.scenario import Cursors
from mockgrid.scenario.selection import NoStep, select

ANY = chat_view(body={"messages": []})


def play(data, count, request=ANY, scenario=None):
    """The texts of so many replies; the default reply is None, a failure is 'fail'."""
    scenario = scenario or build(data)
    cursors = Cursors(scenario)
    return [said(select(scenario, cursors, request)) for _ in range(count)]


def said(found):
    if found is None:
        return None
    return "fail" if isinstance(found, NoStep) else found.reply.form.text.source


def steps(*then, **extra):
    first = {"replies": [{"say": "a"}, {"say": "b"}], **dict(zip(("then",), then, strict=False)), **extra}
    return {"steps": [first, {"when": {"turn": 1}, "reply": {"say": "later"}}]}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (steps(), ["a", "b", "b", "b", "b"]),
        (steps("repeat"), ["a", "b", "b", "b", "b"]),
        (steps("cycle"), ["a", "b", "a", "b", "a"]),
        (steps("pass"), ["a", "b", "later", "later", "later"]),
        (steps("fail"), ["a", "b", "fail", "fail", "fail"]),
        (steps(times=1), ["a", "later", "later", "later", "later"]),
        (steps(times=3), ["a", "b", "b", "later", "later"]),
        (steps("repeat", times=3), ["a", "b", "b", "later", "later"]),
        (steps("cycle", times=3), ["a", "b", "a", "later", "later"]),
        (steps("pass", times=3), ["a", "b", "b", "later", "later"]),
        (steps("fail", times=3), ["a", "b", "b", "fail", "fail"]),
    ],
)
def test_what_follows_the_last_reply(data, expected):
    assert play(data, 5) == expected


def test_two_hundred_interleaved_requests_meet_fifty_failures():
    scenario = build([{"replies": [*({"error": 503} for _ in range(50)), {"say": "x"}]}])
    cursors = Cursors(scenario)
    views = [chat_view(body={"messages": [], "n": number}) for number in range(200)]
    random.Random(7).shuffle(views)
    forms = [type(select(scenario, cursors, view).reply.form).__name__ for view in views]
    assert forms == ["Error"] * 50 + ["Say"] * 150


def test_sessions_of_one_scenario_never_meet():
    scenario = build([{"replies": [{"say": "a"}, {"say": "b"}]}])
    one, other = Cursors(scenario), Cursors(scenario)
    assert [said(select(scenario, cursors, ANY)) for cursors in (one, other, one, other)] == [
        "a",
        "a",
        "b",
        "b",
    ]


def test_a_selection_says_what_was_taken():
    scenario = build([{"name": "x", "replies": [{"say": "a"}, {"say": "b"}], "go_to": "paid"}])
    cursors = Cursors(scenario)
    select(scenario, cursors, ANY)
    found = select(scenario, cursors, ANY)
    assert (found.step.label, found.reply, cursors.given, cursors.state) == (
        "x",
        found.step.replies[1],
        [2],
        "paid",
    )
    assert found.reply is scenario.steps[0].replies[1]


def test_states_lead_from_step_to_step():
    data = {
        "steps": [
            {"when": {"state": "start"}, "replies": [{"say": "a"}, {"say": "b", "go_to": "paid"}]},
            {"when": {"state": "paid"}, "reply": {"say": "c"}, "go_to": "done"},
            {"when": {"state": "done"}, "reply": {"say": "d", "go_to": "start"}, "go_to": "nowhere"},
        ]
    }
    assert play(data, 6) == ["a", "b", "c", "d", "b", "c"]


def test_without_a_match_the_default_reply_or_in_a_strict_scenario_none():
    step = {"when": {"turn": 9}, "reply": {"say": "x"}}
    assert play({"steps": [step]}, 1) == [None]
    assert play({"strict": True, "steps": [step]}, 1) == ["fail"]
    assert play({"steps": []}, 1) == [None]


def test_a_step_that_does_not_match_consumes_nothing():
    scenario = build([{"when": {"turn": 9}, "reply": {"say": "x"}}, {"reply": {"say": "y"}}])
    cursors = Cursors(scenario)
    select(scenario, cursors, ANY)
    assert cursors.given == [0, 1]
    cursors.state = "paid"
    cursors.reset()
    assert (cursors.given, cursors.state) == ([0, 0], "start")


def test_the_index_never_changes_what_is_selected():
    rng = random.Random(3)
    values = ["a", "b", {"one_of": ["a", "c"]}, {"glob": "*"}, {"not": "a"}, {"equals": "c"}, None]
    for _ in range(60):
        data = []
        for number in range(12):
            when = {key: value for key in ("operation", "model") if (value := rng.choice(values)) is not None}
            data.append(
                {
                    "when": {"all": [when]} if when and rng.random() < 0.3 else when,
                    "reply": {"say": str(number)},
                }
            )
        scenario = build(data)
        for operation in ("a", "b", "c", "d", ""):
            for model in ("a", "b", "c", "d", None):
                request = chat_view(operation=operation, body={"model": model})
                first = next((s for s in scenario.steps if s.matches(request, "start")), None)
                found = select(scenario, Cursors(scenario), request)
                assert (found and found.step) == first


@pytest.mark.parametrize("key", ["model", "operation"])
def test_a_thousand_keyed_steps_leave_few_candidates(key):
    scenario = build(
        [
            *({"when": {key: f"x{number}"}, "reply": {"say": "x"}} for number in range(1000)),
            {"reply": {"say": "y"}},
        ]
    )
    assert len(scenario.binding.candidates(chat_view(operation="x7", body={"model": "x7"}))) == 2
    assert len(scenario.binding.candidates(chat_view(operation="zz", body={"model": "zz"}))) == 1


PLACED = [
    {"when": {"path": {"glob": "/v1/pets/a*"}}, "reply": {"say": "a"}},
    {"when": {"any": [{"path": "/v1/pets/b"}, {"last_user": "b"}]}, "reply": {"say": "b"}},
    {"when": {"not": {"method": "GET"}}, "reply": {"say": "c"}},
    {"reply": {"say": "d"}},
]


@pytest.mark.parametrize(
    ("path", "method", "usual", "expected"),
    [
        ("/v1/pets/ab", "GET", False, [0]),
        ("/v1/pets/b", "GET", False, [1]),
        ("/v1/pets/c", "GET", False, []),
        ("/v1/pets/c", "POST", False, [2]),
        ("/v1/pets/ab", "GET", True, [0, 1, 3]),
        ("/v1/pets/c", "GET", True, [1, 3]),
        ("/v1/pets/c", "POST", True, [1, 2, 3]),
    ],
)
def test_steps_are_bound_to_operations_and_patterns_to_the_path_that_is_sent(path, method, usual, expected):
    scenario = build(PLACED)
    for _ in range(2):  # bound once, and remembered
        request = chat_view(operation="pets", method=method, path=path, usual=usual)
        assert [step.index for step in scenario.binding.candidates(request)] == expected
        assert scenario.concerns(request) == (usual or bool(expected))
