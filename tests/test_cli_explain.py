import io
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from mockgrid import cli

ROOT = Path(__file__).parents[1]

SCENARIO = """\
scenario: agent
strict: true
steps:
  - name: two failures, then the tool call
    when: {operation: createChatCompletion, last_user: {contains: weather}, turn: 1}
    replies: [{error: 503}, {call: {get_weather: {city: Oslo}}}]
    then: pass
  - when: {model: text-prime, turn: {above: 1}}
    reply: {say: Later.}
  - name: listing
    when: {method: get, path: /v1/models, headers: {x-attempt: 2}}
    reply: {error: 500}
  - name: once
    when: {last_user: Bye}
    reply: {say: Bye}
    then: fail
"""


def body(text, *before, model="text-prime"):
    return {"model": model, "messages": [*before, {"role": "user", "content": text}]}


@pytest.fixture
def explain(tmp_path, monkeypatch, capfd):
    """Explains a request to the scenario above: exit code, stdout, stderr."""
    for name in os.environ:
        if name.startswith("MOCKGRID_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "agent.yaml").write_text(SCENARIO, "utf-8")

    def run(request, *arguments, scenario="agent"):
        (tmp_path / "request.json").write_text(json.dumps(request), "utf-8")
        code = cli.main(["explain", scenario, "request.json", *arguments])
        return (code, *capfd.readouterr())

    return run


def test_step_that_answers_and_why_not_the_others(explain):
    code, out, err = explain(body("the weather in Oslo"))
    assert (code, err) == (0, "")
    assert (
        out
        == """\
request   POST /v1/chat/completions (createChatCompletion)
scenario  agent, strict (scenarios/agent.yaml)
answer    two failures, then the tool call, reply 1 of 2
          (scenarios/agent.yaml:6:15)
          {error: 503}

1. two failures, then the tool call: answers
   yes  operation          createChatCompletion
   yes  last_user          the weather in Oslo, as in {contains: weather}
   yes  turn               1

2. step 2: does not match
   yes  model              text-prime
   no   turn               1, expected {above: 1}

3. listing: does not match
   no   method             POST, expected GET
   no   path               /v1/chat/completions, expected /v1/models
   no   headers/x-attempt  (nothing), expected 2

4. once: does not match
   no   last_user          the weather in Oslo, expected Bye
"""
    )


def test_later_attempts_meet_later_replies(explain):
    assert "the tool call, reply 2 of 2\n" in explain(body("weather"), "--attempt", "2")[1]
    code, out, _ = explain(body("weather"), "--attempt", "3")
    assert code == 1
    assert "answer    424, since no step matches and the scenario is strict\n" in out
    assert "1. two failures, then the tool call: matches, and has given all its replies\n" in out
    assert "no   then               2 given, expected 2 replies, then pass\n" in out


def test_step_that_fails_when_used_up_answers_nothing(explain):
    assert explain(body("Bye"))[0] == 0
    code, out, _ = explain(body("Bye"), "--attempt", "2")
    assert code == 1
    assert "answer    424, since once has given its 1 reply, then fail\n" in out


def test_default_reply_answers_unless_the_scenario_is_strict(explain, tmp_path):
    code, out, _ = explain(body("Hi"))
    assert code == 1
    (tmp_path / "scenarios" / "agent.yaml").write_text(SCENARIO.replace("strict: true", ""), "utf-8")
    code, out, _ = explain(body("Hi"))
    assert code == 0
    assert "answer    the default reply, since no step matches and the scenario is not\n" in out


PETSTORE = str(ROOT / "tests" / "documents" / "petstore.yaml")


@pytest.mark.parametrize(
    "request_",
    [
        {"path": "/pets?limit=2"},
        {"path": "/pets", "query": "?limit=2"},
        {"path": "/pets", "query": {"limit": 2}},
    ],
)
def test_a_query_stands_in_the_path_or_by_itself(explain, tmp_path, request_):
    (tmp_path / "s.yaml").write_text(
        "steps: [{when: {operation: listPets, query: {limit: '2'}}, reply: {auto: true}}]", "utf-8"
    )
    code, out, err = explain({"method": "GET", **request_}, "--contract", PETSTORE, scenario="s.yaml")
    assert (code, err) == (0, "")
    assert "answer    step 1 (s.yaml:1:67)\n" in out


def test_the_query_is_held_to_the_contract(explain, tmp_path):
    (tmp_path / "s.yaml").write_text("steps: [{when: {operation: listPets}, reply: {auto: true}}]", "utf-8")
    request = {"path": "/pets", "query": {"limit": "many"}}
    code, out, _ = explain(request, "--contract", PETSTORE, scenario="s.yaml")
    assert code == 1
    assert "MG122" in out


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (
            {"method": "GET", "path": "/v1/models", "querry": "limit=1"},
            "'querry' is not known beside `method`. Did you mean query? If all of this is a body, write",
        ),
        (
            {"messages": [], "path": "/v1/models"},
            "The key 'messages' is not known beside `path`. Known: method, path, query, headers, body.",
        ),
        ({"path": "/v1/models", "query": 1}, "`query` is a text or a mapping."),
        ({"method": "GET"}, "The request does not say which operation it is for."),
    ],
)
def test_keys_that_a_request_does_not_have_are_told(explain, request_, message):
    code, out, err = explain(request_)
    assert (code, out) == (2, "")
    assert message in err


def test_whole_request_with_method_path_and_headers(explain):
    request = {"method": "get", "path": "/v1/models?limit=1", "headers": {"X-Attempt": 2}}
    code, out, _ = explain(request, "--format", "json")
    assert code == 0
    found = json.loads(out)
    assert (found["outcome"], found["step"], found["index"], found["reply"]) == ("step", "listing", 2, 0)
    assert found["request"] == {
        "operation": "listModels",
        "method": "GET",
        "path": "/v1/models",
        "attempt": 1,
    }
    assert [step["verdict"] for step in found["steps"]] == ["no match", "no match", "answers", "no match"]
    # The document's own path will do.
    assert json.loads(explain({**request, "path": "/models"}, "--format", "json")[1]) == found


def test_request_that_the_contract_refuses_meets_no_step(explain):
    code, out, _ = explain({**body("weather"), "temperature": 9})
    assert code == 1
    assert "the contract refuses the request before a step is" in out
    assert "MG113: temperature must be" in out
    assert "1. two failures, then the tool call: would answer\n" in out
    code, out, _ = explain(body("weather", model="text-prim"), "--format", "json")
    found = json.loads(out)
    assert (code, found["outcome"], found["step"]) == (1, "refused", None)
    (refusal,) = found["refusals"]
    assert refusal.startswith(
        "Model not found: text-prim. Did you mean text-prime? Known are text-standard, "
    )
    assert refusal.endswith(" names others.")


def test_text_stays_within_80_columns(explain):
    _, out, _ = explain(body("a weather report of some length, " * 20))
    assert 70 < max(map(len, out.splitlines())) <= 80


def test_credentials_are_not_shown(explain, tmp_path):
    (tmp_path / "secret.yaml").write_text(
        "steps: [{when: {headers: {authorization: Bearer a}}, reply: {say: Hi}}]", "utf-8"
    )
    request = {"headers": {"Authorization": "Bearer mg-hush"}, "body": body("Hi")}
    out = explain(request, scenario="secret.yaml")[1]
    assert "(hidden)" in out
    assert "hush" not in out


def test_shipped_scenario_by_name_beside_those_of_a_directory(explain, tmp_path):
    request = body("Hi")
    code, out, _ = explain(request, scenario="rate-limited")
    assert code == 0
    assert "scenario  rate-limited" in out
    assert "note      limits and balance are not counted here\n" in out
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "rate-limited.yaml").write_text("steps: [{reply: {say: Mine}}]", "utf-8")
    assert "{say: Mine}" in explain(request, "--scenarios", "mine", scenario="rate-limited")[1]


def test_body_alone_needs_an_operation_that_is_plain(explain, tmp_path):
    two = "post: {requestBody: {content: {application/json: {}}}, responses: {}}"
    document = f"openapi: 3.0.3\npaths:\n  /a: {{{two}}}\n  /b: {{{two}}}\n"
    (tmp_path / "api.yaml").write_text(document, "utf-8")
    (tmp_path / "s.yaml").write_text("steps: [{when: {path: /b}, reply: {body: Hi}}]", "utf-8")
    code, _, err = explain({"a": 1}, "--contract", "api.yaml", scenario="s.yaml")
    assert code == 2
    assert "The request does not say which operation it is for." in err
    assert "known paths: /a, /b." in err
    request = {"path": "/b", "body": {"a": 1}}
    assert explain(request, "--contract", "api.yaml", scenario="s.yaml")[0] == 0


def test_standard_input_and_yaml(explain, monkeypatch, capfd):
    explain(body("x"))
    text = b"model: text-prime\nmessages: [{role: user, content: weather}]\n"
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(text)))
    assert cli.main(["explain", "agent", "-"]) == 0
    assert "reply 1 of 2" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("request_", "arguments", "sentence"),
    [
        (body("x"), {"scenario": "agnet"}, "There is no scenario 'agnet'. Did you mean agent?"),
        (body("x"), {"scenario": "nix.yaml"}, "nix.yaml: MG210: There is no such file."),
        (
            {"path": "/v1/chat/completion", "body": {}},
            {},
            "request.json:1:10: The contract has no path '/v1/chat/completion'. Did you mean /v1/chat/comp",
        ),
        (
            {"method": "DELETE", "path": "/v1/models"},
            {},
            "request.json:1:12: DELETE is not allowed on /v1/models. Allowed: GET.",
        ),
        ({"path": 1}, {}, "request.json:1:10: `path` is a text."),
    ],
)
def test_mistake_is_one_line(explain, request_, arguments, sentence):
    code, out, err = explain(request_, **arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"mockgrid: {sentence}")
    assert err.count("\n") == 1


def test_broken_scenario_says_what_is_wrong_with_it(explain, tmp_path):
    (tmp_path / "scenarios" / "agent.yaml").write_text("stesp: []", "utf-8")
    code, _, err = explain(body("x"))
    assert code == 2
    assert err.startswith("mockgrid: scenarios/agent.yaml:1:1: MG211:")


def test_scenario_without_a_request_is_told_apart_from_an_unknown_code(explain, capfd):
    explain(body("x"))
    for name in ("agent", "scenarios/agent.yaml"):
        assert cli.main(["explain", name]) == 2
        assert capfd.readouterr().err.startswith("mockgrid: REQUEST is missing: ")
    assert cli.main(["explain", "agnet"]) == 2
    assert capfd.readouterr().err.startswith("mockgrid: There is no code 'agnet'.")


@pytest.mark.parametrize(("text", "code"), [("weather", 0), ("Hi", 1)])
def test_exit_code_of_the_process(explain, tmp_path, text, code):
    explain(body(text))
    done = subprocess.run(
        [sys.executable, "-m", "mockgrid", "explain", "agent", "request.json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (code, b"")
