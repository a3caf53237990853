"""action.yml and docs/pipelines.md, as far as they can be read. tests/deploy runs them."""

import re

import pytest
import yaml
from docs.reader import ROOT

from mockgrid.settings import SETTINGS

pytestmark = pytest.mark.once

ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
SETTLED = {"--host", "--uds", "--watch", "--log", "--ready"}
"""By the action itself: where it runs, there is nobody to choose them."""


def test_the_action_has_an_input_for_every_flag():
    flags = {known.flag for known in SETTINGS.values() if known.flag.startswith("--")} - SETTLED
    of_report = {"--url", "--output", "--format", "--fail-under"}
    assert {f"--{name}" for name in ACTION["inputs"]} == {"--command", "--document"} | flags | of_report


def test_the_documentation_has_the_example_and_names_what_there_is():
    text = (ROOT / "docs/pipelines.md").read_text("utf-8")
    named = re.findall("`([a-z-]+)`", "".join(re.findall(r"^\|([^|]*)\|", text, re.MULTILINE)))
    assert set(named) - {"start", "serve"} <= {*ACTION["inputs"], *ACTION["outputs"]}
    (example,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    workflow = yaml.safe_load((ROOT / "docs/ci/github-actions.yaml").read_text("utf-8"))
    job = workflow["jobs"]["test-with-the-action"]
    del job["steps"][-1]["with"]["output"]
    assert yaml.safe_load(example) == {name: job[name] for name in ("env", "steps")}


def test_what_callers_give_the_action_is_no_part_of_a_command():
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"]
