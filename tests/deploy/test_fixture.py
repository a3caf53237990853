"""pytest's fixture, whose server is a proxy."""

import json
import subprocess
import sys
from contextlib import ExitStack

import pytest
from deploy.fleet import PROXIES, replica
from testing.suites import ALONE

SUITE = """
import httpx
import pytest


@pytest.mark.parametrize("number", range(16))
def test_it(mockgrid, number):
    mockgrid.play([{"error": 503, "retry_after": "1ms"}, {"say": f"Number {number}"}], strict=True)
    assert [ask(mockgrid) for _ in range(2)] == [503, 200]
    assert mockgrid.last.text == f"Number {number}"
    assert len(mockgrid.wait_for(2)) == 2
    mockgrid.reset()
    assert [ask(mockgrid) for _ in range(2)] == [503, 200]


def ask(mockgrid):
    body = {"model": "text-prime", "messages": [{"role": "user", "content": "Hi"}]}
    headers = {"Authorization": f"Bearer {mockgrid.api_key}"}
    return httpx.post(f"{mockgrid.base_url}/chat/completions", json=body, headers=headers).status_code
"""


@pytest.fixture
def run(kind, tmp_path):
    """Runs the suite against a proxy; the addresses of its replicas, and what the run says."""
    (tmp_path / "test_it.py").write_text(SUITE)
    with ExitStack() as stack:
        ports = [stack.enter_context(replica(tmp_path)) for _ in range(3)]
        url = f"http://127.0.0.1:{stack.enter_context(PROXIES[kind](tmp_path, ports))}"

        def run(*options):
            command = [sys.executable, "-m", "pytest", "-q", *ALONE, "--mockgrid-url", url]
            done = subprocess.run(
                [*command, *options], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=240
            )
            return done.returncode, done.stdout

        yield ports, run


def test_a_run_against_a_proxy_reports_what_all_replicas_have(run, tmp_path):
    ports, suite = run
    code, told = suite("--mockgrid-report=all.json", "--mockgrid-replicas", " ".join(map(str, ports)))
    assert code == 0, told
    rows = json.loads((tmp_path / "all.json").read_text())["rows"]
    counts = {row["status"]: row["count"] for row in rows if row["count"]}
    assert counts == {"200": 32, "503": 32}
    assert "report: " in told


def test_a_proxy_alone_has_no_report(run):
    _, suite = run
    code, told = suite("-k", "0", "--mockgrid-report=all.json")
    assert code == 1
    assert "2 passed" in told
    assert "ask each replica (mockgrid report --url, pytest --mockgrid-replicas)" in told
