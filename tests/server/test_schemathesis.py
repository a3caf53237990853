"""Schemathesis, with all its checks and phases, finds nothing on the contract as served."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mockgrid.server.build import build_app
from mockgrid.server.run import start_in_thread
from mockgrid.server.settings import Settings

DOCUMENTS = Path(__file__).parents[1] / "documents"


@pytest.mark.parametrize("query", ["", "?sse=checkable"])
def test_nothing_is_found(query, tmp_path):
    settings = Settings(port=0, log="off")
    with start_in_thread(build_app(settings), settings) as server:
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("schemathesis")),
                "run",
                f"http://127.0.0.1:{server.port}/openapi.json{query}",
                "--header=Authorization: Bearer mg-schemathesis",
                "--checks=all",
                "--phases=examples,coverage,fuzzing,stateful",
                "--max-examples=60",
                "--seed=7",
                "--no-color",
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.search(r"(\d+) generated", done.stdout)[1]) > 500, done.stdout
    assert "3 selected / 3 total" in done.stdout
