"""docs/drift.md: its commands run, and print what it shows."""

import json
import re

import pytest
import yaml
from docs.reader import ROOT, blocks

from mockgrid.cli.flags import load

pytestmark = pytest.mark.once

PAGE = (ROOT / "docs/drift.md").read_text("utf-8")
BLOCKS = blocks("docs/drift.md")
FIRST = next(iter(BLOCKS))[0]
USAGE = "{prompt_tokens: 1, completion_tokens: 1, total_tokens: 2}"


def shown(told, block):
    """Whether a block stands for a text: `…` there is any."""
    pattern = "".join(
        ".*?" if part == "…" else re.escape(part) for part in re.split("(…)", block.text.strip())
    )
    return re.fullmatch(pattern, told.strip(), re.DOTALL)


def test_a_provider_that_has_drifted(reader):
    scenario = reader.home / "drifted.yaml"
    scenario.write_text(
        f"steps: [{{when: {{body: {{stream_options: {{include_usage: true}}}}}}, "
        f"reply: {{auto: true, fields: {{/usage: {USAGE}}}}}}}]\n",
        "utf-8",
    )
    reader.environment["OPENAI_API_KEY"] = "mg-verify"
    served = "mockgrid serve --error-shape openai --scenarios drifted.yaml --scenario drifted"
    with reader.running(served):
        told = reader.shell(f"{BLOCKS[FIRST, 'sh', 1].text.strip()} || test $? = 1")
    assert shown(told, BLOCKS[FIRST, "text", 1]), told


def test_what_would_be_sent(reader):
    (reader.home / "scenarios").symlink_to(ROOT / "scenarios")
    reader.environment["PROVIDER_KEY"] = "x"
    told = reader.shell(BLOCKS["What is asked", "sh", 1].text)
    assert shown(told, BLOCKS["What is asked", "text", 1]), told


def test_a_newer_contract(reader):
    document = load(None, (), ()).document.data
    document["components"]["schemas"]["ChatCompletionsRequest"]["required"].append("user")
    (reader.home / "new.yaml").write_text(json.dumps(document), "utf-8")
    (reader.home / "scenarios").mkdir()
    (reader.home / "scenarios/weather.yaml").write_text("steps: [{reply: {say: Mild.}}]\n", "utf-8")
    told = reader.shell(f"{BLOCKS['Two contracts', 'sh', 1].text.strip()} || test $? = 1")
    assert shown(told, BLOCKS["Two contracts", "text", 1]), told


def test_flags_are_those_of_the_command(reader):
    listed = reader.shell("mockgrid verify --help")
    named = set(re.findall(r"`(--[a-z-]+)", PAGE)) - {"--no-buffer"}
    assert named
    assert [flag for flag in sorted(named) if flag not in listed] == []


def test_the_nightly_job_calls_the_command_as_it_is(reader):
    workflow = yaml.safe_load((ROOT / "docs/ci/github-drift.yaml").read_text("utf-8"))
    steps = workflow["jobs"]["verify"]["steps"]
    (verify,) = (step for step in steps if "mockgrid verify" in step.get("run", ""))
    listed = reader.shell("mockgrid verify --help")
    assert [flag for flag in re.findall(r"--[a-z-]+", verify["run"]) if flag not in listed] == []
    assert verify["shell"] == "bash"  # by which a pipe fails with its first command
