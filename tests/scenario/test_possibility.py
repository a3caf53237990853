import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest

from mockgrid.app.build import load_contract, read_scenarios
from mockgrid.contract.contract import Contract
from mockgrid.document import yaml
from mockgrid.reply.checking import unsatisfiable_steps
from mockgrid.scenario.loading import build, load_text
from mockgrid.settings import Settings

_SPEC = importlib.util.spec_from_file_location("planted", Path(__file__).with_name("planted.py"))
planted = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(planted)

CONTRACT = load_contract(Settings())
DOCUMENTS = Path(__file__).parents[1] / "documents"


def found_in(text, contract=CONTRACT):
    return unsatisfiable_steps(load_text(text, name="a.yaml"), contract, contract.policy.models)


def contract_of(body, paths="", behaviour="null"):
    text = f"""
openapi: 3.1.0
info: {{title: Made up, version: '1'}}
x-mockgrid: {{models: {{known: {{small: null}}}}}}
paths:
  /chat:
    post:
      operationId: chat
      x-mockgrid: {{behaviour: {behaviour}}}
      requestBody: {{content: {{application/json: {{schema: {body}}}}}}}
      responses: {{'200': {{description: Yes}}}}
{paths}"""
    return Contract(yaml.load(text.encode(), name="made-up.yaml"))


@pytest.mark.parametrize("mistake", planted.WAITING, ids=lambda mistake: mistake.text[:60])
def test_what_no_request_can_satisfy_is_found_at_its_place(mistake):
    (finding,) = found_in(mistake.source)
    line, column = mistake.place
    assert (finding.code, finding.severity) == (mistake.code, "warning")
    assert finding.where == f"a.yaml:{line}:{column}"
    assert mistake.fragment in f"{finding.message} {finding.hint}"


@pytest.mark.parametrize("text", planted.POSSIBLE)
def test_what_some_request_can_satisfy_is_not(text):
    assert found_in(planted.when(text)) == []


def test_models_of_the_scenario_are_known():
    assert found_in("models: [gpt-4o]\n" + planted.when("{model: gpt-4o}")) == []


def test_a_lenient_contract_refuses_less():
    text = planted.when("{body: {reasoning_effort: colossal}}")
    assert len(found_in(text)) == 1
    assert found_in(text, load_contract(Settings(lenient=True))) == []


def test_documents_without_chat_completions_know_no_models():
    pets = load_contract(Settings(document=str(DOCUMENTS / "petstore.yaml")))
    when = "{{operation: listPets, {}}}".format
    assert found_in(planted.when(when("model: gpt-4o")), pets) == []
    (finding,) = found_in(planted.when(when("method: POST")), pets)
    assert "no operation with this method and path" in finding.message


def test_many_explanations_are_not_waited_for():
    steps = [{"when": {"body": {"temperature": 5 + step}}, "reply": {"auto": True}} for step in range(1_000)]
    assert len(unsatisfiable_steps(build(steps), CONTRACT, None)) == 200


def test_models_of_the_flag_are_known(tmp_path):
    (tmp_path / "a.yaml").write_text(planted.when("{model: gpt-4o}"), "utf-8")
    settings = Settings(scenarios=(str(tmp_path),))
    assert [one.code for one in read_scenarios(settings, CONTRACT)[1]] == ["MG235"]
    assert read_scenarios(replace(settings, models=("gpt-*",)), CONTRACT)[1] == []


def test_a_request_without_a_model_has_the_default_one_whatever_the_scenario_knows():
    text = "models: ['agent-max']\n" + planted.when("{model: MODEL}")
    assert found_in(text.replace("MODEL", "text-standard")) == []
    assert found_in(text.replace("MODEL", "{glob: text-*}")) == []
    assert len(found_in(text.replace("MODEL", "text-prime"))) == 1


CHOSEN = "{anyOf: [{required: [a], properties: {n: {maximum: 5}}}, {properties: {n: {minimum: 10}}}]}"
GIVEN = "{if: {required: [a]}, then: {properties: {n: {minimum: 10}}}, else: {properties: {n: {maximum: 5}}}}"
EITHER = "{properties: {x: {anyOf: [{items: {type: integer}}, {additionalProperties: {type: string}}]}}}"
KEYED = "{properties: {x: {type: [array, object], items: {type: integer}}}}"
PAIR = "{properties: {x: {type: array, prefixItems: [{type: string}], items: {type: integer}}}}"
NAMED = "{type: object, patternProperties: {'^x': {type: integer}}, additionalProperties: false}"
NESTED = (
    "{allOf: [{type: object, properties: {x: {oneOf: [{type: string}, {properties: {y: {const: 1}}}]}}}]}"
)


@pytest.mark.parametrize(
    ("schema", "body", "possible"),
    [
        (CHOSEN, "{n: 20}", True),
        (CHOSEN, "{n: 3}", True),
        (CHOSEN, "{n: 7}", False),
        (GIVEN, "{a: 1, n: 20}", True),
        (EITHER, "{x: {'0': a}}", True),
        (EITHER, "{x: [1, 2]}", True),
        (KEYED, "{x: {'0': a}}", True),
        (PAIR, "{x: [a, 1]}", True),
        (PAIR, "{x: [a, b]}", False),
        (NAMED, "{x1: 1}", True),
        (NAMED, "{y: 1}", False),
        (NESTED, "{x: {y: 1}}", True),
        (NESTED, "{x: {y: 2}}", False),
        ("{type: array, items: {type: integer}}", "[1, a]", False),
        ("{type: object, additionalProperties: false, properties: {a: {}}}", "{b: 1}", False),
        ("{type: object, properties: {a: {required: [b]}}}", "{a: {equals: {}}}", False),
    ],
)
def test_a_value_is_possible_where_some_body_may_have_it(schema, body, possible):
    assert (found_in(planted.when(f"{{body: {body}}}"), contract_of(schema)) == []) == possible


def test_bodies_of_other_media_types_may_be_anything():
    pets = load_contract(Settings(document=str(DOCUMENTS / "petstore.yaml")))
    assert found_in(planted.when("{operation: addPet, body: hello}"), pets) == []


def test_a_request_that_asks_for_no_format_asks_for_text():
    body = "{type: object, properties: {response_format: {properties: {type: {enum: [json_object]}}}}}"
    contract = contract_of(body, behaviour="chat-completions")
    assert found_in(planted.when("{response_format: text}"), contract) == []
    assert len(found_in(planted.when("{response_format: xml}"), contract)) == 1


def test_what_stands_around_a_branch_says_for_which_operation_it_is():
    other = """
  /embeddings:
    post:
      operationId: embed
      requestBody: {content: {application/json: {schema: {properties: {temperature: {type: string}}}}}}
      responses: {'200': {description: Yes}}
"""
    contract = contract_of("{properties: {temperature: {type: number}}}", other, "chat-completions")
    branches = "any: [{model: large}, {all: [{any: [{body: {temperature: hot}}]}]}]"
    for place in ("operation: embed", "path: /embeddings", "not: {operation: chat}"):
        assert found_in(planted.when(f"{{{place}, {branches}}}"), contract) == []
    assert len(found_in(planted.when(f"{{{branches}}}"), contract)) == 2
