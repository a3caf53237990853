"""Two contracts, and the scenarios between them."""

from __future__ import annotations

import copy
import json

import pytest
import yaml
from drift.asked import contract

from mockgrid.cli import main
from mockgrid.control.document import STREAM_FORMS, served_document
from mockgrid.data import bundled

pytestmark = pytest.mark.once

SCENARIO = """\
steps:
  - when: {last_user: {contains: weather}, body: {temperature: {above: 1.5}}}
    reply: {call: {get_weather: {city: Oslo}}}
  - when: {turn: 1}
    reply: {say: Hi}
  - when: {operation: retrieveModel}
    reply: {error: 404}
"""
TEXT, NUMBER = {"type": "string"}, {"type": "number"}
OPERATIONS = "pets", "POST /pets"
SCHEMAS = "components", "schemas"
CHAT = "paths", "/chat/completions", "post"


def at(document, *path):
    for part in path:
        document = document[part]
    return document


def require_user(document):
    at(document, *SCHEMAS, "ChatCompletionsRequest", "required").append("user")


def bound_temperature(document):
    at(document, *SCHEMAS, "ChatCompletionsRequest", "properties", "temperature")["maximum"] = 1


def fewer_finish_reasons(document):
    listed = at(document, *SCHEMAS, "ChatCompletionChoice", "properties", "finish_reason")
    listed["enum"] = ["stop", "length"]


def require_cost(document):
    schema = at(document, *SCHEMAS, "ChatCompletionResponse")
    schema["properties"]["cost"] = {"type": "number"}
    schema["required"].append("cost")


def drop_models(document):
    del document["paths"]["/models/{model}"]


def drop_fingerprint(document):
    del at(document, *SCHEMAS, "ChatCompletionResponse", "properties")["system_fingerprint"]


def drop_unprocessable(document):
    del at(document, *CHAT, "responses")["422"]


def drop_streams(document):
    del at(document, *CHAT, "responses", "200", "content")["text/event-stream"]


def move_models(document):
    document["paths"]["/model/{name}"] = document["paths"].pop("/models/{model}")
    document["paths"]["/model/{name}"]["get"]["parameters"] = [
        {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
    ]


def move_models_below(document):
    document["paths"]["/admin/models/{model}"] = document["paths"].pop("/models/{model}")


def rename_parameter(document):
    move_models(document)
    document["paths"]["/models/{name}"] = document["paths"].pop("/model/{name}")


def take_xml(document):
    body = at(document, *CHAT, "requestBody")
    body["content"] = {"application/xml": body["content"]["application/json"]}


def require_a_header(document):
    required = {"required": True, "schema": {"type": "string"}}
    at(document, *CHAT, "responses", "200").setdefault("headers", {})["x-served-by"] = required


def narrow_what_few_send(document):
    at(document, *SCHEMAS, "ChatCompletionsRequest", "properties", "user")["maxLength"] = 1


def require_another_key(document):
    document["components"]["securitySchemes"]["app"] = {"type": "apiKey", "in": "header", "name": "X-App"}
    at(document, *CHAT)["security"] = [{name: [] for name in document["components"]["securitySchemes"]}]


def allow_another_key(document):
    document["components"]["securitySchemes"]["app"] = {"type": "apiKey", "in": "header", "name": "X-App"}
    at(document, *CHAT)["security"] = [*document["security"], {"app": []}]


def take_a_parameter(document):
    at(document, *CHAT)["parameters"] = [{"name": "trace", "in": "query", "schema": {"type": "string"}}]


@pytest.fixture
def compared(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "weather.yaml").write_text(SCENARIO, "utf-8")

    def compare(change, *arguments):
        document = copy.deepcopy(contract().document.data)
        change(document)
        (tmp_path / "new.json").write_text(json.dumps(document, indent=1), "utf-8")
        code = main(["verify", "--contract", "new.json", "weather.yaml", "--format", "json", *arguments])
        report = json.loads(capsys.readouterr().out)
        places = [(each["code"], each["party"], each["file"], each["line"]) for each in report["findings"]]
        return code, places, report["findings"]

    return compare


def test_nothing_is_said_of_the_same_contract(compared):
    assert compared(lambda _: None) == (0, [], [])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (require_user, {("MG451", 3), ("MG451", 5), ("MG453", None)}),
        (bound_temperature, {("MG451", 3)}),
        (fewer_finish_reasons, {("MG452", 3), ("MG453", None)}),
        (require_cost, {("MG452", 3), ("MG452", 5), ("MG453", None)}),
        (drop_models, {("MG450", 7), ("MG450", None), ("MG451", 6)}),
        (move_models, {("MG450", 7), ("MG450", None)}),
        (move_models_below, {("MG450", 7), ("MG450", None)}),
        (take_xml, {("MG451", 3), ("MG451", 5), ("MG453", None)}),
        (require_a_header, {("MG452", 3), ("MG452", 5), ("MG453", None)}),
        (require_another_key, {("MG451", 3), ("MG451", 5), ("MG453", None)}),
        (allow_another_key, {("MG453", None)}),
        (take_a_parameter, {("MG453", None)}),
        (drop_fingerprint, {("MG453", None)}),
        (drop_unprocessable, {("MG453", None)}),
        (drop_streams, {("MG452", 3), ("MG452", 5), ("MG453", None)}),
    ],
)
def test_what_stops_being_valid_is_named_with_its_line(compared, change, expected):
    code, places, _ = compared(change)
    assert code == 1
    lines = {(each, line if file == "weather.yaml" else None) for each, _, file, line in places}
    assert lines == expected


@pytest.mark.parametrize("change", [rename_parameter, narrow_what_few_send])
def test_what_concerns_no_scenario_names_none(compared, change):
    assert compared(change) == (0, [], [])


def written(tmp_path, document):
    file = tmp_path / "new.json"
    file.write_text(json.dumps(document), "utf-8")
    return str(file)


@pytest.mark.parametrize("form", STREAM_FORMS)
def test_nothing_is_said_of_the_contract_as_it_is_served(tmp_path, capsys, form):
    file = written(tmp_path, served_document(contract(), form))
    assert (main(["verify", "--contract", file]), capsys.readouterr().out) == (
        0,
        "2 contracts: nothing found.\n",
    )


def test_a_published_version_is_compared_with_the_overlay_that_the_bundled_one_has(tmp_path, capsys):
    document = yaml.safe_load((bundled("openapi") / "consumption.yaml").read_text("utf-8"))
    assert main(["verify", "--contract", written(tmp_path, document)]) == 0
    require_user(document)
    assert main(["verify", "--contract", written(tmp_path, document)]) == 1
    assert capsys.readouterr().out.endswith("2 contracts: 1 warning.\n")
    document["info"]["title"] = "Another API"
    assert main(["verify", "--contract", written(tmp_path, document)]) == 1
    assert "The new contract has no GET /models." in capsys.readouterr().out
    empty = tmp_path / "own.yaml"
    empty.write_text(
        "{overlay: 1.0.0, info: {title: Own, version: '1'}, actions: [{target: $.info, update: {}}]}"
    )
    document["info"]["title"] = contract().title
    assert main(["verify", "--contract", written(tmp_path, document), "--overlay", str(empty)]) == 1
    assert "The new contract has no GET /models." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ({"n": TEXT}, {"n": NUMBER}, ["/n"]),
        ({"n": TEXT}, {"data": TEXT}, []),
        ({"data": TEXT, "event": TEXT}, {"n": TEXT}, []),
        ({"data": TEXT}, {"data": TEXT, "event": TEXT}, ["/event"]),
        ({"n": TEXT}, {"data": {"type": "object", "properties": {"n": NUMBER}}, "id": TEXT}, ["/n"]),
        ({"n": TEXT}, {"data": {"allOf": [{"type": "object", "properties": {"n": TEXT}}]}, "id": TEXT}, []),
        ({"data": TEXT, "n": TEXT}, {"data": TEXT}, ["/n"]),
    ],
)
def test_streams_are_compared_by_what_both_describe(tmp_path, capsys, old, new, changed):
    files = []
    for name, keyword, fields in (("old", "schema", old), ("new", "itemSchema", new)):
        media = {keyword: {"type": "object", "properties": fields}}
        replies = {"200": {"description": "A stream.", "content": {"text/event-stream": media}}}
        document = {"openapi": "3.2.0", "info": {"title": "T", "version": "1"}}
        document["paths"] = {"/events": {"get": {"responses": replies}}}
        files.append(tmp_path / f"{name}.json")
        files[-1].write_text(json.dumps(document), "utf-8")
    main(["verify", "--from", str(files[0]), "--contract", str(files[1]), "--format", "json"])
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [each["pointer"] for each in findings] == changed


def test_what_has_changed_is_told_with_both_sides_and_its_place(compared):
    _, _, findings = compared(fewer_finish_reasons)
    (changed,) = (each for each in findings if each["code"] == "MG453")
    assert changed["file"] == "new.json"
    assert changed["line"] > 1
    assert changed["pointer"] == "/choices/*/finish_reason"
    assert changed["expected"].startswith('required null or string, one of "content_filter"')
    assert changed["got"] == 'required null or string, one of "length", "stop"'


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ([], [{"schema": TEXT}], "was nothing, and is optional"),
        ([{"schema": TEXT}], [{"schema": TEXT, "required": True}], "was optional, and is required"),
        ([{"schema": TEXT}], [], "was optional, and is nothing"),
        ([{"schema": TEXT}], [{"schema": NUMBER}], ", $ was required string, and is required number"),
        ([{"schema": TEXT}], [{"schema": TEXT, "description": "Any."}], ""),
    ],
)
def test_parameters_are_compared(tmp_path, capsys, old, new, says):
    for name, several in (("old", old), ("new", new)):
        document = {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}}
        parameters = [{"name": "n", "in": "query", **each} for each in several]
        replies = {"200": {"description": "All."}}
        document["paths"] = {"/a": {"get": {"parameters": parameters, "responses": replies}}}
        (tmp_path / f"{name}.json").write_text(json.dumps(document), "utf-8")
    files = ["--from", str(tmp_path / "old.json"), "--contract", str(tmp_path / "new.json")]
    assert main(["verify", *files]) == bool(says)
    assert f"the query parameter n{' ' * (says[:1] != ',')}{says}" * bool(says) in capsys.readouterr().out


def test_the_older_contract_may_be_named(compared):
    assert compared(require_user, "--from", "new.json") == (0, [], [])


def test_without_scenarios_all_operations_are_compared(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    document = copy.deepcopy(contract().document.data)
    drop_models(document)
    (tmp_path / "new.json").write_text(json.dumps(document), "utf-8")
    assert main(["verify", "--contract", "new.json"]) == 1
    out = capsys.readouterr().out
    assert "MG450: The new contract has no GET /models/{model}." in out
    assert out.endswith("2 contracts: 1 warning.\n")


def test_a_recorded_request_that_the_older_contract_refuses_too_is_no_drift(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    number = {"name": "n", "in": "query", "required": True, "schema": {"type": "integer"}}
    media = {"application/json": {"schema": {"type": "object", "required": ["a"]}}}
    replies = {"400": {"description": "Refused.", "content": media}}
    pets = {"operationId": "pets", "parameters": [number], "responses": replies}
    paths = {"/pets": {"get": pets, "post": {"responses": replies, "requestBody": {"content": media}}}}
    document = {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": paths}
    (tmp_path / "same.json").write_text(json.dumps(document), "utf-8")
    steps = [{"when": {"operation": name}, "reply": {"body": {"a": 1}, "status": 400}} for name in OPERATIONS]
    requests = [{"method": "GET", "target": "/pets?n=x"}, {"method": "POST", "target": "/pets", "body": {}}]
    (tmp_path / "s.yaml").write_text(json.dumps({"steps": steps, "x-recorded": requests}), "utf-8")
    arguments = ["verify", "s.yaml", "--from", "same.json", "--contract"]
    assert (main([*arguments, "same.json"]), capsys.readouterr().out[-15:]) == (0, "nothing found.\n")
    pets["parameters"] = [number, {**number, "name": "m"}]
    (tmp_path / "new.json").write_text(json.dumps(document), "utf-8")
    assert main([*arguments, "new.json"]) == 1
    assert "query.m is required" in capsys.readouterr().out
