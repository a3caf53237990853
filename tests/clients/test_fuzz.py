"""docs/fuzz.md: its tutorial finds what it says in a client for Node, and nothing once that is mended."""

import os
import re
import subprocess
import sys
from pathlib import Path

from environments import node

PAGE = (Path(__file__).parents[2] / "docs/fuzz.md").read_text("utf-8")
CLIENT, MENDED = re.findall(r"^```js\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
(FOUND,) = re.findall(r"^```text\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
FUZZ, REPLAY = re.findall(r"^mockgrid (fuzz .*node client\.mjs)$", PAGE, re.MULTILINE)
SECONDS = 300


def mockgrid(folder, arguments):
    node()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, "-m", "mockgrid", *arguments.split()]
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def test_the_tutorial_finds_three_bugs_and_none_once_they_are_mended(tmp_path):
    client = tmp_path / "client.mjs"
    client.write_text(CLIENT, "utf-8")
    done = mockgrid(tmp_path, FUZZ)
    found = done.stdout.partition("\n\n")[2].split("\n\n")
    assert done.returncode == 1, done.stderr
    assert sorted(map(str.strip, found)) == sorted(FOUND.strip().split("\n\n"))
    assert mockgrid(tmp_path, REPLAY).returncode == 1

    kept = CLIENT.splitlines(keepends=True)[: -len(MENDED.splitlines())]
    client.write_text("".join([*kept, MENDED]), "utf-8")
    assert mockgrid(tmp_path, REPLAY).returncode == 0
    done = mockgrid(tmp_path, FUZZ)
    assert done.returncode == 0, done.stderr
    assert ", 0 distinct failures" in done.stdout
