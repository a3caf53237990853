import importlib.util
from pathlib import Path

import pytest

from mockgrid.scenario import build, load_text
from mockgrid.scenario.possibility import waiting_for_ever
from mockgrid.server.build import load_contract
from mockgrid.server.settings import Settings

_SPEC = importlib.util.spec_from_file_location("planted", Path(__file__).with_name("planted.py"))
planted = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(planted)

CONTRACT = load_contract(Settings())
DOCUMENTS = Path(__file__).parents[1] / "documents"


def found_in(text, contract=CONTRACT):
    return waiting_for_ever(load_text(text, name="a.yaml"), contract)


@pytest.mark.parametrize("mistake", planted.WAITING, ids=lambda mistake: mistake.text[:60])
def test_what_no_request_can_satisfy_is_found_at_its_place(mistake):
    (finding,) = found_in(mistake.source)
    line, column = mistake.place
    assert (finding.code, finding.severity, finding.where) == ("MG235", "warning", f"a.yaml:{line}:{column}")
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
    assert len(waiting_for_ever(build(steps), CONTRACT)) == 200
