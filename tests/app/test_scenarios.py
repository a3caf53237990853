"""Scenarios as a server plays them: sessions, limits, balance, and what happens side by side."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from asgi import Caller
from waiting import within

from mockgrid import MockGrid
from mockgrid.app.build import build_app
from mockgrid.errors import DocumentError
from mockgrid.http.server import start_in_thread
from mockgrid.session.session import session_name
from mockgrid.settings import Settings

USER = {"role": "user", "content": "Hi"}


@pytest.fixture
def play(tmp_path):
    """Writes a scenario and returns a caller that plays it by default."""

    def write(text, **settings):
        (tmp_path / "mine.yaml").write_text(text, "utf-8")
        return Caller(scenarios=(str(tmp_path),), **{"scenario": "mine", **settings})

    return write


def content(answer):
    return answer.json()["choices"][0]["message"]["content"]


def test_replies_come_in_order_and_the_last_stays(play):
    caller = play("steps: [{replies: [{error: 503}, {say: one}, {say: two}]}]")
    answers = [caller.chat() for _ in range(4)]
    assert [answer.status for answer in answers] == [503, 200, 200, 200]
    assert [content(answer) for answer in answers[1:]] == ["one", "two", "two"]
    assert {answer.header("x-mockgrid-step") for answer in answers} == {"step 1"}


def test_each_key_plays_by_itself(play):
    caller = play("steps: [{replies: [{error: 503}, {say: done}]}]")
    assert [caller.call(body={"messages": [USER]}, key=key).status for key in ("mg-a", "mg-b", "mg-a")] == [
        503,
        503,
        200,
    ]


@pytest.mark.parametrize("headers", [{"x-mockgrid-scenario": "mine"}, None])
def test_a_scenario_is_chosen_by_key_or_header(play, headers):
    caller = play("steps: [{reply: {say: scripted}}]", scenario=None)
    key = "mg-x" if headers else "mg.mine.x"
    assert content(caller.call(body={"messages": [USER]}, key=key, headers=headers)) == "scripted"
    assert content(caller.chat()) == "You said: Hello there"


def test_an_unknown_scenario_is_a_401_that_names_the_nearest(play):
    caller = play("steps: [{reply: {say: x}}]")
    answer = caller.call(body={"messages": [USER]}, key="mg.mien.x")
    assert answer.status == 401
    assert "Did you mean mine?" in answer.json()["errors"]["detail"]


@pytest.mark.parametrize("sent", ["key", "x-mockgrid-session"])
def test_a_dash_for_the_dot_of_a_key_is_a_401_that_says_so(play, sent):
    caller = play("steps: [{reply: {say: scripted}}]")
    for name in ("mine", "stream-cut"):  # one that ships, too
        key, headers = (f"mg-{name}.x", None) if sent == "key" else ("mg-a", {sent: f"mg-{name}.x"})
        answer = caller.call(body={"messages": [USER]}, key=key, headers=headers)
        assert answer.status == 401
        detail = answer.json()["errors"]["detail"]
        assert f"this one names {name}. Write mg.{name}.ANYTHING to play it." in detail
        assert "MG104" in answer.header("x-mockgrid-violations")
    named = Caller(api_keys=("mg-stream-cut.x",))
    assert named.call(body={"messages": [USER]}, key="mg-stream-cut.x").status == 200
    for key in ("mg-other.x", "mg-mine", "mg-mine-x", "mg-.mine"):
        assert caller.call(body={"messages": [USER]}, key=key).status == 200


def test_the_scenario_of_the_flag_must_be_known():
    with pytest.raises(DocumentError, match="there is no scenario 'nope'"):
        Caller(scenario="nope")


def test_a_reply_that_breaks_the_contract_refuses_the_start(play):
    with pytest.raises(DocumentError, match="MG201") as caught:
        play("steps:\n  - reply: {error: 418}\n")
    assert caught.value.where.endswith("mine.yaml:2:12")


def test_no_step_is_a_424_with_the_near_miss(play):
    caller = play("strict: true\nsteps: [{when: {last_user: weather}, reply: {say: x}}]")
    answer = caller.chat("Hello")
    assert answer.status == 424
    assert answer.header("x-should-retry") == "false"
    (near,) = json.loads(answer.header("x-mockgrid-near-miss"))
    assert near["failed"] == {"predicate": "last_user", "expected": "weather", "got": "Hello", "held": False}
    assert near["where"] == "mine.yaml:2:9"
    assert "last_user" in answer.json()["errors"]["detail"]


def test_broken_requests_consume_nothing(play):
    caller = play("steps: [{replies: [{error: 503}, {say: x}]}]")
    assert [caller.chat(temperature=9).status, caller.chat().status, caller.chat().status] == [422, 503, 200]


def test_models_of_a_scenario(play):
    caller = play('models: ["agent-*"]\nsteps: []')
    assert [caller.chat(model=model).status for model in ("agent-9", "text-prime")] == [200, 404]


def test_the_list_of_models_is_not_the_scenarios_business(play):
    caller = play("limits: [{requests: 1, per: 1h}]\nsteps: [{reply: {say: x}}]", clock="virtual")
    assert [caller.call("GET", "/v1/models").status for _ in range(3)] == [200, 200, 200]
    assert [caller.chat().status for _ in range(2)] == [200, 429]


def test_the_models_of_a_scenario_are_listed_in_its_sessions(play):
    caller = play("models: [gpt-4o, 'agent-*']\nsteps: []")
    listed = caller.call("GET", "/v1/models").json()["data"]
    assert [model["id"] for model in listed] == ["gpt-4o"]
    asked = ("gpt-4o", "agent-9", "text-prime")
    assert [caller.call("GET", f"/v1/models/{name}").status for name in asked] == [200, 200, 404]
    other = caller.call("GET", "/v1/models", headers={"x-mockgrid-scenario": "rate-limited"})
    assert "text-prime" in [model["id"] for model in other.json()["data"]]


def test_a_model_that_a_scenario_alone_refuses_is_no_breach(play):
    caller = play("models: [gpt-4o]\nsteps: []")
    for answer in (caller.chat(model="text-prime"), caller.call("GET", "/v1/models/text-prime")):
        assert (answer.status, answer.header("x-mockgrid-violations")) == (404, None)
    summary = caller.app.operator.session("mg-test")
    assert (summary["exchanges"]["count"], summary["violations"]) == (2, [])
    refused = Caller().chat(model="gpt-4o")
    assert '"MG126"' in refused.header("x-mockgrid-violations")


ELSEWHERE = """
steps:
  - {name: one model, when: {path: {glob: /v1/models/text-*}}, reply: {error: 500}, times: 1}
  - {name: gets, when: {method: get, headers: {x-break: "1"}}, reply: {error: 500}}
  - {name: the list, when: {operation: {glob: list*}, query: {limit: 3}}, reply: {error: 500}}
  - {name: either, when: {any: [{stream: true}, {path: /v1/models/agent-max}]}, reply: {error: 500}}
  - {name: small talk, reply: {say: Hello}}
"""


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    ("path", "headers", "steps"),
    [
        ("/v1/models/text-prime", {}, ["one model", None]),
        ("/v1/models/agent-prime", {}, [None]),
        ("/v1/models/agent-max", {}, ["either", "either"]),
        ("/v1/models", {}, [None]),
        ("/v1/models", {"x-break": "1"}, ["gets", "gets"]),
        ("/v1/models?limit=3", {}, ["the list"]),
    ],
)
def test_steps_that_name_a_method_or_a_path_answer_it_and_no_other_does(play, path, headers, steps, strict):
    caller = play(f"strict: {json.dumps(strict)}{ELSEWHERE}")
    answers = [caller.call("GET", path, headers=headers) for _ in steps]
    assert [answer.header("x-mockgrid-step") for answer in answers] == steps
    # `method: get` speaks of all of these, so that a strict scenario has to have an answer.
    assert [answer.status for answer in answers] == [
        500 if step else 424 if strict else 200 for step in steps
    ]
    assert content(caller.chat()) == "Hello"


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/text-prime", "/v1/models/agent-max"])
@pytest.mark.parametrize("attempt", [1, 2])
def test_an_explanation_says_what_the_server_does(play, path, attempt, strict):
    text = f"strict: {json.dumps(strict)}{ELSEWHERE}".replace(
        "{method: get, headers", "{method: post, headers"
    )
    caller = play(text)
    asked = {"request": {"method": "GET", "path": path}, "scenario": "mine", "attempt": attempt}
    told = caller.call("POST", "/__mockgrid__/explain", body=asked).json()
    answers = [caller.call("GET", path) for _ in range(attempt)]
    assert told["step"] == answers[-1].header("x-mockgrid-step")
    assert told["outcome"] == {500: "step", 424: "none", 200: "default"}[answers[-1].status]


HALF_NAMED = "{any: [{stream: false}, {path: /v1/models/agent-max}]}"
GETS = "{method: GET, headers: {x: y}}"
LIMITED = "{not: {operation: listModels, query: {limit: 3}}}"


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    ("whens", "path", "step"),
    [
        ([HALF_NAMED], "/v1/models", None),
        ([HALF_NAMED, GETS], "/v1/models", None),
        ([HALF_NAMED, GETS], "/v1/models/agent-max", "step 1"),
        ([LIMITED], "/v1/models", None),
        ([LIMITED], "/v1/models/agent-max", "step 1"),
        (["{method: GET, model: text-prime}", "{method: GET, model: text-standard}"], "/v1/models", "step 2"),
        (["{path: {glob: /v1/models/*}}"], "/v1/models/nope", None),
    ],
)
def test_a_step_answers_what_it_names_whatever_the_others_name(play, whens, path, step, strict):
    steps = "".join(f"\n  - {{when: {when}, reply: {{error: 500}}}}" for when in whens)
    caller = play(f"strict: {json.dumps(strict)}\nsteps:{steps}")
    asked = {"request": {"method": "GET", "path": path}, "scenario": "mine"}
    told = caller.call("POST", "/__mockgrid__/explain", body=asked).json()
    answers = [caller.call("GET", path) for _ in range(2)]
    assert [answer.header("x-mockgrid-step") for answer in answers] == [step, step]
    assert told["step"] == step
    assert told["outcome"] == {500: "step", 424: "none", 200: "default", 404: "refused"}[answers[0].status]


@pytest.mark.parametrize("pattern", ["{matches: models/gpt}", "{contains: models/gpt}", "{glob: '*/gpt'}"])
def test_replies_are_held_to_the_operations_that_patterns_are_for(play, pattern):
    with pytest.raises(DocumentError, match="retrieveModel gives no chat completions"):
        play(f"steps: [{{when: {{path: {pattern}}}, reply: {{say: Hello}}}}]")
    play("steps: [{when: {path: {matches: completions$}}, reply: {say: Hello}}]")
    play("steps: [{when: {path: {contains: chat}}, reply: {say: Hello}}]")


@pytest.mark.parametrize(
    "reply", ["{say: Hello}", "{call: {f: {}}}", "{auto: true, think: Well}", "{choices: [{say: Hello}]}"]
)
def test_a_completion_where_none_is_asked_for_is_a_500_that_says_so(play, reply):
    caller = play(f"steps: [{{when: {{path: {{matches: '/text-p[a-r]+ime$'}}}}, reply: {reply}}}]")
    answer = caller.call("GET", "/v1/models/text-prime")
    assert answer.status == 500
    assert "retrieveModel gives no chat completions" in answer.json()["errors"]["detail"]


def test_replies_are_held_to_the_operations_that_their_steps_name(play):
    play("steps: [{when: {path: {glob: /v1/models/*}}, reply: {error: 404}}]")
    play("steps: [{when: {method: GET, path: {not: /v1/models}}, reply: {error: 404}}]")
    with pytest.raises(DocumentError, match="listModels does not declare the status 404"):
        play("steps: [{when: {method: GET}, reply: {error: 404}}]")
    with pytest.raises(DocumentError, match="retrieveModel gives no chat completions"):
        play("steps: [{when: {path: /v1/models/text-prime}, reply: {say: Hello}}]")
    with pytest.raises(DocumentError, match="retrieveModel gives no chat completions"):
        play("steps: [{when: {path: /v1/models/text-prime}, reply: {choices: [{say: Hello}]}}]")


def test_limits_tell_when_to_come_back(play):
    caller = play("limits: [{requests: 2, per: 1m}]\nsteps: []", clock="virtual")
    answers = [caller.chat() for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[2].header("retry-after") == "30"
    caller.app.sessions.get(session_name(caller.key)).play.clock.move(30)
    assert [caller.chat().status, caller.chat().status] == [200, 429]


def test_a_balance_is_drawn_down_by_usage(play):
    caller = play("balance: {tokens: 20}\nsteps: []", clock="virtual")
    used, statuses = 0, []
    for _ in range(5):
        answer = caller.chat()
        statuses.append(answer.status)
        used += answer.json()["usage"]["total_tokens"] if answer.status == 200 else 0
    assert statuses == [200, 200, 402, 402, 402]
    assert used >= 20


def test_a_balance_that_is_topped_up_is_a_503_meanwhile(play):
    caller = play("balance: {tokens: 1, top_up: {tokens: 500, after: 2s}}\nsteps: []", clock="virtual")
    assert caller.chat().status == 200
    answer = caller.chat()
    assert (answer.status, answer.header("retry-after")) == (503, "2")
    assert answer.json()["error"]["code"] == "balance_replenishing"


def test_waits_pass_at_once_on_a_virtual_clock(play):
    caller = play("steps: [{reply: {say: x, delay: 1h}}]", clock="virtual")
    assert content(caller.chat()) == "x"


@pytest.mark.parametrize(
    ("asked", "writes"),
    [
        ({"chunks": "token"}, 1),
        ({"chunks": "word"}, 1),
        ({"chunks": ["a ", "b ", "c ", "d"]}, 1),
        ({"chunks": "word", "coalesce": 1}, 7),  # each event by itself: the role, the words, the end, [DONE]
        ({"chunks": "word", "coalesce": 3}, 3),
        ({"chunks": "word", "pace": {"per_token": "1ms"}}, 7),
    ],
)
def test_what_nobody_asks_to_be_apart_leaves_together(asked, writes):
    with MockGrid(clock="virtual") as grid:
        session = grid.session()
        session.play({"say": "a b c d", "stream": asked})
        headers = {"authorization": f"Bearer {session.api_key}"}
        body = {"messages": [{"role": "user", "content": "Hi"}], "stream": True}
        httpx.post(f"{session.base_url}/chat/completions", json=body, headers=headers).raise_for_status()
        assert within(30, lambda: session.exchanges[-1].ended_by is not None)
        assert len(session.exchanges[-1].reply.chunks) == writes


@pytest.mark.parametrize("stream", [False, True])
def test_reasoning_refusals_and_calls(play, stream):
    caller = play(
        "steps: [{replies: [{say: x, think: hmm}, {refuse: Nay}, {call: [{a: {x: 1}}, {b: {}}]}, "
        "{json: {k: 1}}]}]"
    )
    if stream:
        deltas = [
            [chunk["choices"][0]["delta"] for chunk in caller.chat(stream=True).chunks()] for _ in range(4)
        ]
        assert deltas[0][1] == {"reasoning_content": "hmm"}
        assert deltas[1][1] == {"refusal": "Nay"}
        calls = [call for delta in deltas[2] for call in delta.get("tool_calls", [])]
        assert [call["function"]["name"] for call in calls if "id" in call] == ["a", "b"]
        assert "".join(delta.get("content") or "" for delta in deltas[3]) == '{"k":1}'
    else:
        messages = [caller.chat().json()["choices"][0]["message"] for _ in range(4)]
        assert messages[0]["reasoning_content"] == "hmm"
        assert messages[1]["refusal"] == "Nay"
        assert [call["function"]["arguments"] for call in messages[2]["tool_calls"]] == ['{"x":1}', "{}"]
        assert messages[3]["content"] == '{"k":1}'


def test_templates_and_usage(play):
    caller = play(
        'steps: [{reply: {say: "${last_user}/${model}/${attempt}/${body:/user}", usage: {prompt_tokens: 7}}}]'
    )
    answer = caller.chat("Hey", user="me")
    assert content(answer) == "Hey/text-standard/1/me"
    assert answer.json()["usage"]["prompt_tokens"] == 7


@pytest.mark.parametrize("to", ["same", "other"])
def test_a_redirect_leads_to_an_answer(tmp_path, to):
    text = f"steps: [{{replies: [{{redirect: {to}}}, {{say: routed}}]}}]"
    (tmp_path / "mine.yaml").write_text(text, "utf-8")
    settings = Settings(port=0, log="off", scenarios=(str(tmp_path),), scenario="mine")
    with start_in_thread(build_app(settings), settings) as server:
        request = {"json": {"messages": [USER]}, "headers": {"authorization": "Bearer mg-r"}}
        with httpx.Client(trust_env=False) as client:
            first = client.post(f"{server.url}/chat/completions", **request)
            assert first.status_code == 307
            target = httpx.URL(f"{server.url}/chat/completions").join(first.headers["location"])
            assert target.path == "/r/v1/chat/completions"
            assert (target.host == "127.0.0.1") == (to == "same")
            second = client.post(target.copy_with(host="127.0.0.1"), **request)
    assert second.json()["choices"][0]["message"]["content"] == "routed"


def test_two_hundred_at_once_get_exactly_what_there_is(tmp_path):
    replies = ", ".join(["{error: 503}"] * 50 + ["{say: done}"])
    (tmp_path / "mine.yaml").write_text(f"steps: [{{replies: [{replies}]}}]", "utf-8")
    settings = Settings(port=0, log="off", scenarios=(str(tmp_path),))
    with (
        start_in_thread(build_app(settings), settings) as server,
        httpx.Client(trust_env=False, timeout=60) as client,
    ):

        def send(number):
            body = {"messages": [{"role": "user", "content": str(number)}]}
            headers = {"authorization": "Bearer mg.mine.all"}
            return client.post(f"{server.url}/chat/completions", json=body, headers=headers).status_code

        with ThreadPoolExecutor(20) as pool:
            statuses = list(pool.map(send, range(200)))
            assert (statuses.count(503), statuses.count(200)) == (50, 150)
            assert set(pool.map(send, range(50))) == {200}


def test_the_same_bytes_whatever_others_do(play):
    text = "seed: 3\nsteps: [{replies: [{error: 500}, {say: 'a ${attempt}'}], then: cycle}]"
    alone, busy = play(text), play(text)
    expected = [alone.call(body={"messages": [USER]}, key="mg-me").body for _ in range(6)]
    got = []
    for number in range(6):
        for other in range(number):
            busy.call(body={"messages": [USER]}, key=f"mg-{other}")
        got.append(busy.call(body={"messages": [USER]}, key="mg-me").body)
    assert got == expected


def test_a_reply_is_spent_though_its_client_hangs_up(tmp_path):
    text = "steps: [{replies: [{say: first, delay: 60s}, {say: second}]}]"
    (tmp_path / "mine.yaml").write_text(text, "utf-8")
    settings = Settings(port=0, log="off", scenarios=(str(tmp_path),), scenario="mine")
    with start_in_thread(build_app(settings), settings) as server, httpx.Client(trust_env=False) as client:
        request = {"json": {"messages": [USER]}, "headers": {"authorization": "Bearer mg-gone"}}
        with pytest.raises(httpx.ReadTimeout):
            client.post(f"{server.url}/chat/completions", timeout=1, **request)
        answer = client.post(f"{server.url}/chat/completions", **request)
    assert answer.json()["choices"][0]["message"]["content"] == "second"


LENIENT = """
strict: true
limits: [{requests: 4, per: 1h}]
steps:
  - {when: {last_user: Hi}, reply: {say: plain}}
  - {contract: off, when: {last_user: Hi, body: {n: 0}}, replies: [{say: "to ${last_user}"}, {error: 400}]}
  - {contract: off, when: {last_user: Once}, reply: {say: once}, then: pass}
"""


def test_a_step_answers_what_breaks_the_contract_where_it_says_so(play):
    caller = play(LENIENT)
    answers = [caller.call(body={"messages": [USER], "n": n}) for n in (1, 0, 0)]
    assert [answer.status for answer in answers] == [200, 200, 400]
    assert content(answers[1]) == "to Hi"
    assert answers[1].header("x-mockgrid-step") == "step 2"
    once = {"messages": [{"role": "user", "content": "Once"}], "temperature": 9, "stream": True}
    assert caller.call(body=once).header("content-type").startswith("text/event-stream")
    # What no such step answers gets the contract's error, and counts against no limit.
    refused = [{**once, "n": 0, "messages": 5}, once, {"messages": [USER], "temperature": 9}]
    assert [caller.call(body=body).status for body in refused] == [422, 422, 422]
    assert caller.call(body={"messages": [USER], "n": 0}).status == 422
    assert caller.call(body={"messages": [USER]}).status == 429
    told = caller.call("GET", "/__mockgrid__/sessions/mg-test/exchanges").json()["exchanges"]
    assert [bool(exchange.get("violations")) for exchange in told] == [False, *[True] * 7, False]


def test_what_breaks_the_contract_is_answered_by_the_model_that_it_names(play):
    caller = play("steps: [{contract: off, reply: {say: '${model}'}}]")
    broken = [{"messages": [USER], "temperature": 9, "model": model} for model in ("text-max", 7)]
    answers = [caller.call(body=body).json() for body in broken]
    default = caller.chat(model=None).json()["model"]
    assert [answer["model"] for answer in answers] == ["text-max", default]


def test_a_body_in_a_type_that_the_contract_lacks_is_read_as_json_by_a_step_that_answers_it(play):
    caller = play("steps: [{contract: off, when: {last_user: Hi}, reply: {say: read}}]")
    as_text = {"content-type": "text/plain"}
    answers = [caller.call(body=body, headers=as_text) for body in ({"messages": [USER]}, {}, b"nothing")]
    assert [answer.status for answer in answers] == [200, 415, 415]
    assert content(answers[0]) == "read"
