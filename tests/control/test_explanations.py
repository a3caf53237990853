"""Why each step did or did not answer an exchange, as the control interface tells it afterwards."""

import gzip
import json
from importlib.resources import files
from time import process_time

import pytest
from asgi import Caller
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mockgrid.scenario.matcher import WORDS
from mockgrid.session.explanation import Explanation

HELLO = {"messages": [{"role": "user", "content": "Hello"}]}
JSON = {"content-type": "application/json"}
STEPS = "/__mockgrid__/sessions/mg-test/exchanges/{}/steps"


@pytest.fixture(scope="module")
def caller():
    return Caller()


def play(caller, steps, path="", **more):
    answer = caller.call("PUT", f"/__mockgrid__/sessions/mg-test{path}", {"steps": steps, **more}, JSON)
    assert answer.status == 200, answer.body


def explained(caller, number=1):
    answer = caller.call("GET", STEPS.format(number))
    assert answer.status == 200, answer.body
    return answer.json()


# What steps may ask, so that many hold and many do not, and what is sent.
WHEN = st.fixed_dictionaries(
    {},
    optional={
        "turn": st.sampled_from([1, {"above": 1}]),
        "attempt": st.sampled_from([1, 2, {"above": 1}]),
        "last_user": st.sampled_from(["Hi", {"contains": "i"}, {"matches": "^B"}]),
        "stream": st.booleans(),
        "state": st.sampled_from(["start", "paid"]),
        "headers": st.sampled_from([{"x-a": "1"}, {"x-a": {"exists": False}}]),
        "body": st.sampled_from([{"n": 1}, {"user": {"not": "u"}}, {"stop": ["END"]}]),
        "any": st.just([{"last_user": "Bye"}, {"attempt": 2}]),
        "not": st.sampled_from([{"state": "paid"}, {"last_user": "Hi", "turn": 1}]),
        "operation": st.just("createChatCompletion"),
    },
).map(lambda when: dict(list(when.items())[:3]))


@st.composite
def steps(draw):
    drawn = []
    for index in range(draw(st.integers(0, 7))):
        count = draw(st.integers(1, 3))
        replies = [{"say": f"{index}.{reply}"} for reply in range(count)]
        if draw(st.booleans()):
            replies[-1]["go_to"] = draw(st.sampled_from(["paid", "start"]))
        step = {"when": draw(WHEN), "replies": replies}
        step |= draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "then": st.sampled_from(["repeat", "cycle", "pass", "fail"]),
                    "times": st.integers(1, 3),
                },
            )
        )
        drawn.append(step)
    return drawn


BODY = st.fixed_dictionaries(
    {"messages": st.sampled_from([[{"role": "user", "content": text}] for text in ("Hi", "Bye", "No")])},
    optional={"stream": st.booleans(), "n": st.just(1), "user": st.sampled_from(["u", "v"])},
)
SENT = st.tuples(BODY, st.sampled_from([{}, {"x-a": "1"}]))


DECIDES = ("answers", "fails")


def verdicts(why):
    return [step["verdict"] for step in why["steps"]]


def content(answer):
    if answer.header("content-type").startswith("text/event-stream"):
        deltas = [choice["delta"] for chunk in answer.chunks() for choice in chunk["choices"]]
        return "".join(delta.get("content") or "" for delta in deltas)
    return answer.json()["choices"][0]["message"]["content"]


@settings(max_examples=60)
@given(steps(), st.lists(SENT, min_size=1, max_size=8), st.booleans())
@example([{"when": {}, "replies": [{"say": "0.0"}], "then": "pass"}], [(HELLO, {})] * 2, True)
def test_it_agrees_with_what_was_answered_long_before(caller, steps, requests, strict):
    play(caller, {"strict": strict, "steps": steps})
    answers = [caller.call(body=body, headers=headers) for body, headers in requests]
    records = caller.call("GET", "/__mockgrid__/sessions/mg-test/exchanges").json()["exchanges"]
    for record, answer in zip(records, answers, strict=True):
        why = explained(caller, record["number"])
        labels = {step["index"]: step["step"] for step in why["steps"]}
        assert list(labels) == list(range(len(steps)))
        answering = [step for step in why["steps"] if step["verdict"] == "answers"]
        assert [step["step"] for step in answering] == ([record["step"]] if record["step"] else [])
        if answering:
            assert why["outcome"] == "step"
            assert content(answer) == f"{answering[0]['index']}.{answering[0]['reply']}"
        else:
            assert why["outcome"] == ("none" if answer.status == 424 else "default")
        # The first step of which all predicates hold, and which had a reply left, is the one that decides.
        held = [all(each["held"] for each in step["predicates"]) for step in why["steps"]]
        first = next((index for index, verdict in enumerate(verdicts(why)) if verdict in DECIDES), len(held))
        assert not any(held[:first])
        assert verdicts(why)[first + 1 :] == ["later" if each else "no match" for each in held[first + 1 :]]
        assert all(held[first : first + 1]) or verdicts(why)[first] == "fails"
        assert why["attempt"] == record["attempt"]


def test_each_predicate_says_what_it_wanted_and_what_it_met(caller):
    play(
        caller,
        [
            {
                "name": "weather",
                "when": {"last_user": {"contains": "weather"}, "turn": 1},
                "reply": {"say": "a"},
            },
            {"name": "once", "when": {"turn": 1}, "reply": {"say": "b"}, "times": 1},
            {"name": "paid", "when": {"state": "paid"}, "reply": {"say": "c"}},
            {"name": "else", "replies": [{"say": "d"}, {"say": "e", "go_to": "paid"}]},
            {"name": "never", "reply": {"say": "f"}},
        ],
    )
    for _ in range(4):
        caller.chat("Hello")
    second = explained(caller, 2)
    assert (second["outcome"], second["message"]) == ("step", "else answered with its reply 1 of 2.")
    assert (second["state"], second["attempt"], second["scenario"]) == ("start", 2, "played")
    assert [(step["step"], step["verdict"], step["reply"]) for step in second["steps"]] == [
        ("weather", "no match", None),
        ("once", "passes", None),
        ("paid", "no match", None),
        ("else", "answers", 0),
        ("never", "later", None),
    ]
    assert second["steps"][0]["predicates"] == [
        {"predicate": "last_user", "expected": "{contains: weather}", "got": "Hello", "held": False},
        {"predicate": "turn", "expected": "1", "got": "1", "held": True},
    ]
    assert second["steps"][1]["predicates"][1] == {
        "predicate": "then",
        "expected": "1 reply, then pass",
        "got": "1 given",
        "held": False,
    }
    assert explained(caller, 4)["steps"][2]["verdict"] == "answers"
    assert explained(caller, 1)["steps"][1]["verdict"] == "answers"
    assert Explanation.from_json(second).steps[0].predicates[0].name == "last_user"


TOOL = {"type": "function", "function": {"name": "weather"}}
CALLED = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
RICH = {
    "model": "text-prime",
    "temperature": 1.5,
    "stop": ["STOP"],
    "tools": [TOOL],
    "response_format": {"type": "json_object"},
    "messages": [
        {"role": "system", "content": "Be nice"},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": None, "tool_calls": [CALLED]},
        {"role": "tool", "tool_call_id": "c1", "content": "3"},
    ],
}
# What a step asks of that, and how its line tells what was wanted and what was found.
WANTED = [
    ({"operation": "listModels"}, "operation", "listModels", "createChatCompletion"),
    ({"method": "get"}, "method", "GET", "POST"),
    ({"path": {"glob": "/v1/models*"}}, "path", "{glob: /v1/models*}", "/v1/chat/completions"),
    ({"query": {"a": "1"}}, "query/a", '"1"', "(nothing)"),
    ({"headers": {"X-A": "1"}}, "headers/x-a", '"1"', '"2"'),
    ({"headers": {"x-a": {"exists": False}}}, "headers/x-a", "{exists: false}", '"2"'),
    ({"headers": {"authorization": "Bearer x"}}, "headers/authorization", "Bearer x", "(hidden)"),
    ({"body": {"temperature": {"above": 2}}}, "body/temperature", "{above: 2}", "1.5"),
    ({"body": {"stop": ["END"]}}, "body/stop/0", "END", "STOP"),
    ({"body": {"user": "u"}}, "body/user", "u", "(nothing)"),
    ({"model": {"one_of": ["a", "b"]}}, "model", "{one_of: [a, b]}", "text-prime"),
    ({"stream": True}, "stream", "true", "false"),
    ({"turn": {"below": 2}}, "turn", "{below: 2}", "2"),
    ({"attempt": 3}, "attempt", "3", "1"),
    ({"last_user": {"equals": "HELLO"}}, "last_user", "{equals: HELLO}", "Hello (differs in case only)"),
    ({"last_user": {"matches": "^B"}}, "last_user", '{matches: "^B"}', "Hello"),
    ({"last_user": {"schema": {"maxLength": 2}}}, "last_user", "{schema: {maxLength: 2}}", "Hello"),
    ({"last_user": {"not": "Hello"}}, "last_user", "{not: Hello}", "Hello"),
    ({"system": {"contains": "pirate"}}, "system", "{contains: pirate}", "Be nice"),
    ({"any_message": "Bye"}, "any_message", "Bye", '[Be nice, Hello, "", "3"]'),
    ({"any_message": {"role": "ape"}}, "any_message", "{role: ape}", "[{role: system, content: Be nice}, …"),
    ({"tool_result": "search"}, "tool_result", "search", "weather"),
    ({"tools": ["weather", "search"]}, "tools", "search", "weather"),
    ({"response_format": "text"}, "response_format", "text", "json_object"),
    ({"response_format": {"type": "text"}}, "response_format/type", "text", "json_object"),
    ({"state": "paid"}, "state", "paid", "start"),
    ({"all": [{"turn": 2}, {"state": "paid"}]}, "state", "paid", "start"),
    (
        {"any": [{"turn": 1}, {"stream": True}]},
        "any",
        "[{turn: 1}, {stream: true}]",
        "turn: 2; stream: false",
    ),
    ({"not": {"turn": 2, "stream": False}}, "not", "{turn: 2, stream: false}", "turn: 2; stream: false"),
    ({"not": {"any": [{"turn": 1}, {"turn": 2}]}}, "not", "{any: [{turn: 1}, {turn: 2}]}", "any: turn: 2"),
]


def test_whatever_a_step_asks_it_says_what_it_wanted_and_what_it_met(caller):
    language = json.loads(files("mockgrid.scenario").joinpath("scenario.schema.json").read_bytes())[
        "definitions"
    ]
    asked = json.dumps([when for when, *_ in WANTED])
    words = {*language["when"]["properties"], *WORDS}
    assert [word for word in sorted(words) if f'"{word}": ' not in asked] == []
    for when, name, wanted, met in WANTED:
        step = {"when": {**when}, "reply": {"body": {}, "contract": "off"}}
        chat = {"when": {"operation": "createChatCompletion"}, "reply": {"say": "Hi"}}
        play(caller, [step, chat])
        caller.call(body=RICH, headers={"x-a": "2"})
        predicates = explained(caller)["steps"][0]["predicates"]
        (missed,) = (each for each in predicates if not each["held"])
        assert (missed["predicate"], missed["expected"]) == (name, wanted), when
        assert missed["got"].startswith(met.removesuffix("…")), (when, missed)
        play(caller, [{**step, "when": {"not": when, "operation": "createChatCompletion"}}])
        caller.call(body=RICH, headers={"x-a": "2"})
        (inverse, _) = explained(caller)["steps"][0]["predicates"]
        assert inverse["held"], when
        assert f"{name}: {missed['got']}"[:40] in inverse["got"], (when, inverse)


@pytest.mark.parametrize(
    ("steps", "sentences"),
    [
        ([], ["There are no steps", "There are no steps"]),
        ([{"when": {"turn": 9}, "reply": {"say": "a"}}], ["No step matches"] * 2),
        ([{"reply": {"say": "a"}, "times": 1}], ["", "Each step that matches had given all its replies"]),
    ],
)
@pytest.mark.parametrize("strict", [False, True])
def test_the_default_reply_and_none_say_why(caller, steps, sentences, strict):
    play(caller, {"strict": strict, "steps": steps})
    end = ", and the scenario is strict." if strict else ", so the default reply came."
    for number, sentence in enumerate(sentences, 1):
        caller.chat("Hello")
        why = explained(caller, number)
        assert why["message"] == (sentence + end if sentence else "step 1 answered.")
        assert why["outcome"] == ("step" if not sentence else "none" if strict else "default")


def test_a_request_that_was_put_to_no_step_says_why(caller):
    limit = [{"requests": 1, "per": "1h"}]
    play(caller, {"limits": limit, "steps": [{"reply": {"say": "x"}}]})
    caller.chat("Hello")
    caller.chat("Hello")
    caller.chat("Hello", temperature=9)
    caller.call("GET", "/v1/models")
    caller.call("POST", "/v1/nowhere")
    caller.call(body=HELLO, headers={"prefer": "code=503"})
    why = [explained(caller, number) for number in range(2, 7)]
    assert [each["outcome"] for each in why] == ["unasked"] * 5
    assert [each["message"].removeprefix("No step was asked: ") for each in why] == [
        "a limit of the scenario was reached.",
        "the request broke the contract (MG113).",
        "none is for listModels; steps are where `operation`, `method` or `path` names it.",
        "the request broke the contract (MG101).",
        "the request itself says, by `Prefer`, which reply it wants.",
    ]
    plain = Caller()
    plain.chat("Hello")
    assert explained(plain)["message"] == "No step was asked: the session played no scenario."


def test_what_was_played_before_is_remembered_for_a_while(caller):
    play(caller, [{"name": "before", "replies": [{"say": "a"}, {"say": "b"}]}])
    caller.chat("Hello")
    play(caller, [{"name": "after", "reply": {"say": "c"}}], "/steps", name="second")
    caller.chat("Hello")
    first, second = explained(caller, 1), explained(caller, 2)
    assert (first["scenario"], first["steps"][0]["step"], first["steps"][0]["reply"]) == (
        "played",
        "before",
        0,
    )
    assert (second["scenario"], second["message"]) == ("second", "after answered.")
    for _ in range(8):
        play(caller, [{"reply": {"say": "d"}}], "/steps")
    lost = explained(caller, 1)
    assert (lost["outcome"], lost["steps"]) == ("unknown", [])
    assert lost["message"] == "The session has played so much since that what played then is forgotten."


def test_a_journal_without_room_says_what_is_forgotten():
    caller = Caller(journal_bytes=2**17)
    play(caller, [{"replies": [{"say": "a"}, {"say": "b"}]}])
    for number in range(200):
        caller.chat(f"Hello {number} " + "x" * 500)
    session = caller.call("GET", "/__mockgrid__/sessions/mg-test").json()
    assert session["exchanges"]["dropped"]
    assert explained(caller, 200)["steps"][0]["reply"] == 1
    assert caller.call("GET", STEPS.format(1)).json() == {
        "errors": {"detail": "There is no exchange 1 in this session any more."}
    }


def test_a_body_of_which_only_the_beginning_is_kept_is_not_guessed_at(caller):
    play(caller, [{"when": {"last_user": {"contains": "needle"}}, "reply": {"say": "a"}}])
    large = json.dumps({"messages": [{"role": "user", "content": "x" * 2**20 + "needle"}]}).encode()
    caller.call(body=large)
    caller.call(body=gzip.compress(large), headers={"content-encoding": "gzip"})
    small = json.dumps({"messages": [{"role": "user", "content": "a needle"}]}).encode()
    caller.call(body=gzip.compress(small), headers={"content-encoding": "gzip"})
    assert [explained(caller, number)["outcome"] for number in (1, 2, 3)] == ["unknown", "unknown", "step"]


def test_a_reply_that_could_not_be_made_is_not_called_an_answer(caller):
    play(caller, [{"name": "text", "when": {"operation": "createChatCompletion"}, "reply": {"say": "a"}}])
    caller.call(body=HELLO, headers={"accept": "text/csv"})
    why = explained(caller)
    assert why["outcome"] == "step"
    record = caller.call("GET", "/__mockgrid__/sessions/mg-test/exchanges/1").json()
    assert (record["step"] is None) == ("could not be made" in why["message"])


def test_no_credential_is_told(caller):
    secret = "mg-4f9c2a7be1"
    when = {"headers": {"authorization": {"contains": secret}}, "last_user": {"contains": f"{secret}!"}}
    caller.call(
        "PUT", f"/__mockgrid__/sessions/{secret}", {"steps": [{"when": when, "reply": {"say": "a"}}]}, JSON
    )
    caller.call(body={"messages": [{"role": "user", "content": f"my key is {secret}"}]}, key=secret)
    answer = caller.call("GET", f"/__mockgrid__/sessions/{secret}/exchanges/1/steps")
    assert secret.encode() not in answer.body
    assert [each["got"] for each in answer.json()["steps"][0]["predicates"]] == [
        "(hidden)",
        "my key is [redacted]",
    ]


def test_of_a_thousand_steps_it_tells_those_that_matter(caller):
    wide = [
        {"name": f"n{index}", "when": {"last_user": f"text {index}", "turn": 1}, "reply": {"say": str(index)}}
        for index in range(1000)
    ]
    near = {"name": "near", "when": {"turn": 1, "stream": False, "last_user": "x"}, "reply": {"say": "x"}}
    later = {"name": "later", "when": {"last_user": "text 700"}, "reply": {"say": "x"}}
    play(caller, [*wide[:500], near, *wide[500:], *[later | {"name": f"later {n}"} for n in range(40)]])
    caller.chat("text 700")
    before = process_time()
    why = explained(caller)
    assert process_time() - before < 1
    assert (len(why["steps"]), why["further"]) == (30, 1011)
    assert [step["step"] for step in why["steps"][:3]] == ["n700", "near", "n0"]
    assert [step["verdict"] for step in why["steps"][:3]] == ["answers", "no match", "no match"]


def test_a_session_or_an_exchange_that_is_not_there_is_a_404(caller):
    assert caller.call("GET", "/__mockgrid__/sessions/nobody/exchanges/1/steps").status == 404
    play(caller, [{"reply": {"say": "x"}}])
    assert caller.call("GET", STEPS.format(1)).status == 404


def test_an_exchange_is_told_with_the_scenario_that_it_met(caller):
    play(caller, [{"reply": {"say": "a"}}], name="first")
    caller.chat("Hello")
    play(caller, [{"reply": {"say": "b"}}], "/steps", name="second")
    caller.chat("Hello")
    told = caller.call("GET", "/__mockgrid__/sessions/mg-test/exchanges").json()["exchanges"]
    assert [exchange["scenario"] for exchange in told] == ["first", "second"]


OBJECT = {"200": {"content": {"application/json": {"schema": {"type": "object"}}}}}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Orders", "version": "1"},
    "paths": {
        "/orders/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {"operationId": "readOrder", "responses": OBJECT},
            "put": {
                "operationId": "writeOrder",
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"type": "object"}},
                        "application/x-www-form-urlencoded": {
                            "schema": {"type": "object", "properties": {"count": {"type": "integer"}}}
                        },
                        "text/plain": {"schema": {"type": "string"}},
                    }
                },
                "responses": OBJECT,
            },
        }
    },
}
FORM = {"content-type": "application/x-www-form-urlencoded"}
TEXT = {"content-type": "text/plain"}
SENDINGS = st.sampled_from(
    [
        ("GET", "/orders/1", None, {}),
        ("GET", "/orders/2?all=yes&all=no", None, {"x-a": "1"}),
        ("PUT", "/orders/1", {"count": 2}, JSON),
        ("PUT", "/orders/2", b"count=2", FORM),
        ("PUT", "/orders/2", b"two", TEXT),
        ("PUT", "/orders/2", None, {}),
    ]
)
ASKED = st.sampled_from(
    [
        {},
        {"path": "/orders/2"},
        {"operation": "readOrder"},
        {"method": "put", "body": {"count": 2}},
        {"query": {"all": "no"}},
        {"headers": {"x-a": "1"}, "not": {"path": "/orders/1"}},
        {"body": "two"},
        {"body": {"exists": False}},
        {"attempt": 2},
    ]
)


@pytest.fixture(scope="module")
def orders(tmp_path_factory):
    file = tmp_path_factory.mktemp("orders") / "orders.json"
    file.write_text(json.dumps(DOCUMENT), "utf-8")
    return Caller(document=str(file))


@settings(max_examples=60)
@given(st.lists(ASKED, min_size=1, max_size=6), st.lists(SENDINGS, min_size=1, max_size=6))
def test_it_agrees_for_any_document_whatever_bodies_it_takes(orders, asked, sendings):
    play(orders, [{"when": when, "reply": {"body": {}}, "times": 2} for when in asked])
    for method, path, body, headers in sendings:
        assert orders.call(method, path, body, {"content-type": None, **headers}).status == 200
    records = orders.call("GET", "/__mockgrid__/sessions/mg-test/exchanges").json()["exchanges"]
    for record in records:
        why = explained(orders, record["number"])
        assert why["outcome"] == ("step" if record["step"] else "default")
        assert [step["step"] for step in why["steps"] if step["verdict"] == "answers"] == (
            [record["step"]] if record["step"] else []
        )
