"""Agents of many frameworks: the default loop, scripted loops, and both as streams."""

import pytest
from outcomes import run_node, run_python

# The slowest first.
ENVIRONMENTS = {
    "litellm_proxy": "litellm-proxy",
    "crewai": "crewai",
    "semantic_kernel": "agents",
    "openai_agents": "agents",
    "langgraph": "agents",
    "haystack": "agents",
    "ag2": "agents",
    "smolagents": "agents",
    "dspy": "litellm-proxy",
}


def test_opencode(check):
    check(run_node, "opencode", "opencode")


@pytest.mark.parametrize("suite", ENVIRONMENTS)
def test_framework(check, suite):
    check(run_python, suite, ENVIRONMENTS[suite])
