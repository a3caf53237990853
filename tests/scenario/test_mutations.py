"""Whatever a slip of the hand makes of a scenario, it is findings or a scenario, and never a traceback."""

import copy
import json
import warnings
from contextlib import suppress
from functools import cache
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockgrid import MockGrid
from mockgrid.app.build import load_contract, read_scenarios
from mockgrid.cli.checking import check_files
from mockgrid.document import yaml
from mockgrid.document.document import Document
from mockgrid.errors import MockgridWarning
from mockgrid.reply.checking import Checking, unsatisfiable_steps
from mockgrid.scenario.diagnostics import ScenarioError
from mockgrid.scenario.loading import build, check
from mockgrid.settings import Settings
from mockgrid.testing.error import PlayError

pytestmark = pytest.mark.once

_FOLDER = Path(__file__).parents[2] / "scenarios"
_SOURCES = [yaml.load(path.read_text(), name=path.name).data for path in sorted(_FOLDER.glob("*.yaml"))]
_KEYS = ("say", "json", "call", "stream", "fault", "when", "any", "not", "above", "schema", "sya", "pace", "")
_VALUES = (
    None, True, 0, -1, 10**80, 0.5, "", "x", "${", "${body:/a}", "20ms", "200", "é\ud800", "a" * 5000,
    [], {}, [[]], [{}], {"a": 1}, {"schema": 1}, {"matches": "("}, {"equals": None}, ["x"] * 150,
    [{"sya": "x"}] * 150, [{"say": "x"}] * 3,
)  # fmt: skip


@cache
def checks():
    contract = load_contract(Settings())
    return contract, Checking(contract)


def places(value, at=()):
    yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*at, key))


def mutated(data, draw):
    at = draw(st.sampled_from(list(places(data))))
    value = copy.deepcopy(draw(st.sampled_from(_VALUES)))
    if not at:
        return value
    holder = data
    for key in at[:-1]:
        holder = holder[key]
    match draw(st.integers(0, 4)):
        case 0:
            del holder[at[-1]]
        case 1 if isinstance(holder, dict):
            holder[draw(st.sampled_from(_KEYS))] = holder[at[-1]]
        case 2:
            holder[at[-1]] = [
                copy.deepcopy(holder[at[-1]]) for _ in range(draw(st.sampled_from((1, 101, 150))))
            ]
        case 3:
            holder[at[-1]] = {draw(st.sampled_from(_KEYS)): holder[at[-1]]}
        case _:
            holder[at[-1]] = value
    return data


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_mutation_is_findings_or_a_scenario(data):
    source = copy.deepcopy(data.draw(st.sampled_from(_SOURCES)))
    for _ in range(data.draw(st.integers(1, 3))):
        source = mutated(source, data.draw)
    try:
        scenario = build(source)
        findings = scenario.warnings
    except ScenarioError as error:
        scenario, findings = None, error.findings
    assert (scenario is None) == any(finding.severity == "error" for finding in findings)
    assert all(finding.message and finding.where for finding in findings)
    if scenario is not None:
        contract, checking = checks()
        assert isinstance(checking.findings(scenario), list)
        assert isinstance(unsatisfiable_steps(scenario, contract, None), list)


_MANY = [
    [{"sya": "x"}] * 101,
    {"steps": [{"reply": {"sya": "x"}}] * 101},
    {"steps": [{"reply": {"say": 3}}] * 150},
    {"steps": [{"reply": {"say": "x", "delay": 2}}] * 150},
    {"steps": [{"when": {"foo": 1}, "reply": {"say": "x"}}] * 150},
    {"steps": [{"replies": [{"say": "x"}] * 100 + [{"say": 3}] * 101}]},
    {"steps": [{"reply": {"say": "${x}"}}] * 150},
]


@pytest.mark.parametrize("data", _MANY, ids=range(len(_MANY)))
def test_of_many_equal_mistakes_the_first_hundred_are_told_and_the_rest_is_counted(data):
    with pytest.raises(ScenarioError) as caught:
        build(data)
    findings = caught.value.findings
    assert len(findings) == 101
    more = findings[-1].message
    count = 50 if "50" in more else 1
    assert more == f"Here and below are mistakes in {count} more {'place' if count == 1 else 'places'}."


def test_of_more_than_a_hundred_mistakes_in_one_reply_it_is_told_that_there_may_be_more():
    with pytest.raises(ScenarioError) as caught:
        build([{"say": "x", **{f"k{number}": 1 for number in range(150)}}])
    assert len(caught.value.findings) == 101
    assert caught.value.findings[-1].message == "Here and below may be more mistakes."


def test_of_many_warnings_the_rest_is_counted_and_refuses_nothing():
    scenario, findings = check(Document({"steps": [{"reply": {"say": "x"}}] * 151}, "a.yaml"))
    assert scenario is not None
    assert len(findings) == 101
    assert (findings[-1].severity, findings[-1].where) == ("warning", "a.yaml#/steps/101")
    assert findings[-1].message == "Here and below are mistakes in 50 more places."


def test_what_lies_beyond_the_hundred_is_not_played():
    mistakes = [{"reply": {"sya": "x"}}] * 100
    scenario, findings = check(Document({"steps": [*mistakes, {"reply": {"say": 3}}]}, "a.yaml"))
    assert scenario is None
    assert findings[-1].where == "a.yaml#/steps/100"


_TEXTS = [path.read_text("utf-8") for path in sorted(_FOLDER.glob("*.yaml"))]
_INSERTED = (
    "<<: *a", "&a ", "*a", "x-a: &a {b: 1}\n", "- include: a.yaml\n", "{include: a.yaml#x}", "!!int ", "? ",
    "{", "}", "[", "]", "'", '"', ": ", "- ", "#", "\n", "  ", "\t", "|", "\x00", "é", "\ufeff", "1e999",
    "${tool_result:", "{{model}}",
)  # fmt: skip


@st.composite
def slips(draw):
    """The text of a scenario after a few slips of the hand."""
    text = draw(st.sampled_from(_TEXTS))
    for _ in range(draw(st.integers(1, 3))):
        at, length = draw(st.integers(0, len(text))), draw(st.sampled_from((0, 0, 1, 5, 40)))
        text = text[:at] + draw(st.sampled_from(("", *_INSERTED))) + text[at + length :]
    return text


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A server, a client of its control interface, and a folder of scenarios."""
    with MockGrid() as grid:
        url = f"{grid.base_url.removesuffix('/v1')}/__mockgrid__/sessions/{grid.api_key}/steps"
        headers = {"authorization": f"Bearer {grid.api_key}"}
        with httpx.Client(headers=headers, timeout=60) as client:
            yield grid, client, url, tmp_path_factory.mktemp("scenarios")


def asked(grid, client):
    """Ask what plays, and tell that the server did not fail by itself."""
    body = {"model": "text-prime", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
    with suppress(httpx.HTTPError):  # faults are what some scenarios are for
        response = client.post(f"{grid.base_url}/chat/completions", json=body, timeout=0.2)
        assert "MockGrid failed" not in response.text


@settings(max_examples=150, deadline=None)
@given(slips())
def test_a_slip_in_a_file_is_told_by_check_serve_play_and_put(served, text):
    grid, client, url, folder = served
    contract, _ = checks()
    path = folder / "slip.yaml"
    path.write_text(text, "utf-8")
    checked = check_files([path], lambda: contract, chosen=False)
    library, findings = read_scenarios(Settings(scenarios=(str(folder),)), contract)
    errors = [finding for finding in checked.findings if finding.severity == "error"]
    assert bool(errors) == any(finding.severity == "error" for finding in findings)
    assert path in library.files
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MockgridWarning)
            grid.play(path)
        played = True
    except PlayError:
        played = False
    assert played is not bool(errors)
    if played:
        asked(grid, client)
    response = client.put(url, json={"source": text, "where": "slip.yaml"})
    assert response.status_code in {200, 409}
    assert (response.status_code == 200) or response.json()["findings"]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_mutation_is_told_by_play_and_put(served, data):
    grid, client, url, _ = served
    source = copy.deepcopy(data.draw(st.sampled_from(_SOURCES)))
    for _ in range(data.draw(st.integers(1, 2))):
        source = mutated(source, data.draw)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MockgridWarning)
            grid.play(source)
        asked(grid, client)
    except PlayError:
        pass  # which is what it is told by
    body = json.dumps({"steps": source}).encode()
    response = client.put(url, content=body, headers={"content-type": "application/json"})
    assert response.status_code in {200, 400, 409, 422}
    assert response.json()
