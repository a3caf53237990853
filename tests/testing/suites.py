"""Test suites of users, as texts that are run by a pytest of their own."""

from __future__ import annotations

from textwrap import dedent

# Plugins that this environment has, and that a run of a user's tests need not load; they take half a second.
ALONE = ("-p", "no:randomly", "-p", "no:schemathesis", "-p", "no:hypothesispytest", "-p", "no:cacheprovider")

HEAD = """
import httpx
import pytest

def ask(session, **body):
    messages = [{"role": "user", "content": "Hello there"}]
    return httpx.post(
        session.base_url + "/chat/completions",
        json={"model": "text-prime", "messages": messages, **body},
        headers={"authorization": "Bearer " + session.api_key},
        trust_env=False,
    )
"""


def suite(text):
    """Return a test module that has ``ask`` at hand."""
    return f"{HEAD}\n{dedent(text)}"
