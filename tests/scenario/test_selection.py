import gc
import random
import tracemalloc

import pytest
from chat_view import chat_view

from mockgrid.scenario.loading import build
from mockgrid.scenario.scenario import Cursors
from mockgrid.scenario.selection import NoStep, near_misses, select

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


TEXTS = ["Order 7 is late", "order 8 was lost", "weather", "the Wea\u017fel", "Wea", "", "late order 7"]
MATCHERS = [
    *TEXTS[:5],
    {"equals": "weather", "not": {"contains": "x"}},
    {"one_of": ["weather", "Wea", "Order 7 is late"]},
    {"contains": "Order 7"},
    {"contains": ["e", "late"]},
    {"matches": r"^Order \d+ is (late|lost)$"},
    {"matches": r"Order 7|weather|\d{2,}"},
    {"matches": "(?i)weasel|ORDER 7"},
    {"matches": "late", "glob": "Order*"},
    {"glob": "*r [78]*"},
    {"glob": "we?ther"},
    {"not": "weather"},
    {"exists": False},
    {"schema": {"minLength": 8}},
]
PLACES = ["last_user", "system", "any_message", "tools", "model", "state"]


def made_up(rng, depth=0):
    """A ``when`` of up to three predicates, combinators included."""
    when = {}
    for _ in range(rng.choice((0, 1, 1, 2, 3)) if not depth else 1):
        kind = rng.random()
        if kind < 0.2 and depth < 2:
            when["any"] = [made_up(rng, depth + 1) for _ in range(2)]
        elif kind < 0.3 and depth < 2:
            when["not"] = made_up(rng, depth + 1)
        elif kind < 0.4:
            when["turn"] = rng.choice((1, 2, {"above": 1}))
        elif kind < 0.5:
            when["body"] = rng.choice(
                ({"n": 1}, {"n": True}, {"stop": {"contains": "late"}}, {"stop": ["late"]})
            )
        elif kind < 0.6:
            when["query"] = {"q": rng.choice(MATCHERS)}
        elif kind < 0.65:
            when["path"] = rng.choice(("/a", {"glob": "/a*"}, {"not": "/a"}))
        else:
            when[rng.choice(PLACES)] = rng.choice(MATCHERS)
    return when


def a_request(rng):
    roles = rng.choices(("user", "system", "assistant"), k=rng.randrange(4))
    body = {
        "messages": [{"role": role, "content": rng.choice(TEXTS)} for role in roles],
        "model": rng.choice(TEXTS),
        "tools": [{"function": {"name": rng.choice(TEXTS)}} for _ in range(rng.randrange(3))],
        "n": rng.choice((1, 1.0, True)),
        "stop": rng.choice(("late", ["late"], ["weather", "late"], [])),
    }
    path, query = rng.choice(("/a", "/ab", "/b")), rng.choice((b"", b"q=weather", b"q=x&q=Order+7"))
    return chat_view(path=path, query=query, body=body, usual=rng.random() < 0.8)


def tried_in_order(scenario, cursors, view):
    """What the language says: the first step that matches and has a reply, all of them tried."""
    for step in scenario.binding.steps_for(view):
        if step.matches(view, cursors.state):
            following = step.following(cursors.given[step.index])
            if following == "fail":
                return NoStep(near_misses(scenario, cursors, view), failed=step)
            if following != "pass":
                cursors.given[step.index] += 1
                cursors.state = step.replies[following].go_to or step.go_to or cursors.state
                return step.selections[following]
    return NoStep(near_misses(scenario, cursors, view)) if scenario.strict else None


def test_the_index_never_changes_what_is_selected():
    rng = random.Random(3)
    met = []
    for _ in range(60):
        steps = [
            {
                "when": made_up(rng),
                "replies": [{"say": "a"}, {"say": "b", "go_to": rng.choice(TEXTS[2:5])}],
                "then": rng.choice(("repeat", "pass", "pass", "fail")),
            }
            for _ in range(rng.choice((9, 20, 40)))
        ]
        scenario = build({"strict": rng.random() < 0.5, "steps": steps})
        for _ in range(40):  # the first requests are answered without an index
            scenario.binding.candidates(ANY, "start")
        tried, cursors = Cursors(scenario), Cursors(scenario)
        for _ in range(60):
            request = a_request(rng)
            expected = tried_in_order(scenario, tried, request)
            assert select(scenario, cursors, request) == expected
            assert (cursors.given, cursors.state) == (tried.given, tried.state)
            met.append(type(expected))
    assert min(met.count(kind) for kind in set(met)) > 100


@pytest.mark.parametrize(
    "when",
    [
        "{}".format,
        lambda text: {"contains": f"on {text}, please"},
        lambda text: {"matches": f"^Tell me on {text}, please( now)?$"},
        lambda text: {"matches": f"(?i)TELL me on {text}, please"},
        lambda text: {"matches": f"on {text}, please|off {text}"},
        lambda text: {"glob": f"*on {text}, please*"},
        lambda text: {"one_of": [text, f"not {text}"]},
    ],
)
def test_of_hundreds_of_steps_a_handful_is_tried(when):
    """By count, since this is what makes a request cost as much with hundreds of steps as with one."""
    keys = [f"{number * 7919 % 10_000:04}" for number in range(300)]
    steps = [{"when": {"turn": 1, "last_user": when(key)}, "reply": {"say": key}} for key in keys]
    binding = build([*steps, {"reply": {"say": "else"}}]).binding
    exact = isinstance(when("x"), str) or "one_of" in when("x")
    said = keys[150] if exact else f"Tell me on {keys[150]}, please"
    request = chat_view(body={"messages": [{"role": "user", "content": said}]})
    for _ in range(40):
        candidates = binding.candidates(request, "start")
    assert {150, 300} <= {step.index for step in candidates}
    assert len(candidates) <= 8
    elsewhere = chat_view(body={"messages": [{"role": "user", "content": "Nothing of it"}]})
    assert [step.index for step in binding.candidates(elsewhere, "start")] == [300]


def test_few_steps_or_requests_need_no_index():
    few = build([{"when": {"last_user": str(number)}, "reply": {"say": "x"}} for number in range(8)])
    many = build([{"when": {"last_user": str(number)}, "reply": {"say": "x"}} for number in range(9)])
    for _ in range(32):
        assert len(few.binding.candidates(ANY, "start")) == 8
        assert len(many.binding.candidates(ANY, "start")) == 9
    assert len(few.binding.candidates(ANY, "start")) == 8
    assert many.binding.candidates(ANY, "start") == []


def test_what_a_scenario_looks_at_goes_with_it():
    tracemalloc.start()
    try:
        for number in range(12):
            name = f"{number}" * 50_000
            when = {"headers": {name: "x"}, "query": {name: "x"}, "body": {name: "x"}}
            build([{"when": when, "reply": {"say": "x"}}])
        gc.collect()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 200_000


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
        ("/v1/pets/ab", "GET", True, [0, 3]),
        ("/v1/pets/c", "GET", True, [3]),
        ("/v1/pets/c", "POST", True, [2, 3]),
    ],
)
def test_steps_are_bound_to_operations_and_patterns_to_the_path_that_is_sent(path, method, usual, expected):
    scenario = build(PLACED)
    for _ in range(2):  # bound once, and remembered
        request = chat_view(operation="pets", method=method, path=path, usual=usual)
        candidates = scenario.binding.candidates(request, "start")
        assert [step.index for step in candidates if step.matches(request, "start")] == expected
        assert scenario.concerns(request) == (usual or bool(expected))
