"""Clients cannot tell whether their provider answers, or a MockGrid that stands before it and forwards."""

import pytest
from outcomes import run_node, run_python


@pytest.fixture
def url(url, serving, monkeypatch):
    """A server before the run's own, which sessions are scripted at."""
    monkeypatch.setenv("MOCKGRID_CONTROL", url)
    with serving("--upstream", url) as address:
        yield address


@pytest.mark.parametrize(
    ("runner", "suite", "environment"),
    [
        (run_python, "openai_python", "openai-3"),
        (run_node, "openai_node", "openai-node-7"),
        (run_node, "ai_sdk", "ai-sdk"),
    ],
)
def test_clients_cannot_tell(check, runner, suite, environment):
    check(runner, suite, environment)
