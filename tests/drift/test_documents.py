"""Any other document: what the fake serves of it has not drifted, and what a provider changes is found."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from mockgrid.cli import main
from mockgrid.cli.flags import load
from mockgrid.drift.fake import Fake
from mockgrid.drift.judge import DriftJudge
from mockgrid.drift.samples import ContractQuestions
from mockgrid.drift.steps import ScenarioQuestions
from mockgrid.drift.verification import Verification
from mockgrid.scenario.loading import load_text

pytestmark = pytest.mark.once

DOCUMENTS = Path(__file__).parents[1] / "documents"
PETS = """\
openapi: 3.1.0
info: {title: Pets, version: "1"}
paths:
  /pets:
    get:
      operationId: listPets
      parameters: [{name: limit, in: query, required: true, schema: {type: integer, minimum: 1}}]
      responses:
        "200":
          description: All.
          headers: {X-Rate-Limit: {required: true, schema: {type: integer}}}
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Pet"}}}}
    post:
      operationId: addPet
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}
      responses:
        "201":
          description: Added.
          content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}
        "400": {description: Wrong., content: {application/json: {schema: {type: object}}}}
  /pets/{id}:
    delete:
      operationId: dropPet
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"204": {description: Gone.}}
  /events:
    get:
      operationId: watchPets
      responses:
        "200":
          description: As they come.
          content:
            text/event-stream:
              itemSchema: {type: object, required: [data], properties: {data: {type: string}}}
components:
  schemas:
    Pet:
      type: object
      required: [name, kind]
      properties:
        name: {type: string, minLength: 1}
        kind: {enum: [cat, dog]}
        tags: {type: object, additionalProperties: {type: string}}
"""


def made(document, *named):
    """The questions of a document, by their titles, what was left out, and the judge."""
    contract = load(str(document), (), ())
    questions = ContractQuestions(contract, Fake(contract), "x", named)
    listed = asyncio.run(questions.all())
    left_out = {operation.id: why for operation, why in questions.left_out}
    return {each.title: each for each in listed}, left_out, DriftJudge(contract)


@pytest.fixture
def pets(tmp_path):
    (tmp_path / "pets.yaml").write_text(PETS, "utf-8")
    return tmp_path / "pets.yaml"


def test_keys_that_have_to_come_together_are_sent_from_their_variables(tmp_path, monkeypatch, capsys):
    sent = []

    class Provider(BaseHTTPRequestHandler):
        def do_GET(self):
            sent.append((self.path, self.headers["x-app"]))
            is_known = sent[-1] == ("/pets?limit=1&key=KEY-OF-THE-USER", "APP")
            self.send_response(200 if is_known else 401)
            self.send_header("content-type", "application/json")
            self.send_header("x-rate-limit", "1")
            self.end_headers()
            self.wfile.write(b"[]")

        def log_message(self, *_):
            pass

    document = tmp_path / "pets.yaml"
    document.write_text(
        PETS.replace("paths:", "security: [{app: [], user: []}]\npaths:").replace(
            "components:",
            "components:\n  securitySchemes:\n    app: {type: apiKey, in: header, name: X-App}\n"
            "    user: {type: apiKey, in: query, name: key}",
        ),
        "utf-8",
    )
    monkeypatch.setenv("OPENAI_API_KEY", "KEY-OF-THE-USER")
    monkeypatch.setenv("APP", "APP")
    with HTTPServer(("127.0.0.1", 0), Provider) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        asked = ["verify", "--against", url, "--contract", str(document), "--operation", "listPets"]
        assert main([*asked, "--key-env", "app=APP"]) == 0, capsys.readouterr().out
        assert main(asked) == 2
        assert "KEY-OF" not in "".join(capsys.readouterr())
        assert main([*asked, "--key-env", "ap=APP"]) == 2
        assert "the contract has no security scheme 'ap'. Did you mean app?" in capsys.readouterr().err
        server.shutdown()
    assert [key for _, key in sent] == ["APP", "KEY-OF-THE-USER"]


@pytest.mark.parametrize("name", ["petstore.yaml", "events.yaml", "parameters.yaml", "fastapi.json"])
def test_what_the_fake_serves_of_a_document_has_not_drifted(name):
    questions, _, judge = made(DOCUMENTS / name)
    drifts = [drift for each in questions.values() for drift in judge.drifts(each, each.expected)]
    assert [str(drift) for drift in drifts if drift.party != "contract"] == []


def test_what_may_change_something_is_called_only_by_its_name(pets):
    questions, left_out, _ = made(pets)
    assert list(questions) == ["listPets", "watchPets"]
    assert left_out == dict.fromkeys(
        ("addPet", "dropPet"), "it may change something; name it with --operation"
    )
    questions, left_out, _ = made(pets, "addPet")
    assert list(questions) == ["addPet", "addPet, with a body that is not JSON", "addPet, without kind"]
    assert questions["addPet"].operation.json_body.schema.accepts(questions["addPet"].body)
    assert left_out == {}


def test_no_other_method_is_sent_to_see_whether_it_is_refused(pets):
    pets.write_text(PETS.replace('"200":', '"405": {description: No.}\n        "200":'), "utf-8")
    assert list(made(pets)[0]) == ["listPets", "watchPets"]
    assert list(made(pets, "listPets")[0]) == ["listPets"]


def test_a_request_has_the_parameters_that_it_must_have(pets):
    questions, _, _ = made(pets)
    assert questions["listPets"].request.target == "/pets?limit=1"


@pytest.mark.parametrize(
    ("title", "body", "code"),
    [
        ("listPets", [{"name": "Tom", "kind": "cow"}], "MG408"),
        ("listPets", [{"kind": "cat"}], "MG406"),
        ("listPets", [{"name": "", "kind": "cat"}], "MG410"),
        ("listPets", [{"name": "Tom", "kind": "cat", "tags": {"a": 1}}], "MG407"),
        ("listPets", [{"name": "Tom", "kind": "cat", "age": 1}], "MG409"),
        ("listPets", {"pets": []}, "MG411"),
        ("listPets", [{"name": "Tom", "kind": "cat", "tags": {"any": "thing"}}], None),
        ("listPets", [], None),
    ],
)
def test_what_a_body_breaks(pets, title, body, code):
    questions, _, judge = made(pets)
    question = questions[title]
    reply = replace(question.expected, chunks=((0.0, json.dumps(body).encode()),))
    assert [drift.code for drift in judge.drifts(question, reply)] == ([] if code is None else [code])


@pytest.mark.parametrize(("value", "code"), [(b"many", "MG405"), (b"", "MG404"), (b"7", None)])
def test_a_header_obeys_its_schema(pets, value, code):
    questions, _, judge = made(pets)
    question = questions["listPets"]
    others = [line for line in question.expected.headers if line[0] != b"x-rate-limit"]
    reply = replace(question.expected, headers=[*others, *([(b"x-rate-limit", value)] if value else [])])
    assert [drift.code for drift in judge.drifts(question, reply)] == ([] if code is None else [code])


def test_streams_of_texts(pets):
    questions, _, judge = made(pets)
    question = questions["watchPets"]
    for body, codes in ((b"data: Tom\n\ndata: Ada\n\n", []), (b"data: Tom\n\ndata: A", ["MG421"])):
        reply = replace(question.expected, chunks=((0.0, body),))
        assert [drift.code for drift in judge.drifts(question, reply)] == codes


SHOP = """\
openapi: 3.1.0
info: {title: Shop, version: "1"}
security: [{key: []}]
paths:
  /items/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}EXAMPLE}]
    get:
      operationId: item
      responses:
        "200": {description: It., content: {application/json: {schema: {type: object}}}}
        "401": {$ref: "#/components/responses/No"}
        "404": {$ref: "#/components/responses/No"}
    head: {operationId: head, responses: {"200": {description: It.}}}
components:
  securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}
  responses:
    "No": {description: No., content: {application/problem+json: {schema: {type: object, required: [title]}}}}
"""


@pytest.mark.parametrize(("example", "severity"), [("", "note"), (", example: a1", "error")])
def test_what_a_provider_alone_knows(tmp_path, example, severity):
    (tmp_path / "shop.yaml").write_text(SHOP.replace("EXAMPLE", example), "utf-8")
    questions, _, judge = made(tmp_path / "shop.yaml")
    refusals = {"item, with an unknown key": 401, "item, of nothing that there is": 404}
    for title, status in refusals.items():
        question = questions[title]
        assert (question.expected.status, judge.drifts(question, question.expected)) == (status, [])
        other = replace(question.expected, chunks=((0.0, b'{"error": "No"}'),))
        assert [drift.code for drift in judge.drifts(question, other)] == ["MG411"]
    # Whether there is what a path names, its contract may say.
    absent = questions["item, of nothing that there is"].expected
    assert [drift.severity for drift in judge.drifts(questions["item"], absent)] == [severity]
    head = replace(questions["head"].expected, headers=((b"content-type", b"application/json"),))
    assert judge.drifts(questions["head"], head) == []


@pytest.mark.parametrize(("titles", "unverified"), [(["item"], True), (["item", "head"], False)])
def test_where_there_are_but_notes_that_nothing_could_be_compared_nothing_was_verified(
    tmp_path, titles, unverified
):
    (tmp_path / "shop.yaml").write_text(SHOP.replace("EXAMPLE", ""), "utf-8")
    questions, _, judge = made(tmp_path / "shop.yaml")

    class Absent:
        async def reply(self, question):
            return questions[
                "item, of nothing that there is" if question.title == "item" else "head"
            ].expected

    verification = Verification(Absent(), judge)
    asyncio.run(verification.run([questions[title] for title in titles]))
    says = "The provider could not be verified: none of 1 replies could be compared."
    assert verification.unverified == (says if unverified else "")


STREAMED = """
steps:
  - when: {operation: watchPets}
    reply:
      events:
        - {event: start, data: a}
        - {event: pet, data: b}
        - {event: pet, data: c}
        - {event: stop, data: d}
"""


FORMS = {
    "token": "application/x-www-form-urlencoded",
    "xml": "application/xml",
    "file": "multipart/form-data",
}
FORM = {"type": "object", "xml": {"name": "a"}, "required": ["n"], "properties": {"b": {}}}
FORM["properties"]["n"] = {"type": "integer", "minimum": 3}


def test_bodies_that_are_no_json_are_made_up_too(tmp_path):
    paths = {
        f"/{name}": {
            "post": {
                "operationId": name,
                "requestBody": {"required": True, "content": {media: {"schema": FORM}}},
            }
        }
        for name, media in FORMS.items()
    }
    document = {"openapi": "3.1.0", "info": {"title": "Forms", "version": "1"}, "paths": paths}
    (tmp_path / "forms.json").write_text(json.dumps(document), "utf-8")
    questions, left_out, _ = made(tmp_path / "forms.json", *FORMS)
    assert left_out == {}
    sent = {title: (dict(each.request.headers), each.request.body) for title, each in questions.items()}
    assert sent["token"] == ({b"content-type": b"application/x-www-form-urlencoded"}, b"n=3")
    assert sent["xml"][1].endswith(b"<a><n>3</n></a>")
    boundary = sent["file"][0][b"content-type"].partition(b"boundary=")[2]
    assert boundary in sent["file"][1]

    contract = load(str(tmp_path / "forms.json"), (), ())
    steps = [
        f"{{when: {{operation: {name}, body: {{b: deep, n: 7}}}}, reply: {{body: {{}}}}}}" for name in FORMS
    ]
    steps += ["{when: {operation: token, body: {b: [x]}}, reply: {body: {}}}"]
    asks = ScenarioQuestions(contract, Fake(contract))
    asked = {each.operation.id: each for each in asks.of(load_text(f"steps: [{', '.join(steps)}]", name="s"))}
    assert sorted(asked) == ["file", "token"]
    assert (asked["token"].request.body, asked["token"].body) == (b"n=7&b=deep", {"n": 7, "b": "deep"})
    assert b'name="b"\r\n' in asked["file"].request.body
    # No field of XML is known, and what is read of this form is no list.
    why = "no request could be made up that it matches"
    assert [each for _, each in asks.left_out] == [f"step {number}: {why}" for number in (2, 4)]


TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
TEXTS = {"type": "array", "minItems": 2, "items": TEXT}
OBJECT = {"type": "object", "required": ["a"], "properties": {"a": NUMBER}}


@pytest.mark.parametrize(
    ("where", "style", "schema", "target"),
    [
        ("path", {"style": "label"}, NUMBER, "/at/.0"),
        ("path", {"style": "matrix"}, TEXTS, "/at/;x=string,string"),
        ("path", {}, TEXTS, "/at/string,string"),
        ("query", {}, TEXTS, "/at?x=string&x=string"),
        ("query", {"explode": False}, TEXTS, "/at?x=string%2Cstring"),
        ("query", {"style": "pipeDelimited", "explode": False}, TEXTS, "/at?x=string%7Cstring"),
        ("query", {"style": "deepObject"}, OBJECT, "/at?x%5Ba%5D=0"),
        ("query", {}, OBJECT, "/at?a=0"),
        ("query", {"explode": False}, OBJECT, "/at?x=a%2C0"),
        ("cookie", {}, NUMBER, "/at"),
        ("header", {}, TEXTS, "/at"),
    ],
)
def test_parameters_of_any_style_are_made_up(tmp_path, where, style, schema, target):
    parameter = {"name": "x", "in": where, "required": True, "schema": schema, **style}
    operation = {"operationId": "at", "parameters": [parameter], "responses": {"200": {"description": "It."}}}
    paths = {"/at/{x}" if where == "path" else "/at": {"get": operation}}
    document = {"openapi": "3.1.0", "info": {"title": "Styles", "version": "1"}, "paths": paths}
    (tmp_path / "styles.json").write_text(json.dumps(document), "utf-8")
    questions, left_out, _ = made(tmp_path / "styles.json")
    assert left_out == {}
    assert questions["at"].request.target == target


def test_a_parameter_is_sent_as_a_step_asks_for_it_and_once(pets):
    contract = load(str(pets), (), ())
    step = "steps: [{when: {operation: listPets, query: {limit: '20'}}, reply: {body: []}}]"
    (question,) = ScenarioQuestions(contract, Fake(contract)).of(load_text(step, name="s.yaml"))
    assert question.request.target == "/pets?limit=20"


def framed(*names):
    return b"".join(b"event: %s\ndata: x\n\n" % name.encode() for name in names)


@pytest.mark.parametrize(
    ("names", "codes"),
    [
        (["start", "pet", "stop"], []),
        (["start", "pet", "pet", "pet", "stop"], []),
        (["start", "stop"], []),
        (["pet", "start", "stop"], ["MG420"]),
        (["start", "pet", "stop", "pet"], ["MG420"]),
        (["start", "pet"], ["MG421"]),
        (["start", "pet", "ping", "stop"], ["MG424"]),
    ],
)
def test_events_come_in_the_order_of_a_scenario(pets, names, codes):
    contract = load(str(pets), (), ())
    makes = ScenarioQuestions(contract, Fake(contract))
    (question,) = makes.of(load_text(STREAMED, name="s.yaml"))
    reply = replace(question.expected, chunks=((0.0, framed(*names)),))
    found = DriftJudge(contract).drifts(question, reply)
    assert [(drift.code, drift.party) for drift in found] == [(code, "scenario") for code in codes]
