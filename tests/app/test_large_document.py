"""What a document of the size and shape of the largest public ones costs, in bounds that hold on any machine.

Each bound is what was measured and a third. Who makes it worse for a reason moves the bound, and says so.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from large_document import large_document

pytestmark = pytest.mark.once

TESTS = Path(__file__).parents[1]
# In times that the standard library takes to read the document (50 ms where these are from), and megabytes.
FIRST, AGAIN, REQUEST, RESIDENT = 40, 7, 0.006, 230
LARGEST_REPLY = 50_000


def with_bodies(document):
    """Let every fifth operation take what it answers, if it wants."""
    for item in list(document["paths"].values())[::5]:
        operation = item["post"] = item.pop("get")
        operation["requestBody"] = {"content": operation["responses"]["200"]["content"]}
    return document


def test_the_largest_documents_start_soon_and_take_little(tmp_path):
    path = tmp_path / "large.json"
    path.write_text(json.dumps(with_bodies(large_document(140, 1200))))
    assert path.stat().st_size > 8_000_000

    def holds(cache, start):
        script = [sys.executable, str(TESTS / "large_run.py"), str(path), str(tmp_path / cache)]
        done = subprocess.run(script, capture_output=True, check=True, cwd=TESTS, text=True)
        costs = json.loads(done.stdout)
        print(costs)  # noqa: T201 (what fails is compared with it)
        assert costs["largest"] < LARGEST_REPLY
        assert costs["resident"] < RESIDENT
        return costs["start"] < start and costs["slowest"] < REQUEST

    # What others want of the processor and its caches meanwhile is not always alike: then again.
    tries = range(4)
    assert any(holds(f"cache {number}", FIRST) for number in tries)
    assert any(holds("cache 0", AGAIN) for _ in tries)
