import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mockgrid import cli
from mockgrid.app.build import load_contract, read_scenarios
from mockgrid.settings import Settings

ROOT = Path(__file__).parents[1]
GOOD = "steps:\n  - when: {turn: 1}\n    reply: {say: Hi}\n"
PETS = """\
openapi: 3.0.3
info: {title: Pets, version: "1"}
paths:
  /pets:
    get:
      operationId: listPets
      responses:
        "200":
          description: All pets.
          content: {application/json: {schema: {type: array, items: {type: string}}}}
"""
OVERLAY = """\
overlay: 1.0.0
info: {title: Pets, version: "1"}
actions:
  - target: $.paths['/pets'].get
    update: {summary: All}
"""


@pytest.fixture
def check(tmp_path, monkeypatch, capfd):
    """Checks files, given as texts by name, in a directory of its own: exit code, stdout, stderr."""
    for name in os.environ:
        if name.startswith("MOCKGRID_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def run(files, *arguments):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        code = cli.main(["check", *arguments])
        return (code, *capfd.readouterr())

    return run


def test_scenarios_of_the_working_directory_are_checked_by_default(check):
    files = {"scenarios/a.yaml": GOOD, "scenarios/b.json": '{"seed": 1}', "scenarios/c.txt": "stesp: []"}
    assert check(files) == (0, "2 scenarios: nothing found.\n", "")


def test_findings_are_lines_in_order_with_a_summary(check):
    files = {"b.yaml": "seed: x\nstesp: []\n", "a.yaml": 'steps:\n- reply: {error: "503"}\n'}
    code, out, err = check(files, "b.yaml", "a.yaml", "./b.yaml")
    assert (code, err) == (1, "")
    lines = out.splitlines()
    assert [line.partition(": ")[0] for line in lines[:-1]] == ["a.yaml:2:18", "b.yaml:1:7", "b.yaml:2:1"]
    assert lines[0].startswith("a.yaml:2:18: error MG212: ")
    assert lines[2].startswith("b.yaml:2:1: error MG211: ")
    assert lines[2].endswith("Did you mean steps?")
    assert lines[-1] == "2 scenarios: 3 errors. More may be found after correction."


def test_a_file_needs_a_name_that_keys_can_ask_for(check):
    code, out, _ = check({"Bad Name!.yaml": GOOD}, "Bad Name!.yaml")
    assert code == 1
    assert out.startswith(
        "Bad Name!.yaml:1:1: error MG215: The file's name makes 'Bad Name!' the scenario's name"
    )
    assert "write `scenario: bad-name` in it." in out


def test_scenarios_of_another_contract_are_told_how_it_is_named(check):
    files = {
        "pets.yaml": PETS,
        "a.yaml": "steps: [{when: {operation: adoptPet}, reply: {error: 404}}]",
        "b.yaml": "steps: [{when: {operation: listModel}, reply: {error: 404}}]",
    }
    told = "If it belongs to another contract, name that by `--contract FILE`."
    assert check(files, "a.yaml")[1].partition("\n")[0].endswith(told)
    assert "Did you mean listModels?\n" in check(files, "b.yaml")[1]
    assert (
        check(files, "pets.yaml", "b.yaml")[1].partition("\n")[0].endswith(f"Did you mean listModels? {told}")
    )
    assert told not in check(files, "--contract", "pets.yaml", "b.yaml")[1]


def test_an_example_that_there_is_not_is_told_without_a_header(check):
    _, out, _ = check({"a.yaml": "steps: [{reply: {example: nope}}]"}, "a.yaml")
    assert "createChatCompletion has no example 'nope' for 200." in out
    assert "Prefer" not in out


def test_replies_are_held_to_the_contract_unless_they_are_not(check):
    broken = "steps:\n  - when: {turn: 1}\n    reply: {body: {choices: []}%s}\n"
    code, out, _ = check({"a.yaml": broken % ""}, "a.yaml")
    assert code == 1
    assert ": error MG201: " in out
    code, out, _ = check({"a.yaml": broken % ", contract: off"}, "a.yaml")
    assert code == 0
    assert out == (
        "a.yaml:3:12: note: contract: off, so step 1 is not held to the contract.\n1 scenario: 1 note.\n"
    )


STREAMS = "steps:\n  - when: {stream: %s}\n    reply: {say: a, headers: {content-type: application/json}}\n"


@pytest.mark.parametrize(
    "when",
    [
        "stream: false",
        "body: {stream: {not: true}}",
        "not: {stream: true}",
        "any: [{stream: false, turn: 1}, {body: {stream: false}}]",
        "turn: 1, all: [{model: x}, {stream: false}]",
    ],
)
def test_what_no_stream_can_ask_for_is_not_held_to_streams(check, when):
    text = STREAMS.replace("stream: %s", when)
    assert "MG201" not in check({"a.yaml": text}, "a.yaml")[1]


@pytest.mark.parametrize(
    "when", ["stream: true", "turn: 1", "not: {stream: false}", "not: {stream: true, turn: 1}"]
)
def test_a_reply_that_is_wrong_as_a_stream_says_so(check, when):
    code, out, _ = check({"a.yaml": STREAMS.replace("stream: %s", when)}, "a.yaml")
    assert code == 1
    line = next(line for line in out.splitlines() if "MG201" in line)
    assert line == (
        "a.yaml:3:12: error MG201: Where a request asks for a stream, `headers` sends this reply with "
        "content-type application/json; text/event-stream was expected. Leave the header out, write "
        "`stream: false` in the step's `when`, or `contract: off` if breaking the contract is the point."
    )


def test_a_question_ends_as_one(check):
    text = "steps:\n  - reply: {status: 429, body: {eror: x}}\n"
    document = PETS.replace("operationId", "x-mockgrid: {behaviour: chat-completions}\n      operationId") + (
        '        "429":\n          description: Slow\n          content:\n            application/json:\n'
        "              schema:\n                additionalProperties: false\n"
        "                properties: {error: {type: string}}\n"
    )
    out = check({"pets.yaml": document, "a.yaml": text}, "a.yaml", "--contract", "pets.yaml")[1]
    assert "did you mean" in out.lower()
    assert "?." not in out


def test_check_and_serve_find_the_same_in_the_same_order(check):
    text = (
        "steps:\n"
        "  - {when: {turn: 1}, reply: {error: 418}}\n"
        "  - {when: {model: [x]}, reply: {say: x}}\n"
        "  - {when: {turn: 0}, reply: {error: {status: 429, code: x}}}\n"
        "  - {reply: {say: x}}\n"
        "  - {reply: {error: 418}}\n"
    ).replace("model: [x]", "turn: 2")
    out = check({"s/b.yaml": text, "s/a.yaml": text}, "s")[1]
    settings = Settings(scenarios=("s",))
    _, findings = read_scenarios(settings, load_contract(settings))
    told = [line.split(": ")[0] for line in out.splitlines()[:-1]]
    kept = [finding.where for finding in findings]
    assert kept == [where for where in told if where in kept]
    assert len({finding.code for finding in findings}) > 1


@pytest.mark.parametrize("contract", ["", ", contract: off"])
@pytest.mark.parametrize("name", ["code", "type", "param"])
def test_what_an_error_has_no_place_for_is_said(check, name, contract):
    text = f"steps:\n  - reply: {{error: {{status: 429, {name}: rate}}{contract}}}\n"
    code, out, _ = check({"a.yaml": text}, "a.yaml")
    assert code == 1
    assert next(line for line in out.splitlines() if "note" not in line) == (
        f"a.yaml:2:34: warning MG221: `{name}` has no effect: in the contract's shape, a 429 of "
        "createChatCompletion has no place for it. Leave it out, or write the whole error with `body` and "
        "`status`."
    )
    assert check({}, "a.yaml", "--error-shape", "both")[0] == 0


def test_an_error_with_an_idle_word_is_held_to_the_contract_all_the_same(check):
    code, out, _ = check(
        {"a.yaml": "steps:\n  - reply: {error: {status: 418, code: x}}\n"}, "a.yaml", "--no-strict"
    )
    assert code == 1
    assert "error MG201: createChatCompletion does not declare the status 418" in out
    assert "A gateway before it may send 502 to 504, 520 to 526, 529, 530." in out


def test_an_error_of_another_document_has_no_place_for_what_its_schema_lacks(check):
    document = PETS + (
        '        "429":\n          description: Slow\n          content:\n            application/json:\n'
        "              schema: {type: object, required: [code], properties: {code: {type: integer}}}\n"
        '        "503": {description: Busy}\n'
    )
    text = "steps:\n  - {when: {operation: listPets}, reply: {error: {status: %s}}}\n"
    wrong = {
        "429, code: 44": "",
        "429, code: x": "`code` has no effect",
        "429, detail: Slow": "`detail` has no effect",
        "429, code: 44, param: q": "`param` has no effect",
        "503, detail: Busy": "listPets declares no body for 503",
    }
    for written, message in wrong.items():
        files = {"pets.yaml": document, "a.yaml": text % written}
        code, out, _ = check(files, "a.yaml", "--contract", "pets.yaml")
        assert (code, message in out) == (int(bool(message)), True), out


def test_mistakes_are_told_in_rounds(check):
    text = "steps:\n- reply: {body: {choices: []}}\n- reply: {say: Hi, %s: 20}\n- reply: {say: Hi%s}\n"
    rounds = [
        (text % ("dealy", ", say: Hi"), {"MG210"}, True),
        (text % ("dealy", ""), {"MG211"}, True),
        (text % ("delay", ""), {"MG216"}, True),
        (text.replace("%s: 20", "delay: 20ms") % "", {"MG201", "MG230"}, False),
    ]
    for written, codes, unfinished in rounds:
        code, out, _ = check({"a.yaml": written}, "a.yaml")
        assert code == 1
        *lines, last = out.splitlines()
        assert codes <= {line.split(": ")[1].split()[-1] for line in lines}
        assert ("MG201" in out) is not unfinished
        assert last.endswith(" More may be found after correction.") is unfinished
    assert check({"a.yaml": "swagger: '2.0'\n"}, "a.yaml")[1].endswith(
        " More may be found after correction.\n"
    )


def test_warnings_fail_unless_they_are_told_not_to(check):
    hidden = "steps:\n  - reply: {say: Hi}\n  - reply: {say: Never}\n"
    code, out, _ = check({"a.yaml": hidden}, "a.yaml")
    assert code == 1
    assert out.startswith("a.yaml:3:5: warning MG230: ")
    assert out.endswith("1 scenario: 1 warning.\n")
    assert check({}, "a.yaml", "--strict") == (1, out, "")
    assert check({}, "a.yaml", "--no-strict") == (0, out, "")


def test_json_has_everything_in_parts(check):
    code, out, _ = check(
        {"a.yaml": "seed: x\n", "b.yaml": "steps:\n- reply: {say: Hi, contract: off}\n"},
        *(".", "--format", "json"),
    )
    assert code == 1
    found = json.loads(out)
    assert {key: found[key] for key in ("version", "files", "errors", "warnings")} == {
        "version": 1,
        "files": {"scenario": 2},
        "errors": 1,
        "warnings": 0,
    }
    (finding,) = found["findings"]
    assert (finding["file"], finding["line"], finding["column"]) == ("a.yaml", 1, 7)
    assert (finding["severity"], finding["code"]) == ("error", "MG212")
    assert [(note["file"], note["line"]) for note in found["notes"]] == [("b.yaml", 2)]


def test_github_annotations_are_escaped(check):
    code, out, _ = check({"a,b:c%.yaml": '"st%0A,:esp": []\n'}, "a,b:c%.yaml", "--format", "github")
    assert code == 1
    first = out.splitlines()[0]
    assert first.startswith("::error file=a%2Cb%3Ac%25.yaml,line=1,col=1,title=MG211::")
    assert "`st%250A,:esp`" in first


def test_github_has_warnings_and_notices(check):
    text = "steps:\n- reply: {say: Hi, contract: off}\n- reply: {say: Never}\n"
    _, out, _ = check({"a.yaml": text}, "a.yaml", "--format", "github")
    assert [line.partition("::")[2].partition(",title")[0] for line in out.splitlines()[:-1]] == [
        "notice file=a.yaml,line=2,col=10::contract: off, so step 1 is not held to the contract.",
        "warning file=a.yaml,line=3,col=3",
    ]


def test_contracts_are_compiled(check):
    assert check({"a.yaml": PETS}, "a.yaml") == (0, "1 contract: nothing found.\n", "")
    code, out, _ = check({"a.yaml": PETS.replace("responses:", "responses: 7\n      x-r:")}, "a.yaml")
    assert code == 1
    assert out.startswith("a.yaml:7:18: error MG202: ")
    code, out, _ = check({"a.yaml": "swagger: '2.0'\n"}, "a.yaml")
    assert out.startswith(
        "a.yaml:1:1: error MG202: This is Swagger 2.0; convert it to OpenAPI 3.0 or 3.1 first."
    )


def test_unreadable_contract_is_no_unreadable_scenario(check):
    code, out, _ = check({"a.yaml": "openapi: 3.0.3\n" + "a: 'b' c\n" * 25, "b.yaml": "steps: [\n"}, ".")
    assert code == 1
    assert [line.split(": ")[1] for line in out.splitlines()[:2]] == ["error MG202", "error MG210"]
    assert out.endswith("1 contract, 1 scenario: 2 errors. More may be found after correction.\n")


def test_overlay_is_applied_to_the_contract_beside_it(check):
    code, out, _ = check({"a.yaml": PETS, "o.yaml": OVERLAY}, ".")
    assert (code, out) == (0, "o.yaml: note: Applied to a.yaml.\n1 contract, 1 overlay: 1 note.\n")


def test_overlay_is_applied_to_what_it_extends_or_to_the_contract_that_is_named(check):
    files = {"api/a.yaml": PETS, "o.yaml": OVERLAY.replace("actions:", "extends: api/a.yaml\nactions:")}
    assert check(files, "o.yaml")[1].startswith("o.yaml: note: Applied to api/a.yaml.\n")
    files = {"o.yaml": OVERLAY}
    assert check(files, "o.yaml", "--contract", "api/a.yaml")[1].startswith(
        "o.yaml: note: Applied to api/a.yaml.\n"
    )
    code, out, _ = check({"o.yaml": OVERLAY.replace("actions:", "extends: nix.yaml\nactions:")}, "o.yaml")
    assert code == 1
    assert out.startswith("o.yaml:3:10: error MG202: The document 'nix.yaml' cannot be used")


def test_overlay_that_is_wrong_or_has_no_effect(check):
    code, out, _ = check({"a.yaml": PETS, "o.yaml": OVERLAY.replace("/pets", "/pet")}, ".")
    assert code == 1
    assert out.startswith("o.yaml: note: ")
    assert "\no.yaml:4:13: warning MG203: " in out
    code, out, _ = check({"o.yaml": OVERLAY.replace("update:", "updat:")}, ".")
    assert code == 1
    assert out.startswith("o.yaml:5:5: error MG202: There is no field 'updat'")


def test_operations_and_replies_are_those_of_the_contract_that_is_named(check):
    files = {"a.yaml": PETS, "s.yaml": "steps: [{when: {operation: listPets}, reply: {example: x}}]"}
    assert "MG223" in check(files, "s.yaml")[1]
    assert "MG223" not in check({}, "s.yaml", "--contract", "a.yaml")[1]


def test_scenarios_of_one_directory_have_different_names(check):
    text = "scenario: one\nseed: 1\n"
    files = {"x/a.yaml": text, "x/b.yaml": text, "y/a.yaml": text}
    code, out, _ = check(files, "x", "y")
    assert code == 1
    assert out == (
        "x/b.yaml:1:1: error MG226: The scenario 'one' is already in x/a.yaml. Rename one.\n"
        "3 scenarios: 1 error.\n"
    )


def test_the_shipped_contract_is_clean(check):
    code, out, _ = check({}, str(ROOT / "openapi"), "--strict")
    assert code == 0
    assert out.endswith("1 contract, 1 overlay: 1 note.\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "There is no directory scenarios here; name the files to check."),
        (["a.yml"], "There is no file or directory 'a.yml'. Did you mean a.yaml?"),
        (["empty"], "There are no YAML or JSON files in empty."),
        (["a.yaml", "--contract", "nix.yaml"], "nix.yaml: There is no such file."),
        (["a.yaml", "--format", "jsn"], "--format: 'jsn' is not text, json or github. Did you mean json?"),
    ],
)
def test_check_that_cannot_run_is_one_line(check, arguments, sentence):
    code, out, err = check({"a.yaml": GOOD, "empty/.hidden.yaml": ""}, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"mockgrid: {sentence}")
    assert err.count("\n") == 1


@pytest.mark.parametrize(("text", "code"), [(GOOD, 0), ("stesp: []", 1), (None, 2)])
def test_exit_code_of_the_process(check, tmp_path, text, code):
    if text is not None:
        check({"a.yaml": text}, ".")
    done = subprocess.run(
        [sys.executable, "-m", "mockgrid", "check", "a.yaml"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code
    assert b"Traceback" not in done.stderr


def test_an_operation_id_that_is_given_twice_is_told_and_both_can_be_named(check):
    pets = PETS + "  /cats:\n    get: {operationId: listPets, responses: {'200': {description: All.}}}\n"
    code, out, err = check({"api.yaml": pets}, "api.yaml")
    assert (code, err) == (1, "")
    assert out == (
        "api.yaml:12:24: warning MG204: The operationId listPets is already that of GET /pets "
        "(api.yaml:6:20); this one is called 'GET /cats'. Rename one.\n1 contract: 1 warning.\n"
    )
    steps = [f"{{when: {{operation: {name}}}, reply: {{auto: true}}}}" for name in ("listPets", "GET /cats")]
    found = check({"a.yaml": f"steps: [{', '.join(steps)}]"}, "--contract", "api.yaml", "a.yaml")
    assert found == (0, "1 scenario: nothing found.\n", "")


def test_paths_that_share_their_operations_share_the_id(check):
    pets = PETS + '  /cats: {$ref: "#/paths/~1pets"}\n'
    code, out, err = check({"api.yaml": pets}, "--strict", "api.yaml")
    assert (code, err) == (1, "")
    assert out.startswith("api.yaml:11:3: warning MG204: ")
    assert "GET /pets (api.yaml:6:20); this one is called 'GET /cats'" in out


def test_what_is_a_program_is_called_one(check):
    code, out, _ = check(
        {"test_first.py": "def test(mockgrid):\n    mockgrid.play({'say': 'x'})\n"}, "test_first.py"
    )
    assert code == 1
    message = "This is Python; scenarios, contracts and overlays are YAML or JSON. Name one of those."
    assert out.startswith(f"test_first.py:1:1: error MG210: {message}\n")


def test_a_pipe_that_nobody_writes_to_is_empty(check, tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    code, out, _ = check({}, "pipe.yaml")
    assert code == 1
    assert out.startswith("pipe.yaml:1:1: error MG210: The file is empty.")


def test_a_pipe_that_somebody_writes_to_is_read_to_its_end(check):
    reader, writer = os.pipe()

    def write():
        for part in (GOOD[:10], GOOD[10:]):
            time.sleep(0.05)  # what comes later is waited for
            os.write(writer, part.encode())
        os.close(writer)

    thread = threading.Thread(target=write)
    thread.start()
    assert check({}, f"/dev/fd/{reader}") == (0, "1 scenario: nothing found.\n", "")
    thread.join()
    os.close(reader)


def test_a_mistake_of_an_overlay_is_told_at_its_place(check):
    overlay = """\
overlay: 1.0.0
info: {title: t, version: "1"}
actions:
  - target: $.paths['/a'].get.responses['200']
    update: {content: {application/json: {schema: {type: unknown}}}}
"""
    document = """\
openapi: 3.1.0
paths:
  /a: {get: {parameters: [{name: q, in: query, schema: {type: nix}}], responses: {"200": {}}}}
"""
    code, out, _ = check({"o.yaml": overlay, "a.yaml": document}, "a.yaml", "o.yaml")
    assert code == 1
    assert [line.partition(" ")[0] for line in out.splitlines() if " error " in line] == [
        "a.yaml:3:63:",
        "o.yaml:5:58:",
    ]


@pytest.mark.parametrize(
    ("name", "text", "cause"),
    [
        ("pets.yaml", f"{PETS}  bad: [\n", "11:8"),
        (
            "pets.json",
            '{"openapi": "3.0.3",\n"infos": {},\n"paths": {"/a": {"get": {"respones": {}}}\n',
            "4:1",
        ),
    ],
)
def test_what_others_follow_from_comes_first(check, name, text, cause):
    text = text.replace("operationId: listPets", "operationid: listPets")
    code, out, _ = check({name: text}, name)
    places = [line.split(": ", 1)[0] for line in out.splitlines()[:-1]]
    lines = [int(place.split(":")[1]) for place in places]
    assert code == 1
    assert places[0] == f"{name}:{cause}"
    assert lines[0] > lines[1]
    assert lines[1:] == sorted(lines[1:])


def test_findings_far_out_in_a_line_say_where_by_a_pointer_too(check):
    operation = {
        "paramters": [],
        "responses": {"200": {"description": "d", "content": {"application/json": {}}}},
    }
    media = operation["responses"]["200"]["content"]["application/json"]
    media.update(schema={"type": "integer"}, example="b")
    info = {"title": "t", "version": "1", "description": "d" * 1000}
    text = json.dumps({"openapi": "3.0.3", "info": info, "paths": {"/a": {"get": operation}}})
    _, out, _ = check({"a.json": text}, "a.json")
    first, second, _ = out.splitlines()
    assert "error MG202: #/paths/~1a/get/paramters: paramters is no field" in first
    assert "MG202: #/paths/~1a/get/responses/200/content/application~1json/example: this example" in second
