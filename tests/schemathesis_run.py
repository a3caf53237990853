"""One run of schemathesis, with all its checks and phases."""

import re
import subprocess
import sys
from pathlib import Path


def generated(url, folder, *options):
    """Return how many cases it has generated, and what it has printed; it must find nothing."""
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")),
            "run",
            url,
            "--checks=all",
            "--phases=examples,coverage,fuzzing,stateful",
            "--seed=7",
            "--no-color",
            *options,
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return int(re.search(r"(\d+) generated", done.stdout)[1]), done.stdout
