"""The page about scenarios: its snippets load, its tables are the schema's, and what it names exists."""

import json
import re

import pytest
from scenarios.key_tables import PAGE, SCHEMA, TABLES, keys, renewed, shown, table
from scenarios.test_all import NAMES

from mockgrid.document import yaml
from mockgrid.scenario.loading import load

pytestmark = pytest.mark.once

TEXT = PAGE.read_text("utf-8")
SNIPPETS = re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
OPERATIONS = ["createChatCompletion", "listModels", "retrieveModel"]


def test_all_blocks_are_snippets():
    assert TEXT.count("```") == 2 * len(SNIPPETS) > 0


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_snippets_load(snippet, tmp_path):
    for shared in SNIPPETS:
        if shared.startswith("# shared/"):
            path = tmp_path / shared.partition("\n")[0].removeprefix("# ")
            path.parent.mkdir(exist_ok=True)
            path.write_text(shared, "utf-8")
    if not snippet.startswith("# shared/"):
        path = tmp_path / "snippet.yaml"
        path.write_text(snippet, "utf-8")
        assert load(path, operations=OPERATIONS).warnings == ()


def test_the_tables_are_the_schemas():
    assert renewed(TEXT) == TEXT
    assert all(table(name) in TEXT for name in TABLES)


def test_the_tables_have_every_key():
    described = re.findall(
        r'^ *"(\w+)": \{"description"|"(\w+)": \{\s+"description"', json.dumps(SCHEMA, indent=1)
    )
    named = {name.rpartition(".")[2] for name in re.findall(r"^\| `([\w.]+)` \|", TEXT, re.MULTILINE)}
    assert {first or second for first, second in described} <= named


@pytest.mark.parametrize("name", TABLES)
def test_examples_are_read_as_what_they_stand_for(name):
    for definition in TABLES[name]:
        for key, node in keys(SCHEMA["definitions"][definition] if definition else SCHEMA):
            example = node["examples"][0]
            text = shown(key, example)
            assert "|" not in text + node["description"]
            assert yaml.load(text, name=key).data == {key.rpartition(".")[2]: example}


def test_those_that_ship_are_listed_with_their_files():
    listed = re.findall(r"^\| \[`([\w-]+)`\]\(\.\./scenarios/([\w-]+)\.yaml\) \|", TEXT, re.MULTILINE)
    assert sorted(listed) == [(name, name) for name in NAMES]


def test_links_lead_to_files():
    targets = re.findall(r"\]\(([^)#:]+)\)", TEXT)
    assert [target for target in targets if not (PAGE.parent / target).exists()] == []
