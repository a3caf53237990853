"""docs/fuzz.md: what it says of clients that need no Node. tests/clients runs its tutorial."""

import re
import subprocess

import pytest
from docs.reader import ROOT, SECONDS, blocks

pytestmark = pytest.mark.once

PAGE = (ROOT / "docs/fuzz.md").read_text("utf-8")
BLOCKS = blocks("docs/fuzz.md")


def test_a_shell_script_is_tried(reader):
    (reader.home / "client.sh").write_text(BLOCKS["Any command", "sh", 1].text, "utf-8")
    command = BLOCKS["Any command", "sh", 2].text
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=reader.home,
        env=reader.environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert (done.returncode, done.stdout.split("\n\n")[1].splitlines()[:2]) == (
        1,
        ["exit code 1: AttributeError at <string>:1", '  {"refuse": ""}'],
    ), done.stderr


def test_flags_are_those_of_the_command(reader):
    listed = reader.shell("mockgrid fuzz --help")
    flags = set(re.findall(r"`(--[a-z-]+)|^mockgrid fuzz (--[a-z-]+)", PAGE, re.MULTILINE))
    named = {flag for pair in flags for flag in pair if flag}
    assert named
    assert [flag for flag in sorted(named) if f"{flag} " not in listed] == []
    for flag, default in re.findall(r"^\| `(--[a-z]+) ([\w-]+)` \|", PAGE, re.MULTILINE):
        option = listed.partition(f"  {flag} ")[2]
        assert re.search(rf"\[default: {default}", option)
