import pytest
from hypothesis import HealthCheck, given, settings

from mockgrid.document.yaml import load
from mockgrid.errors import MockgridError
from mockgrid.reply.checking import Checking
from mockgrid.scenario.loading import build
from mockgrid.strategies import replies, scenario_text, sequences, wild
from mockgrid.strategies.target import target_of
from mockgrid.strategies.wild import WILD

pytestmark = pytest.mark.once
TARGET = target_of(None, None)
CHECKING = Checking(TARGET.contract)
MANY = settings(max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck))


@MANY
@given(sequences(document=TARGET.contract, faults=True, wild=True))
def test_what_is_drawn_is_written_read_again_and_sound(drawn):
    text = scenario_text(drawn, comment="What happened.\nAnd where.")
    assert text.startswith("# What happened.\n# And where.\nsteps:\n")
    data = load(text, name="drawn.yaml").data
    step = data["steps"][0]
    assert step.get("replies", [step.get("reply")]) == drawn
    scenario = build(data, where="drawn.yaml")
    assert [finding for finding in CHECKING.findings(scenario) if finding.severity == "error"] == []


def test_an_operation_is_named_as_people_do():
    for name in ("createChatCompletion", "POST /chat/completions", "post /v1/chat/completions", None):
        assert target_of(name, TARGET.contract).operation.id == "createChatCompletion"


def test_what_is_not_known_is_told_in_a_sentence():
    with pytest.raises(
        MockgridError, match=r"has no operation 'createChat'\. Did you mean createChatCompletion\?"
    ):
        replies("createChat")
    with pytest.raises(MockgridError, match=r"called 'no-choice'\. Did you mean no-choices\?"):
        wild("no-choice")
    assert all(WILD.values())
