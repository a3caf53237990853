"""The sample project finds what is wrong with its client: with a bug planted, its tests fail and name it."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from testing.suites import ALONE

pytestmark = pytest.mark.once

AGENT = Path(__file__).parents[2] / "examples" / "agent"

# What is planted: the file, the text and what takes its place; the tests to begin with; what names the bug.
BUGS = {
    "a temperature of 3": (
        "agent.py",
        "temperature=0.2",
        "temperature=3",
        "test_tools.py",
        "MG113 temperature: must be at most 2, got 3",
    ),
    "retries of 400": (
        "retrying.py",
        "frozenset({408,",
        "frozenset({400, 408,",
        "test_retries.py",
        "MG311 retried_non_retryable: Sent the same request again",
    ),
    "ignored Retry-After": (
        "retrying.py",
        "max(asked, FIRST_DELAY * GROWTH ** (attempt - 1))",
        "FIRST_DELAY * GROWTH ** (attempt - 1)",
        "test_retries.py",
        "MG310 retry_after_ignored: Waited",
    ),
    "a stream cut taken for the whole answer": (
        "agent.py",
        'raise StreamCutError("".join(pieces)) from error',
        'return "".join(pieces)',
        "test_streaming.py",
        "MG315 truncated_stream_accepted: Exchange 2 sends",
    ),
    "a missing tool result": (
        "agent.py",
        "for call in message.tool_calls:",
        "for call in message.tool_calls[:1]:",
        "test_tools.py",
        "one more, after both results (tool-loop.yaml:",
    ),
    "a key in the wrong header": (
        "client.py",
        'request.headers["X-Client"] = "weather-agent"',
        'request.headers["X-Api-Key"] = request.headers.pop("Authorization").removeprefix("Bearer ")',
        "test_tools.py",
        "A key came in the header `x-api-key`",
    ),
    "a misspelt field": (
        "agent.py",
        '"route": "fallback"',
        '"rout": "fallback"',
        "test_tools.py",
        'MG140 rout: is not known, and will be ignored; did you mean "route"?',
    ),
}


def run(folder, *options):
    """Run the tests of a copy of the sample project, until the first that fails."""
    command = [sys.executable, "-m", "pytest", "-x", *ALONE, *options]
    environment = {**os.environ, "COLUMNS": "80"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    return done.returncode, done.stdout + done.stderr


def copied(folder):
    return Path(shutil.copytree(AGENT, folder / "agent", ignore=shutil.ignore_patterns("__pycache__", ".*")))


def with_bug(folder, bug):
    file, text, planted, first, _ = BUGS[bug]
    copy = copied(folder)
    path = copy / "weather_agent" / file
    source = path.read_text("utf-8")
    assert source.count(text) == 1
    path.write_text(source.replace(text, planted), "utf-8")
    return run(copy, *sorted(copy.glob("tests/test_*.py"), key=lambda file: file.name != first))


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """What comes of each bug, side by side: the agent mostly waits before it asks again."""
    folders = {bug: tmp_path_factory.mktemp("bug") for bug in BUGS}
    with ThreadPoolExecutor(3) as runs:
        yield {bug: runs.submit(with_bug, folder, bug) for bug, folder in folders.items()}


def test_the_sample_project_passes(tmp_path):
    status, shown = run(copied(tmp_path))
    assert status == 0, shown


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_fails_the_suite_and_is_named(outcomes, bug):
    status, shown = outcomes[bug].result()
    assert status == 1, shown
    named = BUGS[bug][-1]
    assert " ".join(named.split()) in " ".join(shown.split()), shown
