import importlib.util
from pathlib import Path

import pytest

from mockgrid.document import yaml
from mockgrid.errors import DocumentError
from mockgrid.findings.codes import codes as known_codes
from mockgrid.scenario.diagnostics import ScenarioError
from mockgrid.scenario.loading import check, load_text

_SPEC = importlib.util.spec_from_file_location("planted", Path(__file__).with_name("planted.py"))
planted = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(planted)

OPERATIONS = ("createChatCompletion", "listModels")


def found_in(text):
    try:
        return load_text(text, name="a.yaml", operations=OPERATIONS).warnings
    except ScenarioError as error:
        return error.findings


@pytest.mark.parametrize("mistake", planted.ERRORS, ids=lambda mistake: mistake.text[:60])
def test_an_error_is_found_at_its_place(mistake):
    (finding,) = found_in(mistake.source)
    line, column = mistake.place
    assert (finding.code, finding.severity, finding.where) == (
        mistake.code,
        "error",
        f"a.yaml:{line}:{column}",
    )
    assert mistake.fragment in f"{finding.message} {finding.hint}"


@pytest.mark.parametrize("mistake", planted.WARNINGS, ids=lambda mistake: mistake.text[:60])
def test_a_warning_is_found_at_its_place(mistake):
    (finding,) = found_in(mistake.source)
    line, column = mistake.place
    assert (finding.code, finding.severity, finding.where) == (
        mistake.code,
        "warning",
        f"a.yaml:{line}:{column}",
    )
    assert mistake.fragment in f"{finding.message} {finding.hint}"


def test_every_code_of_a_scenario_is_planted_and_explained():
    codes = {mistake.code for mistake in (*planted.ERRORS, *planted.WARNINGS, *planted.WAITING)}
    assert codes == {code for code in known_codes() if "MG210" <= code <= "MG239"}
    assert len(planted.ERRORS) >= 60


def test_all_findings_of_a_file_are_told_at_once_in_its_order():
    text = """
steps:
  - when: {turn: one}
    reply: {say: '${x}'}
  - reply: {error: 200, delay: 5}
  - when: {last_user: {matches: '('}}
    then: repaet
    replies: [{say: Hi}, {sya: Hi}]
seed: x
"""
    places = [(finding.code, finding.where) for finding in found_in(text)]
    assert places == [
        ("MG212", "a.yaml:3:18"),
        ("MG218", "a.yaml:4:18"),
        ("MG215", "a.yaml:5:20"),
        ("MG216", "a.yaml:5:32"),
        ("MG217", "a.yaml:6:33"),
        ("MG213", "a.yaml:7:11"),
        ("MG211", "a.yaml:8:27"),
        ("MG212", "a.yaml:9:7"),
    ]


def test_the_error_says_the_first_and_how_many_more():
    with pytest.raises(DocumentError, match=r"^a\.yaml:1:7: MG212: .* \(1 more error\.\)$"):
        load_text("seed: x\nstrict: 1\n", name="a.yaml")


def test_a_finding_reads_as_one_line_and_as_json():
    (finding,) = found_in("seed: -1")
    assert str(finding) == "a.yaml:1:7: error MG215: `seed` must be at least 0, got -1."
    assert finding.as_json()["code"] == "MG215"


def test_a_file_with_errors_has_no_scenario():
    scenario, found = check(yaml.load("seed: x", name="a.yaml"))
    assert scenario is None
    assert len(found) == 1


@pytest.mark.parametrize(
    "text",
    [
        "steps:\n  - {then: pass, reply: {say: a}}\n  - {reply: {say: b}}\n",
        "steps:\n  - {times: 2, reply: {say: a}}\n  - {reply: {say: b}}\n",
        "steps:\n  - {when: {turn: 1}, reply: {say: a}}\n  - {when: {turn: 2}, reply: {say: b}}\n",
        "steps: [{when: {turn: 1, stream: true}, reply: {say: a}}, {when: {turn: 1}, reply: {say: b}}]",
        "steps:\n  - {when: {state: paid}, reply: {say: a}}\n  - {go_to: paid, reply: {say: b}}\n",
        "steps:\n  - {when: {state: start}, reply: {say: a}}\n  - {reply: {say: b}}\n",
        "steps: [{when: {tools: {glob: 'a*'}}, reply: {say: a}}, {when: {tools: ab}, reply: {say: b}}]",
        "steps:\n  - {when: {body: {messages: [{content: {contains: x}}]}}, reply: {say: a}}\n",
        "steps:\n  - {replies: [{say: a}, {say: b}], times: 2}\n",
    ],
)
def test_nothing_is_said_of_what_is_fine(text):
    assert found_in(text) == ()


@pytest.mark.parametrize(
    "broken",
    [
        "{when: {operation: lstModels}, go_to: paid, reply: {say: a}}",
        "{when: {turn: 1}, reply: {say: '${x}', go_to: paid}}",
        "{when: {turn: 1}, replies: [{say: a, finish: stopp}, {say: b, go_to: paid}]}",
        "{when: {turn: 1}, goto: paid, reply: {say: a}}",
        "{when: {turn: 1}, reply: {say: a}, replies: [{say: b, go_to: paid}]}",
    ],
)
def test_a_step_that_is_wrong_leads_where_it_says(broken):
    text = f"steps:\n  - {broken}\n  - {{when: {{state: paid}}, reply: {{say: b}}}}\n"
    (finding,) = found_in(text)
    assert finding.severity == "error"
    assert "MG232" in {found.code for found in found_in(text.replace("state: paid", "state: other"))}
