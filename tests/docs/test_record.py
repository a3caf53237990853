"""docs/record.md: its commands run, and write what it shows."""

import json

import pytest
from docs.reader import ROOT, blocks

from mockgrid.cli import main

pytestmark = pytest.mark.once

PAGE = (ROOT / "docs/record.md").read_text("utf-8")
BLOCKS = blocks("docs/record.md")
FIRST = next(iter(BLOCKS))[0]
SCRUBBED = "Secrets, and what else nobody should read"
READ = "What can be read"


def test_the_cassette_becomes_the_scenario(reader):
    (reader.home / "cassettes").mkdir()
    (reader.home / "cassettes" / "test_weather.yaml").write_text(BLOCKS[FIRST, "yaml", 1].text, "utf-8")
    reader.shell(BLOCKS[FIRST, "sh", 1].text)
    written = (reader.home / "scenarios" / "test_weather.yaml").read_text("utf-8")
    assert written == BLOCKS[FIRST, "yaml", 2].text
    assert reader.shell("mockgrid check scenarios") == "1 scenario: nothing found.\n"


def test_what_is_scrubbed_leaves_what_the_table_says(reader):
    body = {
        "messages": [{"role": "user", "content": "I am Ada Lovelace, ada@example.org, CUST-7, of Marylebone"}]
    }
    entry = {
        "request": {
            "method": "POST",
            "url": "https://x/v1/chat/completions",
            "postData": {"text": json.dumps(body)},
        },
        "response": {"status": 503, "content": {"text": "Ada Lovelace ada@example.org CUST-7 Marylebone"}},
    }
    (reader.home / "session.har").write_text(json.dumps({"log": {"entries": [entry]}}), "utf-8")
    (reader.home / "private.txt").write_text("Marylebone\n", "utf-8")
    out = reader.shell(BLOCKS[SCRUBBED, "sh", 1].text)
    assert "body: '[name-1] mail-1@example.com [scrubbed-1] [name-2]'" in out
    leaves = [
        line.split("|")[3].strip(" `") for line in PAGE.splitlines() if line.startswith("| ") and "`[" in line
    ]
    assert set(leaves) >= {"[name-1]", "[scrubbed-1]"}


def test_a_pair_is_read(tmp_path, capsys):
    (tmp_path / "log.jsonl").write_text(BLOCKS[READ, "json", 1].text, "utf-8")
    assert main(["import", str(tmp_path / "log.jsonl")]) == 0
    assert "error: {status: 429, detail: Slow down}" in capsys.readouterr().out
