"""Many workers that share a server, which another run uses at the same time."""

import subprocess
import sys

import pytest
from testing.suites import ALONE, suite

TEXT = """
@pytest.mark.parametrize("number", range(16))
def test_it(mockgrid, number):
    mockgrid.play([{"error": 503, "retry_after": "1ms"}, {"say": f"Number {number}"}], strict=True)
    assert [ask(mockgrid).status_code for _ in range(2)] == [503, 200]
    assert mockgrid.last.text == f"Number {number}"
    assert len(mockgrid.exchanges) == 2
"""


def test_workers_of_two_runs_share_a_server_and_do_not_meet(pytester, served):
    pytest.importorskip("xdist")
    pytester.makepyfile(test_it=suite(TEXT))
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", *ALONE]
    runs = [
        subprocess.Popen([*command, "--mockgrid-url", served], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for run in runs:
        shown, _ = run.communicate(timeout=240)
        assert "16 passed" in shown
