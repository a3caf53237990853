"""What openai-node makes of each fault: the suite asserts what faults.json says, and docs/faults.md too."""

import json
import re

import pytest
import yaml
from environments import HERE
from outcomes import SUITES, run_node

from mockgrid.scenario.reading.structure import schema

SUITE = SUITES / "openai_node_faults"
TABLES = json.loads((SUITE / "faults.json").read_text("utf-8"))
ROWS = [(heading, row) for heading, rows in TABLES.items() for row in rows]
KINDS = schema()["definitions"]
STREAM, EARLY = "In a stream", "Before the first byte"
DOCS = (HERE.parents[1] / "docs" / "faults.md").read_text("utf-8")
TESTED, NEXT = "openai-node-6", "openai-node-7"


@pytest.fixture(scope="module")
def url(serving):
    with serving("--scenarios", str(SUITE / "scenarios")) as address:
        yield address


@pytest.mark.parametrize("environment", [TESTED, NEXT])
def test_faults(check, environment):
    check(run_node, "openai_node_faults", environment)


def test_every_fault_is_played():
    assert {row.partition(",")[0] for row in TABLES[STREAM]} == set(KINDS["streamFaultKind"]["enum"])
    assert {row.partition(",")[0] for row in TABLES[EARLY]} == set(KINDS["faultKind"]["enum"])
    steps = yaml.safe_load((SUITE / "scenarios" / "faults.yaml").read_text("utf-8"))["steps"]
    cases = {f"{heading}: {case}" for heading, row in ROWS for case in TABLES[heading][row]}
    assert {step["when"]["last_user"] for step in steps} == cases
    for step in steps:
        heading, _, case = step["when"]["last_user"].partition(": ")
        if heading in {STREAM, EARLY} and case != "wrong_length, too long":
            reply = step["reply"]
            fault = reply["stream"]["fault"] if heading == STREAM else reply["fault"]
            assert (fault if isinstance(fault, str) else fault["kind"]) == case.partition(",")[0]


def test_the_documentation_has_these_rows_and_releases():
    assert [(heading, row) for heading in TABLES for row in documented(heading)] == ROWS
    assert f"openai-node {minor(TESTED)}" in DOCS
    later = re.search(rf"openai-node {re.escape(minor(NEXT))} differs in ([^:]*):", DOCS)
    different = [row for heading, row in ROWS if any(NEXT in case for case in TABLES[heading][row].values())]
    assert later is not None
    assert re.findall(r"`([^`]*)`", later[1]) == different


@pytest.mark.parametrize(("heading", "row"), ROWS)
def test_the_documentation_names_these_errors(heading, row):
    """Those of a call or a loop come first; after `.stream()` stand those that are not the rule there."""
    cases = TABLES[heading][row].values()
    outcomes = [case[way] for case in cases for way in ("plain", "iterate") if way in case]
    direct = {outcome["error"] for outcome in outcomes if "error" in outcome}
    helper = {case["stream"]["error"] for case in cases if "stream" in case}
    cell = documented(heading)[row]
    first, _, second = cell.partition("`.stream()`")
    assert agrees(named(first), direct)
    assert agrees(named(second), helper)
    if not direct:
        assert cell.startswith("waits" if any("waits" in outcome for outcome in outcomes) else "nothing")


def documented(heading):
    """The cells about openai-node below a heading, by the plain text of their row's first cell."""
    section = re.split(rf"^#+ {re.escape(heading)}$", DOCS, flags=re.MULTILINE)[1]
    lines = re.split(r"^#", section, flags=re.MULTILINE)[0].splitlines()
    header, _, *rows = [line.strip("|").split("|") for line in lines if line.startswith("|")]
    place = [cell.strip() for cell in header].index("openai-node")
    return {row[0].strip().replace("`", "").removesuffix(" (default)"): row[place].strip() for row in rows}


def named(text):
    """The errors that a cell names: a class, or a class and its message."""
    return set(re.findall(r"`(\w*Error(?:: [^`]*)?)`", text))


def agrees(told, outcomes):
    """Whether each names all of the others; the documentation may leave the message out."""
    found = {
        outcome: {name for name in told if outcome == name or outcome.startswith(f"{name}: ")}
        for outcome in outcomes
    }
    return all(found.values()) and told == set().union(*found.values())


def minor(environment):
    package = json.loads((HERE / "node" / environment / "package.json").read_text("utf-8"))
    return package["dependencies"]["openai"].rpartition(".")[0]
