"""What the control interface tells who writes a scenario or a request: findings, operations, stories."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from asgi import Caller
from hypothesis import given
from hypothesis import strategies as st

from mockgrid.cli.checking import check_files
from mockgrid.control import draft
from mockgrid.control.draft import LARGEST, PATIENCE
from mockgrid.data import bundled
from mockgrid.findings import Finding, place_of
from mockgrid.session.turns import all_at_once

SHIPPED = sorted(bundled("scenarios").glob("*.yaml"))
CORPUS = sorted((Path(__file__).parents[1] / "documents" / "corpus" / "features").glob("*.yaml"))
CALLER = Caller()
JSON = {"content-type": "application/json"}
WRONG = """\
steps:
  - when: {body: {temperature: 7}}
    reply: {error: 503, retry_after: 1s}
  - when: {model: gpt-9}
    reply: {say: Hi, headers: {content-type: text/plain}}
  - reply: {json: {a: 1}, status: 777}
  - reply: {say: Late}
"""


def asked(method, path, body=None, caller=CALLER):
    answer = caller.call(method, f"/__mockgrid__/{path}", body, JSON)
    return answer.status, json.loads(answer.body)


def check(source, where="a.yaml"):
    return asked("POST", "check", {"source": source, "where": where})


def of_command(text, tmp_path):
    """What ``mockgrid check`` tells of the same text, without its notes."""
    file = tmp_path / "a.yaml"
    file.write_text(text, "utf-8")
    contract = CALLER.app.contract
    findings = check_files([file], lambda: contract, chosen=True).findings
    return {
        (place_of(each.where).line, place_of(each.where).column, each.code, each.message, each.hint)
        for each in findings
        if each.severity != "note"
    }


TEXTS = [
    WRONG,
    WRONG.replace(", status: 777", ""),
    "steps: [{reply: {sya: Hello}}]",
    "steps:\n  - {reply: {say: a}\n",
    "steps: [{include: other.yaml}]",
    "",
    *(path.read_text("utf-8") for path in SHIPPED),
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_found_wrong_where_the_command_finds_it_wrong(text, tmp_path):
    status, told = check(text)
    assert (status, told["finished"], told["more"]) == (200, True, 0)
    rows = {
        (row["line"], row["column"], row["code"], row["message"], row["hint"]) for row in told["findings"]
    }
    if "include" not in text:  # which a text that is no file cannot do
        assert rows == of_command(text, tmp_path)
    assert told["playable"] is not any(row["severity"] == "error" for row in told["findings"])
    assert told["playable"] is (asked("PUT", "sessions/a", {"source": text})[0] == 200)


def test_nothing_of_a_text_is_kept():
    caller = Caller()
    assert asked("POST", "check", {"source": WRONG}, caller)[0] == 200
    assert asked("GET", "sessions", caller=caller)[1] == {"sessions": []}


WORDS = "steps: |- |reply|when|say|{|}|[|]|: |, |&a |*a|!!x |'|#|%|1e999|? |<<: |{schema: {$ref: '#'}}"
PIECES = [*WORDS.split("|"), "\n", "  ", "\t", "\0", "\ud7ff", '"', "|"]


@given(st.lists(st.sampled_from(PIECES)).map("".join) | st.text())
def test_no_text_is_more_than_a_finding(text):
    status, told = check(text)
    assert status == 200
    lines = text.count("\n") + text.count("\r") + 2
    assert all(0 <= row["line"] <= lines and row["message"] for row in told["findings"])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ([], 422),
        ({"source": 1}, 422),
        ({"source": "", "where": None}, 422),
        ({"source": "", "sorce": ""}, 422),
        ({"source": "#" * (LARGEST + 1)}, 413),
        ({"source": "é" * LARGEST}, 413),
        ({"source": "#" * LARGEST}, 200),
    ],
)
def test_what_is_no_text_to_check_is_refused(body, status):
    assert asked("POST", "check", body)[0] == status


def test_a_text_is_checked_for_a_while_and_told_of_up_to_a_number():
    finding = Finding("MG201", "error", "It is wrong.", "a.yaml:3:1")
    scripts = SimpleNamespace(draft=lambda *_: iter([[finding]] * 1000))
    times = iter([0.0, *([1.0] * 300), PATIENCE, PATIENCE])
    told = all_at_once(draft.checked({"source": ""}, scripts, lambda: next(times)))
    assert (told["finished"], len(told["findings"]), told["more"]) == (False, 200, 101)


def test_each_shipped_scenario_has_a_story_and_its_text():
    for told in asked("GET", "scenarios")[1]["scenarios"]:
        name = told["name"]
        text = bundled("scenarios").joinpath(f"{name}.yaml").read_text("utf-8")
        assert told["story"].startswith("Finds a ")
        assert "yaml-language-server" not in told["story"]
        assert asked("GET", f"scenarios/{name}") == (200, {**told, "source": text})
    assert asked("GET", "scenarios/nope")[0] == 404


def test_a_scenario_whose_file_is_gone_is_still_told_of(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("#! Mine,\n# and yours.\n#\n# Theirs.\nsteps: []\n# no story", "utf-8")
    caller = Caller(scenarios=(str(tmp_path),))
    told = asked("GET", "scenarios/mine", caller=caller)[1]
    assert told["story"] == "! Mine, and yours.\n\nTheirs."
    file.unlink()
    assert asked("GET", "scenarios/mine", caller=caller)[1] == {**told, "story": "", "source": ""}


@pytest.mark.parametrize("document", [None, *CORPUS], ids=lambda path: path.stem if path else "bundled")
def test_the_sample_of_each_body_obeys_its_schema(document):
    caller = Caller(document=str(document) if document else None)
    contract = caller.app.contract
    listed = asked("GET", "operations", caller=caller)[1]["operations"]
    assert [each["id"] for each in listed] == [operation.id for operation in contract.operations]
    for operation in contract.operations:
        status, told = asked("GET", f"operations/{quote(operation.id, safe='')}", caller=caller)
        assert (status, told["method"]) == (200, operation.method)
        for media, sample in zip(operation.body.values(), told["media"], strict=True):
            if media.is_json and media.schema is not None:
                assert media.schema.accepts(json.loads(sample["sample"]))


def place(at):
    return asked("GET", f"operations/createChatCompletion?at={at}")[1]["place"]


def test_a_place_in_a_body_is_told_with_its_members_and_values():
    members = {member["name"]: member for member in place("")["members"]}
    assert members["messages"]["required"]
    assert members["messages"]["types"] == ["array"]
    assert (members["temperature"]["required"], members["temperature"]["default"]) == (False, 1)
    roles = {"system", "developer", "user", "assistant", "tool"}
    assert set(place("/messages/3/role")["values"]) == roles
    message = {member["name"]: member for member in place("/messages/0")["members"]}
    assert set(message["role"]["values"]) == roles
    assert {"json_schema", "json_object", "text"} == set(place("/response_format/type")["values"])
    assert place("/nope/0/nope")["members"] == []


def test_a_request_can_be_sent_with_what_is_told():
    listed = asked("GET", "operations")[1]
    assert "text-prime" in listed["models"]
    told = asked("GET", "operations/createChatCompletion")[1]
    assert told["credentials"] == [{"kind": "bearer", "name": "authorization"}]
    key = {"authorization": f"Bearer {listed['key_prefix']}x"}
    assert CALLER.call("POST", told["path"], json.loads(told["media"][0]["sample"]), key).status == 200


def test_operations_and_places_that_are_none_are_refused():
    status, told = asked("GET", "operations/createChatCompletions")
    assert (status, told["errors"]["detail"]) == (
        404,
        "There is no operation 'createChatCompletions'. Did you mean createChatCompletion?",
    )
    assert asked("GET", "operations/createChatCompletion?at=messages")[0] == 400
    assert asked("GET", f"operations/createChatCompletion?at=/{'a/' * 2000}")[0] == 400
