"""Schemathesis finds nothing on the control interface either."""

import re
import subprocess
import sys
from pathlib import Path

from mockgrid.server.build import build_app
from mockgrid.server.run import start_in_thread
from mockgrid.server.settings import Settings


def test_nothing_is_found(tmp_path):
    settings = Settings(port=0, log="off")
    with start_in_thread(build_app(settings), settings) as server:
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("schemathesis")),
                "run",
                f"{server.control}/openapi.json",
                "--checks=all",
                "--phases=examples,coverage,fuzzing,stateful",
                "--exclude-path=/events",  # it has no end, as it says
                "--max-examples=40",
                "--seed=7",
                "--no-color",
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.search(r"(\d+) generated", done.stdout)[1]) > 300, done.stdout
