"""docs/clients.md names the releases that are tested. What it shows is run by the clients' own suites."""

import json
import re

import pytest
from docs.reader import ROOT

pytestmark = pytest.mark.once

HERE = ROOT / "tests/clients"
GUIDE = (ROOT / "docs/clients.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", GUIDE, re.DOTALL | re.MULTILINE))


def pinned():
    for path in (HERE / "requirements").glob("*.txt"):
        tested = path.read_text("utf-8").partition("# What is tested:\n")[2].partition("\n\n")[0]
        yield from (line.partition("==")[2] for line in tested.splitlines())
    for path in (HERE / "node").glob("*/package.json"):
        package = json.loads(path.read_text("utf-8"))
        yield from (package.get("dependencies") or package["optionalDependencies"]).values()


@pytest.mark.parametrize("heading", SECTIONS)
def test_releases_are_those_that_are_tested(heading):
    prose = re.sub(r"^```.*?^```$", "", SECTIONS[heading], flags=re.DOTALL | re.MULTILINE)
    releases = set(re.findall(r"\d+\.\d+(?:\.\d+)?", prose))
    assert releases
    assert releases <= set(pinned())


def test_every_suite_of_a_client_is_in_the_guide():
    suites = {path.name for path in (HERE / "suites").iterdir() if path.is_dir() and path.name[0] != "_"}
    written = {heading.lower().replace("-", "_").replace(" ", "_") for heading in SECTIONS}
    # These are of a client that has a suite of its own.
    assert suites - written == {"litellm_proxy", "litellm_too_long", "openai_node", "openai_node_faults"}
    assert written <= suites
