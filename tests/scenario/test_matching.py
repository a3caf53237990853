"""Every predicate and every matcher, with a request that it matches and one that it does not."""

import pytest
from chat_view import chat_view

from mockgrid.scenario.loading import build
from mockgrid.scenario.scenario import Cursors
from mockgrid.scenario.selection import explain, select


def user(text):
    return {"role": "user", "content": text}


def view(*messages, operation="createChatCompletion", attempt=1, query=b"", headers=None, **body):
    return chat_view(
        operation=operation,
        method="POST",
        path="/v1/chat/completions",
        query=query,
        headers=headers or {},
        body={"messages": list(messages), **body},
        attempt=attempt,
        default_model="text-standard",
    )


def matches(when, request, state="start"):
    scenario = build({"strict": True, "steps": [{"when": when, "reply": {"say": "yes"}}]})
    cursors = Cursors(scenario)
    cursors.state = state
    found = select(scenario, cursors, request)
    (explained,) = explain(scenario, request, cursors if not any(cursors.given) else _again(scenario, state))
    held = hasattr(found, "reply")
    assert all(outcome.held for outcome in explained.outcomes) is held  # explaining and matching agree
    return held


def _again(scenario, state):
    cursors = Cursors(scenario)
    cursors.state = state
    return cursors


CALLED = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}},
        {"id": "c2", "type": "function", "function": {"name": "get_time", "arguments": "{}"}},
    ],
}
WEATHER = {"role": "tool", "tool_call_id": "c1", "content": "3"}
TIME = {"role": "tool", "tool_call_id": "c2", "content": "noon"}
TOOLS = [{"type": "function", "function": {"name": name}} for name in ("get_weather", "book_flight")]
FORMAT = {"type": "json_schema", "json_schema": {"name": "weather", "schema": {}}}
PARTS = [
    {"type": "text", "text": "the"},
    {"type": "image_url", "image_url": {}},
    {"type": "text", "text": "weather"},
]

PREDICATES = [
    # predicate, a request that matches, one that does not
    ({"operation": "createChatCompletion"}, view(), view(operation="listModels")),
    ({"operation": {"exists": True}}, view(), view(operation="")),
    ({"method": "post"}, view(), chat_view(method="GET")),
    ({"method": {"one_of": ["put", "post"]}}, view(), chat_view(method="GET")),
    ({"method": {"not": "get"}}, view(), chat_view(method="get")),
    ({"path": "/v1/chat/completions"}, view(), chat_view(path="/v1/models")),
    ({"path": {"glob": "/v1/*/completions"}}, view(), chat_view(path="/v1/models")),
    ({"query": {"limit": 10}}, view(query=b"limit=10"), view(query=b"limit=1")),
    ({"query": {"limit": 10}}, view(query=b"limit=1&limit=10"), view()),
    ({"query": {"deep": True}}, view(query=b"deep=true"), view(query=b"deep=false")),
    ({"query": {"limit": {"above": 9, "below": 11}}}, view(query=b"limit=10"), view(query=b"limit=ten")),
    ({"query": {"limit": {"exists": False}}}, view(), view(query=b"limit=")),
    ({"query": {"a": {"not": "x"}}}, view(query=b"a=y&a=x"), view(query=b"a=x&a=x")),
    ({"query": {"a": {"not": "x"}}}, view(query=b"b=x"), view(query=b"a=x")),
    ({"query": {"a": {"exists": False}}}, view(query=b"b=x"), view(query=b"a=")),
    ({"not": {"query": {"a": "x"}}}, view(query=b"a=y"), view(query=b"a=y&a=x")),
    ({"query": {"q": "å b"}}, view(query=b"q=%C3%A5+b"), view(query=b"q=a+b")),
    ({"query": {"a": "1", "b": "2"}}, view(query=b"a=1&b=2"), view(query=b"a=1&b=3")),
    ({"headers": {"X-Attempt": 2}}, view(headers={b"x-attempt": b"2"}), view(headers={b"x-attempt": b"3"})),
    ({"headers": {"x-a": {"contains": "py"}}}, view(headers={b"x-a": b"python"}), view()),
    ({"headers": {"x-a": {"exists": False}}}, view(), view(headers={b"x-a": b""})),
    ({"headers": {"x-a": 1.5}}, view(headers={b"x-a": b"1.5"}), view(headers={b"x-a": b"15"})),
    (
        {"headers": {"x-a": "1", "x-b": "2"}},
        view(headers={b"x-a": b"1", b"x-b": b"2"}),
        view(headers={b"x-a": b"1"}),
    ),
    ({"body": {"temperature": 1}}, view(temperature=1.0), view(temperature=True)),
    ({"body": {"temperature": 1}}, view(temperature=1), view(temperature=2)),
    ({"body": {"temperature": {"above": 1}}}, view(temperature=1.1), view(temperature=1)),
    (
        {"body": {"metadata": {"user": "ada"}}},
        view(metadata={"user": "ada", "x": "y"}),
        view(metadata={"x": "ada"}),
    ),
    ({"body": {"metadata": {}}}, view(metadata={"a": "b"}), view(metadata=[])),
    ({"body": {"stop": ["END"]}}, view(stop=["END"]), view(stop=["END", "STOP"])),
    ({"body": {"stop": []}}, view(stop=[]), view(stop=["END"])),
    ({"body": {"stop": {"contains": "END"}}}, view(stop=["STOP", "END"]), view(stop=["STOP"])),
    ({"body": {"stop": {"contains": ["A", "B"]}}}, view(stop=["B", "A"]), view(stop=["A"])),
    ({"body": {"user": {"contains": ["a", "b"]}}}, view(user="abc"), view(user="bc")),
    ({"body": {"stop": {"not": {"contains": "END"}}}}, view(stop=["STOP"]), view(stop=["END"])),
    (
        {"body": {"messages": {"contains": {"role": "system"}}}},
        view({"role": "system", "content": "x"}),
        view(user("x")),
    ),
    ({"body": {"messages": [{"content": {"contains": "x"}}]}}, view(user("axb")), view(user("ab"))),
    ({"body": {"messages": [{"role": "user"}, {}]}}, view(user("a"), user("b")), view(user("a"))),
    ({"body": {"user": None}}, view(user=None), view(user="x")),
    ({"body": {"user": None}}, view(), view(user="x")),
    ({"body": {"user": {"exists": True}}}, view(user="x"), view(user=None)),
    ({"body": {"n": {"equals": {"above": 1}}}}, view(n={"above": 1}), view(n=2)),
    ({"body": {"schema": {"required": ["seed"]}}}, view(seed=1), view(n=1)),
    ({"body": {"exists": False}}, chat_view(), view()),
    ({"model": "text-prime"}, view(model="text-prime"), view(model="text-max")),
    ({"model": "text-standard"}, view(), view(model="text-max")),
    ({"model": {"one_of": ["a", "b"]}}, view(model="b"), view(model="c")),
    ({"stream": True}, view(stream=True), view(stream=False)),
    ({"stream": False}, view(), view(stream=True)),
    ({"turn": 1}, view(user("a")), view(user("a"), {"role": "assistant", "content": "b"}, user("c"))),
    ({"turn": 2}, view({"role": "assistant", "content": "b"}), view(user("a"), user("c"))),
    ({"turn": {"above": 1}}, view(CALLED), view()),
    ({"attempt": 2}, view(attempt=2), view(attempt=1)),
    ({"attempt": {"below": 3}}, view(attempt=2), view(attempt=3)),
    ({"attempt": {"one_of": [1, 3]}}, view(attempt=3), view(attempt=2)),
    ({"attempt": {"schema": {"multipleOf": 2}}}, view(attempt=4), view(attempt=3)),
    ({"last_user": "Hi"}, view(user("Hi")), view(user("hi"))),
    (
        {"last_user": {"contains": "weather"}},
        view(user("x"), user("the weather")),
        view(user("the weather"), user("x")),
    ),
    ({"last_user": "the weather"}, view(user(PARTS)), view(user(PARTS[:1]))),
    ({"last_user": {"exists": True}}, view(user("")), view()),
    (
        {"system": "A\nB"},
        view({"role": "system", "content": "A"}, {"role": "developer", "content": "B"}),
        view(user("A\nB")),
    ),
    ({"system": {"exists": False}}, view(user("x")), view({"role": "system", "content": "A"})),
    ({"any_message": "Hi"}, view(user("Hi"), user("x")), view(user("Hi you"))),
    ({"any_message": {"contains": "Hi"}}, view(user("Hi you"), user("x")), view(user("x"))),
    ({"any_message": {"not": {"contains": "Hi"}}}, view(user("x"), user("Hi")), view(user("Hi"))),
    ({"not": {"any_message": {"contains": "Hi"}}}, view(user("x")), view(user("x"), user("Hi"))),
    ({"any_message": {"role": "assistant"}}, view(CALLED), view(user("x"))),
    (
        {"any_message": {"role": "user", "content": {"contains": "x"}}},
        view(user("axb")),
        view({**CALLED, "content": "x"}, user("b")),
    ),
    ({"any_message": {"tool_calls": {"exists": True}}}, view(CALLED), view(user("x"))),
    ({"tool_result": "get_weather"}, view(CALLED, WEATHER), view(CALLED)),
    ({"tool_result": "get_weather"}, view(CALLED, WEATHER, TIME), view(CALLED, TIME)),
    (
        {"tool_result": "get_weather"},
        view(CALLED, WEATHER, user("thanks")),
        view(CALLED, WEATHER, {"role": "assistant", "content": "3"}, user("x")),
    ),
    ({"tool_result": {"glob": "get_*"}}, view(CALLED, TIME), view(user("x"))),
    ({"tool_result": {"exists": False}}, view(user("x")), view(CALLED, TIME)),
    (
        {"tool_result": "f"},
        view({"role": "function", "name": "f", "content": "1"}),
        view({"role": "function", "name": "g", "content": "1"}),
    ),
    ({"tools": "get_weather"}, view(tools=TOOLS), view(tools=TOOLS[1:])),
    ({"tools": ["get_weather", "book_flight"]}, view(tools=TOOLS), view(tools=TOOLS[:1])),
    ({"tools": {"exists": False}}, view(tools=[]), view(tools=TOOLS)),
    ({"tools": {"glob": "book_*"}}, view(tools=TOOLS), view(tools=TOOLS[:1])),
    ({"tools": {"glob": "get_*", "not": "get_time"}}, view(tools=TOOLS), view(tools=TOOLS[1:])),
    # of tools that are offered, one at least is not known
    ({"tools": {"not": {"one_of": ["get_weather"]}}}, view(tools=TOOLS), view(tools=TOOLS[:1])),
    ({"tools": {"not": {"one_of": ["get_weather"]}}}, view(tools=TOOLS[1:]), view()),
    ({"tools": {"not": {"one_of": ["get_weather"]}}}, view(tools=TOOLS[1:]), view(tools=[])),
    ({"not": {"tools": "book_flight"}}, view(tools=TOOLS[:1]), view(tools=TOOLS)),
    ({"not": {"tools": "book_flight"}}, view(), view(tools=TOOLS)),
    ({"tools": {"not": {"exists": True}}}, view(), view(tools=TOOLS)),
    ({"tools": {"exists": True, "not": "book_flight"}}, view(tools=TOOLS), view()),
    (
        {"response_format": "json_schema"},
        view(response_format=FORMAT),
        view(response_format={"type": "json_object"}),
    ),
    ({"response_format": "text"}, view(), view(response_format=FORMAT)),
    ({"response_format": {"glob": "json_*"}}, view(response_format=FORMAT), view()),
    ({"response_format": {"exists": True}}, view(response_format=FORMAT), view()),
    (
        {"response_format": {"schema": {"required": ["json_schema"]}}},
        view(response_format=FORMAT),
        view(response_format={"type": "text"}),
    ),
    (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "weather"}}},
        view(response_format=FORMAT),
        view(response_format={"type": "json_schema", "json_schema": {"name": "x"}}),
    ),
    # combinators
    ({"all": [{"turn": 1}, {"stream": True}]}, view(stream=True), view()),
    ({"all": [{"turn": 2}, {"stream": True}]}, view(CALLED, stream=True), view(stream=True)),
    ({"any": [{"turn": 2}, {"stream": True}]}, view(stream=True), view()),
    ({"any": [{"turn": 2}, {"stream": True}]}, view(CALLED), view()),
    ({"any": [{"turn": 1, "stream": True}, {"model": "m"}]}, view(model="m"), view(turn=1)),
    ({"not": {"stream": True}}, view(), view(stream=True)),
    ({"not": {"stream": True, "turn": 1}}, view(CALLED, stream=True), view(stream=True)),
    ({"not": {"any": [{"stream": True}, {"turn": 2}]}}, view(), view(CALLED)),
    ({"turn": 1, "not": {"stream": True}}, view(), view(CALLED)),
    ({"stream": True, "turn": 1}, view(stream=True), view(CALLED, stream=True)),
]

MATCHERS = [
    # matcher, a text that matches, one that does not
    ({"equals": "ab"}, "ab", "abc"),
    ({"contains": "b"}, "abc", "ac"),
    ({"contains": "b"}, "abc", "aBc"),
    ({"contains": ["a", "c"]}, "abc", "ab"),
    ({"matches": "^a.c$"}, "abc", "xabc"),
    ({"matches": "b"}, "abc", "ac"),
    ({"matches": r"\bOslo\b"}, "in Oslo, now", "Osloer"),
    ({"matches": r"^(?=.*\d)[a-z\d]+$"}, "a1", "ab"),
    ({"glob": "a*c"}, "a/b/c", "a/b/d"),
    ({"glob": "a?c"}, "abc", "abbc"),
    ({"glob": "a[bx]c"}, "axc", "ayc"),
    ({"glob": "A*"}, "Ab", "ab"),
    ({"one_of": ["a", "b"]}, "b", "ab"),
    ({"not": "a"}, "b", "a"),
    ({"not": {"contains": "a"}}, "b", "ba"),
    ({"not": {"not": "a"}}, "a", "b"),
    ({"schema": {"minLength": 3}}, "abc", "ab"),
    ({"schema": {"pattern": "^a"}}, "abc", "bc"),
    ({"schema": {"$ref": "#/$defs/x", "$defs": {"x": {"const": "a"}}}}, "a", "b"),
    ({"contains": "a", "not": {"contains": "b"}}, "a", "ab"),
    ({"contains": "a", "matches": "c$"}, "abc", "ab"),
]


@pytest.mark.parametrize(
    ("when", "good", "bad"), PREDICATES, ids=lambda value: str(value)[:80] if isinstance(value, dict) else ""
)
def test_a_predicate_matches_one_and_not_the_other(when, good, bad):
    assert matches(when, good)
    assert not matches(when, bad)


@pytest.mark.parametrize(("matcher", "good", "bad"), MATCHERS, ids=str)
def test_a_matcher_matches_one_text_and_not_the_other(matcher, good, bad):
    assert matches({"last_user": matcher}, view(user(good)))
    assert not matches({"last_user": matcher}, view(user(bad)))
    assert matches({"body": {"x": matcher}}, view(x=good))
    assert not matches({"body": {"x": matcher}}, view(x=bad))


@pytest.mark.parametrize("matcher", [matcher for matcher, _, _ in MATCHERS if "not" not in matcher])
def test_what_is_missing_matches_nothing_but_its_absence(matcher):
    assert not matches({"last_user": matcher}, view())
    assert matches({"last_user": {"not": matcher}}, view())


def test_the_state_is_the_sessions():
    assert matches({"state": "start"}, view())
    assert matches({"state": {"one_of": ["a", "paid"]}}, view(), state="paid")
    assert not matches({"state": "paid"}, view())


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "x",
        5,
        {"messages": "x"},
        {"messages": [1, None, {"role": 5}]},
        {"messages": [{"role": "user", "content": [5, {"type": "text"}]}]},
        {"tools": [1, {"function": 2}], "model": 5, "response_format": "x"},
        {"messages": [{"role": "assistant", "tool_calls": [1, {"id": 2}]}, {"role": "tool"}]},
    ],
)
def test_any_body_can_be_looked_at(body):
    request = chat_view(body=body)
    when = {
        "model": "x",
        "turn": 1,
        "last_user": "x",
        "system": "x",
        "any_message": {"contains": "x"},
        "tool_result": "x",
        "tools": "x",
        "response_format": "x",
        "body": {"messages": [{"content": "x"}]},
    }
    scenario = build(
        {"steps": [{"when": {"any": [{key: value} for key, value in when.items()]}, "reply": {"say": "x"}}]}
    )
    assert len(explain(scenario, request)) == 1
    select(scenario, Cursors(scenario), request)


def test_a_bug_in_a_matcher_is_not_taken_for_no_match():
    class Broken(dict):
        def get(self, *_):
            raise ZeroDivisionError

    scenario = build([{"when": {"model": "x"}, "reply": {"say": "x"}}])
    with pytest.raises(ZeroDivisionError):
        select(scenario, Cursors(scenario), chat_view(body=Broken()))


@pytest.mark.parametrize(
    "when", [{"headers": {"Authorization": {"contains": "mg-a"}}}, {"query": {"api_key": "mg-a"}}]
)
def test_a_credential_is_matched_and_never_shown(when):
    scenario = build({"strict": True, "steps": [{"when": when, "reply": {"say": "x"}}]})
    request = view(headers={b"authorization": b"Bearer mg-b"}, query=b"api_key=mg-b")
    missed = select(scenario, Cursors(scenario), request)
    assert missed.near_misses[0].failed.got == "(hidden)"
    assert "mg-b" not in str(missed.as_json())
    assert matches(
        {"headers": {"Authorization": {"contains": "mg-a"}}}, view(headers={b"authorization": b"Bearer mg-a"})
    )


def test_a_pattern_takes_linear_time():
    assert not matches({"last_user": {"matches": "^(a+)+$"}}, view(user("a" * 5000 + "b")))
